"""The built-in press against what Quarto shows for the same book."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "conformance"


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    root = tmp_path_factory.mktemp("conformance") / "book-a"
    shutil.copytree(HERE / "book-a", root)
    subprocess.run([sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", root],
                   check=True)
    return root / "_book"


@pytest.fixture(scope="session")
def facts(book):
    said = subprocess.run([sys.executable, HERE / "facts.py", book], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(said)


EXPECTED = json.loads((HERE / "book-a.facts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", EXPECTED["pages"])
def test_every_feature_of_a_page_agrees(facts, page):
    for feature, expected in EXPECTED["facts"][page].items():
        assert facts["facts"][page][feature] == expected, feature


def test_the_sidebar_agrees(facts):
    assert facts["book"] == EXPECTED["book"]
    assert facts["pages"] == EXPECTED["pages"]


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_the_pdf_holds_what_quarto_prints(book):
    pdf, = book.glob("*.pdf")
    done = subprocess.run([sys.executable, HERE / "compare.py", "--pdf", HERE / "book-a.pdf.txt",
                           pdf], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
