// What is wider than its column, on the pages of either press: it is scrolled by keyboard too, its
// edge shows that it goes on, and figures and wide tables open large, in a dialog of the page.
{
const SCROLLING = "main :is(pre, div.sourceCode, .cell-output, table, math, p, ul, ol, dl, figcaption)";
const FIGURES = ":is(figure, .cell-output-display, .live-output, p:has(> img:only-child)) img";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ---- What scrolls sideways

function edges(block) {
  const { scrollLeft, clientWidth, scrollWidth } = block;
  const more = [scrollLeft > 1 && "left", scrollLeft + clientWidth < scrollWidth - 1 && "right"];
  return more.filter(Boolean).join(" ");
}

const scrolls = (block) =>
  block.scrollWidth > block.clientWidth + 1 && getComputedStyle(block).overflowX !== "visible";

// All is measured before anything is changed, so that the page is laid out once.
function mark(blocks) {
  const found = blocks.map((block) => [block, scrolls(block), edges(block)]);
  for (const [block, wide, more] of found) {
    if (wide) { block.tabIndex = 0; block.dataset.more = more; }
    else if (block.dataset.more !== undefined) {
      block.removeAttribute("tabindex");
      block.removeAttribute("data-more");
    }
    if (block.matches("table")) offer(block, wide);
  }
}

function scrolling() {
  const blocks = all(SCROLLING);
  const watch = new ResizeObserver((entries) => mark(entries.map((entry) => entry.target)));
  for (const block of blocks) watch.observe(block);
  document.fonts.ready.then(() => { roots(); mark(blocks); });
  document.addEventListener("scroll", ({ target }) => {
    if (target.dataset?.more !== undefined) target.dataset.more = edges(target);
  }, { capture: true, passive: true });
}

// A printed line that is broken goes on further in: each line is a box of its own.
function printedLines() {
  for (const code of all("main .cell-output > pre > code")) {
    if (code.children.length || code.closest(".live-output")) continue;
    const lines = code.textContent.replace(/\n$/, "").split("\n");
    code.replaceChildren(...lines.map((line) => make("span", { className: "printed-line" }, `${line}\n`)));
  }
}

// Chromium leaves a blank behind a root, which is taken back.
function roots() {
  const right = (element) => element.getBoundingClientRect().right;
  const found = all("main msqrt").map((root) => [root, right(root) - right(root.lastElementChild)]);
  for (const [root, blank] of found) if (blank > 1) root.style.marginRight = `${-blank}px`;
}

// ---- What opens large

const LARGEST = 12;     // times the size that fits
const STEP = 1.4;
let shown = null;       // { content, fit, zoom }: what the dialog holds, and how large

const title = make("p", { id: "lightbox-title" });
const stage = make("div", { className: "lightbox-stage", tabIndex: 0 });
stage.setAttribute("role", "region");
stage.setAttribute("aria-labelledby", title.id);
const tool = (text, label, action) => {
  const button = make("button", { type: "button", onclick: action }, text);
  button.setAttribute("aria-label", label);
  return button;
};
const lightbox = make("dialog", { className: "lightbox" },
  make("div", { className: "lightbox-bar" }, title,
    tool("−", "Smaller", () => zoom(1 / STEP)), tool("+", "Larger", () => zoom(STEP)),
    tool("Fit", "Fit the window", () => zoom(1 / shown.zoom)),
    tool("Close", "Close", () => lightbox.close())),
  stage);
lightbox.setAttribute("aria-labelledby", title.id);

function resize() {
  const { content, fit, zoom: factor } = shown;
  if (content.matches("img")) content.style.width = `${fit * factor}px`;
  else content.style.fontSize = `${fit * factor}px`;
}

// The point of the content at (x, y) of the window stays where it is.
function zoom(by, x = innerWidth / 2, y = innerHeight / 2) {
  const before = shown.content.getBoundingClientRect();
  const factor = Math.min(LARGEST, Math.max(0.25, shown.zoom * by));
  shown.zoom = Math.abs(factor - 1) < 0.01 ? 1 : factor;
  resize();
  const after = shown.content.getBoundingClientRect();
  const moved = (at, start, length, now, size) => now + (at - start) / length * size - at;
  stage.scrollLeft += moved(x, before.left, before.width, after.left, after.width);
  stage.scrollTop += moved(y, before.top, before.height, after.top, after.height);
}

const nameOf = (thing) => {
  const caption = thing.closest("figure, .quarto-float")?.querySelector("figcaption, caption")
    ?? thing.querySelector("caption");
  const words = caption?.textContent.trim().match(/^(?:Figure|Table|Listing)\s[\w.]+|^\(\w\)/);
  return words?.[0] ?? (thing.matches("img") ? "Figure" : "Table");
};

// A picture that the window would shrink opens in its own size, at most twice what fits; one that
// has not come yet as wide as the window.
function pictureShown(content, { naturalWidth: width, naturalHeight: height }) {
  const fit = width ? Math.min(stage.clientWidth, stage.clientHeight * width / height) : stage.clientWidth;
  return { content, fit, zoom: Math.max(1, Math.min(width, 2 * fit) / fit) };
}

// The letters of a table are as large as lets it fit, within what can be read.
function tableShown(content) {
  content.style.fontSize = "16px";
  const fit = Math.min(24, 16 * stage.clientWidth / (content.offsetWidth + 40));
  return { content, fit, zoom: Math.max(1, 9 / fit) };
}

function fit(content, size = content) {
  shown = content.matches("img") ? pictureShown(content, size) : tableShown(content);
  resize();
}

function enlarge(thing, opener) {
  const content = thing.cloneNode(true);
  for (const each of [content, ...all("[id], [tabindex], [data-more]", content)]) {
    for (const name of ["id", "tabindex", "data-more", "loading"]) each.removeAttribute(name);
  }
  if (thing.closest(".as-is")) content.classList.add("as-is");
  title.textContent = nameOf(thing);
  stage.replaceChildren(content);
  opener?.focus({ preventScroll: true });       // where the focus returns to
  lightbox.showModal();
  fit(content, thing.naturalWidth ? thing : content);
  content.onload = () => shown.content === content && fit(content);     // of one that comes late
  stage.scrollTo(0, 0);
  stage.focus();
}

function openerOf(thing) {
  const button = tool("", `Enlarge ${nameOf(thing)}`, () => enlarge(thing, button));
  button.className = "enlarge";
  button.setAttribute("aria-haspopup", "dialog");
  return button;
}

// A wide table has its button above it, for as long as it is wider than its column.
const offered = new Map();
function offer(table, wide) {
  if (table.closest(".lightbox")) return;
  if (wide && !offered.has(table)) {
    const button = openerOf(table);
    button.textContent = "Enlarge";
    table.before(button);
    offered.set(table, button);
  }
  if (offered.has(table)) offered.get(table).hidden = !wide;
}

function figures() {
  const openers = new WeakMap();
  const opensLarge = (image) => image.matches(`main ${FIGURES}`) && !image.closest("a, button");
  for (const image of all(`main ${FIGURES}`).filter(opensLarge)) {
    const button = openerOf(image);
    openers.set(image, button);
    image.classList.add("opens-large");
    const host = image.closest("figure, .cell-output-display, p");
    host.classList.add("has-enlarge");
    image.after(button);
  }
  document.addEventListener("click", ({ target }) => {
    if (target.matches?.("img") && opensLarge(target)) enlarge(target, openers.get(target));
  });
}

// Fingers, wheel and mouse: one finger scrolls, two pinch; a mouse drags.
function gestures() {
  let pinch = null;
  const between = ([a, b]) => ({
    apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
    x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2,
  });
  stage.addEventListener("touchstart", ({ touches }) => {
    pinch = touches.length === 2 ? between(touches) : null;
  }, { passive: true });
  stage.addEventListener("touchmove", (event) => {
    if (event.touches.length !== 2 || !pinch) return;
    event.preventDefault();
    const now = between(event.touches);
    zoom(now.apart / pinch.apart, now.x, now.y);
    stage.scrollLeft -= now.x - pinch.x;
    stage.scrollTop -= now.y - pinch.y;
    pinch = now;
  }, { passive: false });
  stage.addEventListener("wheel", (event) => {        // a touch pad's pinch comes as Ctrl and wheel
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 200), event.clientX, event.clientY);
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    zoom(shown.zoom > 1 ? 1 / shown.zoom : 2, event.clientX, event.clientY);
  });
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button || !shown.content.matches("img")) return;
    event.preventDefault();
    stage.focus();
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!stage.hasPointerCapture(event.pointerId)) return;
    stage.scrollLeft -= event.movementX;
    stage.scrollTop -= event.movementY;
  });
  lightbox.addEventListener("keydown", (event) => {
    const by = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 1 / shown.zoom }[event.key];
    if (!by || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    zoom(by);
  });
  addEventListener("resize", () => {                    // a phone is turned
    if (!lightbox.open) return;
    const { content, zoom: factor } = shown;
    fit(content);
    shown.zoom = factor;
    resize();
  });
  lightbox.addEventListener("close", () => {            // it may have been opened again meanwhile
    if (!lightbox.open) stage.replaceChildren();
  });
}

document.body.append(lightbox);
printedLines();
figures();
gestures();
scrolling();
}
