// What comes first in a cell, its code or its picture; and a full screen for lectures.

import { button, element } from "./dom.js";

const PHONE = "(max-width: 40rem)";

export const isPhone = () => matchMedia(PHONE).matches;

export class Layout {
  // `parts` are what belongs to the code, side by side in the cell `root`; `onChange(isFirst)` is
  // called when the picture comes first, or no longer.
  constructor(root, parts, onChange) {
    Object.assign(this, { root, parts, onChange, isFirst: false, before: false });
    this.place = document.createComment("code");
    this.fold = element("details", { className: "live-fold", hidden: true }, element("summary", {}, "Code"));
    this.first = button("Picture first", () => this.setFirst(!this.isFirst), { className: "live-button live-quiet",
      "aria-pressed": "false", title: "Controls and picture above, the code folded below" });
    this.full = button("Full screen", () => this.toggleFull(), { className: "live-button live-quiet",
      "aria-pressed": "false" });
    let folded = [];
    const open = (is) => { for (const each of folded) each.open = is; };
    addEventListener("beforeprint", () => {
      folded = [...root.querySelectorAll(".live-fold:not([open])")];
      open(true);
    });
    addEventListener("afterprint", () => open(false));
    root.addEventListener("fullscreenchange", () => this.setFull(document.fullscreenElement === root));
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isFull) this.toggleFull();
    });
  }

  setFirst(isFirst) {
    if (isFirst === this.isFirst) return;
    this.isFirst = isFirst;
    const focused = document.activeElement;
    if (isFirst) {
      this.parts[0].before(this.place);
      this.fold.append(...this.parts);
      this.fold.open = false;
    } else this.place.replaceWith(...this.parts);
    if (this.parts.some((part) => part.contains(focused))) focused.focus({ preventScroll: true });
    this.fold.hidden = !isFirst;
    this.first.setAttribute("aria-pressed", String(isFirst));
    this.onChange(isFirst);
  }

  get isFull() {
    return this.root.classList.contains("live-full");
  }

  // The whole screen where the browser gives it, else the whole window.
  async toggleFull() {
    const isFull = !this.isFull;
    try {
      if (isFull) await this.root.requestFullscreen();
      else if (document.fullscreenElement) await document.exitFullscreen();
      else this.setFull(false);
    } catch {
      this.setFull(isFull);
    }
  }

  // On the full screen the picture comes first; afterwards what did before.
  setFull(isFull) {
    if (isFull === this.isFull) return;
    if (isFull) this.before = this.isFirst;
    this.root.classList.toggle("live-full", isFull);
    document.documentElement.classList.toggle("live-behind", isFull);
    this.full.setAttribute("aria-pressed", String(isFull));
    this.full.textContent = isFull ? "Leave full screen" : "Full screen";
    this.setFirst(isFull || this.before);
    if (!isFull) this.full.scrollIntoView({ block: "nearest" });
  }
}
