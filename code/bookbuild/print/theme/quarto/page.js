// What the built-in press's pages do and Quarto's leave out: a choice of light or dark that is
// remembered when the page is opened from disk, everything within the reach of the keyboard, and
// names and roles that say what a part of the page is.
{
const all = (selector) => [...document.querySelectorAll(selector)];

if (location.protocol === "file:" && window.quartoToggleColorScheme) {
  const key = "book-theme";
  const dark = () => document.body.classList.contains("quarto-dark");
  let chosen;
  try { chosen = localStorage.getItem(key); } catch {}
  if (chosen && (chosen === "dark") !== dark()) window.quartoToggleColorScheme();
  for (const toggle of all(".quarto-color-scheme-toggle")) {
    toggle.addEventListener("click", () => {
      try { localStorage.setItem(key, dark() ? "dark" : "light"); } catch {}
    });
  }
}

// Quarto calls links and buttons of its sidebar regions, and opens callouts by pointer alone.
for (const link of all("a[role=navigation]")) link.setAttribute("role", "button");
for (const head of all(".callout-header[data-bs-toggle=collapse]")) {
  head.setAttribute("role", "button");
  head.tabIndex = 0;
  head.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    head.click();
  });
}
document.getElementById("quarto-sidebar")?.setAttribute("aria-label", "Book");
document.querySelector(".quarto-secondary-nav")?.setAttribute("aria-label", "This page and the book");
document.getElementById("TOC")?.setAttribute("aria-label", "On this page");
}
