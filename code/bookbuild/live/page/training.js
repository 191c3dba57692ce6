// A training to watch: the decision boundary as it moves, the hidden units behind it, and the loss
// so far, before the losses of earlier runs.

import { button, element } from "./dom.js";
import { drawZeros, Field } from "./field.js";
import { forward, gridOver, layersOf } from "./network.js";
import { Units } from "./units.js";

const [BLUE, ORANGE] = ["#0072B2", "#E69F00"];
const PLANE = 300; // pixels of a canvas, before the screen's own resolution
const MARGIN = 34;
const FOLDS = 40; // units at most whose folds are drawn in the plane
const CURVE = 500; // points of a curve

export class Training {
  // `say(wish)` tells the run to "pause", "resume" or "step".
  constructor(say, canPause) {
    this.plane = canvas("Decision boundary during training");
    this.loss = canvas("Training loss by epoch so far");
    this.status = element("p", { className: "live-epoch" });
    this.pause = button("Pause", () => this.setPaused(!this.isPaused));
    this.step = button("One epoch", () => { this.setPaused(true, "step"); });
    this.folds = element("input", { type: "checkbox", onchange: () => this.draw() });
    this.logarithmic = element("input", { type: "checkbox", onchange: () => this.drawLoss() });
    this.units = new Units(() => this.draw());
    this.say = say;
    this.isPaused = false;
    this.ghosts = [];
    this.buttons = element("div", { className: "live-training-buttons" },
      ...(canPause ? [this.pause, this.step] : []));
    this.foldsLabel = element("label", { className: "live-always" }, this.folds, " Folds of all units");
    this.root = element("div", { className: "live-training", role: "group", "aria-label": "Training", hidden: true },
      element("div", { className: "live-canvases" }, this.plane, this.loss),
      element("div", { className: "live-training-bar" }, this.status, this.foldsLabel,
        element("label", { className: "live-always" }, this.logarithmic, " Logarithmic loss"), this.buttons),
      this.units.root);
  }

  // A training begins; another may have gone before it in the same run.
  begin(training) {
    Object.assign(this, { points: null, sizes: null, ...training,
      losses: [], lowest: Infinity, highest: 1e-9, last: null, accuracy: null });
    const { points, low, high, side, sizes } = this;
    if (points) {
      this.field = new Field(side);
      this.layer = this.drawPoints();
    }
    this.units.root.hidden = true;
    if (sizes) {
      this.grid = gridOver(low, high, side);
      this.inputs = [0, 1].map((axis) => Float32Array.from(this.labels, (_, at) => points[2 * at + axis]));
      this.units.begin(this);
    }
    this.foldsLabel.hidden = !sizes || sizes.length < 3;
    this.plane.hidden = !points;
    this.root.hidden = this.buttons.hidden = false;
  }

  // Of a training in the plane its last state stays, to look into; others make way for the output.
  end({ keep = false } = {}) {
    this.buttons.hidden = true;
    if (!keep && !(this.sizes && this.last)) this.root.hidden = true;
    this.setPaused(false, null);
  }

  // How the training in the plane ended, to be compared with others; null without one.
  get result() {
    if (!this.last || !this.points) return null;
    const stride = Math.ceil(this.losses.length / CURVE);
    return { loss: this.losses.at(-1), accuracy: this.accuracy, stride,
      losses: this.losses.filter((_, at) => at % stride === 0), lowest: this.lowest, highest: this.highest };
  }

  hide() {
    this.root.hidden = true;
    this.last = null;
    this.setPaused(false, null);
  }

  setPaused(isPaused, wish = isPaused ? "pause" : "resume") {
    this.isPaused = isPaused;
    this.pause.textContent = isPaused ? "Continue" : "Pause";
    if (wish) this.say(wish);
  }

