// Eight trainings that differ in their seed alone: where each ended, and what they have in common.

import { button, element } from "./dom.js";

const SEED_PICTURE = 160; // pixels of a seed's canvas
export const LEARNED = 0.95; // share of points that are right: who has it, has learned the task

export class Series {
  // `choose(seed)` is called when the reader asks for one of the seeds.
  constructor(choose) {
    this.choose = choose;
    this.pictures = element("div", { className: "live-seeds-pictures" });
    this.words = element("p", { className: "live-seeds-words", role: "status" });
    this.root = element("div", { className: "live-seeds", role: "group", "aria-label": "Eight seeds", hidden: true },
      this.pictures, this.words);
    this.results = [];
  }

  begin() {
    this.results = [];
    this.pictures.replaceChildren();
    this.words.textContent = "";
    this.root.hidden = false;
    return this;
  }

  hide() {
    this.root.hidden = true;
    this.results = [];
  }

  // A training has ended; `plane` shows its boundary.
  add(seed, result, plane) {
    this.results.push({ seed, ...result });
    const canvas = element("canvas", { width: SEED_PICTURE, height: SEED_PICTURE });
    canvas.getContext("2d").drawImage(plane, 0, 0, SEED_PICTURE, SEED_PICTURE);
    const has = hasLearned(result);
    const mark = `${has ? "✓" : "✗"} ${percent(result)}`;
    this.pictures.append(button("", () => this.choose(seed), { className: "live-seed", title: `Run seed ${seed}`,
      "aria-label": `Seed ${seed}: loss ${decimals(result.loss)}, ${percent(result)} right, ${has ? "" : "not "}learned` }));
    this.pictures.lastChild.append(canvas, element("span", {}, `seed ${seed}`), element("span", {}, mark));
  }

  // All have run, or one of them did not come to its end.
  end(areAll) {
    this.root.hidden = !this.results.length;
    const drawn = areAll ? ` Above, seed ${this.results.at(-1).seed} is drawn: press another to see it.` : "";
    this.words.textContent = summary(this.results) + drawn;
  }
}

// Of fresh points where there are some, else of those trained on.
const right = ({ accuracy, fresh }) => fresh ?? accuracy;
export const hasLearned = (result) => right(result) >= LEARNED;

function percent(result) {
  return `${(100 * right(result)).toFixed(1)} %`;
}

export function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

// A loss in words; that of a training that runs away can have hundreds of digits.
export function decimals(loss) {
  return Number.isFinite(loss) ? loss < 1e5 ? loss.toFixed(3) : inPowers(loss, 1) : "too large for a number";
}

// A number as a multiple of a power of ten.
export function inPowers(value, digits) {
  const [digit, exponent] = value.toExponential(digits).split("e");
  const power = `10${exponent.replace("+", "").replace(/./g, (each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)])}`;
  return digit === "1" ? power : `${digit}·${power}`;
}

// What the results have in common, in a sentence.
export function summary(results) {
  if (!results.length) return "";
  const losses = results.map(({ loss }) => loss);
  const learned = results.filter(hasLearned).length;
  const points = results[0].fresh === null ? "points" : "fresh points";
  return `Seeds ${results[0].seed} to ${results.at(-1).seed}: final loss ${decimals(median(losses))} in the median, `
    + `from ${decimals(Math.min(...losses))} to ${decimals(Math.max(...losses))}. `
    + `${learned} of ${results.length} learned it: at least ${100 * LEARNED} % of the ${points} right.`;
}
