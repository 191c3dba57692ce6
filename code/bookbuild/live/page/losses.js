// Curves of losses by epoch: the training at work with its loss on points that it does not train on,
// earlier ones behind it; or a series of trainings with their median.

import { element } from "./dom.js";
import { BLUE } from "./points.js";
import { inPowers, median } from "./series.js";

const HELD = "#d55e00";
const PLANE = 600; // pixels of a canvas, enough for a full screen
const USUAL = 300; // and those of the page that it takes, if nothing else is known
const MARGIN = 34;
const CURVE = 500; // points of a curve
const STEPS = 5; // of an axis, at most
const LEAST = 1e-9; // on a logarithmic axis

export function canvasOf(label) {
  return element("canvas", { width: PLANE, height: PLANE, role: "img", "aria-label": label });
}

// What is kept of a curve, to be drawn behind later ones: every `stride`th loss.
export function thinned({ losses, lowest, highest }) {
  const stride = Math.ceil(losses.length / CURVE);
  return { stride, losses: losses.filter((_, at) => at % stride === 0), lowest, highest };
}

export class Losses {
  constructor() {
    this.canvas = canvasOf("Training loss by epoch so far");
  }

  // `now` may be null; curves are {losses, stride, lowest, highest}, its `held` is [[epoch, loss], ...].
  draw({ now, ghosts, series, epochs, isLogarithmic, ink }) {
    const pen = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    const scale = width / (this.canvas.clientWidth || USUAL);
    const bottom = height - (MARGIN / 1.5) * scale;
    const curves = [...ghosts, ...series, ...(now ? [now] : [])];
    const level = isLogarithmic ? (loss) => Math.log10(Math.max(loss, LEAST)) : (loss) => loss;
    const top = level(Math.max(...curves.map(({ highest }) => highest)));
    const low = isLogarithmic ? level(Math.min(...curves.map(({ lowest }) => lowest))) : 0;
    const span = 1.05 * (top - low) || 1;
    pen.font = `${11 * scale}px sans-serif`;
    const marks = (isLogarithmic ? ticks(low, top).map((value) => 10 ** value) : steps(top))
      .map((loss) => ({ loss, words: brief(loss) }));
    const left = Math.max(MARGIN * scale, ...marks.map(({ words }) => pen.measureText(words).width + 8 * scale));
    const x = (epoch) => left + (epoch / Math.max(epochs - 1, 1)) * (width - left - 4 * scale);
    const y = (loss) => bottom - ((level(loss) - low) / span) * (bottom - 6 * scale);
    pen.clearRect(0, 0, width, height);
    Object.assign(pen, { strokeStyle: ink, fillStyle: ink, lineWidth: scale });
    pen.setLineDash([]);
    pen.beginPath();
    pen.moveTo(left, 4 * scale);
    pen.lineTo(left, bottom);
    pen.lineTo(width - 2 * scale, bottom);
    pen.stroke();
    pen.textAlign = "right";
    for (const { loss, words } of marks) {
      pen.fillText(words, left - 5 * scale, y(loss) + 4 * scale);
      pen.fillRect(left - 3 * scale, y(loss) - scale / 2, 3 * scale, scale);
    }
    const [end, last] = [width - 2 * scale, `epoch ${epochs}`];
    pen.fillText(last, end, height - 5 * scale);
    const free = end - pen.measureText(last).width - 20 * scale;
    pen.textAlign = "center";
    for (const epoch of steps(epochs).filter((each) => each % 1 === 0 && each && x(each - 1) < free)) {
      pen.fillText(epoch, x(epoch - 1), height - 5 * scale);
      pen.fillRect(x(epoch - 1) - scale / 2, bottom, scale, 3 * scale);
    }
    const line = (curve, style) => drawCurve(pen, curve, epochs, x, y, { scale, ...style });
    for (const ghost of ghosts) line(ghost, { colour: ink, alpha: 0.35, width: 1 });
    for (const each of series) line(each, { colour: BLUE, alpha: 0.55, width: 1.3 });
    if (series.length) line(middle(series), { colour: ink, width: 3 });
    if (now) line(now, { colour: BLUE, width: 2.5 });
    if (now) drawHeld(pen, now.held, x, y, scale);
    this.explain(pen, scale, width, { now, ghosts, series });
  }

