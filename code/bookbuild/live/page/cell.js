// A live cell: the book's code and output at rest; an editor, controls and output of its own
// once a reader asks for them.

import { barOf } from "./bar.js";
import { Controls } from "./controls.js";
import { button, element } from "./dom.js";
import { loadEditor, makeEditor } from "./editing.js";
import { isReaching } from "./engine.js";
import { Hints } from "./hints.js";
import { isPhone, Layout } from "./layout.js";
import { Output } from "./output.js";
import { Pace } from "./pace.js";
import { strange, warning } from "./reading.js";
import { Runs } from "./runs.js";
import { seedOf, withSeed } from "./seeds.js";
import { Series } from "./series.js";
import { linkTo } from "./share.js";
import { saveAs, summaryOf } from "./summary.js";
import { Training } from "./training.js";
import { Versions } from "./versions.js";

const CHANGE_MS = 250; // after the last change, "run while I change it" runs
const SEEDS = 8; // of a series
const SHOW = { own: "Show my own edit", tab: "Show the edit of the other tab", linked: "Show the linked code" };
const LONG_MS = 3000; // a run that takes longer says how long it has been at work

export class LiveCell {
  // `root` is the rendered cell, `check` the code of its check or "", `above()` gives the code
  // of the cells before it.
  constructor({ root, name, check, above, engine }) {
    Object.assign(this, { root, name, check, above, engine });
    this.source = root.querySelector("pre > code.sourceCode, pre > code");
    this.block = blockOf(this.source);
    this.original = codeOf(this.source);
    this.versions = new Versions(name, this.original);
    this.rendered = outputsOf(root, this.source);
    this.alt = root.querySelector("img")?.alt ?? "";
    root.classList.add("live-cell");
    this.addBar();
    for (const event of ["pointerenter", "focusin"]) {
      root.addEventListener(event, () => { loadEditor(); engine.warm(); }, { once: true });
    }
  }

  addBar() {
    this.pace = new Pace();
    Object.assign(this, barOf({
      edit: () => this.edit({ focus: true }), run: () => this.run(), stop: () => this.engine.stop(this.name),
      runNextSeed: () => this.runNextSeed(), runSeeds: () => this.runSeeds(this.code),
      restore: () => this.restore(), copyLink: () => this.copyLink(), saveSummary: () => this.saveSummary(),
    }, this.pace));
    this.hints = new Hints(this.check);
    this.heardWords = element("p", { className: "live-visually-hidden", role: "status" });
    this.notice = element("p", { className: "live-notice", hidden: true });
    this.help = element("p", { id: `${this.name}-help`, className: "live-visually-hidden" },
      "Control Enter runs the code. Tab leaves the editor.");
    this.output = new Output();
    this.training = new Training((wish) => this.wish(wish), "Suspending" in (globalThis.WebAssembly ?? {}));
    this.series = new Series((seed) => this.goBack(withSeed(this.ran.code, seed)));
    this.runs = new Runs(this.name, this.original, (code, isSeries) => this.goBack(code, isSeries));
    this.place = element("div", { className: "live-editor", hidden: true });
    this.printed = element("pre", { className: "live-printed" });
    this.beyond = element("p", { className: "live-beyond", hidden: true });
    this.caution = element("p", { className: "live-caution", role: "alert", hidden: true });
    this.controls = new Controls(this.name, this.original, (rewrite) => this.rewrite(rewrite));
    this.block.before(this.notice);
    this.block.after(this.caution, this.place, this.beyond, this.printed, this.controls.root, this.bars,
      this.help, this.heardWords, this.training.root, this.series.root, this.runs.root, this.output.root);
    this.layout = new Layout(this.root, [this.block, this.caution, this.place, this.beyond, this.printed],
      (isFirst) => this.laidOut(isFirst));
    this.root.append(this.layout.fold);
    if (!this.hasPicture) return;
    this.more.append(this.layout.first, this.layout.full);
    if (isPhone()) this.layout.setFirst(true);
  }

  get hasPicture() {
    return this.rendered.some((each) => each.matches("img, svg") || each.querySelector("img, svg"));
  }

