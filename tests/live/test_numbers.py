"""What the page's Python and numpy compute is what this Python and numpy do, to the printed digits."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from bookbuild.source import Cell, split_source

CHAPTERS = Path(__file__).parents[2] / "chapters"
LONG = re.compile(r"\bfit\(|\.compute\(|PREDICTED_")        # they train for seconds, or ask of that


def cells(name: str) -> list[tuple[dict, str]]:
    """Options and code of each cell of a chapter."""
    text = (CHAPTERS / name).read_text(encoding="utf-8")
    return [(piece.options, piece.code) for piece in split_source(text).pieces
            if isinstance(piece, Cell)]


LIVE = {options.get("label", f"{path.stem}-{at}"): code for path in sorted(CHAPTERS.glob("*.qmd"))
        for at, (options, code) in enumerate(cells(path.name))
        if "live" in options.get("classes", "").split() and "print(" in code}
# The solutions of the exercises that are live cells: these print nothing before they are solved.
SOLVED = "\n".join(code for _, code in cells("solutions.qmd") if not LONG.search(code))


@pytest.mark.parametrize("code", [*LIVE.values(), SOLVED], ids=[*LIVE, "solutions"])
def test_what_is_printed_by(reader, code):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert len(re.findall(r"\d", printed.getvalue())) > 4
    assert reader.run(code).split() == printed.getvalue().split()
