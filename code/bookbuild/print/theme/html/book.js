// What the page gains with a script: contents on phones, light and dark, tabs, copying, links to
// headings, the current section. Without it every part of the book is still there to be read.

{
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const target = (hash) => {
  try { return document.getElementById(decodeURIComponent(hash.slice(1))); } catch { return null; }
};

// `show(element)` is called with what the page's address leads to, now and whenever a link leads
// there; also by a link to where one is, of which the address says nothing.
function onArrival(show) {
  const arrive = () => {
    const found = target(location.hash);
    if (found) show(found);
  };
  addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link?.hash && link.href === location.href) setTimeout(arrive);
  });
  arrive();
}

function contents() {
  const button = document.querySelector(".menu-button");
  const sidebar = document.getElementById("quarto-sidebar");
  const show = (open) => {
    sidebar.classList.toggle("open", open);
    button.setAttribute("aria-expanded", open);
  };
  button.addEventListener("click", () => show(!sidebar.classList.contains("open")));
  sidebar.addEventListener("click", (event) => event.target.closest("a") && show(false));
  document.addEventListener("click", (event) => event.target.closest(".book-side") || show(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !sidebar.classList.contains("open")) return;
    show(false);
    button.focus();
  });
  const current = sidebar.querySelector("[aria-current]");
  const side = sidebar.parentElement;
  if (current && current.offsetTop > side.clientHeight) side.scrollTop = current.offsetTop / 2;
}

// The page's head has chosen before the first paint; `data-bs-theme` on <html> says what.
function lightAndDark() {
  const button = document.querySelector(".theme-button");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => {
    let theme;
    try { theme = localStorage.getItem("book-theme"); } catch {}
    return theme === "light" || theme === "dark" ? theme : null;
  };
  const show = (theme) => {
    root.dataset.bsTheme = theme;
    button.setAttribute("aria-pressed", theme === "dark");
  };
  const follow = () => show(remembered() ?? (system.matches ? "dark" : "light"));
  button.addEventListener("click", () => {
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("book-theme", theme); } catch {}
    show(theme);
  });
  system.addEventListener("change", follow);
  addEventListener("storage", follow);
  addEventListener("pageshow", follow);
  follow();
}

function tabs() {
  const titled = (title, links) => links.find((tab) => tab.textContent.trim() === title);
  const sets = [];
  // Tabsets of a group show what the reader chose in one of them, on other pages, too.
  const tell = (group, title) => {
    if (!group) return;
    try { localStorage.setItem(`book-tabs-${group}`, title); } catch {}
    for (const { set, links, choose } of sets) {
      const same = set.dataset.group === group && titled(title, links);
      if (same) choose(same);
    }
  };
  for (const set of all(".panel-tabset")) {
    const links = all("[role=tab]", set).filter((tab) => tab.closest(".panel-tabset") === set);
    const choose = (chosen) => {
      for (const tab of links) {
        const active = tab === chosen;
        tab.classList.toggle("active", active);
        tab.setAttribute("aria-selected", active);
        tab.tabIndex = active ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).classList.toggle("active", active);
      }
    };
    set.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (!links.includes(tab)) return;
      event.preventDefault();
      choose(tab);
      tell(set.dataset.group, tab.textContent.trim());
    });
    set.addEventListener("keydown", (event) => {
      const at = links.indexOf(event.target);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const tab = links.at(to % links.length);
      choose(tab);
      tell(set.dataset.group, tab.textContent.trim());
      tab.focus();
    });
    sets.push({ set, links, choose });
    let kept = null;
    try { kept = set.dataset.group && localStorage.getItem(`book-tabs-${set.dataset.group}`); } catch {}
    choose(titled(kept, links) ?? links.find((tab) => tab.classList.contains("active")) ?? links[0]);
  }
  onArrival((found) => {
    const pane = found.closest(".tab-pane");
    if (!pane || pane.classList.contains("active")) return;
    document.querySelector(`[aria-controls="${pane.id}"]`).click();
    found.scrollIntoView();
  });
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const focused = document.activeElement;
  const field = document.createElement("textarea");       // a page that came over plain http
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused.focus({ preventScroll: true });
  if (!copied) throw new Error("not copied");
}

function copyButtons() {
  for (const block of all("main div.sourceCode")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-button";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    let again = 0;
    button.addEventListener("click", async () => {
      const done = copy(block.querySelector("code").innerText.trimEnd());
      button.textContent = await done.then(() => "Copied", () => "Not copied");
      clearTimeout(again);
      again = setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    block.append(button);
  }
}

function headingAnchors() {
  for (const heading of all("main section[id] > :is(h1, h2, h3, h4, h5, h6):first-child")) {
    const link = document.createElement("a");
    link.className = "anchor-link";
    link.href = `#${heading.parentElement.id}`;
    link.textContent = "#";
    link.setAttribute("aria-label", `Link to “${heading.textContent.trim()}”`);
    heading.append(link);
  }
}

function currentSection() {
  const links = new Map(all("#TOC a").map((link) => [target(link.hash), link]));
  const headings = [...links.keys()].filter(Boolean);
  const mark = () => {
    const above = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 4);
    const current = links.get(above.at(-1));
    for (const link of links.values()) {
      if (link === current) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  mark();
}

// The header of a callout that folds is a button; what a link leads to is unfolded.
function foldingCallouts() {
  for (const header of all(".callout-header[aria-expanded]")) {
    const toggle = () =>
      header.setAttribute("aria-expanded", header.getAttribute("aria-expanded") !== "true");
    header.setAttribute("role", "button");
    header.tabIndex = 0;
    header.addEventListener("click", toggle);
    header.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle();
    });
  }
  onArrival((found) => {
    for (let callout = found.closest(".callout"); callout; callout = callout.parentElement.closest(".callout")) {
      callout.querySelector(":scope > .callout-header[aria-expanded]")?.setAttribute("aria-expanded", "true");
    }
    if (found.closest(".callout")) found.scrollIntoView();
  });
}

// A note in the margin passes over the page's contents, which then step aside.
function marginNotes() {
  const toc = document.querySelector(".page-side");
  const notes = all("main :is(.column-margin, .aside)");
  if (!toc.children.length || !notes.length) return;
  const check = () => {
    const box = toc.getBoundingClientRect();
    toc.classList.toggle("covered", notes.some((note) => {
      const { top, bottom, left } = note.getBoundingClientRect();
      return left >= box.left - 1 && top < box.bottom && bottom > box.top;
    }));
  };
  addEventListener("scroll", check, { passive: true });
  addEventListener("resize", check);
  new ResizeObserver(check).observe(document.querySelector("main"));     // fonts and pictures come later
}

contents();
lightAndDark();
tabs();
copyButtons();
headingAnchors();
foldingCallouts();
currentSection();
marginNotes();
}