  // Where the picture comes first, the controls are there before the editor is.
  laidOut(isFirst) {
    if (this.editor) return;
    this.open.hidden = isFirst;
    this.go.hidden = !isFirst;
    if (isFirst) this.controls.update(this.original);
  }

  get code() {
    return this.editor ? this.editor.code : this.original;
  }

  get isEdited() {
    return this.code !== this.original;
  }

  // ---- Editing

  // Show an earlier edit, if there is one.
  async restoreEdit() {
    const [version] = this.versions.others;
    if (version) await this.showVersion(version);
  }

  // Show code that came with the page's address; the reader's own edit stays behind it.
  async showShared(code) {
    if (code === null) return this.tell("The code in this link cannot be read; this is the book's own.");
    if (code === this.original) return this.versions.own ? undefined : this.edit({});
    this.versions.link = code;
    await this.showVersion("linked");
    this.root.scrollIntoView({ block: "start" });
  }

  // Show a version of the code, and say whose it is.
  async showVersion(version) {
    clearTimeout(this.soon);
    this.versions.shown = version;
    const code = this.versions.codeOf(version);
    if (version === "linked") this.layout.setFirst(false); // it is to be read
    await this.edit({ code });
    this.isSetting = true;
    this.editor.code = code;
    this.isSetting = false;
    if (version === "book") this.tell("");
    else if (version === "linked") {
      this.tell("This code came with the link you followed. It is not the book's: read it before you run it. "
        + "Reset discards it.");
    } else if (version === "tab") this.tell("This is your edit in another tab. Reset discards it.");
    else {
      this.tell(this.versions.own?.isOlder
        ? "This is your edit of an earlier version of the book's cell. Reset shows the present one."
        : "This is your edit, kept in this browser. Reset brings back the book's code.");
    }
  }

  // Say something above the code, with buttons that show the other versions.
  tell(words) {
    const others = words ? this.versions.others : [];
    const hadFocus = this.notice.contains(document.activeElement);
    this.notice.replaceChildren(words, ...others.flatMap((version) =>
      [" ", button(SHOW[version], () => this.showVersion(version))]));
    this.notice.hidden = !words;
    if (hadFocus) (this.notice.querySelector("button") ?? this.go).focus({ preventScroll: true });
  }

  async edit({ code = this.original, focus = false }) {
    if (focus) this.engine.warm();
    this.opening ??= this.openEditor(code);
    await this.opening;
    // The reader may have gone on meanwhile.
    if (focus && [document.body, this.open].includes(document.activeElement)) this.editor.focus();
  }

  async openEditor(code) {
    this.open.disabled = true;
    this.place.hidden = false;
    this.editor = await makeEditor({
      parent: this.place, code, label: `Python code of the cell ${this.name}`, describedBy: this.help.id,
      onChange: (text) => this.changed(text), onRun: () => this.run(),
      strange, onSight: (beyond) => this.tellOfBeyond(beyond),
    });
    this.block.hidden = true;
    this.open.hidden = true;
    for (const each of [this.go, this.reset, this.copy]) each.hidden = false;
    this.follow(code);
  }

  // The controls and the text that is printed follow the code.
  follow(code) {
    this.controls.update(code);
    this.pace.label.hidden = this.controls.root.hidden;
    this.next.hidden = this.eight.hidden = Boolean(this.check) || seedOf(code) === null;
    this.printed.textContent = code;
    this.caution.textContent = warning(code);
    this.caution.hidden = !this.caution.textContent;
  }

  // Code that cannot be seen in the editor as it stands.
  tellOfBeyond({ above, below, longest, line }) {
    const lines = (count, where) => count && `${count} more line${count > 1 ? "s" : ""} ${where}`;
    const parts = [lines(above, "above"), lines(below, "below"),
      longest && `line ${line} goes on to column ${longest}`].filter(Boolean);
    this.beyond.textContent = parts.join("; ");
    this.beyond.hidden = !parts.length;
  }

  // A control was moved.
  async rewrite(rewrite) {
    await this.edit({});
    this.isMoved = true;
    this.editor.code = rewrite(this.code);
    this.isMoved = false;
  }

