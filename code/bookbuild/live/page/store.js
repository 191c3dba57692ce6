// What a reader changed, in this browser only. Where storing is not allowed, or there is no room, it
// is kept as long as the page is.

const edits = new Map(); // by this page
const keyOf = (cell) => `live:${location.pathname}#${cell}`;

export function keep(cell, original, code) {
  const key = keyOf(cell);
  const content = code === original ? null : JSON.stringify({ original, code });
  edits.set(key, content);
  try {
    if (content === null) localStorage.removeItem(key);
    else localStorage.setItem(key, content);
  } catch { /* not allowed, or full */ }
}

// An edit, and whether the book's own code has changed since.
export function kept(cell, original) {
  const key = keyOf(cell);
  try {
    const { original: before, code } = JSON.parse(edits.has(key) ? edits.get(key) : localStorage.getItem(key));
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
