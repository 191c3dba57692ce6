// The editor, made one file by esbuild and loaded when a reader first edits a cell.
//
// Tab and Shift-Tab leave the editor, as everywhere on a page; Enter indents, and Ctrl-] and
// Ctrl-[ (Cmd on a Mac) shift lines.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting }
  from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, WidgetType }
  from "@codemirror/view";
import { tags } from "@lezer/highlight";

// The page's styles give these classes their colours, light and dark.
const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.self], class: "live-word" },
  { tag: [tags.function(tags.variableName), tags.definition(tags.className), tags.meta], class: "live-name" },
  { tag: [tags.string, tags.special(tags.string)], class: "live-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "live-number" },
  { tag: tags.comment, class: "live-comment" },
]);

const setMark = StateEffect.define();
const marked = StateField.define({
  create: () => Decoration.none,
  update(marks, { effects, docChanged, state }) {
    for (const effect of effects) {
      if (!effect.is(setMark)) continue;
      if (!effect.value || effect.value > state.doc.lines) return Decoration.none;
      const line = state.doc.line(effect.value);
      return Decoration.set(Decoration.line({ class: "live-failed-line" }).range(line.from));
    }
    return docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// A character that cannot be seen, by its number.
class Hidden extends WidgetType {
  constructor(code) {
    super();
    this.code = code;
  }
  eq(other) { return other.code === this.code; }
  toDOM() {
    return Object.assign(document.createElement("span"), { className: "live-hidden", textContent: this.code });
  }
}

// Characters that do not look like what they are; `strange(text)` finds them.
const strangers = (strange) => EditorView.decorations.compute(["doc"], (state) =>
  Decoration.set(strange(state.doc.toString()).map(({ from, to, kind, code }) => (kind === "hidden"
    ? Decoration.replace({ widget: new Hidden(code) })
    : Decoration.mark({ class: "live-twin", attributes: { title: `${code}: it looks like another character` } })
  ).range(from, to))));

// How far the code goes on where it cannot be seen: lines above and below, columns to the right.
function beyond({ state, scrollDOM, defaultLineHeight, defaultCharacterWidth }) {
  const above = Math.floor(scrollDOM.scrollTop / defaultLineHeight);
  const seen = above + Math.max(1, Math.floor(scrollDOM.clientHeight / defaultLineHeight));
  const columns = Math.floor((scrollDOM.scrollLeft + scrollDOM.clientWidth) / defaultCharacterWidth);
  const lengths = Array.from(state.doc.iterLines(), (line) => line.length);
  const longest = Math.max(...lengths);
  return { above, below: Math.max(0, state.doc.lines - seen), longest: longest > columns ? longest : 0,
    line: lengths.indexOf(longest) + 1 };
}

// An editor in `parent`; `onChange(code)` is called after each change, `onSight(beyond)` when
// another part of the code is seen.
globalThis.liveEditor = ({ parent, code, label, describedBy, strange, onChange, onRun, onSight }) => {
  const look = (view) => view.requestMeasure({ key: look, read: beyond, write: onSight });
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(),
        closeBrackets(), highlightActiveLine(), indentUnit.of("    "), python(), marked,
        syntaxHighlighting(highlighting),
        EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": label, "aria-describedby": describedBy }),
        keymap.of([...["Mod-Enter", "Shift-Enter"].map((key) => ({ key, run: () => (onRun(), true) })),
          ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
          if (update.docChanged || update.geometryChanged) look(update.view);
        }),
        EditorView.domEventHandlers({ scroll: (event, view) => look(view) }),
        strangers(strange),
      ],
    }),
  });
  return {
    get code() { return view.state.doc.toString(); },
    // Replaces what differs, so that the cursor and the undo history stay.
    set code(text) {
      const old = this.code;
      let start = 0;
      while (start < old.length && old[start] === text[start]) start += 1;
      let end = 0;
      while (end < Math.min(old.length, text.length) - start
             && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
      if (start < Math.max(old.length, text.length)) {
        view.dispatch({ changes: { from: start, to: old.length - end,
          insert: text.slice(start, text.length - end) } });
      }
    },
    mark: (line) => view.dispatch({ effects: setMark.of(line) }),
    focus: () => view.focus(),
    remove: () => view.destroy(),
  };
};
