"""Our own book is the same book under Quarto and under the built-in press.

Its pages by Quarto are as accessible as ours, and as much at home.
"""

import json
import os
import re
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from accessibility import violations
from real_book import copy_project

from bookbuild.quarto import find_quarto

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))
from agreement import differences, facts_of  # noqa: E402

# On Quarto's page a formula's number stands beside the formula, on ours within it.
NUMBER_BESIDE = re.compile(r"\$\$\([\w.]+\)")
FORMULA_ALONE = re.compile(r"\$\$.*?\$\$")
# Quarto gives the light and the dark style sheet one id; neither is part of the text.
STYLE_SHEETS = {"quarto-bootstrap", "quarto-text-highlighting-styles"}


def comparable(facts: dict) -> dict:
    facts = json.loads(NUMBER_BESIDE.sub("$$", json.dumps(facts)))
    for page in facts["facts"].values():
        page["paragraphs"] = [each for each in page["paragraphs"]
                              if not FORMULA_ALONE.fullmatch(each["text"])]
        page["duplicates"] = [each for each in page["duplicates"] if each["id"] not in STYLE_SHEETS]
    return facts


pytestmark = pytest.mark.needs("quarto", "chromium")


@pytest.fixture(scope="module")
def books(real_book, tmp_path_factory):
    """The folders of both books."""
    folder = tmp_path_factory.mktemp("books") / "quarto"
    copy_project(folder)
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent),
                                                   os.environ["PATH"]])}
    subprocess.run([find_quarto(), "render", "--to", "html"], cwd=folder, env=env, check=True)
    return {"quarto": folder / "_book", "press": real_book.output}


def test_both_presses_print_one_book(books, tmp_path, record_property):
    facts = [comparable(facts_of(books[name])) for name in ("quarto", "press")]
    report, agreement = differences(*facts, tmp_path)
    record_property("agreement with Quarto, this book", agreement)
    assert not report, report


@pytest.fixture(scope="module")
def address(books):
    """Where Quarto's book is served."""
    handler = partial(QuietHandler, directory=books["quarto"])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "chapters/neural-networks", "chapters/smoke",
                                  "references"])
def test_quartos_page_is_accessible_and_loads_nothing_from_elsewhere(chromium, address, name,
                                                                     scheme):
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme,
                             reduced_motion="reduce")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
