// Labelled controls for the parameters at the top of a cell, and for its data. The code is the truth:
// moving a control rewrites its line, and a changed line moves the control.

import { dataOf, withData } from "./data.js";
import { element } from "./dom.js";
import { Pad } from "./pad.js";
import { numeral, parameters, stops, withValue } from "./parameters.js";

const NOISE = { kind: "number", low: 0, high: 0.5, unit: "", whole: false, logarithmic: false };

export class Controls {
  // `onChange(rewrite)` is called with what rewrites the code when a reader moves a control.
  constructor(cell, original, onChange) {
    Object.assign(this, { cell, original, onChange, shape: "", fields: [], points: undefined });
    this.root = element("div", { className: "live-controls", role: "group", hidden: true,
      "aria-label": "Parameters of the cell" });
  }

  // Follow the code: new controls where the parameters are others, else new values.
  update(code) {
    const found = [...parameters(code), ...this.ofData(dataOf(code))];
    const shape = JSON.stringify(found.map(({ value, line, write, ...fixed }) => fixed));
    if (shape !== this.shape) {
      const focused = this.root.contains(document.activeElement) && document.activeElement.id;
      this.shape = shape;
      this.fields = found.map((parameter) => this.field(parameter));
      this.root.replaceChildren(...this.fields.map((field) => field.root));
      this.root.hidden = !found.length;
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true }); // the new one
    }
    found.forEach((parameter, at) => this.fields[at].show(parameter));
  }

  // The data's function as a choice, its noise as a slider, own points as a plane to put them in.
  ofData(data) {
    if (!data) return [];
    const { name, choices, noise, points } = data;
    const writing = (what) => (code, value) => withData(code, { ...dataOf(code), ...what(value) }, this.original);
    if (points) this.points = points;
    const found = [{ name: "data", kind: "choice", value: name, choices,
      write: writing((chosen) => ({ name: chosen, noise: noise || undefined, points: this.points })) }];
    if (noise !== null) found.push({ ...NOISE, name: "noise", value: noise, write: writing((value) => ({ noise: value })) });
    if (points) found.push({ name: "points", kind: "points", value: points, write: writing((value) => ({ points: value })) });
    return found;
  }

  field(parameter) {
    const id = `${this.cell}-${parameter.name}`;
    const write = parameter.write ?? ((code, value) => withValue(code, parameter.name, value));
    const change = (value) => this.onChange((code) => write(code, value));
    if (parameter.kind === "points") {
      const pad = new Pad(id, change);
      return { root: pad.root, show: ({ value }) => pad.show(value) };
    }
    const make = parameter.kind === "choice" ? choice : slider;
    const { input, after, show } = make(parameter, id, change);
    const label = element("label", { htmlFor: id }, element("code", {}, parameter.name));
    return { root: element("div", { className: "live-control" }, label, input, after), show };
  }
}

function slider(parameter, id, change) {
  const { low, high, unit } = parameter;
  const values = stops(parameter);
  const input = element("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
  const after = element("output", { htmlFor: id });
  const tell = (value) => {
    const isOutside = value < low || value > high;
    const text = `${numeral(value, parameter)}${unit ? ` ${unit}` : ""}`;
    after.textContent = isOutside ? `${text}, outside ${low}–${high}` : text;
    after.classList.toggle("live-outside", isOutside);
    input.setAttribute("aria-valuetext", after.textContent);
  };
  input.oninput = () => {
    tell(values[input.value]);
    change(values[input.value]);
  };
  const show = ({ value }) => {
    if (values[input.value] !== value) input.value = nearest(values, value);
    tell(value);
  };
  return { input, after, show };
}

function choice({ choices }, id, change) {
  const input = element("select", { id }, ...choices.map((each) => element("option", {}, each)));
  const after = element("output", { htmlFor: id });
  input.onchange = () => change(input.value);
  const show = ({ value }) => {
    const isKnown = choices.includes(value);
    input.value = isKnown ? value : "";
    after.textContent = isKnown ? "" : `${value}, not one of these`;
    after.classList.toggle("live-outside", !isKnown);
  };
  return { input, after, show };
}

function nearest(values, value) {
  const distances = values.map((each) => Math.abs(each - value));
  return distances.indexOf(Math.min(...distances));
}
