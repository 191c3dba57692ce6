// The data of a cell: a line that draws points of the plane, and a comment that names the functions
// of `deepmath` which may draw them:
//
//     X, y = xor(120, rng)  # xor, circles, spirals, checkerboard or own_points
//
// Another choice takes the place of the function's name, here and where it is imported; own points
// stand in the line as plain numbers. Noise stands behind the number of points and the seed, unless
// it is what the function takes by itself.

const DECIMAL = String.raw`-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?`;
const DRAWING = /^(\w+, \w+ = )(\w+)\((.*)\)(\s*#\s*)(\w+(?:, \w+)*,? or \w+)\s*$/;
const DRAWN = new RegExp(String.raw`^([^,]+, [^,]+?)(?:, noise=(${DECIMAL}))?$`);
const POINT = new RegExp(String.raw`\((${DECIMAL}), (${DECIMAL}), ([01])\)`, "g");
const OWN = "own_points";
const USUAL_NOISE = { spirals: 0.02 }; // of the others: none
const CORNERS = [[0.5, 0.5, 1], [-0.5, 0.5, 0], [-0.5, -0.5, 1], [0.5, -0.5, 0]];

// The choice in a cell's code, or null: {line, name, choices, base, noise, points}. `base` is the
// number of points and the seed; of it, of `noise` and of `points` those are null that are not there.
export function dataOf(code) {
  const lines = code.split("\n");
  const line = lines.findIndex((text) => DRAWING.test(text));
  if (line < 0) return null;
  const [, , name, given, , listed] = DRAWING.exec(lines[line]);
  const choices = listed.split(/,? or |, /);
  const [, base = null, noise = USUAL_NOISE[name] ?? 0] = (name !== OWN && DRAWN.exec(given)) || [];
  return { line, name, choices, base, noise: base === null ? null : Number(noise),
    points: name === OWN ? pointsIn(given) : null };
}

// The data that a call names, as in `circles(120, rng, noise=0.1)`; null for other text.
export function choiceIn(call) {
  const [, name, given = ""] = /^(\w+)\((.*)\)$/.exec(call) ?? [];
  const [, base = null, noise] = DRAWN.exec(given) ?? [];
  return base === null ? null : { name, base, noise: noise === undefined ? undefined : Number(noise) };
}

// The code with data drawn by another function, or with own points. Of what is not named the usual is
// taken; `base` from the code as it is, or else from `original`.
export function withData(code, { name, base, noise, points }, original = code) {
  const now = dataOf(code);
  if (!now) return code;
  const drawn = [base, now.base, dataOf(original)?.base, "120, 0"].find(Boolean);
  const extra = noise === undefined || noise === (USUAL_NOISE[name] ?? 0) ? "" : `, noise=${noise}`;
  const given = name === OWN ? written(points ?? CORNERS) : drawn + extra;
  const lines = code.split("\n");
  lines[now.line] = lines[now.line].replace(DRAWING, (_, names, old, before, mark, listed) =>
    `${names}${name}(${given})${mark}${listed}`);
  return importing(lines, now, name).join("\n");
}

// The lines with the function imported, in the place of the one before unless that is still used.
function importing(lines, { line, name: old }, name) {
  const at = lines.findIndex((text) => /^from deepmath import [\w, ]+$/.test(text));
  if (at < 0) return lines;
  const [head, listed] = lines[at].split(" import ");
  const names = listed.split(/\s*,\s*/);
  if (names.includes(name)) return lines;
  const isUsed = lines.some((text, place) => place !== at && place !== line && new RegExp(`\\b${old}\\b`).test(text));
  const others = isUsed || !names.includes(old) ? [...names, name] : names.map((each) => (each === old ? name : each));
  return lines.with(at, `${head} import ${others.join(", ")}`);
}

function written(points) {
  return `[${points.map((point) => `(${point.join(", ")})`).join(", ")}]`;
}

// Points as they are written above; null for anything else.
function pointsIn(given) {
  const isList = /^\[[^[\]]*\]$/.test(given) && !/[^\s,[\]]/.test(given.replaceAll(POINT, ""));
  return isList ? [...given.matchAll(POINT)].map(([, ...numbers]) => numbers.map(Number)) : null;
}
