// The runtime's files: fetched by the page, refused unless each has the checksum that the book was
// made with, and kept for the next worker. The frame where code runs may fetch nothing.

import { base } from "./place.js";
import { lacking, refusals } from "./host.js";

export class Files {
  // `listed` are the files of runtime.json, or what was packed of them; those with `imports`, names
  // of modules, are brought to runs that need them. `tell({words, loaded, total})`.
  constructor({ base: folder, files }, tell) {
    Object.assign(this, { folder: new URL(folder, base).href, listed: files, tell, kept: new Map(), loaded: 0 });
    this.total = this.first.reduce((sum, file) => sum + file.size, 0);
  }

  // What every worker begins with.
  get first() {
    return this.listed.filter((file) => !file.imports);
  }

  get arePacked() {
    return this.listed.some((file) => file.name === "packages.bin");
  }

  // Modules, and the names of the files that bring them.
  get later() {
    return Object.fromEntries(this.listed.flatMap(({ name, imports = [], needs = [] }) =>
      imports.map((module) => [module, [...needs, name]])));
  }

  has(name) {
    return this.listed.some((file) => file.name === name);
  }

  async begin() {
    const names = this.first.map((file) => file.name);
    const blobs = await Promise.all(names.map((name) => this.file(name)));
    return new Map(names.map((name, at) => [name, blobs[at]]));
  }

  file(name) {
    if (!this.kept.has(name)) {
      const blob = this.fetched(this.listed.find((file) => file.name === name));
      blob.catch(() => this.kept.delete(name));
      this.kept.set(name, blob);
    }
    return this.kept.get(name);
  }

  async fetched({ name, size, integrity, base: place = this.folder }) {
    const url = place + name;
    const response = await fetch(url, { integrity }).catch(() => null);
    const blob = await response?.blob().catch(() => null);
    if (!response?.ok || !blob) throw new Error(await whyRefused(url));
    this.loaded += size;
    this.tell({ words: "Loading Python", loaded: this.loaded, total: this.total });
    return blob;
  }
}

async function whyRefused(url) {
  const other = await fetch(url).catch(() => null);
  await new Promise((resolve) => { setTimeout(resolve); }); // till the page is told what was refused
  const { origin } = new URL(url);
  if (refusals.includes("connect-src")) return lacking({ "connect-src": [origin === location.origin ? "'self'" : origin] });
  if (!other) return `${url} could not be loaded. Is there a network?`;
  if (!other.ok) return `${url} could not be loaded: the server answered ${other.status}.`;
  return `${url} was refused: it is not the file that this book was made with (its checksum differs).`;
}
