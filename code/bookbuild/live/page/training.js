// A training to watch: the decision boundary as it moves, the hidden units behind it, and the loss
// so far, before the losses of earlier runs.

import { button, element } from "./dom.js";
import { drawZeros, Field } from "./field.js";
import { canvasOf, Losses, thinned } from "./losses.js";
import { forward, gridOver, layersOf } from "./network.js";
import { drawPoint } from "./points.js";
import { decimals } from "./series.js";
import { Units } from "./units.js";

const FOLDS = 40; // units at most whose folds are drawn in the plane

export class Training {
  // `say(wish)` tells the run to "pause", "resume" or "step".
  constructor(say, canPause) {
    this.plane = canvasOf("Decision boundary during training");
    this.loss = new Losses();
    this.status = element("p", { className: "live-epoch" });
    this.freshStatus = element("p", { className: "live-fresh" });
    this.pause = button("Pause", () => this.setPaused(!this.isPaused));
    this.step = button("One epoch", () => { this.setPaused(true, "step"); });
    this.folds = element("input", { type: "checkbox", onchange: () => this.draw() });
    this.logarithmic = element("input", { type: "checkbox", onchange: () => this.drawLoss() });
    this.units = new Units(() => this.draw());
    this.say = say;
    this.isPaused = false;
    this.ghosts = [];
    this.series = [];
    this.panels = [this.plane, this.loss.canvas].map(panelOf);
    this.buttons = element("div", { className: "live-training-buttons" },
      ...(canPause ? [this.pause, this.step] : []));
    this.foldsLabel = element("label", { className: "live-always" }, this.folds, " Folds of all units");
    this.root = element("div", { className: "live-training", role: "group", "aria-label": "Training", hidden: true },
      element("div", { className: "live-canvases" }, ...this.panels.map(({ root }) => root)),
      element("div", { className: "live-training-bar" }, this.status, this.foldsLabel,
        element("label", { className: "live-always" }, this.logarithmic, " Logarithmic loss"), this.buttons),
      this.freshStatus, this.units.root);
  }

  // A training begins; another may have gone before it in the same run.
  begin(training) {
    Object.assign(this, { points: null, sizes: null, freshPoints: null, freshLabels: null, ...training, series: [],
      losses: [], held: [], lowest: Infinity, highest: 1e-9, last: null, accuracy: null, fresh: null, isOver: false });
    const { points, low, high, side, sizes } = this;
    if (points) {
      this.field = new Field(side);
      this.layer = this.drawPoints();
    }
    this.units.root.hidden = true;
    this.freshInputs = null;
    if (sizes) {
      this.grid = gridOver(low, high, side);
      this.inputs = columns(points);
      this.freshInputs = this.freshPoints && this.freshLabels && columns(this.freshPoints);
      this.units.begin(this);
    }
    this.status.textContent = `Epoch 0 of ${this.epochs}`;
    this.freshStatus.textContent = "";
    const count = sizes ? this.units.units.flat().length : 0;
    this.foldsLabel.hidden = !count || count > FOLDS;
    this.panels[0].root.hidden = !points;
    this.root.hidden = this.buttons.hidden = false;
  }

  // Of a training in the plane its last state stays, to look into; others make way for the output.
  end({ keep = false } = {}) {
    this.buttons.hidden = this.isOver = true;
    this.draw(); // the last frame may have come since the page was drawn
    if (!this.last || !(keep || this.sizes)) this.root.hidden = true;
    this.setPaused(false, null);
  }

  // How the training in the plane ended, to be compared with others; null without one. Accuracies are
  // those of the whole network, and of none where the loss is a mean of several.
  get result() {
    if (!this.last || !this.points) return null;
    const { theta, networks } = this.last;
    const right = this.sizes && theta && !networks ? this.rightOf(layersOf(theta, this.sizes)) : { accuracy: null, fresh: null };
    return { loss: this.losses.at(-1), ...right, ...thinned(this) };
  }

  hide() {
    this.root.hidden = true;
    this.last = null;
    this.setPaused(false, null);
  }

  // Letters and titles as the book's figure of the same has them, of which the caption speaks; none if
  // the run has not drawn that.
  entitle(titles = []) {
    this.panels.forEach(({ title }, at) => {
      const [, letter = "", words] = /^(\(\w\))?(.*)$/.exec(titles[at] ?? "");
      title.replaceChildren(element("b", {}, letter), words);
    });
  }

  setPaused(isPaused, wish = isPaused ? "pause" : "resume") {
    this.isPaused = isPaused;
    this.pause.textContent = isPaused ? "Continue" : "Pause";
    if (wish) this.say(wish);
  }

