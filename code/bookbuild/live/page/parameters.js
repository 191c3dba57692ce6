// The parameters at the top of a cell, and what their comments say about their range.
//
// A parameter is an assignment of a number or a text to a name, on a line of its own, with a
// comment that says what else may stand there:
//
//     N_HIDDEN = 8  # 2-64 units            a slider over whole numbers, with its unit
//     LEARNING_RATE = 0.05  # 0.001-1       a slider; logarithmic, as it spans decades
//     ACTIVATION = "relu"  # relu or tanh   a choice; of three: relu, tanh or sigmoid
//
// Range: LOW-HIGH or LOW to HIGH, then the unit. It is of whole numbers if the value and both
// ends are written without a point or exponent, and logarithmic if LOW > 0 and HIGH >= 100 LOW.
// Choice: words with commas and a last "or", for a text in quotes.
// The parameters are the first lines of the cell; the first line that is neither a parameter nor
// blank nor a comment ends them. `tests/live/parameters.json` holds examples of all this.

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const LINE = /^([A-Za-z_]\w*)(\s*=\s*)("[^"\\]*"|'[^'\\]*'|[^\s"'#]+)(\s*#\s*)(.*?)\s*$/;
const RANGE = new RegExp(`^(${NUMBER})\\s*(?:-|–|to\\s)\\s*(${NUMBER})(?:\\s+(.*))?$`);
const CHOICE = /^\w+(?:, \w+)*,? or \w+$/;

export function parameters(code) {
  const found = [];
  for (const [at, line] of code.split("\n").entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const parameter = parameterOf(line);
    if (!parameter) break;
    found.push({ ...parameter, line: at });
  }
  return found;
}

function parameterOf(line) {
  const [, name, , value, , comment] = LINE.exec(line) ?? [];
  if (!name) return null;
  if (/^["']/.test(value)) {
    if (!CHOICE.test(comment)) return null;
    return { name, kind: "choice", value: value.slice(1, -1), choices: comment.split(/,? or |, /) };
  }
  const [, low, high, unit = ""] = RANGE.exec(comment) ?? [];
  if (low === undefined || !new RegExp(`^${NUMBER}$`).test(value)) return null;
  const whole = [value, low, high].every((text) => /^[+-]?\d+$/.test(text));
  const [least, most] = [Number(low), Number(high)];
  if (!(least < most)) return null;
  return { name, kind: "number", value: Number(value), low: least, high: most, unit, whole,
    logarithmic: least > 0 && most >= 100 * least };
}

// The code with another value in a parameter's line.
export function withValue(code, name, value) {
  const parameter = parameters(code).find((each) => each.name === name);
  if (!parameter) return code;
  const lines = code.split("\n");
  lines[parameter.line] = lines[parameter.line].replace(LINE, (_, head, equals, old, mark, comment) => {
    const written = parameter.kind === "choice" ? old[0] + value + old[0] : numeral(value, parameter);
    return head + equals + written + mark + comment;
  });
  return lines.join("\n");
}

// The values at which a slider stops: every whole number, or 100 steps; 20 a decade where it is
// logarithmic. They are numbers that one would write.
export function stops({ low, high, whole, logarithmic }) {
  const count = logarithmic ? Math.ceil(20 * Math.log10(high / low))
    : whole && high - low <= 1000 ? high - low : 100;
  const at = (step) => (logarithmic ? low * 10 ** (step / 20) : low + ((high - low) * step) / count);
  const values = Array.from({ length: count }, (_, step) => Number(at(step).toPrecision(logarithmic ? 2 : 4)));
  return [...new Set([...values.map((value) => (whole ? Math.round(value) : value)), high])];
}

export function numeral(value, { whole }) {
  if (whole) return String(Math.round(value));
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
