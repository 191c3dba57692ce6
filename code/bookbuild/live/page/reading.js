// What in a piece of code does not look like what it is.

// Characters that show nothing, or change the order in which others are shown.
const HIDDEN = /(?![\n\t\r])[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2800\ufffc]/u;
// Spaces that are none to Python, and forms of Latin letters that Python reads as the plain ones.
const OTHER_FORM = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\uff01-\uff5e\u{1d400}-\u{1d7ff}]|(?=\p{L}|\p{N})[\u00aa\u00ba\u02b0-\u02b8\u2070-\u209c\u2100-\u2188]/u;
const OTHER_LETTER = /(?!\p{sc=Latin}|\p{sc=Common})\p{L}/u;
// Of Cyrillic, Greek and Armenian: those that are drawn as Latin letters are.
const TWIN = /[асеорхуіјѕһԁԛԝԍьАВЕКМНОРСТУХІЈЅҺԌԚԜοιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսօցհքՏՍՕՀ]/u;
const WORD = /[\p{L}\p{M}\p{N}_]+/gu;

// The strange characters of a text: {from, to, line, kind, code}, "hidden" or "twin".
export function strange(text) {
  const found = new Map();
  const add = (from, char, kind) => found.set(from, { from, to: from + char.length, kind,
    code: `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` });
  each(text, (char, at) => {
    if (HIDDEN.test(char)) add(at, char, "hidden");
    else if (OTHER_FORM.test(char)) add(at, char, "twin");
  });
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const isMixed = /[A-Za-z]/.test(word) && OTHER_LETTER.test(word);
    const isTwin = [...word].every((char) => TWIN.test(char) || /[\d_]/.test(char)) && TWIN.test(word);
    if (!isMixed && !isTwin) continue;
    each(word, (char, at) => OTHER_LETTER.test(char) && add(index + at, char, "twin"));
  }
  let line = 1;
  let at = 0;
  return [...found.values()].sort((one, other) => one.from - other.from).map((each) => {
    for (; at < each.from; at += 1) line += text[at] === "\n";
    return { ...each, line };
  });
}

function each(text, act) {
  let at = 0;
  for (const char of text) {
    act(char, at);
    at += char.length;
  }
}

// That in words, or nothing.
export function warning(text) {
  const found = strange(text);
  if (!found.length) return "";
  const places = found.slice(0, 5).map(({ line, code, kind }) =>
    `${code} in line ${line} ${kind === "hidden" ? "cannot be seen" : "looks like another character"}`);
  const more = found.length > 5 ? `, and ${found.length - 5} more` : "";
  return `Not all of this code is as it looks: ${places.join(", ")}${more}.`;
}
