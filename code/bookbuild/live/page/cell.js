// A live cell: the book's code and output at rest; an editor, controls and output of its own
// once a reader asks for them.

import { Controls } from "./controls.js";
import { button, element } from "./dom.js";
import { loadEditor, makeEditor } from "./editing.js";
import { Output } from "./output.js";
import { linkTo } from "./share.js";
import { keep, kept } from "./store.js";
import { Training } from "./training.js";

const CHANGE_MS = 250; // after the last change, "run while I change it" runs

export class LiveCell {
  // `root` is the rendered cell, `check` the code of its check or "", `above()` gives the code
  // of the cells before it.
  constructor({ root, name, check, above, engine }) {
    Object.assign(this, { root, name, check, above, engine });
    this.source = root.querySelector("pre > code.sourceCode, pre > code");
    this.block = blockOf(this.source);
    this.original = codeOf(this.source);
    this.rendered = outputsOf(root, this.source);
    this.alt = root.querySelector("img")?.alt || "Figure drawn by the cell as edited";
    root.classList.add("live-cell");
    this.addBar();
    for (const event of ["pointerenter", "focusin"]) {
      root.addEventListener(event, () => { loadEditor(); engine.warm(); }, { once: true });
    }
  }

  addBar() {
    const hint = `${this.name}-help`;
    this.open = button("Edit and run", () => this.edit({ focus: true }));
    this.go = button("Run", () => this.run(), { hidden: true, className: "live-button live-run",
      title: "Run (Ctrl-Enter)" });
    this.halt = button("Stop", () => this.engine.stop(this.name), { hidden: true, className: "live-button live-stop" });
    this.reset = button("Reset", () => this.restore(), { hidden: true });
    this.copy = button("Copy link", () => this.copyLink(), { hidden: true });
    this.always = element("input", { type: "checkbox" });
    this.alwaysLabel = element("label", { className: "live-always", hidden: true }, this.always, " Run while I change it");
    this.status = element("span", { className: "live-status", role: "status" });
    this.notice = element("p", { className: "live-notice", hidden: true });
    this.help = element("p", { id: hint, className: "live-visually-hidden" },
      "Control Enter runs the code. Tab leaves the editor.");
    this.bar = element("div", { className: "live-bar", role: "toolbar", "aria-label": "Run this cell" },
      this.open, this.go, this.halt, this.reset, this.copy, this.alwaysLabel, this.status);
    this.output = new Output();
    this.training = new Training((wish) => this.engine.say(wish), "Suspending" in (globalThis.WebAssembly ?? {}));
    this.place = element("div", { className: "live-editor", hidden: true });
    this.controls = new Controls(this.name, () => this.editor.code, (code) => { this.editor.code = code; });
    this.block.before(this.notice);
    this.block.after(this.place, this.controls.root, this.bar, this.help, this.training.root);
    this.root.append(this.output.root);
  }

  get code() {
    return this.editor ? this.editor.code : this.original;
  }

  // ---- Editing

  // Show an earlier edit, if there is one.
  async restoreEdit() {
    const edit = kept(this.name, this.original);
    if (!edit) return;
    await this.edit({ code: edit.code });
    this.tell(edit.isOlder ? "This is your edit of an earlier version of the book's cell. Reset shows the present one."
      : "This is your edit, kept in this browser. Reset brings back the book's code.");
  }

  // Show code that came with the page's address. It is kept only once the reader changes it.
  async showShared(code) {
    if (code === null) return this.tell("The code in this link cannot be read; this is the book's own.");
    if (code === this.original) return this.edit({});
    this.isShared = true;
    await this.edit({ code });
    this.tell("This code came with the link you followed. It is not the book's: read it before you run it. "
      + "Reset brings back the book's code.");
    this.root.scrollIntoView({ block: "start" });
  }

  tell(words) {
    this.notice.textContent = words;
    this.notice.hidden = !words;
  }

  async edit({ code = this.original, focus = false }) {
    if (focus) this.engine.warm();
    this.opening ??= this.openEditor(code);
    await this.opening;
    if (focus) this.editor.focus();
  }

