/* Put into pages by `book preview`, and by nothing else: reloads a page in place when it changed,
   and tells what runs and what is wrong. */
"use strict";
(() => {
  const { run, version } = document.currentScript.dataset;
  let shown = Number(version);
  const KEPT = "preview:place:" + location.pathname;

  // -------------------------------------------------- the same place after a reload
  const marks = () => [...document.querySelectorAll("main [id]")];

  function keepPlace() {
    const mark = marks().find((each) => each.getBoundingClientRect().bottom > 0);
    const top = mark && mark.getBoundingClientRect().top;
    const open = [...document.querySelectorAll("details")].map((each) => each.open);
    sessionStorage.setItem(KEPT, JSON.stringify({ id: mark && mark.id, top, y: scrollY, open }));
  }

  function returnToPlace() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    sessionStorage.removeItem(KEPT);
    if (!kept) return;
    history.scrollRestoration = "manual";
    document.querySelectorAll("details").forEach((each, n) => {
      if (n < kept.open.length) each.open = kept.open[n];
    });
    const settle = () => {
      const mark = kept.id && document.getElementById(kept.id);
      const y = mark ? mark.getBoundingClientRect().top + scrollY - kept.top : kept.y;
      window.scrollTo({ top: y, behavior: "instant" });
    };
    settle();
    const settled = scrollY;
    addEventListener("load", () => {
      if (scrollY === settled) settle();        // the author has not gone on
    });
    // For the way back from another page; sooner, the browser would go where the page was before.
    addEventListener("pagehide", () => { history.scrollRestoration = "auto"; });
  }

  // ------------------------------------------------------------- what the author is told
  const style = document.createElement("style");
  style.textContent = `
    #preview-news { position: fixed; inset: auto 0 0 0; z-index: 10000; max-height: 50vh;
      overflow: auto; font: 14px/1.45 system-ui, sans-serif; color: #f4f4f5; background: #1f2328; }
    #preview-news:empty { display: none; }
    #preview-news p { margin: 0; padding: 6px 14px; }
    #preview-news .busy::before { content: "⟳ "; }
    #preview-news .wrong { background: #7a1f14; padding: 10px 14px; }
    #preview-news .wrong strong { display: block; }
    #preview-news ul { margin: 4px 0 0; padding-left: 1.2em; }
    #preview-news li { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
    @media print { #preview-news { display: none; } }`;
  const news = document.createElement("div");
  news.id = "preview-news";
  news.setAttribute("role", "status");
  document.body.append(style, news);

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }

  function tell(state) {
    const parts = [];
    if (state.problems.length) {
      const box = element("div", "wrong", "");
      const list = document.createElement("ul");
      list.append(...state.problems.map((each) => element("li", "", each)));
      box.append(element("strong", "", state.version
        ? "The book below is the last good one:" : "There is no book yet:"), list);
      parts.push(box);
    }
    if (state.busy) parts.push(element("p", "busy", "running " + state.busy));
    news.replaceChildren(...parts);
  }

  // -------------------------------------------------------------------------- listening
  const page = decodeURIComponent(location.pathname).replace(/^\//, "").replace(/(^|\/)$/, "$1index.html");
  const here = page.replace(/\.html$/, "_files/");
  const concerns = (file) =>
    file === page || file.startsWith(here) || !(file.endsWith(".html") || file.includes("_files/"));

  returnToPlace();
  new EventSource("/_preview/news").addEventListener("message", (event) => {
    const state = JSON.parse(event.data);
    tell(state);
    const missed = state.version > shown + 1;
    const concerned = missed || !state.changed.length || state.changed.some(concerns);
    if (state.run !== run || (state.version > shown && concerned)) {
      keepPlace();
      location.reload();
    }
    shown = state.version;
  });
})();
