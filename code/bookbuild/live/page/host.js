// What keeps Python from running in this page at all: the browser, or the policy of its host.

import { trusted } from "./trusted.js";

// The directives of the host's Content-Security-Policy that have refused something of this page.
export const refusals = [];
document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => refusals.push(effectiveDirective));

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

// Says it in words, or nothing. `probe` is a script that does nothing in a page but mark itself.
export function whyNot({ runtime, frame }) {
  if (typeof WebAssembly !== "object") return "This browser cannot run Python: it has no WebAssembly.";
  if (location.protocol === "file:" && !/^https?:/.test(runtime.base)) {
    return "A browser does not let a page from a file read the runtime beside it: serve the book, "
      + "with `book preview` or `python -m http.server`, and open it from there.";
  }
  if (!trusted) return lacking({ "trusted-types": ["live-cells"] });
  const missing = [];
  if (!compiles()) missing.push("'wasm-unsafe-eval'");
  if (!runsInline(frame.script)) missing.push(`'${frame.integrity}'`);
  return missing.length ? lacking({ "script-src": missing }) : "";
}

// The host's policy as the reason, with what its directives would have to name.
export function lacking(directives) {
  const parts = Object.entries(directives).map(([name, values]) => `${name} lacks ${values.join(" and ")}`);
  return `The Content-Security-Policy of this site keeps Python from running: its ${parts.join(", its ")}.`;
}

function compiles() {
  try {
    return Boolean(new WebAssembly.Module(EMPTY_MODULE));
  } catch {
    return false;
  }
}

// A frame without an address has the policy of its page: what runs here, in a script, runs there.
function runsInline(text) {
  const script = document.createElement("script");
  script.text = trusted.createScript(text);
  document.head.append(script);
  script.remove();
  return script.dataset.ran === "yes";
}
