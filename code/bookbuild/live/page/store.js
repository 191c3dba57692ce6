// What a reader changed, in this browser only. Where storing is not allowed, or there is no room, it
// is kept as long as the page is.

const edits = new Map(); // as this page read or wrote them
const keyOf = (cell) => `live:${location.pathname}#${cell}`;

// The name under which an edit stays that another tab kept meanwhile.
export const ofOtherTab = (cell) => `${cell}~tab`;

// Keeps an edit; tells whether there is one of another tab in its place, which stays, too.
export function keep(cell, original, code) {
  const key = keyOf(cell);
  const content = code === original ? null : JSON.stringify({ original, code });
  const found = stored(key);
  const isOthers = ![null, content, edits.get(key) ?? null].includes(found);
  if (isOthers) put(keyOf(ofOtherTab(cell)), found);
  put(key, content);
  return isOthers;
}

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return edits.get(key) ?? null;
  }
}

function put(key, content) {
  edits.set(key, content);
  try {
    if (content === null) localStorage.removeItem(key);
    else localStorage.setItem(key, content);
  } catch { /* not allowed, or full */ }
}

// An edit, and whether the book's own code has changed since.
export function kept(cell, original) {
  const key = keyOf(cell);
  if (!edits.has(key)) edits.set(key, stored(key));
  try {
    const { original: before, code } = JSON.parse(edits.get(key));
    return typeof code === "string" ? { code, isOlder: before !== original } : null;
  } catch {
    return null;
  }
}

// A short name for a text, so that what belongs to it is found again.
export function digest(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return (hash >>> 0).toString(36);
}
