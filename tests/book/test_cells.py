"""Cells fit into the page's column and the PDF's."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CELL = re.compile(r"^```\{python\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
WIDTH = 88


@pytest.mark.parametrize("chapter", sorted((ROOT / "chapters").glob("*.qmd")), ids=lambda path: path.stem)
def test_lines_of_code_fit_into_the_column(chapter):
    cells = CELL.findall(chapter.read_text(encoding="utf-8"))
    assert cells
    lines = [line for cell in cells for line in cell.splitlines() if not line.startswith("#|")]
    assert [line for line in lines if len(line) > WIDTH] == []
