// The buttons of a cell, and the words beside them.

import { button, element } from "./dom.js";

// `can` has a function for each button: edit, run, stop, runNextSeed, runSeeds, restore, copyLink
// and saveSummary. Returns the buttons by their names, the two bars, the status and the clock.
export function barOf(can, pace) {
  const quiet = { hidden: true, className: "live-button live-quiet" };
  const open = button("Edit and run", can.edit);
  const go = button("Run", can.run, { hidden: true, className: "live-button live-run", title: "Run (Ctrl-Enter)" });
  const halt = button("Stop", can.stop, { hidden: true, className: "live-button live-stop" });
  const next = button("New seed", can.runNextSeed, { hidden: true, title: "Run with the next seed" });
  const eight = button("Eight seeds", can.runSeeds, { hidden: true, title: "Run with this seed and the seven after it" });
  const reset = button("Reset", can.restore, quiet);
  const copy = shortened("Copy ", "link", can.copyLink, quiet);
  const save = shortened("Save ", "summary", can.saveSummary, { ...quiet,
    title: "The code, what it showed, and the code's checksum, as a file" });
  const status = element("span", { className: "live-status", role: "status" });
  const clock = element("span", { className: "live-clock", ariaHidden: "true" });
  const bar = element("div", { className: "live-bar", role: "toolbar", "aria-label": "Run this cell" },
    open, go, halt, next, eight, pace.label, status, clock);
  const more = element("div", { className: "live-more", role: "toolbar", "aria-label": "More for this cell" },
    reset, copy, save);
  const bars = element("div", { className: "live-bars" }, bar, more);
  return { open, go, halt, next, eight, reset, copy, save, status, clock, more, bars };
}

// A button that shows where there is little room only the last of its words.
function shortened(first, last, onclick, properties) {
  const it = button("", onclick, properties);
  it.append(element("span", { className: "live-spare" }, first), element("span", { className: "live-short" }, last));
  return it;
}