  // What the lines are, at the upper right.
  explain(pen, scale, width, { now, ghosts, series }) {
    const lines = [];
    if (now) lines.push(["training loss", BLUE, []]);
    if (now?.held.length) lines.push([now.freshInputs ? "on fresh points" : "held out", HELD, [5, 3]]);
    if (ghosts.length) lines.push(["earlier runs", null, []]);
    if (series.length) lines.push(["each seed", BLUE, []], ["median", null, []]);
    pen.textAlign = "right";
    lines.forEach(([words, colour, dash], at) => {
      const [right, up] = [width - 30 * scale, (14 + 15 * at) * scale];
      const ink = pen.fillStyle;
      pen.fillText(words, right, up);
      pen.strokeStyle = colour ?? ink;
      pen.lineWidth = (words === "median" ? 3 : colour ? 2 : 1) * scale;
      pen.setLineDash(dash.map((length) => length * scale));
      pen.beginPath();
      pen.moveTo(right + 4 * scale, up - 4 * scale);
      pen.lineTo(width - 4 * scale, up - 4 * scale);
      pen.stroke();
      pen.setLineDash([]);
    });
  }
}

// The median of curves at each epoch that all of them have.
function middle(series) {
  const count = Math.min(...series.map(({ losses }) => losses.length));
  return { ...series[0], losses: Array.from({ length: count }, (_, at) => median(series.map(({ losses }) => losses[at]))) };
}

// Nought, and equal steps up to `end`, a few of them: once, twice or five times a power of ten.
function steps(end) {
  const least = (end || 1) / STEPS;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * [1, 2, 5, 10].find((digit) => digit * power >= least);
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, at) => at * step);
}

// Once, twice and five times the powers of ten that lie between the ends; the ends, if hardly any does.
function ticks(low, top) {
  const found = [];
  for (let power = Math.floor(low); power <= top; power += 1) {
    found.push(...[1, 2, 5].map((digit) => power + Math.log10(digit)).filter((at) => at >= low && at <= top));
  }
  const whole = found.filter((at) => Math.abs(at - Math.round(at)) < 1e-9);
  return found.length < 2 ? [low, top] : found.length > 9 ? whole : found;
}

function brief(loss) {
  return loss === 0 ? "0" : loss >= 0.01 && loss < 100 ? String(Number(loss.toPrecision(2))) : inPowers(loss, 0);
}

// A curve of losses, of which every `stride`th may have been kept.
function drawCurve(pen, { losses, stride = 1 }, epochs, x, y, { colour, alpha = 1, width, scale }) {
  const count = Math.min(losses.length, Math.ceil(epochs / stride));
  const step = Math.max(1, Math.floor(count / CURVE));
  Object.assign(pen, { strokeStyle: colour, globalAlpha: alpha, lineWidth: width * scale });
  pen.beginPath();
  for (let at = 0; at < count; at += step) pen.lineTo(x(at * stride), y(losses[at]));
  pen.lineTo(x((count - 1) * stride), y(losses[count - 1]));
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawHeld(pen, held, x, y, scale) {
  Object.assign(pen, { strokeStyle: HELD, lineWidth: 2 * scale });
  pen.setLineDash([5 * scale, 3 * scale]);
  pen.beginPath();
  const step = Math.max(1, Math.floor(held.length / CURVE));
  for (let at = 0; at < held.length; at += step) pen.lineTo(x(held[at][0]), y(held[at][1]));
  pen.stroke();
  pen.setLineDash([]);
}
