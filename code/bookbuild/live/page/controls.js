// Labelled controls for the parameters at the top of a cell. The code is the truth: moving a
// control rewrites its line, and a changed line moves the control.

import { element } from "./dom.js";
import { numeral, parameters, stops, withValue } from "./parameters.js";

export class Controls {
  // `onChange(code)` is called with the rewritten code when a reader moves a control.
  constructor(cell, getCode, onChange) {
    Object.assign(this, { cell, getCode, onChange, shape: "", fields: [] });
    this.root = element("div", { className: "live-controls", role: "group", hidden: true,
      "aria-label": "Parameters of the cell" });
  }

  // Follow the code: new controls where the parameters are others, else new values.
  update(code) {
    const found = parameters(code);
    const shape = JSON.stringify(found.map(({ value, line, ...fixed }) => fixed));
    if (shape !== this.shape) {
      this.shape = shape;
      this.fields = found.map((parameter) => this.field(parameter));
      this.root.replaceChildren(...this.fields.map((field) => field.root));
      this.root.hidden = !found.length;
    }
    found.forEach((parameter, at) => this.fields[at].show(parameter));
  }

  field(parameter) {
    const id = `${this.cell}-${parameter.name}`;
    const make = parameter.kind === "choice" ? this.choice : this.slider;
    const { input, after, show } = make.call(this, parameter, id);
    const label = element("label", { htmlFor: id }, element("code", {}, parameter.name));
    const root = element("div", { className: "live-control" }, label, input, after);
    return { root, show };
  }

  slider(parameter, id) {
    const { name, low, high, unit } = parameter;
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
      this.onChange(withValue(this.getCode(), name, values[input.value]));
    };
    const show = ({ value }) => {
      if (values[input.value] !== value) input.value = nearest(values, value);
      tell(value);
    };
    return { input, after, show };
  }

  choice({ name, choices }, id) {
    const input = element("select", { id }, ...choices.map((each) => element("option", {}, each)));
    const after = element("output", { htmlFor: id });
    input.onchange = () => this.onChange(withValue(this.getCode(), name, input.value));
    const show = ({ value }) => {
      const isKnown = choices.includes(value);
      input.value = isKnown ? value : "";
      after.textContent = isKnown ? "" : `${value}, not one of these`;
      after.classList.toggle("live-outside", !isKnown);
    };
    return { input, after, show };
  }
}

function nearest(values, value) {
  const distances = values.map((each) => Math.abs(each - value));
  return distances.indexOf(Math.min(...distances));
}
