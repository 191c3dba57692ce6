// What helps with an exercise, step by step. Its check says it in comments:
//
//     # Hint: Write out two layers,
//     #   and multiply.
//     # Hint: The bias passes through the second matrix.
//     # Solution: solutions.qmd#sec-sol-collapse
//
// A failed try brings the button for the first hint; each hint brings that for the next one. The
// solution is offered after two failed tries.

import { button, element } from "./dom.js";

const TRIES = 2; // before the solution is offered
const ADDRESS = /^(?!\w+:|\/\/)[\w./-]+(?:#[\w.-]+)?$/; // within the book

export class Hints {
  constructor(check) {
    Object.assign(this, { ...parts(check), shown: 0, tries: 0 });
    this.list = element("ol", { className: "live-hints-list", hidden: true });
    this.next = button("", () => this.showNext());
    this.link = element("a", { className: "live-solution", href: this.solution, hidden: true }, "Look at the solution");
    this.root = element("div", { className: "live-hints", hidden: true }, this.list, this.next, this.link);
  }

  // A try has passed, or not.
  tried(hasPassed) {
    this.tries += hasPassed ? 0 : 1;
    this.root.hidden = hasPassed || !(this.hints.length || this.solution);
    this.link.hidden = !this.solution || this.tries < TRIES;
    this.offer();
  }

  offer() {
    this.next.hidden = this.shown >= this.hints.length;
    this.next.textContent = `Hint ${this.shown + 1} of ${this.hints.length}`;
  }

  showNext() {
    const item = element("li", { tabIndex: -1 }, this.hints[this.shown]);
    this.shown += 1;
    this.list.hidden = false;
    this.list.append(item);
    this.offer();
    item.focus();
  }

  get told() {
    return `${this.tries} failed ${this.tries === 1 ? "try" : "tries"}, ${this.shown} of ${this.hints.length} hints shown`;
  }
}

// The hints of a check's comments, and the address of the solution or "".
export function parts(check) {
  const hints = [];
  let solution = "";
  let isHint = false;
  for (const line of check.split("\n")) {
    const [, hint] = /^#\s*Hint:\s*(.+)$/.exec(line) ?? [];
    const [, more] = /^# {2,}(\S.*)$/.exec(line) ?? [];
    const [, address] = /^#\s*Solution:\s*(\S+)\s*$/.exec(line) ?? [];
    if (hint) hints.push(hint.trim());
    else if (more && isHint) hints.push(`${hints.pop()} ${more.trim()}`);
    if (ADDRESS.test(address ?? "")) solution = address.replace(/\.qmd(?=#|$)/, ".html");
    isHint = Boolean(hint || (more && isHint));
  }
  return { hints, solution };
}
