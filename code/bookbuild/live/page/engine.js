// The page's one worker: begun when a reader shows interest, given one run at a time, ended and
// begun anew where a run does not stop by itself.

import { base, loadScript } from "./place.js";

const HEARD_MS = 100; // a run that was listening so long ago will soon hear a wish
const SOFT_MS = 500; // and has so long to end by itself, unseen, before its worker is ended
const SUPERSEDED_MS = 3000; // the same, for a run that a newer one of its cell replaces

export class Engine {
  // `settings` is what the book was made with: the runtime's files and the worker's source.
  constructor(settings) {
    Object.assign(this, { settings, state: "cold", worker: null, current: null, waiting: [],
      nextId: 1, canPause: false, progress: null, heardAt: 0, wish: "" });
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
    const runs = [this.current, ...this.waiting].filter((run) => run && !run.isOver);
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
    if (this.current?.cell === run.cell) this.abandon(SUPERSEDED_MS);
    this.next();
    this.warm();
  }

  // For the reader a run is over at once; Python may take a moment to end it.
  stop(cell) {
    const run = this.current;
    const waiting = this.waiting.filter((each) => each.cell === cell);
    this.waiting = this.waiting.filter((each) => each.cell !== cell);
    if (run?.cell === cell && !run.isOver) {
      waiting.unshift(run);
      this.abandon(this.isListening ? SOFT_MS : 0);
    }
    for (const each of waiting) each.on("done", { status: "stopped" });
  }

  get isListening() {
    return this.wish === "pause" || this.wish === "step" || performance.now() - this.heardAt < HEARD_MS;
  }

  // Hear no more of the run at work, and end it: softly, with its worker after some patience.
  abandon(patience) {
    const run = this.current;
    run.isOver = true;
    const end = () => {
      if (this.current !== run) return;
      this.close();
      this.current = null;
      this.warm();
      this.next();
    };
    if (!patience) return end();
    this.say("stop");
    setTimeout(end, patience);
  }

  // "pause", "resume", "step" or "stop", to the run at work.
  say(wish) {
    this.wish = wish;
    this.worker?.postMessage({ type: wish });
  }

  next() {
    if (!this.waiting.length) return;
    if (this.current || this.state !== "ready") {
      const words = this.current ? "Waiting for the run before" : "Loading Python";
      for (const run of this.waiting) run.on("waiting", this.progress ?? { words });
      return;
    }
    this.current = this.waiting.shift();
    this.wish = "";
    const { id, code, first, check } = this.current;
    this.current.on("started", {});
    this.worker.postMessage({ type: "run", id, code, first, check });
  }

  finish(type, message) {
    const run = this.current;
    this.current = null;
    if (!run?.isOver) run?.on(type, message);
    this.next();
  }

  heard({ type, id, ...message }) {
    if (type === "loading") {
      this.progress = message;
      for (const run of this.waiting) run.on("waiting", message);
    } else if (type === "ready") {
      Object.assign(this, { state: "ready", canPause: message.canPause, progress: null });
      this.next();
      if (!this.current) this.worker.postMessage({ type: "rehearse" });
    } else if (type === "failed") this.failed(message.message);
    else if (id !== this.current?.id) return;
    else if (type === "listening") this.heardAt = performance.now();
    else if (type === "done") this.finish("done", message);
    else if (type === "broken") this.broken(message.message);
    else if (!this.current.isOver) this.current.on(type, message);
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
