// Points of two classes as the book draws them: discs and triangles, each in its colour.

export const [BLUE, ORANGE] = ["#0072B2", "#E69F00"];

export function drawPoint(pen, left, top, radius, label) {
  pen.fillStyle = label ? ORANGE : BLUE;
  pen.beginPath();
  if (label) {
    pen.moveTo(left, top - 1.2 * radius);
    pen.lineTo(left + 1.1 * radius, top + 0.8 * radius);
    pen.lineTo(left - 1.1 * radius, top + 0.8 * radius);
    pen.closePath();
  } else pen.arc(left, top, radius, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
}
