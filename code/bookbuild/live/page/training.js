// A training to watch: the decision boundary as it moves, and the loss so far.

import { button, element } from "./dom.js";

// Probability of class 1 from 0 to 1, in the colours of the book's figures.
const RAMP = [[121, 103, 166], [161, 152, 197], [195, 192, 221], [223, 225, 238], [247, 247, 246],
  [253, 229, 195], [253, 200, 133], [242, 164, 70], [217, 123, 18]];
const SHADES = shades(256);
const [BLUE, ORANGE] = ["#0072B2", "#E69F00"];
const PLANE = 300; // pixels of a canvas, before the screen's own resolution
const MARGIN = 34;

export class Training {
  // `say(wish)` tells the run to "pause", "resume" or "step".
  constructor(say, canPause) {
    this.plane = canvas("Decision boundary during training");
    this.loss = canvas("Training loss by epoch so far");
    this.status = element("p", { className: "live-epoch" });
    this.pause = button("Pause", () => this.setPaused(!this.isPaused));
    this.step = button("One epoch", () => { this.setPaused(true, "step"); });
    this.say = say;
    this.isPaused = false;
    this.buttons = element("div", { className: "live-training-buttons" },
      ...(canPause ? [this.pause, this.step] : []));
    this.root = element("div", { className: "live-training", role: "group", "aria-label": "Training", hidden: true },
      element("div", { className: "live-canvases" }, this.plane, this.loss),
      element("div", { className: "live-training-bar" }, this.status, this.buttons));
  }

  // A training begins; another may have gone before it in the same run.
  begin({ epochs, points, labels, low, high, side }) {
    Object.assign(this, { epochs, points, labels, low, high, side, losses: [], highest: 1e-9 });
    this.ink = getComputedStyle(this.root.parentElement).color;
    if (points) {
      this.field = element("canvas", { width: side, height: side });
      this.pixels = this.field.getContext("2d").createImageData(side, side);
      this.layer = this.drawPoints();
    }
    this.plane.hidden = !points;
    this.root.hidden = this.buttons.hidden = false;
  }

  // The training is over; one that was stopped stays to be seen as far as it came.
  end({ keep = false } = {}) {
    this.buttons.hidden = true;
    if (!keep) this.root.hidden = true;
    this.setPaused(false, null);
  }

  setPaused(isPaused, wish = isPaused ? "pause" : "resume") {
    this.isPaused = isPaused;
    this.pause.textContent = isPaused ? "Continue" : "Pause";
    if (wish) this.say(wish);
  }

  frame({ epoch, losses, logits, networks }) {
    for (const loss of losses) {
      this.losses.push(loss);
      if (loss > this.highest && loss < Infinity) this.highest = loss;
    }
    this.last = { epoch, logits, networks };
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  draw() {
    const { epoch, logits, networks } = this.last;
    const mean = networks ? `, mean of ${networks} networks; the first is drawn` : "";
    const loss = this.losses.at(-1);
    this.status.textContent = `Epoch ${epoch} of ${this.epochs} · loss ${loss.toFixed(3)}${mean}`;
    if (this.root.hidden) return;
    if (logits) this.drawPlane(logits);
    this.drawLoss();
  }

  drawPlane(logits) {
    const { side, pixels } = this;
    const pen = this.plane.getContext("2d");
    const size = this.plane.width;
    const words = new Uint32Array(pixels.data.buffer);
    for (let at = 0; at < logits.length; at += 1) {
      const row = side - 1 - Math.floor(at / side);
      const probability = 1 / (1 + Math.exp(-logits[at]));
      words[row * side + (at % side)] = SHADES[Math.round(probability * (SHADES.length - 1))];
    }
    this.field.getContext("2d").putImageData(pixels, 0, 0);
    pen.drawImage(this.field, 0, 0, size, size);
    pen.lineWidth = size / 180;
    pen.strokeStyle = "#000";
    pen.beginPath();
    const scale = size / (side - 1);
    for (const [from, to] of boundary(logits, side)) {
      pen.moveTo(from[0] * scale, size - from[1] * scale);
      pen.lineTo(to[0] * scale, size - to[1] * scale);
    }
    pen.stroke();
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
    const pen = this.loss.getContext("2d");
    const { width, height } = this.loss;
    const scale = width / PLANE;
    const [left, bottom] = [MARGIN * scale, height - (MARGIN / 1.5) * scale];
    const top = this.highest * 1.05;
    const x = (epoch) => left + (epoch / Math.max(this.epochs - 1, 1)) * (width - left - 4 * scale);
    const y = (loss) => bottom - (loss / top) * (bottom - 6 * scale);
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = pen.fillStyle = this.ink;
    pen.lineWidth = scale;
    pen.beginPath();
    pen.moveTo(left, 4 * scale);
    pen.lineTo(left, bottom);
    pen.lineTo(width - 2 * scale, bottom);
    pen.stroke();
    pen.font = `${11 * scale}px sans-serif`;
    pen.textAlign = "right";
    pen.fillText("0", left - 5 * scale, bottom);
    pen.fillText((top / 1.05).toPrecision(2), left - 5 * scale, y(top / 1.05) + 4 * scale);
    pen.fillText(`epoch ${this.epochs}`, width - 2 * scale, height - 5 * scale);
    pen.textAlign = "left";
    pen.fillText("loss", left + 6 * scale, 14 * scale);
    pen.strokeStyle = BLUE;
    pen.lineWidth = 2 * scale;
    pen.beginPath();
    const stride = Math.max(1, Math.floor(this.losses.length / 500));
    for (let at = 0; at < this.losses.length; at += stride) pen.lineTo(x(at), y(this.losses[at]));
    pen.lineTo(x(this.losses.length - 1), y(this.losses.at(-1)));
    pen.stroke();
  }
}

function canvas(label) {
  const size = PLANE * Math.min(devicePixelRatio, 2);
  return element("canvas", { width: size, height: size, role: "img", "aria-label": label });
}

// The ramp in even steps, as pixels in the order of bytes that canvases have (ABGR in a word).
function shades(count) {
  return Uint32Array.from({ length: count }, (_, step) => {
    const place = (step / (count - 1)) * (RAMP.length - 1);
    const at = Math.min(Math.floor(place), RAMP.length - 2);
    const [r, g, b] = RAMP[at].map((low, band) => low + (place - at) * (RAMP[at + 1][band] - low));
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
}

// The line where the logit is zero, piece by piece: on each triangle of the grid it is straight.
function* boundary(logits, side) {
  for (let row = 0; row < side - 1; row += 1) {
    for (let column = 0; column < side - 1; column += 1) {
      const first = row * side + column;
      const negative = (logits[first] < 0) + (logits[first + 1] < 0)
        + (logits[first + side] < 0) + (logits[first + side + 1] < 0);
      if (negative === 0 || negative === 4) continue;
      const corners = [[column, row], [column + 1, row], [column, row + 1], [column + 1, row + 1]];
      for (const triangle of [[0, 1, 2], [1, 2, 3]]) {
        const crossings = [];
        for (const [from, to] of [[0, 1], [1, 2], [0, 2]]) {
          const [a, b] = [corners[triangle[from]], corners[triangle[to]]];
          const [u, v] = [a, b].map(([x, y]) => logits[y * side + x]);
          if (u < 0 === v < 0) continue;
          const share = u / (u - v);
          crossings.push([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]);
        }
        if (crossings.length === 2) yield crossings;
      }
    }
  }
}
