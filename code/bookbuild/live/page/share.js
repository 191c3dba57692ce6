// A cell's code in the fragment of a link: #code=NAME.DATA, the data compressed.

const LONGEST = 100_000; // characters of code that a link may carry

export async function linkTo(cell, code) {
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(code));
  const data = btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_");
  const url = new URL(location.href);
  url.hash = `code=${encodeURIComponent(cell)}.${data.replaceAll("=", "")}`;
  return url.href;
}

// The cell and the code that this page's address carries; null where it carries none.
export async function codeFromLink(hash) {
  const [, cell, data] = /^#code=(.*)\.([\w-]+)$/.exec(hash) ?? [];
  if (!data) return null;
  try {
    const packed = atob(data.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(packed, (char) => char.charCodeAt(0));
    const code = await through(new DecompressionStream("deflate-raw"), bytes, LONGEST);
    return { cell: decodeURIComponent(cell), code: new TextDecoder("utf-8", { fatal: true }).decode(code) };
  } catch {
    return { cell: "", code: null };
  }
}

async function through(transform, bytes, longest = Infinity) {
  const writer = transform.writable.getWriter();
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const parts = [];
  let length = 0;
  for (const reader = transform.readable.getReader(); ;) {
    const { value, done } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > longest) throw new RangeError("too long");
    parts.push(...value);
  }
  return Uint8Array.from(parts);
}
