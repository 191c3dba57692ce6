// Where this script lies, with the other files of live cells beside it.

import { trusted } from "./trusted.js";

export const base = new URL(".", document.currentScript.src).href;

// With its integrity, a script is refused unless it has that checksum; browsers check no files.
export function loadScript(url, integrity = "") {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = trusted ? trusted.createScriptURL(url) : url;
    if (location.protocol !== "file:") script.integrity = integrity;
    script.onload = resolve;
    script.onerror = () => { script.remove(); reject(new Error(`${url} could not be loaded`)); };
    document.head.append(script);
  });
}
