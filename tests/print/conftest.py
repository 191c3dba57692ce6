"""One book, rendered once, for all tests of the page; pages open from disk."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "conformance" / "book-a"
REPOSITORY = '  repo-url: https://example.org/us/book\n  repo-actions: [edit, issue]\n'


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """The sample book, with a repository, a package, and a space and an umlaut in its path."""
    root = tmp_path_factory.mktemp("pages") / "ein Büchlein"
    shutil.copytree(SAMPLE, root)
    config = (root / "_quarto.yml").read_text(encoding="utf-8")
    (root / "_quarto.yml").write_text(config.replace("\n  title:", f"\n{REPOSITORY}  title:", 1),
                                      encoding="utf-8")
    (root / "code" / "deepmath").mkdir(parents=True)
    (root / "code" / "deepmath" / "__init__.py").touch()
    subprocess.run([sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin",
                    "--to", "html", root], check=True)
    return root / "_book"


@pytest.fixture(scope="session")
def names(book) -> list[str]:
    return sorted(path.relative_to(book).as_posix() for path in book.rglob("*.html"))


@pytest.fixture
def visit(chromium, book):
    """Open a page of the book as a fresh reader; a script's error fails the test.

    ``visit(name)`` keeps the reader of the call before; options make a new one.
    """
    contexts, errors = [], []

    def open_page(name="chapters/maps.html", width=1280, height=900, **options):
        if options or not contexts or width != 1280:
            options = {"color_scheme": "light", "reduced_motion": "reduce"} | options
            context = chromium.new_context(viewport={"width": width, "height": height}, **options)
            contexts.append(context)
        page = contexts[-1].new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        path, _, mark = name.partition("#")
        page.goto((book / path).as_uri() + (f"#{mark}" if mark else ""))
        page.evaluate("document.fonts.ready.then(() => true)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
