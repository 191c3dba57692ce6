// Settings that the text names, as links that set them in a cell and run it. In Markdown:
//
//     With [`N_HIDDEN = 4`]{.try} a quadrant is missing.
//     With [`ACTIVATION = "tanh"` and `N_HIDDEN = 16`]{.try cell="fig-xor"} it is not.
//     [`circles(120, rng, noise=0.1)`]{.try} chooses the data, [`default_rng(7)`]{.try} the seed.
//
// The cell is the named one, else the nearest above that has parameters of these names. In print,
// and without this script, the text stands as it is.

import { choiceIn, dataOf, withData } from "./data.js";
import { element } from "./dom.js";
import { parameters, withValue } from "./parameters.js";
import { seedOf, withSeed } from "./seeds.js";

const SETTING = /^([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))$/;

export function offerSettings(live) {
  for (const place of document.querySelectorAll(".try")) {
    const settings = settingsIn(place);
    const cell = cellFor(place, settings, live);
    if (cell) offer(place, cell, settings);
  }
}

// What a text's settings say: {values by name, data, seed}; numbers, or texts where they stand in quotes.
function settingsIn(place) {
  const settings = { values: {}, data: null, seed: null };
  for (const { textContent } of place.querySelectorAll("code")) {
    const text = textContent.trim();
    const [, name, double, single, number] = SETTING.exec(text) ?? [];
    if (name) settings.values[name] = double ?? single ?? Number(number);
    else if (/^default_rng\(\d+\)$/.test(text)) settings.seed = seedOf(text);
    else settings.data ??= choiceIn(text);
  }
  return settings;
}

function cellFor(place, { values, data, seed }, live) {
  const names = Object.keys(values);
  const isFit = ({ original }) => {
    const there = parameters(original).map(({ name }) => name);
    return (names.length || data || seed !== null) && names.every((name) => there.includes(name))
      && (!data || dataOf(original)?.choices.includes(data.name)) && (seed === null || seedOf(original) !== null);
  };
  const isAbove = ({ root }) => root.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING;
  const wanted = place.dataset.cell;
  if (wanted) return live.find((cell) => cell.name === wanted && isFit(cell));
  return live.findLast((cell) => isFit(cell) && isAbove(cell)) ?? live.find(isFit);
}

// Code with these settings, and for the others, its data and its seed the book's.
export function withSettings(code, original, { values, data, seed }) {
  const set = parameters(original).reduce(
    (text, { name, value }) => withValue(text, name, values[name] ?? value), code);
  const book = dataOf(original);
  const drawn = book ? withData(set, data ?? book, original) : set;
  const wanted = seed ?? (Object.hasOwn(values, "SEED") ? null : seedOf(original));
  return wanted === null || seedOf(drawn) === null ? drawn : withSeed(drawn, wanted);
}

function offer(place, cell, settings) {
  const link = element("a", { href: `#${cell.name}`, className: "live-try",
    title: "Set this in the cell, and run it" });
  link.onclick = (event) => {
    event.preventDefault();
    cell.set((code, original) => withSettings(code, original, settings));
  };
  link.append(...place.childNodes);
  place.append(link);
}
