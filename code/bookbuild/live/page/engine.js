// The page's one worker: begun when a reader shows interest, given one run at a time, ended and
// begun anew where a run does not stop by itself.

import { Files } from "./files.js";
import { whyNot } from "./host.js";
import { base, loadScript } from "./place.js";
import { Sandbox } from "./sandbox.js";
import { isSaid } from "./said.js";

const HEARD_MS = 100; // a run that was listening so long ago will soon hear a wish
const SOFT_MS = 1000; // it, and one that can be interrupted, has so long to end, unseen, before its worker is ended
const SUPERSEDED_MS = 3000; // the same, for a run that a newer one of its cell replaces

// Files that the frame has.
const OF_FRAME = new Set(["pyodide.js", "pyodide.asm.mjs", "pyodide.asm.wasm", "python.bin", "packages.bin"]);

// Words of code that reaches for what runs it, where it could leave something for later runs.
const REACHING = new RegExp(String.raw`\b(?:js|_cells|_checks|_state|pyodide\w*|_pyodide\w*|ctypes|_ctypes|gc|inspect|importlib`
  + String.raw`|modules|eval|exec|compile|globals|_getframe|\w+_frame|\w*__(?:import|globals|builtins|code|dict|subclasses)__)\b`);

export class Engine {
  // `settings` is what the book was made with: the runtime's files and the worker's source.
  constructor(settings) {
    Object.assign(this, { settings, state: "cold", sandbox: null, current: null, waiting: [],
      nextId: 1, canPause: false, canInterrupt: false, signal: 0, progress: null, heardAt: 0, wish: "", origin: null, given: new Map() });
    this.files = new Files(settings.runtime, (progress) => this.progresses(progress));
    addEventListener("pagehide", () => this.leave());
  }

  // ---- Loading

  // Begin to load, if nothing has begun; told of progress are the runs that wait.
  async warm() {
    if (this.state !== "cold") return;
    this.state = "loading";
    const attempt = this.attempt = {};
    try {
      const obstacle = whyNot(this.settings);
      if (obstacle) throw new Error(obstacle);
      if (!this.files.arePacked && !globalThis.livePackage) await this.loadPackage();
      this.sandbox ??= new Sandbox(this.settings.frame.markup, (message) => {
        this.sandbox = null;
        this.broken(message);
      });
      const given = this.sandbox.give(() => contentOf(this.settings.worker, this.files));
      const [files] = await Promise.all([this.files.begin(), given]);
      if (this.attempt === attempt) this.start(files);
    } catch (error) {
      if (this.attempt === attempt) this.failed(error.message);
    }
  }

  async loadPackage() {
    try {
      await loadScript(`${base}package.js`, this.settings.package);
    } catch {
      throw new Error(`${base}package.js could not be loaded, or is not the file that this book was made with.`);
    }
  }

  start(files) {
    const { sources, lock } = this.settings;
    this.sandbox.start((message) => this.heard(message));
    this.origin = null;
    this.signal = 0;
    this.given.clear();
    const others = Object.fromEntries([...files].filter(([name]) => !OF_FRAME.has(name)));
    this.sandbox.post({ type: "load", config: { files: others, later: this.files.later, sources, lock,
      wheel: globalThis.livePackage } });
  }

  progresses(progress) {
    this.progress = progress;
    if (this.state === "loading") for (const run of this.waiting) run.on("waiting", progress);
  }

  failed(message) {
    this.end();
    const runs = [this.current, ...this.waiting].filter((run) => run && !run.isOver);
    this.current = null;
    this.waiting = [];
    for (const run of runs) run.on("unavailable", { message });
  }

  // End the worker, and with `end` all that was made for the next one.
  close() {
    this.sandbox?.stop();
    this.attempt = null;
    this.state = "cold";
    this.progress = null;
  }

  end() {
    this.close();
    this.sandbox?.end();
    this.sandbox = null;
  }

  // The page is left, and may come back as it was: no run is at work then.
  leave() {
    const runs = [this.current, ...this.waiting].filter((run) => run && !run.isOver);
    this.end();
    this.current = null;
    this.waiting = [];
    for (const run of runs) run.on("done", { status: "stopped" });
  }

  // ---- Running

