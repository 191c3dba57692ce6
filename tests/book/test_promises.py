"""Each promise of what is closed to whom names tests that hold it, and these are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTION = re.search(r"\n## What is closed to whom .*?\n(.*?)\n## ",
                    (ROOT / "chapters" / "making.qmd").read_text(encoding="utf-8"), re.DOTALL)[1]
PROMISES = re.findall(r"^- (.*?)(?=^- |^\S|\Z)", SECTION, re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)`:\s+((?:\*[^*]+\*(?:,\s+)?)+)")


def named(text):
    """The tests that a text names, as (file, name): the file as code, names in words."""
    return [(file, "test_" + "_".join(words.split())) for file, names in NAMED.findall(text)
            for words in re.findall(r"\*([^*]+)\*", names)]


def names_in(file):
    """The names of the tests in a file, without running it."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: " ".join(text.split()[:5]))
def test_a_promise_names_tests_that_are_there(promise):
    assert named(promise) and promise.count("`tests/") == len(NAMED.findall(promise))
    for file, name in named(promise):
        assert name in names_in(file), (file, name)


def test_no_test_is_named_outside_of_a_promise():
    assert len(PROMISES) > 15
    assert len(named(SECTION)) == sum(len(named(each)) for each in PROMISES)
