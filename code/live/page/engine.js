// The page's one worker: begun when a reader shows interest, given one run at a time, ended and
// begun anew where a run does not stop by itself.

import { base, loadScript } from "./place.js";

const SOFT_MS = 80; // a run that has not ended so long after Stop is ended with its worker,
const LISTENING_MS = 500; // or so long, if it was listening within the last HEARD_MS
const HEARD_MS = 150;
const SUPERSEDED_MS = 3000; // the same, for a run whose result nobody waits for

export class Engine {
  // `settings` is what the book was made with: the runtime's files and the worker's source.
  constructor(settings) {
    Object.assign(this, { settings, state: "cold", worker: null, current: null, waiting: [],
      nextId: 1, canPause: false, progress: null, heardAt: 0 });
    addEventListener("pagehide", () => this.close());
  }

  // ---- Loading

  // Begin to load, if nothing has begun; told of progress are the runs that wait.
  async warm() {
    if (this.state !== "cold") return;
    this.state = "loading";
    const obstacle = whyNot(this.settings);
    if (obstacle) return this.failed(obstacle);
    const { runtime, cells, lock } = this.settings;
    const { files } = runtime;
    const hasImage = files.some((file) => file.name === "memory.bin");
    try {
      if (!hasImage && !globalThis.livePackage) await loadScript(`${base}package.js`, this.settings.package);
    } catch {
      return this.failed(`${base}package.js could not be loaded, or is not the file that this book was made with.`);
    }
    if (this.state !== "loading" || this.worker) return;
    const source = new Blob([this.settings.worker], { type: "text/javascript" });
    const url = URL.createObjectURL(source);
    const worker = new Worker(url);
    this.worker = worker;
    worker.onmessage = ({ data }) => worker === this.worker && this.heard(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker === this.worker) this.broken(event.message || "the worker could not be started");
    };
    const total = files.filter((file) => file.start || !file.imports)
      .reduce((sum, file) => sum + file.size, 0);
    worker.postMessage({ type: "load", config: { files, total, lock, cells,
      base: new URL(runtime.base, base).href, wheel: globalThis.livePackage } });
  }

  failed(message) {
    this.close();
    const runs = [this.current, ...this.waiting].filter(Boolean);
    this.current = null;
    this.waiting = [];
    for (const run of runs) run.on("unavailable", { message });
  }

  close() {
    this.worker?.terminate();
    this.worker = null;
    this.state = "cold";
    this.progress = null;
  }

  // ---- Running

  // Queue a run, {cell, code, first, check, on}; a cell's waiting run gives way to its new one.
  run(run) {
    run.id = this.nextId++;
    const replaced = this.waiting.find((each) => each.cell === run.cell);
    this.waiting = this.waiting.filter((each) => each !== replaced);
    replaced?.on("replaced", {});
    this.waiting.push(run);
    if (this.current?.cell === run.cell) this.stopCurrent(SUPERSEDED_MS);
    this.next();
    this.warm();
  }

  stop(cell) {
    const waiting = this.waiting.filter((each) => each.cell === cell);
    this.waiting = this.waiting.filter((each) => each.cell !== cell);
    for (const each of waiting) each.on("done", { status: "stopped" });
    if (this.current?.cell === cell) {
      const isListening = performance.now() - this.heardAt < HEARD_MS;
      this.stopCurrent(isListening ? LISTENING_MS : SOFT_MS);
    }
  }

  stopCurrent(patience) {
    const run = this.current;
    this.say("stop");
    setTimeout(() => {
      if (this.current !== run) return;
      this.close();
      this.finish("done", { status: "stopped" });
      this.warm();
    }, patience);
  }

  // "pause", "resume", "step" or "stop", to the run at work.
  say(type) {
    this.worker?.postMessage({ type });
  }

  next() {
    if (this.current || !this.waiting.length) return;
    if (this.state !== "ready") {
      for (const run of this.waiting) run.on("waiting", this.progress ?? { words: "Loading Python" });
      return;
    }
    this.current = this.waiting.shift();
    const { id, code, first, check } = this.current;
    this.current.on("started", {});
    this.worker.postMessage({ type: "run", id, code, first, check });
  }

  finish(type, message) {
    const run = this.current;
    this.current = null;
    run?.on(type, message);
    this.next();
  }

  heard({ type, id, ...message }) {
    if (type === "loading") {
      this.progress = message;
      for (const run of this.waiting) run.on("waiting", message);
    } else if (type === "ready") {
      Object.assign(this, { state: "ready", canPause: message.canPause });
      this.next();
      if (!this.current) this.say("rehearse");
    } else if (type === "failed") this.failed(message.message);
    else if (id !== this.current?.id) return;
    else if (type === "listening") this.heardAt = performance.now();
    else if (type === "done") this.finish("done", message);
    else if (type === "broken") this.broken(message.message);
    else this.current.on(type, message);
  }

  // Python has broken down: tell the run, and begin anew for the next one.
  broken(message) {
    const wasReady = this.state === "ready";
    if (!wasReady) return this.failed(`Python could not be started here: ${message}`);
    this.close();
    this.finish("broken", { message });
    this.warm();
  }
}

// What keeps Python from running in this page at all.
function whyNot({ runtime }) {
  if (typeof WebAssembly !== "object") {
    return "This browser cannot run Python: it has no WebAssembly.";
  }
  if (location.protocol === "file:" && !/^https?:/.test(runtime.base)) {
    return "A browser does not let a page from a file read the runtime beside it: serve the book, "
      + "with `book preview` or `python -m http.server`, and open it from there.";
  }
  return "";
}
