// Search through the whole book. The index and MiniSearch, which ranks, are loaded as scripts
// when the search is first opened: that works from disk and costs the page nothing.
{
const script = document.currentScript.src;
const folder = script.slice(0, script.lastIndexOf("/") + 1);
const root = new URL("../../", folder).href;
const MOST = 20;
const WORD_BREAK = /[\n\r\p{Z}\p{P}\p{S}]+/u;

const make = (name, given = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const plain = (word) => word.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

// ---- The engine ------------------------------------------------------------------------

function load(name) {
  return new Promise((loaded, failed) => {
    const element = make("script", { src: folder + name });
    element.addEventListener("load", loaded);
    element.addEventListener("error", () => failed(new Error(`${name} is missing`)));
    document.head.append(element);
  });
}

let engine;
function ready() {
  engine ??= Promise.all([load("minisearch/minisearch.js"), load("search-index.js")]).then(() => {
    const index = new MiniSearch({
      fields: ["title", "chapter", "text"], storeFields: ["href", "title", "chapter", "text"],
      tokenize: (text) => text.split(WORD_BREAK), processTerm: (term) => plain(term) || null,
    });
    index.addAll(bookSections);
    return index;
  });
  engine.catch(() => { engine = null; });       // it is asked for again
  return engine;
}

function find(index, query) {
  const options = {
    boost: { title: 4, chapter: 0.5 }, prefix: (term) => term.length > 1,
    fuzzy: (term) => (term.length > 4 ? 0.2 : false), weights: { prefix: 0.6, fuzzy: 0.2 },
  };
  const all = index.search(query, { ...options, combineWith: "AND" });
  return (all.length ? all : index.search(query, options)).slice(0, MOST);
}

// ---- What is shown -----------------------------------------------------------------------

function marked(text, terms) {
  const parts = [];
  let done = 0;
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    if (!terms.has(plain(word))) continue;
    parts.push(text.slice(done, index), make("mark", {}, word));
    done = index + word.length;
  }
  return [...parts, text.slice(done)];
}

// About 170 letters round the place where most of the terms stand together.
function excerpt(text, terms) {
  const hits = [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].filter(([word]) => terms.has(plain(word)));
  const together = (at) => new Set(hits.filter((hit) => hit.index >= at && hit.index < at + 110)
    .map(([word]) => plain(word))).size;
  const best = hits.reduce((most, { index }) => (together(index) > together(most) ? index : most),
    hits[0]?.index ?? 0);
  const from = best > 60 ? text.indexOf(" ", best - 60) + 1 : 0;
  const to = text.length > from + 170 ? text.lastIndexOf(" ", from + 170) : text.length;
  return [from ? "… " : "", ...marked(text.slice(from, to), terms), to < text.length ? " …" : ""];
}

function entry({ href, title, chapter, text, match }, place) {
  const terms = new Set(Object.keys(match));
  const link = make("a", {
    role: "option", id: `search-${place}`, href: root + href, tabindex: "-1", "aria-selected": "false",
  }, make("span", { class: "search-title" }, ...marked(title, terms)));
  if (chapter !== title) link.append(make("span", { class: "search-chapter" }, chapter));
  link.append(make("span", { class: "search-text" }, ...excerpt(text, terms)));
  return link;
}

const field = make("input", {
  type: "text", inputmode: "search", role: "combobox", "aria-label": "Search the book", placeholder: "Search the book",
  "aria-expanded": "false", "aria-controls": "search-results", "aria-autocomplete": "list",
  autocomplete: "off", spellcheck: "false", enterkeyhint: "go",
});
const close = make("button", { type: "button", class: "search-close" }, "Close");
const results = make("div", { id: "search-results", role: "listbox", "aria-label": "Found" });
const state = make("p", { class: "search-state", role: "status" });
const dialog = make("dialog", { class: "search-dialog", "aria-label": "Search" },
  make("div", { class: "search-field" }, field, close), state, results);

let chosen = -1;
function choose(place) {
  const options = [...results.children];
  if (!options.length) return;
  chosen = (place + options.length) % options.length;
  options.forEach((option, at) => option.setAttribute("aria-selected", at === chosen));
  field.setAttribute("aria-activedescendant", options[chosen].id);
  options[chosen].scrollIntoView({ block: "nearest" });
}

async function search() {
  const query = field.value.trim();
  let found = [];
  let words;
  try {
    if (query) found = find(await ready(), query);
    words = !query ? "" : found.length === 0 ? `Nothing in the book matches “${query}”.`
      : found.length === 1 ? "1 section" : `${found.length}${found.length === MOST ? " best" : ""} sections`;
  } catch (error) {
    words = `The search does not work here: ${error.message}.`;
  }
  if (query !== field.value.trim()) return;
  state.textContent = words;
  results.replaceChildren(...found.map(entry));
  results.hidden = !found.length;
  field.setAttribute("aria-expanded", found.length > 0);
  field.removeAttribute("aria-activedescendant");
  chosen = -1;
  if (found.length) choose(0);
}

function open() {
  if (dialog.open) return;
  dialog.showModal();
  field.select();
  search();
}

field.addEventListener("input", search);
field.addEventListener("keydown", (event) => {
  const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 }[event.key];
  if (to !== undefined) choose(to);
  else if (event.key === "Enter") results.children[chosen]?.click();
  else return;
  event.preventDefault();
});
results.addEventListener("click", (event) => event.target.closest("a") && dialog.close());
results.addEventListener("pointermove", (event) => {
  if (!event.movementX && !event.movementY) return;     // the list has moved, below the pointer
  const at = [...results.children].indexOf(event.target.closest("a"));
  if (at >= 0 && at !== chosen) choose(at);
});
close.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

const button = document.querySelector(".search-button");
button.addEventListener("click", open);
button.addEventListener("pointerenter", () => ready().catch(() => {}), { once: true });
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]:not([contenteditable=false])");
  const slash = event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey;
  const control = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
  if (!slash && !control) return;
  event.preventDefault();
  open();
});
document.body.append(dialog);
}
