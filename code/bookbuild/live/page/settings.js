// Settings that the text names, as links that set them in a cell and run it. In Markdown:
//
//     With [`N_HIDDEN = 4`]{.try} a quadrant is missing.
//     With [`ACTIVATION = "tanh"` and `N_HIDDEN = 16`]{.try cell="fig-xor"} it is not.
//
// The cell is the named one, else the nearest above that has parameters of these names. In print,
// and without this script, the text stands as it is.

import { element } from "./dom.js";
import { parameters } from "./parameters.js";

const SETTING = /^([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))$/;

export function offerSettings(live) {
  for (const place of document.querySelectorAll(".try")) {
    const values = settingsIn(place);
    const cell = cellFor(place, Object.keys(values), live);
    if (cell) offer(place, cell, values);
  }
}

// The values of a text's settings by their names: numbers, or texts where they stand in quotes.
function settingsIn(place) {
  const found = [...place.querySelectorAll("code")].map((code) => SETTING.exec(code.textContent.trim()));
  return Object.fromEntries(found.filter(Boolean).map(([, name, double, single, number]) =>
    [name, double ?? single ?? Number(number)]));
}

function cellFor(place, names, live) {
  const isFit = ({ original }) => {
    const there = parameters(original).map(({ name }) => name);
    return names.length && names.every((name) => there.includes(name));
  };
  const isAbove = ({ root }) => root.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING;
  const wanted = place.dataset.cell;
  if (wanted) return live.find((cell) => cell.name === wanted && isFit(cell));
  return live.findLast((cell) => isFit(cell) && isAbove(cell)) ?? live.find(isFit);
}

function offer(place, cell, values) {
  const link = element("a", { href: `#${cell.name}`, className: "live-try",
    title: "Set this in the cell, and run it" });
  link.onclick = (event) => {
    event.preventDefault();
    cell.set(values);
  };
  link.append(...place.childNodes);
  place.append(link);
}
