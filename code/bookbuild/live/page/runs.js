// The runs of a cell, to be compared: what was set, how the training ended, and a way back.

import { dataOf, withData } from "./data.js";
import { button, element } from "./dom.js";
import { parameters } from "./parameters.js";
import { seedOf, withSeed } from "./seeds.js";
import { decimals, hasLearned, median } from "./series.js";

const KEPT = 12; // runs
const HEADS = ["Setting", "Loss", "Training accuracy", "On fresh points", "Seconds", ""];

export class Runs {
  // `goBack(code, isSeries)` is called when the reader chooses a run, or a series of seeds.
  constructor(name, original, goBack) {
    Object.assign(this, { name, original, goBack, runs: [], count: 0 });
    this.body = element("tbody");
    const head = HEADS.map((name) => element(name ? "th" : "td", name ? { scope: "col" } : {}, name));
    this.table = element("div", { className: "live-table", tabIndex: 0, role: "group", "aria-label": "Runs so far" },
      element("table", {}, element("thead", {}, element("tr", {}, ...head)), this.body));
    this.summary = element("summary");
    this.root = element("details", { className: "live-runs", hidden: true, open: true }, this.summary);
  }

  // The curves of earlier runs of other code.
  ghosts(code) {
    return this.runs.filter((run) => run.code !== code && !run.isSeries);
  }

  // `run` is {code, loss, accuracy, fresh, seconds, ...} with its curve.
  add(run) {
    this.put({ ...run, isSeries: false, setting: settingOf(run.code, this.original) });
  }

  // A series of seeds, from that of `code` on.
  addSeries(code, results, seconds) {
    const of = (name) => (results.some((result) => result[name] === null) ? null
      : median(results.map((result) => result[name])));
    const learned = `${results.filter(hasLearned).length} of ${results.length} learned it; medians`;
    const first = withSeed(code, seedOf(this.original) ?? seedOf(code));
    this.put({ code, isSeries: true, loss: of("loss"), accuracy: of("accuracy"), fresh: of("fresh"), seconds,
      setting: `${settingOf(first, this.original)}, seeds ${results[0].seed} to ${results.at(-1).seed}: ${learned}` });
  }

  put(run) {
    const isOther = (each) => each.code !== run.code || each.isSeries !== run.isSeries;
    const kept = [...this.runs.filter(isOther), { ...run, row: this.row(run) }].slice(-KEPT);
    for (const { row } of this.runs.filter((each) => !kept.includes(each))) row.remove();
    this.runs = kept;
    this.body.append(kept.at(-1).row); // the others stay where they are: someone may be on one of them
    if (this.runs.length < 2 && !run.isSeries) return;
    if (!this.table.isConnected) this.root.append(this.table);
    this.root.hidden = false;
    this.summary.textContent = `Runs so far: ${this.runs.length}`;
  }

  row({ code, isSeries, setting, loss, accuracy, fresh, seconds }) {
    const id = `${this.name}-run-${this.count += 1}`;
    const back = button("Run again", () => this.goBack(code, isSeries), { "aria-describedby": id });
    const numbers = [decimals(loss), shareOf(accuracy), shareOf(fresh), seconds.toFixed(1)];
    return element("tr", {}, element("th", { scope: "row", id }, setting),
      ...numbers.map((number) => element("td", {}, number)), element("td", {}, back));
  }
}

function shareOf(share) {
  return share === null ? "–" : share.toFixed(2);
}

// What code sets otherwise than the book's does.
function settingOf(code, original) {
  const book = parameters(original);
  const other = parameters(code).filter(({ name, value }) =>
    book.find((each) => each.name === name)?.value !== value).map(({ name, value }) => `${name} = ${value}`);
  const isSeedNamed = parameters(code).some(({ name }) => name === "SEED");
  if (seedOf(code) !== seedOf(original) && !isSeedNamed) other.push(`seed ${seedOf(code)}`);
  other.push(...dataSetting(dataOf(code), dataOf(original)));
  const isMore = withoutValues(code, original) !== withoutValues(original, original);
  return [...other, ...(isMore ? ["code edited"] : [])].join(", ") || "as in the book";
}

function dataSetting(data, book) {
  if (!data) return [];
  const { name, points, noise } = data;
  const isOther = name !== book?.name;
  if (points) return [`${points.length} own points`];
  return [...(isOther ? [name] : []), ...(noise === null || (isOther ? !noise : noise === book.noise) ? [] : [`noise = ${noise}`])];
}

// Code as it would be with the book's data and seed, and without the values of its parameters.
function withoutValues(code, original) {
  const data = dataOf(original);
  const seed = seedOf(original);
  const usual = data && dataOf(code) ? withData(code, { ...data, base: undefined }, original) : code;
  const lines = (seed === null || seedOf(code) === null ? usual : withSeed(usual, seed)).split("\n");
  for (const { line, name } of parameters(code)) lines[line] = name;
  return lines.join("\n").trimEnd();
}