  async openEditor(code) {
    this.open.disabled = true;
    this.place.hidden = false;
    this.editor = await makeEditor({
      parent: this.place, code, label: `Python code of the cell ${this.name}`, describedBy: this.help.id,
      onChange: (text) => this.changed(text), onRun: () => this.run(),
    });
    this.block.hidden = true;
    this.open.hidden = true;
    for (const each of [this.go, this.reset, this.copy]) each.hidden = false;
    this.controls.update(code);
    this.alwaysLabel.hidden = this.controls.root.hidden;
  }

  changed(code) {
    this.controls.update(code);
    this.alwaysLabel.hidden = this.controls.root.hidden;
    keep(this.name, this.original, code);
    this.reset.disabled = false;
    if (!this.always.checked) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.run(), CHANGE_MS);
  }

  // Back to the book's code and output.
  restore() {
    clearTimeout(this.soon);
    this.engine.stop(this.name);
    this.editor.code = this.original;
    keep(this.name, this.original, this.original);
    this.tell("");
    this.training.end();
    this.showRendered();
    this.say("");
  }

  get showsNothing() {
    return this.isFresh && this.training.root.hidden && !this.output.root.hasChildNodes();
  }

  showRendered() {
    this.output.clear();
    this.output.root.hidden = true;
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
    clearTimeout(this.soon);
    this.engine.run({
      cell: this.name, code: this.code, check: this.check,
      first: withAbove ? this.above() : [],
      on: (type, message) => this.heard(type, message),
    });
  }

  heard(type, message) {
    const handlers = {
      waiting: () => this.waits(message),
      started: () => this.started(),
      replaced: () => {},
      text: () => this.show(() => this.output.text(message)),
      figure: () => this.show(() => this.output.figure(message, this.alt)),
      table: () => this.show(() => this.output.table(message)),
      answer: () => this.show(() => this.output.answer(message)),
      error: () => this.failed(message),
      training: () => this.show(() => this.training.begin(message)),
      frame: () => this.training.frame(message),
      done: () => this.ended(message.status),
      broken: () => {
        this.show(() => this.output.error({ text: message.message,
          hint: "Python broke down in this run and has been started again." }));
        this.ended("failed");
      },
      unavailable: () => {
        this.ended("");
        this.output.clear();
        this.output.unavailable(message.message, () => this.run());
      },
    };
    handlers[type]();
  }

  waits({ words, loaded, total }) {
    this.isRunning(true);
    this.say(loaded < total ? `${words}: ${megabytes(loaded)} of ${megabytes(total)} MB` : `${words} …`);
  }

  // The output of before stays until there is something new.
  started() {
    this.isRunning(true);
    this.say("Running …");
    this.isFresh = false;
    this.editor.mark(0);
    this.root.classList.add("live-stale");
  }

  show(put) {
    if (!this.isFresh) this.renew();
    put();
  }

  renew() {
    this.isFresh = true;
    this.root.classList.remove("live-stale");
    this.output.clear();
    this.output.root.hidden = false;
    this.training.end();
    for (const each of this.rendered) each.toggleAttribute("hidden", true);
  }

  failed(message) {
    this.show(() => this.output.error(message,
      this.above().length ? () => this.run({ withAbove: true }) : null));
    if (message.line) this.editor.mark(message.line);
  }

  ended(status) {
    this.isRunning(false);
    this.root.classList.remove("live-stale");
    this.training.end({ keep: status === "stopped" });
    if (status === "done" && !this.isFresh) this.renew();
    if (status === "stopped" && this.showsNothing) this.showRendered();
    this.say({ done: "Done", failed: "Failed", stopped: "Stopped" }[status] ?? "");
    this.root.dataset.live = status || "rest";
  }

  isRunning(is) {
    if (is) this.root.dataset.live = "running";
    this.halt.hidden = !is;
    this.go.hidden = is;
  }

  say(words) {
    this.status.textContent = words;
  }
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