  frame({ losses, ...frame }) {
    for (const loss of losses) {
      this.losses.push(loss);
      if (loss > this.highest && loss < Infinity) this.highest = loss;
      if (loss < this.lowest) this.lowest = loss;
    }
    this.last = frame;
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  draw() {
    if (!this.last || this.root.hidden) return;
    const { epoch, networks, theta, logits } = this.last;
    if (theta && this.sizes) this.drawInside(theta);
    else if (logits) this.drawPlane(logits);
    const mean = networks ? `, mean of ${networks} networks${this.points ? "; the first is drawn" : ""}` : "";
    const right = this.accuracy === null ? "" : ` · training accuracy ${this.accuracy.toFixed(2)}`;
    const { size } = this.units.off;
    const less = size ? ` with ${size} unit${size > 1 ? "s" : ""} off` : "";
    this.status.textContent = `Epoch ${epoch} of ${this.epochs} · loss ${this.losses.at(-1).toFixed(3)}${mean}${right}${less}`;
    this.drawLoss();
  }

  // The plane as the network's last layer sees it, and each unit's part in it.
  drawInside(theta) {
    const { sizes, hidden, side, units, labels } = this;
    const layers = layersOf(theta, sizes);
    const z = forward(layers, hidden, this.grid, units.off);
    const scores = forward(layers, hidden, this.inputs, units.off).at(-1)[0];
    this.accuracy = labels.reduce((count, label, at) => count + (scores[at] > 0 === label > 0.5), 0) / labels.length;
    this.drawPlane(z.at(-1)[0]);
    if (!units.root.hidden) units.draw(z, layers);
    const pen = this.plane.getContext("2d");
    for (const { layer, unit, key } of units.root.hidden ? [] : units.units.flat()) {
      const isChosen = units.chosen === key;
      if (!isChosen && !(this.folds.checked && units.units.flat().length <= FOLDS)) continue;
      if (units.off.has(key) && !isChosen) continue;
      pen.lineWidth = this.plane.width / (isChosen ? 110 : 300);
      pen.strokeStyle = layer ? "#7a3e8f" : "#1b5283";
      pen.setLineDash(layer ? [pen.lineWidth * 3, pen.lineWidth * 2] : []);
      drawZeros(pen, this.plane.width, z[layer][unit], side);
    }
    pen.setLineDash([]);
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
      pen.fillStyle = this.labels[at] ? ORANGE : BLUE;
      pen.beginPath();
      if (this.labels[at]) {
        pen.moveTo(left, top - 1.2 * radius);
        pen.lineTo(left + 1.1 * radius, top + 0.8 * radius);
        pen.lineTo(left - 1.1 * radius, top + 0.8 * radius);
        pen.closePath();
      } else pen.arc(left, top, radius, 0, 2 * Math.PI);
      pen.fill();
      pen.stroke();
    }
    return layer;
  }

  drawLoss() {
    if (!this.losses.length) return;
    const pen = this.loss.getContext("2d");
    const { width, height } = this.loss;
    const scale = width / PLANE;
    const [left, bottom] = [MARGIN * scale, height - (MARGIN / 1.5) * scale];
    const curves = [...this.ghosts, this];
    const isLogarithmic = this.logarithmic.checked;
    const level = isLogarithmic ? (loss) => Math.log10(Math.max(loss, 1e-9)) : (loss) => loss;
    const top = level(Math.max(...curves.map(({ highest }) => highest)));
    const low = isLogarithmic ? level(Math.min(...curves.map(({ lowest }) => lowest))) : 0;
    const span = 1.05 * (top - low) || 1;
    const x = (epoch) => left + (epoch / Math.max(this.epochs - 1, 1)) * (width - left - 4 * scale);
    const y = (loss) => bottom - ((level(loss) - low) / span) * (bottom - 6 * scale);
    const ink = getComputedStyle(this.root).color;
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = pen.fillStyle = ink;
    pen.lineWidth = scale;
    pen.beginPath();
    pen.moveTo(left, 4 * scale);
    pen.lineTo(left, bottom);
    pen.lineTo(width - 2 * scale, bottom);
    pen.stroke();
    pen.font = `${11 * scale}px sans-serif`;
    pen.textAlign = "right";
    const shown = (value) => (isLogarithmic ? 10 ** value : value);
    pen.fillText(isLogarithmic ? shown(low).toPrecision(2) : "0", left - 5 * scale, bottom);
    pen.fillText(shown(top).toPrecision(2), left - 5 * scale, y(shown(top)) + 4 * scale);
    pen.fillText(`epoch ${this.epochs}`, width - 2 * scale, height - 5 * scale);
    pen.textAlign = "left";
    pen.fillText(this.ghosts.length ? "loss; grey: earlier runs" : "loss", left + 6 * scale, 14 * scale);
    for (const curve of curves) {
      const isNow = curve === this;
      pen.strokeStyle = isNow ? BLUE : ink;
      pen.globalAlpha = isNow ? 1 : 0.35;
      pen.lineWidth = (isNow ? 2.5 : 1) * scale;
      drawCurve(pen, curve, this.epochs, x, y);
    }
    pen.globalAlpha = 1;
  }
}

// A curve of losses, of which every `stride`th may have been kept.
function drawCurve(pen, { losses, stride = 1 }, epochs, x, y) {
  const count = Math.min(losses.length, Math.ceil(epochs / stride));
  const step = Math.max(1, Math.floor(count / CURVE));
  pen.beginPath();
  for (let at = 0; at < count; at += step) pen.lineTo(x(at * stride), y(losses[at]));
  pen.lineTo(x((count - 1) * stride), y(losses[count - 1]));
  pen.stroke();
}

function canvas(label) {
  const size = PLANE * Math.min(devicePixelRatio, 2);
  return element("canvas", { width: size, height: size, role: "img", "aria-label": label });
}
