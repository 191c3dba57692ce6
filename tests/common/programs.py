"""What some tests need beside Python's packages: how it is found, and what brings it.

A test asks by a mark, `@pytest.mark.needs("poppler")`, a fixture by calling `needs("chromium")`.
Where it is missing the test is skipped and told at the end of the run. Where it is promised the
test fails: BOOK_TEST_PROGRAMS names what a machine of continuous integration (`CI` is set) has.
"""

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from other_browsers import FIREFOX, has_webkit

ROOT = Path(__file__).resolve().parents[2]
EPUBCHECK = Path("/usr/share/java/epubcheck.jar")       # of Debian's package epubcheck
# Its few seconds are not worth compiling it for speed.
CHECK_EPUB = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", EPUBCHECK,
              "--failonwarnings"]
# The build without windows first: the same engine, with a third less work for each page.
CHROMIUM = next(filter(None, map(shutil.which, (
    "chromium-headless-shell", "chromium", "google-chrome"))), None)
STATIONS = [os.environ.get("DEEPMATH_REAL_DATA", ""), ROOT / ".." / "shared" / "data" / "alberta"]
# Where the real station files are, if they are anywhere; they are no part of the project.
STATION = next((Path(place) for place in STATIONS if place and Path(place).is_dir()), None)


def has_quarto() -> bool:
    beside = Path(sys.executable).with_name("quarto")
    return bool(os.environ.get("QUARTO_PATH") or shutil.which("quarto") or beside.is_file())


def may_drop_powers() -> bool:
    """Whether a command can be refused what permissions forbid, though the tests may do all."""
    return bool(os.geteuid() or shutil.which("setpriv"))


class Need(NamedTuple):
    is_here: Callable[[], object]
    what: str
    command: str


NEEDS = {
    "chromium": Need(lambda: CHROMIUM, "Chromium", "apt install chromium"),
    "poppler": Need(lambda: shutil.which("pdftotext"), "pdftotext", "apt install poppler-utils"),
    "epubcheck": Need(lambda: EPUBCHECK.exists() and shutil.which("java"), "epubcheck",
                      "apt install epubcheck default-jre-headless"),
    "node": Need(lambda: shutil.which("node"), "Node", "apt install nodejs npm"),
    "runtime": Need((ROOT / ".runtime" / "pyodide.asm.mjs").is_file, "the runtime of live cells",
                    "make runtime"),
    "numba": Need(lambda: find_spec("numba"), "numba", "pip install 'deepmath-book[compiled]'"),
    "quarto": Need(has_quarto, "Quarto", "pip install -r requirements-quarto.txt"),
    "firefox": Need(lambda: FIREFOX, "Firefox", "apt install firefox-esr"),
    "webkit": Need(has_webkit, "WebKit", "apt install webkit2gtk-driver xvfb"),
    "setpriv": Need(may_drop_powers, "setpriv", "apt install util-linux, or run as a common user"),
    "every cell": Need(lambda: os.environ.get("BOOK_EVERY_CELL"), "half an hour for all live cells",
                       "BOOK_EVERY_CELL=1"),
    "station files": Need(lambda: STATION, "the real station files",
                          "DEEPMATH_REAL_DATA=their folder"),
}


def promised() -> set[str]:
    """What this machine is meant to have."""
    names = set(os.environ.get("BOOK_TEST_PROGRAMS", "").split()) if os.environ.get("CI") else set()
    if unknown := names - NEEDS.keys():
        raise pytest.UsageError(f"BOOK_TEST_PROGRAMS: no test asks for {', '.join(sorted(unknown))}; "
                                f"known are {', '.join(NEEDS)}")
    return names


def needs(*names: str) -> None:
    """Skip the test where one of these is missing, or fail it where that is promised."""
    for name in names:
        need = NEEDS[name]
        if not need.is_here():
            said = f"missing: {need.what}; what brings it: {need.command}"
            if name in promised():
                pytest.fail(f"{said} (BOOK_TEST_PROGRAMS promises `{name}`)", pytrace=False)
            pytest.skip(said)