  frame({ losses, held = [], ...frame }) {
    for (const loss of losses) this.losses.push(this.spanning(loss));
    for (let at = 0; at + 1 < held.length; at += 2) this.held.push([held[at], this.spanning(held[at + 1])]);
    this.held.sort(([one], [other]) => one - other); // at the end what is between comes, too
    this.last = frame;
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  // The loss itself, which the axis is to show.
  spanning(loss) {
    if (loss > this.highest && loss < Infinity) this.highest = loss;
    if (loss < this.lowest) this.lowest = loss;
    return loss;
  }

  draw() {
    if (!this.last || this.root.hidden) return;
    const { epoch, networks, theta, logits } = this.last;
    if (theta && this.sizes) this.drawInside(theta);
    else if (logits) this.drawPlane(logits);
    const mean = networks ? `, mean of ${networks} networks${this.points ? "; the first is drawn" : ""}` : "";
    const right = this.accuracy === null ? "" : ` · ${networks ? "its " : ""}training accuracy ${this.accuracy.toFixed(2)}`;
    const { size } = this.units.off;
    const less = size ? ` with ${size} unit${size > 1 ? "s" : ""} off` : "";
    const loss = decimals(this.losses[epoch - 1]); // of a training that runs away there are later ones
    this.status.textContent = `Epoch ${epoch} of ${this.epochs} · loss ${loss}${mean}${right}${less}`;
    this.freshStatus.textContent = this.fresh === null ? "" : `On ${this.freshLabels.length} fresh points: ${
      this.freshLoss(epoch)}accuracy ${this.fresh.toFixed(2)}`;
    this.plane.setAttribute("aria-label", `Decision boundary ${this.isOver ? `after epoch ${epoch}${right}${less}` : "during training"}`);
    this.drawLoss();
  }

  // The plane as the network's last layer sees it, and each unit's part in it.
  drawInside(theta) {
    const { sizes, hidden, side, units } = this;
    const layers = layersOf(theta, sizes);
    const z = forward(layers, hidden, this.grid, units.off);
    Object.assign(this, this.rightOf(layers, units.off));
    this.drawPlane(z.at(-1)[0]);
    if (!units.root.hidden) units.draw(z, layers);
    const pen = this.plane.getContext("2d");
    for (const { layer, unit, key } of units.root.hidden ? [] : units.units.flat()) {
      const isChosen = units.chosen === key;
      if (!isChosen && (!this.folds.checked || this.foldsLabel.hidden)) continue;
      if (units.off.has(key) && !isChosen) continue;
      pen.lineWidth = this.plane.width / (isChosen ? 110 : 300);
      pen.strokeStyle = layer ? "#7a3e8f" : "#1b5283";
      pen.setLineDash(layer ? [pen.lineWidth * 3, pen.lineWidth * 2] : []);
      drawZeros(pen, this.plane.width, z[layer][unit], side);
    }
    pen.setLineDash([]);
  }

  // The last loss on fresh points; one that stays says of which epoch it is.
  freshLoss(epoch) {
    if (!this.held.length) return "";
    const [at, loss] = this.held.at(-1);
    return `loss ${decimals(loss)}${this.isOver && at !== epoch ? ` after epoch ${at}` : ""}, `;
  }

  // The share of the points that are right, and that of the fresh ones, with the units in `off` off.
  rightOf(layers, off) {
    const share = (inputs, labels) => {
      const scores = forward(layers, this.hidden, inputs, off).at(-1)[0];
      return labels.reduce((count, label, at) => count + (scores[at] > 0 === label > 0.5), 0) / labels.length;
    };
    return { accuracy: share(this.inputs, this.labels),
      fresh: this.freshInputs ? share(this.freshInputs, this.freshLabels) : null };
  }

  drawPlane(logits) {
    const pen = this.plane.getContext("2d");
    const size = this.plane.width;
    this.field.draw(pen, size, logits.map((logit) => 1 / (1 + Math.exp(-logit))));
    pen.lineWidth = size / 120;
    pen.strokeStyle = "#000";
    drawZeros(pen, size, logits, this.side);
    pen.drawImage(this.layer, 0, 0);
  }

  // The points do not move: they are drawn once, and laid over each frame.
  drawPoints() {
    const size = this.plane.width;
    const layer = element("canvas", { width: size, height: size });
    const pen = layer.getContext("2d");
    const radius = size / 80;
    pen.lineWidth = size / 400;
    pen.strokeStyle = "#fff";
    for (let at = 0; at < this.labels.length; at += 1) {
      const [x, y] = [0, 1].map((axis) =>
        (this.points[2 * at + axis] - this.low[axis]) / (this.high[axis] - this.low[axis]));
      const [left, top] = [x * size, (1 - y) * size];
      drawPoint(pen, left, top, radius, this.labels[at]);
    }
    return layer;
  }

  drawLoss() {
    const { losses, series } = this;
    if (!losses.length) return;
    const words = series.length ? `of ${series.length} seeds, and their median`
      : this.isOver ? `of ${losses.length}, from ${decimals(losses[0])} to ${decimals(losses.at(-1))}` : "so far";
    this.loss.canvas.setAttribute("aria-label", `Training loss by epoch ${words}`);
    this.loss.draw({ now: series.length ? null : this, ghosts: this.ghosts, series,
      epochs: this.epochs, isLogarithmic: this.logarithmic.checked, ink: getComputedStyle(this.root).color });
  }

  // The curves of a series of trainings, in place of the last one's alone.
  showSeries(results) {
    Object.assign(this, { series: results, ghosts: [] });
    this.drawLoss();
  }
}

// A canvas below its title.
function panelOf(canvas) {
  const title = element("p", { className: "live-panel-title" });
  return { title, root: element("div", { className: "live-panel" }, title, canvas) };
}

// The two coordinates of points, each as an array.
function columns(points) {
  return [0, 1].map((axis) => points.filter((_, at) => at % 2 === axis));
}
