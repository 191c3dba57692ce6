"""The checks of the exercises: asked of the solutions, and failed by what readers start from."""

import re
from pathlib import Path

import numpy as np
import pytest

from bookbuild.source import Cell, split_source

CHAPTERS = Path(__file__).parents[2] / "chapters"


def cells(name: str) -> list[tuple[dict, str]]:
    """Options and code of each cell of a chapter."""
    text = (CHAPTERS / name).read_text(encoding="utf-8")
    return [(piece.options, piece.code) for piece in split_source(text).pieces
            if isinstance(piece, Cell)]


def checks(name: str) -> list[str]:
    return [code for options, code in cells(name) if options.get("classes") == "check"]


def test_the_solutions_are_asked_what_the_readers_are():
    asked = checks("neural-networks.qmd")
    assert len(asked) >= 8 and sum("PREDICTED" in code for code in asked) >= 4
    assert checks("solutions.qmd") == asked
    told = re.search(r"Behind (\w+) exercises\s.*?\s(\w+)\s+of\s+these\s+ask",
                     (CHAPTERS / "neural-networks.qmd").read_text(encoding="utf-8"), re.DOTALL)
    words = "five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
    assert [words.index(word.lower()) + 5 for word in told.groups()] == [
        len(asked), sum("PREDICTED" in code for code in asked)]


@pytest.mark.parametrize("number", range(len(checks("neural-networks.qmd"))))
def test_what_a_reader_starts_from_runs_but_fails_the_check(number):
    listed = cells("neural-networks.qmd")
    place = [at for at, (options, _) in enumerate(listed) if options.get("classes") == "check"][number]
    names = {}
    exec(listed[place - 1][1], names)
    with pytest.raises(AssertionError, match=r"\w+ \w+"), np.errstate(all="ignore"):
        exec(listed[place][1], names)


def test_each_check_has_hints_and_leads_to_its_solution():
    solutions = (CHAPTERS / "solutions.qmd").read_text(encoding="utf-8")
    led_to = [re.findall(r"^# Solution: solutions\.qmd#(\S+)$", code, re.MULTILINE)
              for code in checks("solutions.qmd")]
    for code, places in zip(checks("solutions.qmd"), led_to):
        assert re.search(r"^# Hint: .", code, re.MULTILINE), code
        before = solutions[:solutions.index(code)]
        assert re.findall(r"\{#(sec-sol-[\w-]+)\}", before)[-1:] == places