  changed(code) {
    this.follow(code);
    if (this.isSetting) return;
    if (this.versions.changed(code)) this.tell("This cell has been edited in another tab, too; both edits stay.");
    clearTimeout(this.soon);
    if (!this.pace.follows({ isMoved: this.isMoved, isLinked: this.versions.shown === "linked" })) {
      return this.say(code === (this.ran?.code ?? this.original) ? "" : "Changed; not run yet");
    }
    this.soon = setTimeout(() => this.run(), CHANGE_MS);
  }

  // Discard what is shown: back to the book's code and output, or to the other version.
  restore() {
    this.engine.stop(this.name);
    if (this.versions.shown === "linked") history.replaceState(null, "", location.pathname + location.search);
    this.versions.discard();
    this.showVersion(this.versions.shown);
    this.training.hide();
    this.series.hide();
    this.save.hidden = true;
    this.editor.mark(0);
    this.heardWords.textContent = "";
    if (this.ran) this.ran.code = this.original;
    this.showRendered();
    this.say("");
    this.root.dataset.live = "rest";
  }

  // What was pressed may be gone in a moment: the reader stands on Run then, or on Stop.
  again(how = {}) {
    this.go.focus({ preventScroll: true });
    return this.run(how);
  }

  goBack(code, isSeries = false) {
    this.go.focus({ preventScroll: true });
    return isSeries ? this.runSeeds(code) : this.runAgain(code);
  }

  async runAgain(code) {
    this.editor.code = code;
    await this.run();
  }

  // Change the code by `change(code, original)`, and run it.
  async set(change) {
    await this.edit({});
    this.editor.code = change(this.code, this.original);
    await this.run();
    this.root.scrollIntoView({ block: "nearest" });
  }

  get showsNothing() {
    return this.isFresh && this.training.root.hidden && !this.output.root.hasChildNodes();
  }

  showRendered() {
    this.output.clear();
    this.output.root.hidden = true;
    this.root.classList.remove("live-edited");
    for (const each of this.rendered) each.toggleAttribute("hidden", false);
  }

  async copyLink() {
    const link = await linkTo(this.name, this.code);
    try {
      await navigator.clipboard.writeText(link);
      this.say("Link copied");
    } catch {
      history.replaceState(null, "", link);
      this.say("The link is in the address bar");
    }
  }

  // ---- Running

  async run({ withAbove = false } = {}) {
    await this.edit({});
    this.start({ code: this.code, withAbove });
  }

  // Run code, in a series without showing what else it shows; `after(result)` is called once at its
  // end, with nothing if it was not "done" or trained nothing in the plane.
  start({ code, withAbove = false, inSeries = false, after = () => {} }) {
    clearTimeout(this.soon);
    if (!inSeries) this.series.hide();
    this.settle();
    this.after = after;
    this.isFresh = false; // what is seen is of a run before
    const isLinked = this.versions.shown === "linked";
    this.ran = { code, withAbove, inSeries, isEdited: code !== this.original,
      isOwnWord: isLinked || isReaching(code) };
    this.engine.run({
      cell: this.name, code, check: this.check, undrawn: inSeries,
      first: withAbove ? this.above() : [], origin: isLinked ? `link:${this.name}` : "",
      on: (type, message) => this.heard(type, message),
    });
  }

  settle(result = null) {
    const { after } = this;
    this.after = null;
    after?.(result);
  }

  async runNextSeed() {
    await this.edit({});
    await this.runAgain(withSeed(this.code, seedOf(this.code) + 1));
  }

  // Run code with its seed and with those after it, and show how the trainings ended: those that did,
  // if the reader stops, and none if another run is begun.
  async runSeeds(code) {
    await this.edit({});
    this.editor.code = code;
    const first = seedOf(code);
    const began = performance.now();
    const { results } = this.series.begin();
    for (let seed = first; seed < first + SEEDS; seed += 1) {
      const result = await new Promise((after) => {
        this.start({ code: withSeed(code, seed), inSeries: true, after });
      });
      if (results !== this.series.results) return;
      if (!result || result.accuracy === null) break;
      this.series.add(seed, result, this.training.plane);
    }
    this.series.end(results.length === SEEDS);
    if (results.length) this.training.showSeries(results);
    else if (this.root.dataset.live === "done") this.say("Nothing is trained here whose seeds can be compared");
    if (results.length === SEEDS) this.runs.addSeries(code, results, (performance.now() - began) / 1000);
  }

