// Previews: what a reference leads to, shown beside it while the pointer or the keyboard's focus
// rests on it. Targets on this page are copied; for those on other pages the page holds templates.
{
const LINKS = "main :is(a.footnote-ref, a.quarto-xref, .citation a, a[role=doc-biblioref])";
const REST = 180;       // milliseconds before a preview opens, and before it closes

const preview = document.createElement("div");
preview.className = "preview";
preview.id = "preview";
preview.popover = "manual";
preview.setAttribute("role", "tooltip");
let shownFor = null;
let timer = 0;

function copied(target) {
  const section = target.closest("section:not(.footnotes)");
  if (target === section) {
    return [target.firstElementChild, target.querySelector(":scope > p")].filter(Boolean)
      .map((part) => part.cloneNode(true));
  }
  return target.matches("li") ? [...target.cloneNode(true).children] : [target.cloneNode(true)];
}

function unescaped(hash) {
  try { return decodeURIComponent(hash.slice(1)); } catch { return ""; }
}

function contentOf(link) {
  const address = link.getAttribute("href");
  const kept = document.querySelector(`template[data-preview="${CSS.escape(address)}"]`);
  if (kept) return [kept.content.cloneNode(true)];
  if (!address.startsWith("#")) return [];
  const target = document.getElementById(unescaped(link.hash));
  return target ? copied(target) : [];
}

function place(link) {
  const lines = link.getClientRects();
  const { left, top } = lines[0];
  const below = lines[lines.length - 1].bottom;
  const { width, height } = preview.getBoundingClientRect();
  const fitsBelow = below + height + 12 < innerHeight || top < height + 12;
  preview.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - width - 8))}px`;
  preview.style.top = `${fitsBelow ? below + 6 : top - height - 6}px`;
}

function show(link) {
  const content = contentOf(link);
  if (!content.length || link.closest(".preview")) return;
  hide();
  preview.replaceChildren(...content);
  preview.querySelectorAll(".footnote-back, .anchor-link, .copy-button, .enlarge").forEach((each) => each.remove());
  for (const element of preview.querySelectorAll("[id]")) element.removeAttribute("id");
  preview.showPopover();
  place(link);
  preview.scrollTop = 0;
  preview.toggleAttribute("tabindex", false);
  if (preview.scrollHeight > preview.clientHeight) preview.tabIndex = 0;
  link.setAttribute("aria-describedby", preview.id);
  shownFor = link;
}

function hide() {
  clearTimeout(timer);
  if (!shownFor) return;
  shownFor.removeAttribute("aria-describedby");
  shownFor = null;
  preview.hidePopover();
}

function after(wait, action) {
  clearTimeout(timer);
  timer = setTimeout(action, wait);
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const link = event.target.closest(LINKS);
  if (link && link !== shownFor) after(REST, () => show(link));
  else if (link || preview.contains(event.target)) clearTimeout(timer);
  else if (shownFor) after(REST, hide);
  else clearTimeout(timer);
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches(LINKS) && event.target.matches(":focus-visible")) show(event.target);
  else if (!preview.contains(event.target)) hide();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
document.addEventListener("click", hide);
addEventListener("scroll", () => {
  if (!shownFor || preview.matches(":hover")) return;
  if (shownFor.matches(":focus-visible")) place(shownFor);      // the focus itself scrolls the page
  else hide();
}, { passive: true });
addEventListener("resize", () => shownFor && place(shownFor));
document.querySelector("main").append(preview);
}
