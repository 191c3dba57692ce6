// A square to put points of two classes into: by a click or a touch, or with the arrow keys.

import { button, element } from "./dom.js";
import { drawPoint } from "./points.js";

const PAD = 400; // pixels of the canvas; the square goes from -1 to 1
const NEAR = 0.06; // a click so near to a point takes it away
const [STEP, LEAP] = [0.05, 0.25]; // of the arrow keys, and with Shift
const MOST = 300; // points
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const NAMES = ["class 0, a blue disc", "class 1, an orange triangle"];

export class Pad {
  // `onChange(points)` is called with the points, each [x1, x2, class], when a reader changes them.
  constructor(id, onChange) {
    Object.assign(this, { onChange, points: [], label: 1, at: [0, 0] });
    this.words = element("p", { className: "live-pad-words", role: "status" });
    this.help = element("p", { id: `${id}-help`, className: "live-pad-words" },
      "Click to put a point, click on a point to take it away.",
      element("span", { className: "live-pad-keys" }, " With the keyboard: arrows move the cross, "
        + "Space puts or takes a point, 0 and 1 choose the class."));
    this.canvas = element("canvas", { id, width: PAD, height: PAD, tabIndex: 0, role: "application",
      "aria-label": "Plane for own points, both coordinates from −1 to 1", "aria-describedby": this.help.id });
    this.canvas.onclick = (event) => this.clicked(event);
    this.canvas.onkeydown = (event) => this.pressed(event);
    this.canvas.onfocus = this.canvas.onblur = () => this.draw();
    this.classes = NAMES.map((name, label) => button(`${"●▲"[label]} class ${label}`, () => this.choose(label),
      { "aria-label": `Put points of ${name}` }));
    this.root = element("div", { className: "live-pad", role: "group", "aria-label": "Own points" }, this.canvas,
      element("div", { className: "live-pad-side" },
        element("div", { className: "live-training-buttons" }, ...this.classes,
          button("Undo", () => this.change(this.points.slice(0, -1), "The last point is gone")),
          button("Clear", () => this.change([], "All points are gone"))),
        this.words, this.help));
    this.choose(1);
  }

  show(points) {
    this.points = points;
    this.tell(this.said);
    this.draw();
  }

  choose(label) {
    this.label = label;
    this.classes.forEach((each, at) => each.setAttribute("aria-pressed", String(at === label)));
    this.tell(`Points of class ${label}`);
  }

  tell(words) {
    this.said = words;
    const counts = [0, 1].map((label) => this.points.filter((point) => point[2] === label).length);
    this.words.textContent = `${words}. ${counts[0]} of class 0, ${counts[1]} of class 1.`;
  }

  change(points, words) {
    this.points = points;
    this.onChange(points);
    this.tell(words);
    this.draw();
  }

  clicked({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    this.at = [(clientX - left) / width, 1 - (clientY - top) / height].map((share) => within(2 * share - 1));
    this.put();
  }

  pressed(event) {
    const { key, shiftKey } = event;
    if (key in ARROWS) {
      const step = shiftKey ? LEAP : STEP;
      this.at = this.at.map((value, axis) => within(value + step * ARROWS[key][axis]));
      this.tell(`Cross at ${this.at.join(", ")}`);
      this.draw();
    } else if (key === " " || key === "Enter") this.put();
    else if (key === "0" || key === "1") this.choose(Number(key));
    else return;
    event.preventDefault();
  }

  // A point where the cross is, or the point that is there away.
  put() {
    const [x, y] = this.at;
    const there = this.points.findLastIndex((point) => Math.hypot(point[0] - x, point[1] - y) < NEAR);
    if (there >= 0) this.change(this.points.toSpliced(there, 1), "A point is taken away");
    else if (this.points.length >= MOST) this.tell(`${MOST} points are the most`);
    else this.change([...this.points, [x, y, this.label]], `A point of class ${this.label} at ${x}, ${y}`);
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    const place = (value, axis) => (axis ? 1 - value : 1 + value) * (PAD / 2);
    pen.fillStyle = "#f7f7f6";
    pen.fillRect(0, 0, PAD, PAD);
    drawCross(pen, [PAD / 2, PAD / 2], PAD, "#9a9a9a", 1);
    pen.strokeStyle = "#fff";
    for (const [x, y, label] of this.points) drawPoint(pen, place(x, 0), place(y, 1), 8, label);
    if (document.activeElement === this.canvas) drawCross(pen, this.at.map(place), 14, "#000", 2);
  }
}

function drawCross(pen, [left, top], arm, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  for (const [across, up] of [[arm, 0], [0, arm]]) {
    pen.moveTo(left - across, top - up);
    pen.lineTo(left + across, top + up);
  }
  pen.stroke();
}

// In the square, with two decimals.
function within(value) {
  return Math.round(Math.max(-1, Math.min(1, value)) * 100) / 100;
}
