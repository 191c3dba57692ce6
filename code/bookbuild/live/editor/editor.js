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
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers }
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

// An editor in `parent`; `onChange(code)` is called after each change.
globalThis.liveEditor = ({ parent, code, label, describedBy, onChange, onRun }) => {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(),
        closeBrackets(), highlightActiveLine(), indentUnit.of("    "), python(), marked,
        syntaxHighlighting(highlighting),
        EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy }),
        keymap.of([{ key: "Mod-Enter", run: () => (onRun(), true) },
          ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
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
