// The versions of a cell's code: the book's, the reader's own, and one that came with a link. Of
// the last two each stays, with what the reader changes in it, until it is discarded.

import { digest, keep, kept } from "./store.js";

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
    return this.link === null ? null : kept(this.linkedName, this.link)?.code ?? this.link;
  }

  // The reader changed what is shown; changing the book's code makes a version of one's own.
  changed(code) {
    if (this.shown === "linked") return keep(this.linkedName, this.link, code);
    this.shown = "own";
    return keep(this.cell, this.original, code);
  }

  // Let go of what is shown; the version that stands behind it is shown then.
  discard() {
    if (this.shown === "linked") {
      keep(this.linkedName, this.link, this.link);
      this.link = null;
    } else keep(this.cell, this.original, this.original);
    this.shown = ["own", "linked"].find((version) => this.codeOf(version) !== null) ?? "book";
  }
}
