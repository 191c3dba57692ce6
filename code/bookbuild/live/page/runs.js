// The runs of a cell, to be compared: what was set, how the training ended, and a way back.

import { element } from "./dom.js";
import { parameters } from "./parameters.js";

const KEPT = 12; // runs

export class Runs {
  // `goBack(code)` is called when the reader chooses a run.
  constructor(original, goBack) {
    Object.assign(this, { original, goBack, runs: [] });
    this.body = element("tbody");
    const head = ["Setting", "Loss", "Training accuracy", "Seconds", ""]
      .map((name) => element("th", { scope: "col" }, name));
    this.summary = element("summary");
    this.root = element("details", { className: "live-runs", hidden: true, open: true }, this.summary,
      element("table", {}, element("thead", {}, element("tr", {}, ...head)), this.body));
  }

  // Earlier runs of other code.
  ghosts(code) {
    return this.runs.filter((run) => run.code !== code);
  }

  add(run) {
    this.runs = [...this.runs.filter((each) => each.code !== run.code), run].slice(-KEPT);
    this.root.hidden = this.runs.length < 2;
    this.summary.textContent = `Runs so far: ${this.runs.length}`;
    this.body.replaceChildren(...this.runs.map((each) => this.row(each)));
  }

  row({ code, loss, accuracy, seconds }) {
    const name = settingOf(code, this.original);
    const back = element("button", { type: "button", className: "live-button", onclick: () => this.goBack(code),
      "aria-label": `Run again: ${name}` }, "Run again");
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, loss.toFixed(3)),
      element("td", {}, accuracy === null ? "" : accuracy.toFixed(2)),
      element("td", {}, seconds.toFixed(1)), element("td", {}, back));
  }
}

// What code sets otherwise than the book's does.
function settingOf(code, original) {
  const book = parameters(original);
  const other = parameters(code).filter(({ name, value }) =>
    book.find((each) => each.name === name)?.value !== value).map(({ name, value }) => `${name} = ${value}`);
  const isMore = withoutValues(code) !== withoutValues(original);
  return [...other, ...(isMore ? ["code edited"] : [])].join(", ") || "as in the book";
}

function withoutValues(code) {
  const lines = code.split("\n");
  for (const { line, name } of parameters(code)) lines[line] = name;
  return lines.join("\n").trimEnd();
}
