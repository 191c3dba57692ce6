// What a reader changed, in this browser only. Where storing is not allowed, nothing is kept.

const keyOf = (cell) => `live:${location.pathname}#${cell}`;

export function keep(cell, original, code) {
  try {
    if (code === original) localStorage.removeItem(keyOf(cell));
    else localStorage.setItem(keyOf(cell), JSON.stringify({ original, code }));
  } catch { /* not allowed, or full */ }
}

// An edit, and whether the book's own code has changed since.
export function kept(cell, original) {
  try {
    const { original: before, code } = JSON.parse(localStorage.getItem(keyOf(cell)));
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
