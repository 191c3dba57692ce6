// The versions of a cell's code: the book's, the reader's own, that of another tab, and one that came
// with a link. All but the first stay, with what the reader changes in them, until they are discarded.

import { digest, keep, kept, ofOtherTab } from "./store.js";

const BEHIND = ["own", "tab", "linked"]; // what is shown when another is discarded, the first that is there

export class Versions {
  constructor(cell, original) {
    Object.assign(this, { cell, original, link: null, shown: "book" });
  }

  get linkedName() {
    return `${this.cell}@${digest(this.link)}`;
  }

  get own() {
    return kept(this.cell, this.original);
  }

  // The code of a version; null where there is none.
  codeOf(version) {
    if (version === "book") return this.original;
    if (version === "own") return this.own?.code ?? null;
    if (version === "tab") return kept(ofOtherTab(this.cell), this.original)?.code ?? null;
    return this.link === null ? null : kept(this.linkedName, this.link)?.code ?? this.link;
  }

  // The versions beside the one that is shown and the book's.
  get others() {
    return BEHIND.filter((version) => version !== this.shown && this.codeOf(version) !== null);
  }

  // The reader changed what is shown; changing the book's code makes a version of one's own. Tells
  // whether another tab has changed it, too.
  changed(code) {
    if (this.shown === "linked") return keep(this.linkedName, this.link, code);
    if (this.shown === "tab") return keep(ofOtherTab(this.cell), this.original, code);
    this.shown = "own";
    return keep(this.cell, this.original, code);
  }

  // Let go of what is shown; the version that stands behind it is shown then.
  discard() {
    if (this.shown === "linked") {
      keep(this.linkedName, this.link, this.link);
      this.link = null;
    } else keep(this.shown === "tab" ? ofOtherTab(this.cell) : this.cell, this.original, this.original);
    this.shown = BEHIND.find((version) => this.codeOf(version) !== null) ?? "book";
  }
}
