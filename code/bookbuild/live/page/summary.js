// What a run has come to, as a page of its own that can be saved, printed and handed in.

import { element } from "./dom.js";

const STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
  + "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f3ee;padding:.8rem;border-radius:.3rem}"
  + "img{max-width:100%}table{border-collapse:collapse}th,td{padding:.2rem .6rem;border-bottom:1px solid #ccc;text-align:right;font-weight:400}th:first-child{text-align:left}"
  + "code{overflow-wrap:anywhere}";

// `run` is {name, code, isEdited, ended}; `facts` are lines of text, `parts` nodes of the page whose
// text, tables and pictures are taken over.
export async function summaryOf({ name, code, isEdited, ended }, facts, parts) {
  const own = await Promise.all(parts.flatMap(copies));
  const heading = `${document.title}: ${name}`;
  const body = [
    element("h1", {}, heading),
    element("p", {}, "From ", element("a", { href: addressOf(name) }, addressOf(name)), `, run on ${ended.toLocaleString("en-GB")}. `,
      isEdited ? "The code is edited." : "The code is the book's."),
    ...facts.filter(Boolean).map((fact) => element("p", {}, fact)),
    element("h2", {}, "Code"),
    element("pre", {}, element("code", {}, code)),
    element("p", {}, element("a", { href: `data:text/x-python;charset=utf-8,${encodeURIComponent(`${code}\n`)}`,
      download: `${name}.py` }, "Save the code as a file"), ". ", await hashed(code)),
    element("h2", {}, "What it showed"), ...own,
    element("p", {}, "This page was made by the browser of who ran the code, and can be changed by hand. "
      + "Who marks it runs the code again."),
  ];
  const title = element("title", {}, heading);
  const page = element("html", { lang: "en" },
    element("head", {}, element("meta", { charset: "utf-8" }),
      element("meta", { name: "viewport", content: "width=device-width" }), title, element("style", {}, STYLE)),
    element("body", {}, element("main", {}, ...body)));
  return `<!DOCTYPE html>\n${page.outerHTML}\n`;
}

// Have the browser save a text as a file.
export function saveAs(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  const link = element("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

function addressOf(name) {
  return `${location.href.split("#")[0]}#${name}`;
}

// That of the file which the code makes, to be compared with what `sha256sum` says.
async function hashed(code) {
  if (!crypto.subtle) return "It has no checksum here: this page did not come by https.";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${code}\n`)));
  const hash = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return element("span", {}, "Its SHA-256 is ", element("code", {}, hash), ".");
}

// Nodes, or promises of them, with the text, tables and pictures of a part as it is seen now, and
// nothing to press.
function copies(part) {
  if (part.hidden || !part.isConnected) return [];
  if (part.matches("button, label, input, summary, details:not([open])")) return [];
  if (part.matches("pre")) return [element("pre", {}, part.textContent)];
  if (part.matches("p, li")) return [element("p", {}, part.textContent)];
  if (part.matches("table")) return [rows(part)];
  if (part.matches("img, canvas")) return [picture(part)];
  return [...part.children].flatMap(copies);
}

function rows(table) {
  return element("table", {}, ...[...table.rows].map((row) => element("tr", {},
    ...[...row.cells].filter((cell) => !cell.querySelector("button"))
      .map((cell) => element(cell.localName, {}, cell.textContent)))));
}

async function picture(shown) {
  const [paper, clientWidth] = [getComputedStyle(shown).backgroundColor, shown.clientWidth];
  if (shown.decode) await shown.decode();
  const [width, height] = shown.matches("canvas") ? [shown.width, shown.height] : [shown.naturalWidth, shown.naturalHeight];
  const canvas = element("canvas", { width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = paper; // of a dark page: its lines are light
  pen.fillRect(0, 0, width, height);
  pen.drawImage(shown, 0, 0);
  return element("p", {}, element("img", { src: canvas.toDataURL("image/png"),
    alt: shown.alt ?? shown.getAttribute("aria-label") ?? "", width: clientWidth }));
}