  // Queue a run, {cell, code, first, check, undrawn, origin, on}; a cell's waiting run gives way to its new
  // one. Runs of one `origin` may follow each other in one worker.
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
      this.abandon(this.isListening || this.canInterrupt ? SOFT_MS : 0);
    }
    for (const each of waiting) each.on("done", { status: "stopped" });
  }

  get isListening() {
    return this.wish === "pause" || this.wish === "step" || performance.now() - this.heardAt < HEARD_MS;
  }

  // Hear no more of the run at work, and end it: softly, with its worker after some patience.
  abandon(patience) {
    const run = this.current;
    const isFirst = !run.isOver;
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
    if (isFirst) this.sandbox.interrupt(this.signal++);
    setTimeout(end, patience);
  }

  // "pause", "resume" or "step", to the run at work, if it is the cell's and not over; tells whether it is.
  wishes(cell, wish) {
    const isHeard = this.current?.cell === cell && !this.current.isOver;
    if (isHeard) this.say(wish);
    return isHeard;
  }

  // That, or "stop".
  say(wish) {
    this.wish = wish;
    this.sandbox?.post({ type: wish });
  }

  next() {
    if (!this.waiting.length) return;
    if (this.current || this.state !== "ready") {
      const words = this.current ? "Waiting for the run before" : "Loading Python";
      for (const run of this.waiting) run.on("waiting", this.progress ?? { words });
      return;
    }
    if (this.origin !== null && this.origin !== this.waiting[0].origin) return this.renew();
    this.current = this.waiting.shift();
    this.origin = this.current.origin;
    this.wish = "";
    this.begin(this.current);
  }

  // Have a run begin, in a Python that has these files, too; each is handed over once.
  async begin(run, names = []) {
    const { id, cell, code, first, check, undrawn } = run;
    try {
      const blobs = await Promise.all(names.map((name) => this.files.file(name)));
      if (this.current !== run || run.id !== id || run.isOver) return;
      names.forEach((name, at) => this.given.set(name, blobs[at]));
      run.on("started", { isAgain: run.isAgain });
      this.sandbox.post({ type: "run", id, cell, code, first, check, undrawn, signal: this.signal, brought: this.given });
      for (const name of names) this.given.set(name, null);
    } catch (error) {
      if (this.current !== run) return;
      run.on("error", { text: error.message, line: null, hint: "" });
      this.finish("done", { status: "failed" });
    }
  }

  // The run at work imports what its Python has not: it begins again with that.
  bring(names) {
    const run = this.current;
    const lacks = names.filter((name) => this.files.has(name) && !this.given.has(name));
    if (run.isOver || !lacks.length) return this.finish("done", { status: "failed" });
    run.on("waiting", { words: "Loading what the code imports" });
    this.begin(run, lacks);
  }

  // A fresh worker for what comes.
  renew() {
    this.close();
    this.warm();
    this.next();
  }

  finish(type, message) {
    const run = this.current;
    this.current = null;
    if (!run.isOver) run.on(type, message);
    if (this.state === "ready" && isReaching(run.code)) this.renew();
    else this.next();
  }

  // Until Python is ready the worker runs the book's code alone; after it, what it says is a run's.
  heard({ type, id, ...message }) {
    if (this.state === "loading") this.heardLoading(type, message);
    else if (!this.current || id !== this.current.id || !isSaid(type, message)) return;
    else if (type === "listening") this.heardAt = performance.now();
    else if (type === "done") this.finish("done", message);
    else if (type === "lacking") this.bring(message.lacks);
    else if (type === "broken") this.broken(message.message, message);
    else if (!this.current.isOver) this.current.on(type, message);
  }

  heardLoading(type, { message, canPause, canInterrupt }) {
    if (type === "starting") this.progresses({ words: "Starting Python" });
    else if (type === "failed") this.broken(message);
    else if (type === "ready") {
      Object.assign(this, { state: "ready", canPause, canInterrupt, progress: null });
      const isFirst = !this.sandbox.isReady;
      this.sandbox.isReady = true;
      this.next();
      if (isFirst && !this.current) this.sandbox.post({ type: "rehearse" });
    }
  }

  // Python has broken down: begin anew, and tell the run. One that met a trap is run once more before, since
  // a browser may compile Python wrongly now and then: WebKit has been seen to.
  broken(message, { line = null, isTrap = false } = {}) {
    if (this.state !== "ready") return this.failed(`Python could not be started here: ${message}`);
    this.close();
    const run = this.current;
    if (run && isTrap && !run.isOver && !run.isAgain) {
      Object.assign(run, { id: this.nextId++, isAgain: true });
      this.current = null;
      this.waiting.unshift(run);
      this.next();
    } else if (run) this.finish("broken", { message, line });
    this.warm();
  }
}

export const isReaching = (code) => REACHING.test(code.normalize("NFKC"));

// What the frame makes workers of, as it comes: what it compiles and unpacks, and their script.
function contentOf(worker, files) {
  const isPacked = files.arePacked;
  const python = files.file(isPacked ? "python.bin" : "pyodide.asm.wasm").then((blob) => ({ python: blob, isPacked }));
  const packages = isPacked ? [files.file("packages.bin").then((blob) => ({ packages: blob }))] : [];
  return [python, ...packages, scriptOf(worker, files)];
}

// The worker with Pyodide. A frame with an origin of its own cannot start a module in every browser: of
// Pyodide's module the function is taken that it exports.
async function scriptOf(worker, files) {
  const [loader, module] = await Promise.all(["pyodide.js", "pyodide.asm.mjs"].map(async (name) => (await files.file(name)).text()));
  const plain = module.replaceAll("import.meta.url", "location.href").replace(/export default (\w+);?\s*$/, "createPyodide = $1;");
  return { script: new Blob([`"use strict";\nlet createPyodide;\n${worker}${loader}\n${plain}`], { type: "text/javascript" }) };
}
