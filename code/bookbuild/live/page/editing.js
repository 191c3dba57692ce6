// The editor of a cell: CodeMirror, or a plain text area where it cannot be loaded.

import { element } from "./dom.js";
import { base, loadScript } from "./place.js";

let loading;

// Ask for the editor's script. What waits for it goes on in a task of its own, so that the page
// answers between the two.
export function loadEditor() {
  loading ??= loadScript(`${base}editor.js`).then(() => new Promise((resolve) => { setTimeout(resolve); }))
    .catch(() => { loading = null; });
  return loading;
}

export async function makeEditor(options) {
  await loadEditor();
  return globalThis.liveEditor ? globalThis.liveEditor(options) : textArea(options);
}

function textArea({ parent, code, label, describedBy, onChange, onRun }) {
  const area = element("textarea", { className: "live-plain", value: code, spellcheck: false,
    autocapitalize: "off", autocomplete: "off", wrap: "off",
    "aria-label": label, "aria-describedby": describedBy });
  const fit = () => { area.rows = area.value.split("\n").length; };
  area.oninput = () => { fit(); onChange(area.value); };
  area.onkeydown = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    onRun();
  };
  parent.append(area);
  fit();
  return {
    get code() { return area.value; },
    set code(text) {
      if (text === area.value) return;
      area.value = text;
      fit();
      onChange(text);
    },
    mark: () => {},
    focus: () => area.focus(),
    remove: () => area.remove(),
  };
}
