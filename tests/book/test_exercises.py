"""The checks of the exercises: asked of the solutions, and failed by what readers start from."""

import re
from pathlib import Path

import numpy as np
import pytest

CHAPTERS = Path(__file__).parents[2] / "chapters"
CELL = re.compile(r"```\{python\}\n((?:#\|[^\n]*\n)*)(.*?)```\n", re.DOTALL)


def cells(name: str) -> list[tuple[str, str]]:
    """Options and code of each cell of a chapter."""
    return CELL.findall((CHAPTERS / name).read_text(encoding="utf-8"))


def checks(name: str) -> list[str]:
    return [code for options, code in cells(name) if "classes: check" in options]


def test_the_solutions_are_asked_what_the_readers_are():
    asked = checks("neural-networks.qmd")
    assert len(asked) == 3
    assert checks("solutions.qmd") == asked


@pytest.mark.parametrize("number", range(3))
def test_what_a_reader_starts_from_runs_but_fails_the_check(number):
    listed = cells("neural-networks.qmd")
    place = [at for at, (options, _) in enumerate(listed) if "classes: check" in options][number]
    names = {}
    exec(listed[place - 1][1], names)
    with pytest.raises(AssertionError, match=r"\w+ \w+"), np.errstate(all="ignore"):
        exec(listed[place][1], names)
