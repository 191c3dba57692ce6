// Scripts and markup of the book itself, for hosts whose policy asks for Trusted Types. Nothing
// that a reader or a link brought goes through here.

const plain = { createHTML: (text) => text, createScript: (text) => text, createScriptURL: (url) => url };

export const trusted = policy(); // null where the host's policy does not allow it

function policy() {
  try {
    return globalThis.trustedTypes?.createPolicy("live-cells", plain) ?? plain;
  } catch {
    return null;
  }
}
