// A function on a square grid, in colours and by its line of zeros.

// From 0 to 1, in the colours of the book's figures.
const RAMP = [[121, 103, 166], [161, 152, 197], [195, 192, 221], [223, 225, 238], [247, 247, 246],
  [253, 229, 195], [253, 200, 133], [242, 164, 70], [217, 123, 18]];
const SHADES = shades(256);

// Draws values, row by row from below, over the whole of a canvas: offset + scale * value is to lie
// between 0 and 1.
export class Field {
  constructor(side) {
    this.side = side;
    this.canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    this.pixels = this.canvas.getContext("2d").createImageData(side, side);
    this.words = new Uint32Array(this.pixels.data.buffer);
  }

  draw(pen, size, values, scale = 1, offset = 0) {
    const { side, words } = this;
    const last = SHADES.length - 1;
    let at = 0;
    for (let start = side * (side - 1); start >= 0; start -= side) {
      for (let to = start; to < start + side; to += 1, at += 1) {
        words[to] = SHADES[Math.floor((offset + scale * values[at]) * last + 0.5) || 0]; // of NaN, too
      }
    }
    this.canvas.getContext("2d").putImageData(this.pixels, 0, 0);
    pen.drawImage(this.canvas, 0, 0, size, size);
  }
}

// Draws where a function on the grid is zero: on each triangle of the grid that is straight.
export function drawZeros(pen, size, values, side) {
  pen.beginPath();
  for (let row = 0; row < side - 1; row += 1) {
    const above = side * (row + 1);
    for (let at = side * row; at < above - 1; at += 1) { // most squares have one sign
      const isNegative = values[at] < 0;
      if (isNegative === values[at + 1] < 0 && isNegative === values[at + side] < 0
        && isNegative === values[at + side + 1] < 0) continue;
      drawZerosOf([at, at + 1, at + side], pen, size, values, side);
      drawZerosOf([at + 1, at + side, at + side + 1], pen, size, values, side);
    }
  }
  pen.stroke();
}

function drawZerosOf([a, b, c], pen, size, values, side) {
  const scale = size / (side - 1);
  let isFirst = true;
  for (const [from, to] of [[a, b], [b, c], [a, c]]) {
    const [u, v] = [values[from], values[to]];
    if (u < 0 === v < 0) continue;
    const share = u / (u - v);
    const place = (of) => (1 - share) * of(from) + share * of(to);
    const x = scale * place((at) => at % side);
    const y = size - scale * place((at) => Math.floor(at / side));
    if (isFirst) pen.moveTo(x, y);
    else pen.lineTo(x, y);
    isFirst = false;
  }
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
