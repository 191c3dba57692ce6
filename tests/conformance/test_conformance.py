"""The built-in press against what Quarto shows for the same books."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from agreement import differences, facts_of  # noqa: E402


@pytest.fixture(scope="session", params=["book-a", "book-b", "book-c"])
def book(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("conformance") / request.param
    shutil.copytree(HERE / request.param, root)
    subprocess.run([sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", root],
                   check=True)
    return root


def test_every_feature_agrees(book, tmp_path, record_property):
    expected = json.loads((HERE / f"{book.name}.facts.json").read_text(encoding="utf-8"))
    report, agreement = differences(expected, facts_of(book / "_book"), tmp_path)
    record_property(f"agreement with Quarto, {book.name}", agreement)
    assert not report, report


@pytest.mark.needs("poppler")
@pytest.mark.parametrize("book", ["book-a", "book-b"], indirect=True)   # book-c is of pages only
def test_the_pdf_holds_what_quarto_prints(book, record_property):
    pdf, = (book / "_book").glob("*.pdf")
    done = subprocess.run([sys.executable, HERE / "compare.py", "--pdf",
                           HERE / f"{book.name}.pdf.txt", pdf], capture_output=True, text=True)
    record_property(f"PDF of {book.name}", done.stdout.split("\n")[-2].partition(" with ")[0])
    assert done.returncode == 0, done.stdout
