"""Quarto's last step: nothing from another host, notebooks, light pictures, valid EPUB.

For every page with an HTML table among its outputs Quarto loads jQuery and RequireJS from another
host, in case the table were a widget. They are taken out where nothing on the page asks for them.
A page that shows cells has its notebook beside it, and a link to it, and matplotlib's pictures take
half of their bytes, as the built-in press gives them.
An EPUB, whose pages are XML, may also have no attribute without a value, no `alt` on a box, and
no id twice, as Quarto's callouts have theirs.
"""

import html
import os
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bookbuild.commands import CELL_TIMEOUT
from bookbuild.lab import read_text, runnable
from bookbuild.pipeline import page_words
from bookbuild.print.html import hosted
from bookbuild.run import lighter
from bookbuild.say import say
from bookbuild.source import PACKAGE, load_project

LOADERS = re.compile(
    r'<script src="https://cdn\.jsdelivr\.net/npm/(?:jquery|requirejs)@[^<>]*></script>\s*'
    r"|<script type=\"application/javascript\">"
    r"define\('jquery'(?:(?!<script).)*?</script>\s*", re.DOTALL)
USERS = re.compile(r"\brequire(?:js)?\s*[.(]|\bjQuery\s*\(|vnd\.jupyter\.widget")
OWN_STYLE = re.compile(r"<style scoped>(?:(?!<style).)*?</style>\s*", re.DOTALL)
BOX = re.compile(r"<div [^<>]*>")
ALT = re.compile(r' alt="[^"]*"')
ID = re.compile(r' id="([^"]*)"')
CELL = re.compile(r'class="[^"]*\bcell-code\b')
CONTENTS_END = re.compile(r'(<nav id="TOC"(?:(?!<nav).)*?)(</ul>\s*</div>)?(</nav>)', re.DOTALL)
EMPTY_HEADING = re.compile(r"<th(?: [^<>]*)?></th>")


def finished(page: str) -> str:
    """The page without the scripts that it does not use, and without empty headings."""
    offline = LOADERS.sub("", page)
    return EMPTY_HEADING.sub("<td></td>", page if USERS.search(offline) else offline)


def with_notebook(page: str, name: str, hosts: Sequence[dict] = ()) -> str:
    """The page with links to its notebook, among Quarto's own actions where it has them."""
    link = (f'<li><a href="{name}" class="toc-action" download><i class="bi bi-journal-code"></i>'
            "Open as notebook</a></li>")
    link += "".join(f'<li><a href="{html.escape(each["href"])}" class="toc-action">'
                    f'<i class="bi bi-cloud"></i>{each["text"]}</a></li>' for each in hosts)

    def added(found: re.Match) -> str:
        before, end = found[1], found[2]
        if "toc-actions" not in before:
            return f'{before}{end or ""}<div class="toc-actions"><ul>{link}</ul></div>{found[3]}'
        return f"{before}{link}{end}{found[3]}"
    return CONTENTS_END.sub(added, page, count=1)


def notebook_of(root: Path, output: Path, path: Path, page: str) -> str | None:
    """The content of a page's notebook, if the page shows cells and the book has their package."""
    source = (root / path.relative_to(output)).with_suffix(".qmd")
    if not ((root / "code" / PACKAGE).is_dir() and source.is_file() and CELL.search(page)):
        return None
    place = PurePosixPath(source.relative_to(root))
    words = page_words(load_project(root), place, say, None, CELL_TIMEOUT)
    return runnable(source, read_text(source), words)


def bound(page: str) -> str:
    """A page of an EPUB, as its checker wants it."""
    seen = set()

    def once(found: re.Match) -> str:
        first = found[1] not in seen
        seen.add(found[1])
        return found[0] if first else ""

    def without_alt(box: re.Match) -> str:
        return ALT.sub("", box[0], count=1) if "quarto-float" in box[0] else box[0]
    return ID.sub(once, BOX.sub(without_alt, OWN_STYLE.sub("", LOADERS.sub("", page))))


def rebind(path: Path) -> None:
    """Write an EPUB anew, its pages mended, everything in its place."""
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(part, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(".xhtml"):
                content = bound(content.decode("utf-8")).encode("utf-8")
            new.writestr(entry, content)
    part.replace(path)


def main() -> None:
    root = Path(os.environ.get("QUARTO_PROJECT_DIR", ".")).resolve()
    output = Path(os.environ.get("QUARTO_PROJECT_OUTPUT_DIR", "_book"))
    for name in os.environ.get("QUARTO_PROJECT_OUTPUT_FILES", "").splitlines():
        path = Path(name)
        if path.suffix == ".epub" and path.is_file():
            rebind(path)
        if path.suffix == ".html" and path.is_file():
            page = path.read_text(encoding="utf-8")
            better = finished(page)
            if (notebook := notebook_of(root, (root / output).resolve(), path.resolve(), page)):
                path.with_suffix(".ipynb").write_text(notebook, encoding="utf-8")
                source = PurePosixPath(path.resolve().relative_to((root / output).resolve()))
                better = with_notebook(better, path.with_suffix(".ipynb").name, hosted(
                    load_project(root), source.with_suffix(".qmd")))
            if better != page:
                path.write_text(better, encoding="utf-8")
            for picture in path.with_name(f"{path.stem}_files").rglob("*.svg"):
                picture.write_text(lighter(picture.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
