// What a run shows, put on the page as it comes. Everything from code is text or a picture.

import { button, element } from "./dom.js";

const SHOWN = 100_000; // characters

export class Output {
  constructor() {
    this.root = element("div", { className: "live-output", hidden: true });
  }

  clear() {
    for (const image of this.root.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.root.replaceChildren();
    this.length = 0;
  }

  add(node) {
    this.root.hidden = false;
    this.root.append(node);
    return node;
  }

  text({ kind, text }) {
    let last = this.root.lastElementChild;
    if (last?.dataset.kind !== kind || this.length >= SHOWN) {
      last = this.add(element("pre", { className: `live-text live-${kind}`, tabIndex: 0 }, element("code")));
      last.dataset.kind = kind;
    }
    write(last.firstChild, text);
    this.length += text.length;
  }

  // A figure of what the page shows above itself is folded.
  figure({ png, width, height, titles }, alt) {
    const src = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    const onerror = () => picture.isConnected && this.text({ kind: "stderr", text: "The picture cannot be shown: the "
      + "Content-Security-Policy of this site has no blob: in its img-src.\n" });
    const picture = element("img", { src, alt, width, height, className: "live-figure", onerror });
    this.add(titles ? element("details", { className: "live-fold" },
      element("summary", {}, "The figure that the code draws of this"), picture) : picture);
  }

  table({ columns, index, rows, left }) {
    const head = element("tr", {}, element("td"), ...columns.map((name) => element("th", { scope: "col" }, name)));
    const body = rows.map((row, at) => element("tr", {},
      element("th", { scope: "row" }, index[at]), ...row.map((value) => element("td", {}, value))));
    const table = element("table", { className: "dataframe" },
      element("thead", {}, head), element("tbody", {}, ...body));
    this.add(element("div", { className: "live-table", tabIndex: 0 }, table));
    if (left) this.text({ kind: "note", text: `… and ${left} more rows` });
  }

  // An exception; `runAbove` is offered where a name is missing that a cell above may define.
  error({ text, hint }, runAbove) {
    const parts = [element("pre", { className: "live-text live-error", tabIndex: 0 }, element("code", {}, text))];
    if (hint === "above" && runAbove) {
      parts.push(element("p", { className: "live-hint" },
        "A cell starts with no names but its own. If a cell above makes this one, ",
        button("Run the cells above first", runAbove)));
    } else if (hint === "above") parts.push(element("p", { className: "live-hint" }, "No cell above makes this name."));
    else if (hint) parts.push(element("p", { className: "live-hint" }, hint));
    this.add(element("div", {}, ...parts));
  }

  unavailable(message, isBookBelow, retry) {
    this.add(element("div", { className: "live-answer live-unavailable", role: "alert" },
      element("p", {}, message, isBookBelow ? " The output below is that of the book." : ""), button("Retry", retry)));
  }

  // What the check said; `isOwnWord` where the code can say it itself. Returns the words.
  answer({ passed, count, hint, where }, isOwnWord) {
    const words = passed ? `Right: ${count === 1 ? "the check holds" : `all ${count} checks hold`}.`
      : `Not yet. ${hint}`;
    const box = this.add(element("div", { className: `live-answer live-${passed ? "right" : "wrong"}` },
      element("p", {}, element("strong", {}, passed ? "✓ " : "✗ "), words)));
    if (where) box.append(element("p", { className: "live-where" }, "It asks about ", element("code", {}, where)));
    if (isOwnWord) {
      box.append(element("p", { className: "live-own-word" },
        "The code says so itself: it came with a link, or reaches for what runs it, and could say anything."));
    }
    return words;
  }
}

// Text as a terminal shows it: what comes after a carriage return is written over its line.
function write(code, text) {
  const whole = `${code.returns ? "\r" : ""}${text}`.replaceAll("\r\n", "\n");
  code.returns = whole.endsWith("\r");
  const [first, ...again] = whole.slice(0, code.returns ? -1 : undefined).split("\r");
  code.append(first);
  for (const each of again) {
    const shown = code.textContent;
    code.textContent = shown.slice(0, shown.lastIndexOf("\n") + 1) + each;
  }
}
