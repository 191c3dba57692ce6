// A function on a square grid, in colours and by its line of zeros.

// From 0 to 1, in the colours of the book's figures.
const RAMP = [[121, 103, 166], [161, 152, 197], [195, 192, 221], [223, 225, 238], [247, 247, 246],
  [253, 229, 195], [253, 200, 133], [242, 164, 70], [217, 123, 18]];
const SHADES = shades(256);

// Draws values between 0 and 1, row by row from below, over the whole of a canvas.
export class Field {
  constructor(side) {
    this.side = side;
    this.canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    this.pixels = this.canvas.getContext("2d").createImageData(side, side);
    this.words = new Uint32Array(this.pixels.data.buffer);
  }

  draw(pen, size, values) {
    const { side, words } = this;
    for (let at = 0; at < values.length; at += 1) {
      const row = side - 1 - Math.floor(at / side);
      words[row * side + (at % side)] = SHADES[Math.round(values[at] * (SHADES.length - 1))] ?? SHADES[0];
    }
    this.canvas.getContext("2d").putImageData(this.pixels, 0, 0);
    pen.drawImage(this.canvas, 0, 0, size, size);
  }
}

// Draws where a function on the grid is zero.
export function drawZeros(pen, size, values, side) {
  const scale = size / (side - 1);
  pen.beginPath();
  for (const [from, to] of zeros(values, side)) {
    pen.moveTo(from[0] * scale, size - from[1] * scale);
    pen.lineTo(to[0] * scale, size - to[1] * scale);
  }
  pen.stroke();
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

// The line where the function is zero, piece by piece: on each triangle of the grid it is straight.
function* zeros(values, side) {
  for (let row = 0; row < side - 1; row += 1) {
    for (let column = 0; column < side - 1; column += 1) {
      const first = row * side + column;
      const negative = (values[first] < 0) + (values[first + 1] < 0)
        + (values[first + side] < 0) + (values[first + side + 1] < 0);
      if (negative === 0 || negative === 4) continue;
      const corners = [[column, row], [column + 1, row], [column, row + 1], [column + 1, row + 1]];
      for (const triangle of [[0, 1, 2], [1, 2, 3]]) {
        const crossings = [];
        for (const [from, to] of [[0, 1], [1, 2], [0, 2]]) {
          const [a, b] = [corners[triangle[from]], corners[triangle[to]]];
          const [u, v] = [a, b].map(([x, y]) => values[y * side + x]);
          if (u < 0 === v < 0) continue;
          const share = u / (u - v);
          crossings.push([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]);
        }
        if (crossings.length === 2) yield crossings;
      }
    }
  }
}
