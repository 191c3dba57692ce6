// The hidden units of a network in the plane: what each makes of the square, where it folds it, and
// with a click its weights, and what becomes of the boundary without it.

import { button, element } from "./dom.js";
import { drawZeros, Field } from "./field.js";
import { activate } from "./network.js";

const PICTURE = 96; // pixels of a unit's canvas

export class Units {
  // `redraw()` is called when the reader chooses a unit or switches one off.
  constructor(redraw) {
    Object.assign(this, { redraw, off: new Set(), chosen: null, units: [] });
    this.rows = element("div", { className: "live-unit-rows" });
    this.words = element("p", { className: "live-unit-words", role: "status" });
    this.toggle = button("Switch it off", () => this.flip(), { hidden: true });
    this.root = element("div", { className: "live-units", role: "group", "aria-label": "Hidden units", hidden: true },
      this.rows, element("div", { className: "live-training-bar" }, this.words, this.toggle));
  }

  begin({ sizes, hidden, side }) {
    const shape = JSON.stringify([sizes, hidden]);
    this.hidden = hidden;
    this.root.hidden = sizes.length < 3;
    this.off.clear(); // they were another network's
    if (shape === this.shape) return this.units.flat().forEach((each) => this.mark(each));
    Object.assign(this, { shape, chosen: null });
    this.field = new Field(side);
    this.units = sizes.slice(1, -1).map((height, layer) =>
      Array.from({ length: height }, (_, unit) => this.unit(layer, unit)));
    this.rows.replaceChildren(...this.units.map((units, layer) => element("div", { className: "live-unit-row" },
      element("span", {}, `Layer ${layer + 1}`), element("div", {}, ...units.map((each) => each.root)))));
    this.words.textContent = "Each square is one hidden unit: what it passes on, and the line where it "
      + "folds the plane; an empty one passes on nothing. Choose one to see its weights.";
    this.toggle.hidden = true;
  }

  unit(layer, unit) {
    const canvas = element("canvas", { width: PICTURE, height: PICTURE });
    const root = element("button", { type: "button", className: "live-unit",
      onclick: () => this.choose(layer, unit) }, canvas);
    const each = { root, canvas, layer, unit, key: `${layer},${unit}` };
    this.mark(each);
    return each;
  }

  // In words and to the eye: whether a unit is chosen, and whether it is off.
  mark({ root, key, layer, unit }) {
    const isOff = this.off.has(key);
    root.setAttribute("aria-pressed", String(this.chosen === key));
    root.setAttribute("aria-label", `Unit ${unit + 1} of layer ${layer + 1}${isOff ? ", switched off" : ""}`);
    root.classList.toggle("live-off", isOff);
  }

  choose(layer, unit) {
    const key = `${layer},${unit}`;
    this.chosen = this.chosen === key ? null : key;
    this.changed();
  }

  flip() {
    if (!this.off.delete(this.chosen)) this.off.add(this.chosen);
    this.changed();
  }

  changed() {
    for (const each of this.units.flat()) this.mark(each);
    this.redraw();
  }

  // Draw all units' pictures, of `z` by layer and unit; tell of the chosen one's weights.
  draw(z, layers) {
    for (const { canvas, layer, unit } of this.units.flat()) this.picture(canvas, z[layer][unit]);
    this.toggle.hidden = this.chosen === null;
    if (this.chosen === null) return;
    const [layer, unit] = this.chosen.split(",").map(Number);
    this.toggle.textContent = this.off.has(this.chosen) ? "Switch it on" : "Switch it off";
    this.words.textContent = this.told(layer, unit, z[layer][unit], layers[layer][unit],
      layers[layer + 1].map(({ weights }) => weights[unit]));
  }

  // Values around nought in the two colours, by the largest of them; the fold as a black line.
  picture(canvas, z) {
    const pen = canvas.getContext("2d");
    const values = activate(this.hidden, z);
    const isPositive = this.hidden === "sigmoid";
    let largest = 1e-9;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
    if (isPositive) this.field.draw(pen, PICTURE, values);
    else this.field.draw(pen, PICTURE, values, 0.5 / largest, 0.5);
    pen.lineWidth = 3;
    pen.strokeStyle = "#000";
    drawZeros(pen, PICTURE, z, this.field.side);
  }

  told(layer, unit, z, { weights, bias }, onward) {
    const share = z.reduce((count, value) => count + (value > 0), 0) / z.length;
    const inputs = layer === 0 ? ["x₁", "x₂"] : [...weights].map((_, from) => `a${from + 1}`);
    const sum = [...weights].map((weight, from) => `${signed(weight)} ${inputs[from]}`).join(" ");
    return `Unit ${unit + 1} of layer ${layer + 1}: z = ${sum.replace(/^\+ /, "")} ${signed(bias)}. `
      + `z is positive on ${Math.round(100 * share)} % of the square. `
      + `It goes on with ${onward.length === 1 ? "weight" : "weights"} ${onward.map((w) => w.toFixed(2).replace("-", "−")).join(", ")}.`;
  }
}

function signed(value) {
  return `${value < 0 ? "−" : "+"} ${Math.abs(value).toFixed(2)}`;
}
