// The runs of a cell, to be compared: what was set, how the training ended, and a way back.

import { button, element } from "./dom.js";
import { parameters } from "./parameters.js";

const KEPT = 12; // runs

export class Runs {
  // `goBack(code)` is called when the reader chooses a run.
  constructor(name, original, goBack) {
    Object.assign(this, { name, original, goBack, runs: [] });
    this.body = element("tbody");
    const head = ["Setting", "Loss", "Training accuracy", "Seconds", ""]
      .map((name) => element("th", { scope: "col" }, name));
    this.table = element("table", {}, element("thead", {}, element("tr", {}, ...head)), this.body);
    this.summary = element("summary");
    this.root = element("details", { className: "live-runs", hidden: true, open: true }, this.summary);
  }

  // Earlier runs of other code.
  ghosts(code) {
    return this.runs.filter((run) => run.code !== code);
  }

  add(run) {
    this.runs = [...this.runs.filter((each) => each.code !== run.code), run].slice(-KEPT);
    this.body.replaceChildren(...this.runs.map((each) => this.row(each)));
    if (this.runs.length < 2) return;
    this.root.append(this.table);
    this.root.hidden = false;
    this.summary.textContent = `Runs so far: ${this.runs.length}`;
  }

  row({ code, loss, accuracy, seconds }) {
    const name = settingOf(code, this.original);
    const id = `${this.name}-run-${this.runs.findIndex((run) => run.code === code)}`;
    const back = button("Run again", () => this.goBack(code), { "aria-describedby": id });
    return element("tr", {}, element("th", { scope: "row", id }, name), element("td", {}, loss.toFixed(3)),
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