  // "pause", "resume" or "step", to the training that is watched.
  wish(wish) {
    if (this.engine.wishes(this.name, wish)) this.say(wish === "resume" ? "Running …" : "Paused");
  }

  heard(type, message) {
    const handlers = {
      waiting: () => this.waits(message),
      started: () => this.started(message),
      replaced: () => {},
      text: () => this.shown(() => this.output.text(message)),
      figure: () => this.shown(() => this.putFigure(message)),
      table: () => this.shown(() => this.output.table(message)),
      answer: () => this.answered(message),
      error: () => this.failed(message),
      training: () => this.show(() => this.watch(message)),
      frame: () => this.training.frame(message),
      done: () => this.ended(message.status),
      broken: () => this.broken(message),
      unavailable: () => {
        this.ended("");
        this.training.hide();
        this.showRendered();
        this.output.unavailable(message.message, this.rendered.length > 0, () => this.again());
      },
    };
    handlers[type]();
  }

  watch(message) {
    this.training.ghosts = this.ran.inSeries ? this.series.results : this.runs.ghosts(this.ran.code);
    this.training.begin(message);
  }

  putFigure(figure) {
    this.titles = figure.titles ?? this.titles;
    this.output.figure(figure, this.description);
  }

  // What the picture of a run shows, in words.
  get description() {
    const edited = "Figure drawn by the code as edited";
    if (!this.ran.isEdited) return this.alt || "Figure drawn by the code";
    return this.alt ? `${edited}. Of the book's figure it was said: ${this.alt}` : edited;
  }

  waits({ words, loaded, total }) {
    this.isRunning(true);
    this.say(loaded < total ? `${words}: ${megabytes(loaded)} of ${megabytes(total)} MB` : `${words} …`);
  }

  // The output of before stays until there is something new.
  started({ isAgain }) {
    this.isRunning(true);
    this.ran.isAgain = isAgain;
    this.say(isAgain ? "Python broke down: running again …" : "Running …");
    this.began = performance.now();
    clearInterval(this.ticking); // of a run that begins again
    this.ticking = setInterval(() => this.tick(), 1000);
    this.isFresh = false;
    this.answer = this.titles = null;
    this.training.setPaused(false, null); // the run before may have been
    this.heardWords.textContent = "";
    this.editor.mark(0);
    this.root.classList.add("live-stale");
  }

  // How long a long run has been at work, and how long it was the time before.
  tick() {
    const took = performance.now() - this.began;
    if (took < LONG_MS) return;
    const before = this.took > LONG_MS ? ` (${seconds(this.took)} the time before)` : "";
    this.clock.textContent = `${seconds(took)}${before}`;
  }

  // Of a series only the training is shown.
  shown(put) {
    this.show(this.ran.inSeries ? () => {} : put);
  }

  show(put) {
    if (!this.isFresh) this.renew();
    put();
  }

  renew() {
    this.isFresh = true;
    this.root.classList.remove("live-stale");
    this.root.classList.toggle("live-edited", this.ran.isEdited);
    this.output.clear();
    this.output.root.hidden = false;
    this.training.hide();
    for (const each of this.rendered) each.toggleAttribute("hidden", true);
  }

  failed(message) {
    const mayRunAbove = this.above().length && !this.ran.withAbove;
    this.show(() => this.output.error(message, mayRunAbove ? () => this.again({ withAbove: true }) : null));
    if (message.line) this.editor.mark(message.line);
  }

  broken({ message, line }) {
    const quoted = line ? `line ${line}: ${this.ran.code.split("\n")[line - 1]?.trim() ?? ""}\n` : "";
    this.failed({ text: quoted + message, line,
      hint: `Python broke down in this run${this.ran.isAgain ? ", twice," : ""} and has been started again.` });
    this.ended("failed");
  }

