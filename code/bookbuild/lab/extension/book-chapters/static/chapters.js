// What JupyterLab must know of a book: that a .qmd file is a notebook (the server does the rest),
// which line of a cell a control has rewritten, what was merged with others' edits, and how Quarto's blocks, labels and references
// look in a Markdown cell.
//
// The last lines are a module federation container, written by hand: JupyterLab calls `init`
// with the modules that its extensions share, then `get` for the plugins.
(() => {
  const openChapters = (docRegistry, notebooks) => {
    const { icon } = docRegistry.getFileType("notebook");
    docRegistry.addFileType({
      name: "chapter",
      displayName: "Chapter",
      extensions: [".qmd"],
      mimeTypes: ["text/markdown"],
      contentType: "notebook",
      fileFormat: "json",
      icon
    });
    // The factory of notebooks itself, under a second name: its toolbar, its commands and its
    // tracker serve chapters, too.
    docRegistry.addWidgetFactory(
      Object.create(notebooks, {
        name: { value: "Chapter Notebook" },
        label: { value: "Chapter" },
        fileTypes: { value: ["chapter"] },
        defaultFor: { value: ["chapter"] }
      })
    );
  };

  /** "New chapter" in the launcher and among the commands; the server writes the template. */
  const beginChapters = ({ commands, serviceManager, docRegistry }, launcher, palette) => {
    commands.addCommand("book-chapters:new", {
      label: "New chapter",
      caption: "Begin a chapter from a template",
      icon: docRegistry.getFileType("notebook").icon,
      execute: async ({ cwd = "" }) => {
        const chapter = { type: "file", ext: ".qmd", path: cwd };
        const { path } = await serviceManager.contents.newUntitled(chapter);
        return commands.execute("docmanager:open", { path });
      }
    });
    launcher?.add({ command: "book-chapters:new", category: "Other", rank: 0 });
    palette?.addItem({ command: "book-chapters:new", category: "Book" });
  };

  // ---------------------------------------------------------------- controls that rewrite a line

  const cellOf = (panel, cellId) =>
    panel.content.widgets.find(({ model }) => model.id === cellId)?.model.sharedModel;

  const writeLine = (cell, { name, line }) => {
    const lines = cell.getSource().split("\n");
    const at = lines.findIndex(each => each.split("=")[0].trimEnd() === name);
    if (at < 0) return;
    const start = lines.slice(0, at).join("\n").length + (at ? 1 : 0);
    cell.updateSource(start, start + lines[at].length, line);
  };

  const listenToControls = tracker =>
    tracker.widgetAdded.connect((_, panel) => {
      const listen = kernel =>
        kernel?.registerCommTarget("book-cell", (comm, opening) => {
          comm.onMsg = ({ content: { data } }) => {
            const cell = cellOf(panel, opening.content.data.cell);
            if (cell && data.ask) comm.send({ source: cell.getSource() });
            else if (cell) writeLine(cell, data);
          };
        });
      listen(panel.sessionContext.session?.kernel);
      panel.sessionContext.kernelChanged.connect((_, { newValue }) => listen(newValue));
    });

  // ------------------------------------------------------------------------- others' edits

  const saved = context =>
    new Promise(done => {
      const listen = (_, state) => {
        if (state === "started") return;
        context.saveState.disconnect(listen);
        done();
      };
      context.saveState.connect(listen);
    });

  /** Show a chapter as it is on disk; cells that say the same keep their outputs. */
  const reload = async ({ context, model }) => {
    const codes = () => [...model.cells].filter(({ type }) => type === "code");
    const before = new Map(codes().map(cell => [cell.sharedModel.getSource(), cell.toJSON()]));
    await context.revert();
    for (const cell of codes()) {
      const known = before.get(cell.sharedModel.getSource());
      if (!known) continue;
      cell.outputs.fromJSON(known.outputs);
      cell.executionCount = known.execution_count;
    }
    model.dirty = false;
  };

  const tellOfMerges = ({ serviceManager }, tracker, { Notification }) =>
    serviceManager.contents.fileChanged.connect(async (_, { type, newValue }) => {
      if (type !== "save" || !newValue?.told) return;
      Notification.info(newValue.told, { autoClose: false });
      const panel = tracker.find(({ context }) => context.path === newValue.path);
      if (!panel || !newValue.has_others) return;
      await saved(panel.context);
      if (!panel.model.dirty) await reload(panel);
    });

  // ------------------------------------------------------------------ Markdown as Quarto has it

  const BLOCK = /^[ \t>]*(?<fence>`{3,}|~{3,})[^\n]*\n(?:[^]*?^[ \t>]*\k<fence>[`~]*[ \t]*$|[^]*)/;
  const SPAN = /(?<ticks>`+)(?:(?!\n\s*\n)[^`])+\k<ticks>/;
  const CODE = new RegExp(`${BLOCK.source}|${SPAN.source}`, "gm");
  const TITLES = {
    note: "Note", tip: "Tip", important: "Important", warning: "Warning", caution: "Caution",
    thm: "Theorem", lem: "Lemma", cor: "Corollary", prp: "Proposition", def: "Definition",
    exm: "Example", exr: "Exercise", sol: "Solution", rem: "Remark", proof: "Proof"
  };

  const opened = (_, indent, attributes, name) => {
    const callout = /\.callout-(\w+)/.exec(attributes)?.[1];
    const label = /#([\w-]+)/.exec(attributes)?.[1] ?? "";
    const kind = TITLES[callout ?? label.split("-")[0]] ?? (/\.proof/.test(attributes) && "Proof");
    const called = name ?? /title="([^"]*)"/.exec(attributes)?.[1];
    const title = [kind, called].filter(Boolean).join(": ");
    const head = [title && `**${title}**`, label && badge(label)].filter(Boolean).join(" ");
    return `${indent}<div class="book-block ${callout ? `book-${callout}` : ""}">\n\n${head}\n`;
  };
  const badge = label => `<span class="book-label">${label}</span>`;

  const readable = text =>
    text
      .replace(/^([ \t]*):{3,}[ \t]*(\{[^}\n]*\}|\w[\w-]*)[ \t]*:*$(?:\s*^#+ (.*)$)?/gm, opened)
      .replace(/^[ \t]*:{3,}[ \t]*$/gm, "\n</div>\n")
      .replace(/[ \t]*\{([#.][^{}\n]*)\}/g, (_, attributes) => {
        const label = /#([\w-]+)/.exec(attributes)?.[1];
        return label ? ` ${badge(label)}` : "";
      })
      .replace(/(^|[\s([;-])@([A-Za-z][\w-]*\w)/gm, '$1<span class="book-ref">@$2</span>');

  /** Text with `readable` applied to everything but code. */
  const outsideCode = text => {
    const parts = [];
    let position = 0;
    for (const code of text.matchAll(CODE)) {
      parts.push(readable(text.slice(position, code.index)), code[0]);
      position = code.index + code[0].length;
    }
    return [...parts, readable(text.slice(position))].join("");
  };

  const STYLE = `
    .book-block { border-left: 3px solid var(--jp-border-color1); margin: 1em 0; padding: 1px 1em; }
    .book-note, .book-tip, .book-important, .book-warning, .book-caution {
      background: var(--jp-layout-color2);
    }
    .book-note, .book-important { border-color: var(--jp-info-color1); }
    .book-tip { border-color: var(--jp-success-color1); }
    .book-warning, .book-caution { border-color: var(--jp-warn-color1); }
    .book-label {
      color: var(--jp-ui-font-color2);
      font: var(--jp-ui-font-size1) var(--jp-code-font-family);
    }
    .book-ref { color: var(--jp-content-link-color); }
    /* drawn for white paper: where that is dark, lightness turned round and hues kept */
    [data-jp-theme-light="false"] .book-chapter .jp-RenderedImage img,
    [data-jp-theme-light="false"] .book-chapter .jp-RenderedSVG :is(img, svg) {
      filter: invert(0.95) hue-rotate(180deg) brightness(1.12);
      mix-blend-mode: lighten;
    }`;

  const markChapters = tracker =>
    tracker.widgetAdded.connect((_, panel) =>
      panel.toggleClass("book-chapter", panel.context.path.endsWith(".qmd"))
    );

  const readQuarto = parser => {
    const render = parser.render.bind(parser);
    parser.render = (text, ...more) => render(outsideCode(text), ...more);
    document.head.appendChild(document.createElement("style")).textContent = STYLE;
  };

  // -------------------------------------------------------------------------------- the plugins

  const plugins = (
    { INotebookTracker, INotebookWidgetFactory },
    { IMarkdownParser },
    apputils,
    { ILauncher }
  ) => [
    {
      id: "book-chapters:open",
      description: "Opens .qmd chapters as notebooks.",
      autoStart: true,
      requires: [INotebookWidgetFactory],
      activate: ({ docRegistry }, notebooks) => openChapters(docRegistry, notebooks)
    },
    {
      id: "book-chapters:new",
      description: "Begins chapters from a template.",
      autoStart: true,
      optional: [ILauncher, apputils.ICommandPalette],
      activate: beginChapters
    },
    {
      id: "book-chapters:dark",
      description: "Shows figures on dark pages.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (_, tracker) => markChapters(tracker)
    },
    {
      id: "book-chapters:controls",
      description: "Lets the controls of a live cell rewrite its lines.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (_, tracker) => listenToControls(tracker)
    },
    {
      id: "book-chapters:merge",
      description: "Tells what was merged with others' edits, and shows it.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => tellOfMerges(app, tracker, apputils)
    },
    {
      id: "book-chapters:read",
      description: "Shows callouts, theorems, labels and references of Quarto.",
      autoStart: true,
      requires: [IMarkdownParser],
      activate: (_, parser) => readQuarto(parser)
    }
  ];

  let shared;
  const module = async name => (await Object.values(shared[name])[0].get())();

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["book-chapters"] = {
    init: modules => {
      shared = modules;
    },
    get: async () => {
      const parts = ["notebook", "rendermime", "apputils", "launcher"].map(name => module(`@jupyterlab/${name}`));
      const found = plugins(...(await Promise.all(parts)));
      return () => ({ __esModule: true, default: found });
    }
  };
})();
