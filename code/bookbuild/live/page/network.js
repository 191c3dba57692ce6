// What a network of `deepmath` does with points of the plane, from its flat parameters: so that the
// page can draw each unit, and switch units off, while Python goes on.

const LEAK = 0.1; // of deepmath's leaky_relu
const ACTIVATIONS = {
  relu: (z) => (z > 0 ? z : 0), leaky_relu: (z) => (z > 0 ? z : LEAK * z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)), tanh: Math.tanh, identity: (z) => z,
};

export const isKnown = (activation) => Object.hasOwn(ACTIVATIONS, activation);

// Weights and bias of each layer's units, as `theta` holds them one after the other.
export function layersOf(theta, sizes) {
  let at = 0;
  return sizes.slice(1).map((height, index) => Array.from({ length: height }, () => {
    const width = sizes[index];
    const weights = theta.subarray(at, at + width);
    const bias = theta[at + width];
    at += width + 1;
    return { weights, bias };
  }));
}

// For each layer and unit, its z at each of the points: [[Float32Array, ...], ...]. `points` are
// the inputs, an array for each; units in `off`, as "layer,unit", pass on nothing.
export function forward(layers, hidden, points, off = new Set()) {
  const count = points[0].length;
  let inputs = points;
  return layers.map((units, layer) => {
    const z = units.map(({ weights, bias }) => {
      const sums = new Float32Array(count).fill(bias);
      inputs.forEach((input, from) => {
        if (!input) return;
        const weight = weights[from];
        for (let at = 0; at < count; at += 1) sums[at] += weight * input[at];
      });
      return sums;
    });
    inputs = z.map((sums, unit) => (off.has(`${layer},${unit}`) ? null : activate(hidden, sums)));
    return z;
  });
}

// A grid of side by side points over the square from `low` to `high`, row by row from below.
export function gridOver(low, high, side) {
  const at = (step, axis) => low[axis] + ((high[axis] - low[axis]) * step) / (side - 1);
  const every = { length: side * side };
  return [Float32Array.from(every, (_, place) => at(place % side, 0)),
    Float32Array.from(every, (_, place) => at(Math.floor(place / side), 1))];
}

export function activate(name, z) {
  const act = ACTIVATIONS[name];
  const values = new Float32Array(z.length);
  for (let at = 0; at < z.length; at += 1) values[at] = act(z[at]); // its method `map` takes much longer
  return values;
}
