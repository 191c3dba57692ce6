// Every rendered cell of the class `live` becomes a live cell. Without this script the page is
// complete: code and output stand as they were rendered.

import { codeOf, LiveCell } from "./cell.js";
import { Engine } from "./engine.js";
import { codeFromLink } from "./share.js";
import { offerSettings } from "./settings.js";

const CODE = "pre > code";

function upgrade() {
  const engine = new Engine(SETTINGS);
  const cells = [...document.querySelectorAll("div.cell")].filter((cell) => cell.querySelector(CODE));
  const live = cells.filter((cell) => cell.classList.contains("live")).map((root, at) => new LiveCell({
    root, engine,
    name: nameOf(root) || `cell-${at + 1}`,
    check: takeCheck(cells[cells.indexOf(root) + 1]),
    above: () => cells.slice(0, cells.indexOf(root))
      .filter((cell) => !cell.classList.contains("check"))
      .map((cell) => codeOf(cell.querySelector(CODE))),
  }));
  openLinks(live);
  addEventListener("hashchange", () => follow(live));
  offerSettings(live);
}

// The label that the author gave: on the cell, or on what it drew. Quarto puts "cell-" before
// that of a cell with one figure.
function nameOf(root) {
  const labelled = [root, ...root.querySelectorAll("[id]")].map((node) => node.id);
  return labelled.find((id) => id && !/^cb\d/.test(id))?.replace(/^cell-/, "");
}

// A cell of the class `check` right behind a live cell is its check; it is folded away.
function takeCheck(cell) {
  if (!cell?.classList.contains("check")) return "";
  const code = codeOf(cell.querySelector(CODE));
  const details = document.createElement("details");
  details.className = "live-check";
  const summary = document.createElement("summary");
  summary.textContent = "What the check asks";
  cell.before(details);
  details.append(summary, cell);
  return code;
}

// What a reader left here, and then what the page's address brings.
async function openLinks(live) {
  await Promise.all(live.map((cell) => cell.restoreEdit())); // all begin now, before anyone types
  await follow(live);
}

async function follow(live) {
  const { hash } = location;
  const shared = await codeFromLink(hash);
  if (!shared || hash !== location.hash) return; // another link was followed meanwhile
  const cell = live.find((each) => each.name === shared.cell) ?? live[0];
  await cell?.showShared(shared.code);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", upgrade);
else upgrade();
