"""A check that fails names the reader's line that it is about."""

import ast
import importlib.util

import pytest

from bookbuild.live.parts import PARTS

spec = importlib.util.spec_from_file_location("_checks", PARTS / "worker" / "checks.py")
checks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(checks)

READER = """import numpy as np
def collapse(layers):
    W = layers[0]
    return W
loss = 0.0
x = 3
loss = x + 1"""


@pytest.mark.parametrize("check, line", [
    ("assert loss == 1", "line 7: loss = x + 1"),                       # where it was made last
    ("assert collapse([1]) == 1, 'no'", "line 2: def collapse(layers):"),
    ("W = collapse([2])\nassert W == 1", "line 2: def collapse(layers):"),
    ("x = 5\nassert np.isclose(x, loss)", "line 7: loss = x + 1"),       # x is the check's own
    ("x = 5\ny = x\nassert y == 1", ""),
    ("for n in (1, 2):\n    assert collapse(n) == n", "line 2: def collapse(layers):"),
    ("def own(n): return collapse(n)\nassert own(1)", "line 2: def collapse(layers):"),
    ("assert missing", ""), ("loss.more", "")])
def test_the_line_that_made_what_is_asked_about(check, line):
    *before, last = ast.parse(check).body
    assert checks.asked_about(last, before, READER) == line
