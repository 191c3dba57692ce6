// Where this script lies, with the other files of live cells beside it.

export const base = new URL(".", document.currentScript.src).href;

export function loadScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = resolve;
    script.onerror = () => { script.remove(); reject(new Error(`${url} could not be loaded`)); };
    document.head.append(script);
  });
}
