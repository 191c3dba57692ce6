// Whether a cell runs while it is changed: fast ones do, unless the reader has chosen; of others the
// page says how long a run takes.

import { element } from "./dom.js";

const FAST_MS = 500;

export class Pace {
  constructor() {
    this.always = element("input", { type: "checkbox", onchange: () => { this.hasChosen = true; } });
    this.duration = element("span");
    this.label = element("label", { className: "live-always", hidden: true }, this.always,
      " Run while I change it", this.duration);
  }

  // A run has come to its end, and took so many milliseconds.
  took(time) {
    const isFast = time < FAST_MS;
    if (!this.hasChosen) this.always.checked = isFast;
    this.duration.textContent = isFast ? "" : ` (a run takes ${(time / 1000).toFixed(1)} s)`;
  }

  // Does a change bring a run? Where the reader asked for it; else where a control was moved, but not
  // of code that came with a link.
  follows({ isMoved, isLinked }) {
    return this.always.checked && !this.label.hidden && (this.hasChosen || (isMoved && !isLinked));
  }
}