  answered(message) {
    if (this.check) this.answer = message;
  }

  // The last answer is the check's, whatever code has said before.
  showAnswer({ passed, hint, line }) {
    let words = "";
    this.show(() => { words = this.output.answer(this.answer, this.ran.isOwnWord); });
    this.heardWords.textContent = passed ? words : hint;
    if (line) this.editor.mark(line);
    this.tried(passed);
    return passed ? "Right" : "Not yet";
  }

  // Hints stand below what a try has shown; running the same code again is no other try.
  tried(hasPassed) {
    if (!this.check) return;
    if (hasPassed || this.ran.code !== this.missed) this.hints.tried(hasPassed);
    if (!hasPassed) this.missed = this.ran.code;
    this.output.add(this.hints.root);
  }

  async saveSummary() {
    const { code, isEdited, ended, took, verdict } = this.ran;
    const facts = [`${verdict}, after ${(took / 1000).toFixed(1)} s.`, this.check && `${this.hints.told}.`];
    const parts = [this.training.root, this.series.root, this.runs.root, this.output.root];
    saveAs(`${this.name}.html`, await summaryOf({ name: this.name, code, isEdited, ended }, facts, parts));
    this.say("Summary saved");
  }

  ended(status) {
    this.isRunning(false);
    const verdict = status === "done" && this.answer ? this.showAnswer(this.answer) : "";
    const took = performance.now() - this.began;
    if (status === "done") this.took = took;
    if (status === "done" && !this.ran.inSeries) this.pace.took(took);
    this.root.classList.remove("live-stale");
    this.training.end({ keep: status === "stopped" });
    if (status === "done" && !this.isFresh) this.renew();
    const result = status === "done" ? this.training.result : null;
    if (!this.ran.inSeries) this.training.entitle(this.titles ?? []);
    if (result && !this.ran.inSeries) {
      this.runs.add({ code: this.ran.code, seconds: took / 1000, ...result });
    }
    if (status === "stopped" && this.showsNothing) this.showRendered();
    const how = { done: verdict || "Done", failed: "Failed", stopped: "Stopped" }[status] ?? "";
    const words = how && this.ran.isAgain ? `${how}, in a second run: Python had broken down in the first` : how;
    this.say(words && !this.ran.inSeries && this.code !== this.ran.code ? `${words}; changed since` : words);
    Object.assign(this.ran, { ended: new Date(), took, verdict: words });
    this.save.hidden = !status || !this.isFresh;
    if (status === "failed") this.tried(false);
    this.root.dataset.live = status || "rest";
    this.settle(result);
  }

  // Run and Stop stand in one place: who has pressed one is on the other.
  isRunning(is) {
    clearInterval(this.ticking);
    this.clock.textContent = "";
    if (is) this.root.dataset.live = "running";
    const [shown, hidden] = is ? [this.halt, this.go] : [this.go, this.halt];
    const focused = document.activeElement;
    const hadFocus = focused === hidden || (!is && this.training.buttons.contains(focused)); // which go with a run
    shown.hidden = false;
    if (hadFocus) shown.focus();
    hidden.hidden = true;
  }

  say(words) {
    this.status.textContent = words;
  }
}

function seconds(milliseconds) {
  return `${Math.round(milliseconds / 1000)} s`;
}

// What shows the cell's code: around Quarto's stands a box, with a button that copies it.
function blockOf(source) {
  return source.closest("div.code-copy-outer-scaffold") ?? source.closest("div.sourceCode, div.cell-code")
    ?? source.parentElement;
}

// What the cell put out when the book was made; of a figure with a caption the picture alone.
function outputsOf(root, source) {
  const outputs = [...root.children].filter((child) => !child.contains(source));
  return outputs.flatMap((output) => (output.querySelector("figcaption")
    ? [...output.querySelectorAll("img, svg")] : [output]));
}

// A cell's code as text, without what the page may have added to it.
export function codeOf(source) {
  return source.textContent.replace(/\n+$/, "");
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}
