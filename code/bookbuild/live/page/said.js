// What a run may say to the page. Code can reach what its worker speaks with: whatever has not one
// of these shapes is not heard, and none of them speaks of anything but the run itself.

import { isKnown } from "./network.js";

const isText = (value) => typeof value === "string";
const isNumber = (value) => typeof value === "number";
const isBoolean = (value) => typeof value === "boolean";
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isNumbers = (value) => Array.isArray(value) && value.every(isNumber);
const isArray = (value) => value instanceof Float32Array;
const areLosses = (value) => value instanceof Float64Array; // which run beyond single precision
const isMaybe = (is) => (value) => value === undefined || value === null || is(value);
const isOneOf = (...values) => (value) => values.includes(value);

const SHAPES = {
  text: { kind: isOneOf("stdout", "stderr", "note"), text: isText },
  figure: { png: (value) => value instanceof Uint8Array, width: isNumber, height: isNumber,
    titles: isMaybe(isTexts) },
  table: { columns: isTexts, index: isTexts, left: isNumber,
    rows: (value) => Array.isArray(value) && value.every(isTexts) },
  error: { text: isText, line: isMaybe(isNumber), hint: isText },
  answer: { passed: isBoolean, count: isNumber, hint: isText, line: isMaybe(isNumber),
    where: isMaybe(isText) },
  training: { epochs: isNumber, points: isMaybe(isArray), labels: isMaybe(isArray),
    low: isMaybe(isNumbers), high: isMaybe(isNumbers), side: isMaybe(isNumber),
    sizes: isMaybe(isNumbers), hidden: isMaybe(isKnown), freshPoints: isMaybe(isArray), freshLabels: isMaybe(isArray) },
  frame: { epoch: isNumber, losses: areLosses, held: isMaybe(areLosses), logits: isMaybe(isArray), theta: isMaybe(isArray), networks: isMaybe(isNumber) },
  listening: {},
  done: { status: isOneOf("done", "failed", "stopped") },
  lacking: { lacks: isTexts },
  broken: { message: isText, line: isMaybe(isNumber), isTrap: isBoolean },
};

export function isSaid(type, message) {
  const shape = Object.hasOwn(SHAPES, type) && SHAPES[type];
  return Boolean(shape) && Object.entries(shape).every(([name, is]) => is(message[name]));
}
