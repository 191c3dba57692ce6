"""Time is bounded: what the press does with a text grows as the text does, whatever stands in it.

Of each regular expression of the press the steps are counted that a matcher takes on texts made to
trouble it, short ones and others of four times their length (see `backtracking`).
"""

import ast
import importlib
import re
import sys
from pathlib import Path, PurePosixPath
from time import process_time

import pytest
from backtracking import growth, texts

import bookbuild
from bookbuild.check import labels
from bookbuild.check.constructs import unclosed_blocks, unread_shortcodes
from bookbuild.check.quarto_traps import lost_table_cells, notes_called_twice
from bookbuild.print.search import sections_of
from bookbuild.run.chapters import shown_outputs
from bookbuild.say import BookError
from bookbuild.source import Manuscript, split_source
from bookbuild.source.fences import without_code
from bookbuild.source.includes import substitute
from bookbuild.source.yaml_lines import load_yaml

PRESS = Path(bookbuild.__file__).parent
ASKED = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub"}
AT_ONE_PLACE = {"match", "fullmatch"}
PLACES = {"problem", "find"}            # methods of a manuscript that take a pattern
PROGRAMS = ("live/quarto/prepare.py", "live/worker/", "print/theme/html/fonts/")
LINEAR = 6                              # times the steps for four times the text


class Sample(ast.NodeTransformer):
    """Puts a word in the place of what a pattern is made with, but for constants."""

    def visit_FormattedValue(self, node):
        is_constant = isinstance(node.value, ast.Name) and node.value.id.isupper()
        return node if is_constant else ast.Constant("word")


def patterns():
    """Every pattern in the press, where it stands, and whether it is only tried at one place."""
    sources = {path: path.read_text() for path in sorted(PRESS.rglob("*.py"))
               if not path.relative_to(PRESS).as_posix().startswith(PROGRAMS)}
    modules = {path: importlib.import_module(".".join(
        path.relative_to(PRESS.parent).with_suffix("").parts).removesuffix(".__init__"))
        for path in sources}
    for path, module in modules.items():
        place = path.relative_to(PRESS).as_posix()
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and re.search(rf"(?m)^{name} = ", sources[path]):
                uses = {use for other, text in sources.items()
                        if vars(modules[other]).get(name) is value
                        for use in re.findall(rf"\b{name}\.(\w+)\(", text)}
                yield f"{place}: {name}", value, uses <= AT_ONE_PLACE
        within = [each for each in ast.walk(ast.parse(sources[path]))
                  if isinstance(each, ast.FunctionDef)]
        for call in (inner for each in within for inner in ast.walk(each)):
            if pattern := asked_for(call, module):
                yield f"{place}: {pattern[0].pattern}", *pattern
    for made in (labels.label_pattern("fig-a"), labels.reference_pattern("fig-a")):
        yield f"check/labels.py: {made}", re.compile(made), False


def asked_for(call, module):
    """The pattern that a call within a function is given as it stands there, and its use."""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args
            and isinstance(call.func.value, ast.Name)):
        return None
    method, of = call.func.attr, call.func.value.id
    if not (of == "re" and method in ASKED or of == "manuscript" and method in PLACES):
        return None
    if isinstance(call.args[0], ast.Name | ast.Call | ast.BinOp):       # made elsewhere
        return None
    given = Sample().visit(ast.parse(ast.unparse(call.args[0]), mode="eval").body)
    pattern = eval(compile(ast.fix_missing_locations(ast.Expression(given)), "pattern", "eval"),
                   vars(module))
    flags = [each for each in (*call.args[1:], *(option.value for option in call.keywords))
             if re.search(r"\bre\.[A-Z]", ast.unparse(each))]
    flags = eval(ast.unparse(flags[0])) if flags and of == "re" else 0
    return re.compile(pattern, flags), of == "re" and method in AT_ONE_PLACE


PATTERNS = {place: rest for place, *rest in patterns()}


@pytest.fixture(scope="module", autouse=True)
def deep():
    """The matcher goes a level deeper with each repeat."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("place", PATTERNS)
def test_a_regular_expression_takes_time_as_its_text_is_long(place):
    pattern, at_one_place = PATTERNS[place]
    for text in texts(pattern):
        assert growth(pattern, text, at_one_place) < LINEAR, (pattern.pattern, text)


@pytest.mark.parametrize("pattern, text", [
    (r"a+b", "a"), (r"<!--.*?-->", "<!--"), (r"(\w+\s?)*$", "a"), (r"\s+$", " "),
    (r"x\s*(.*?)\s*y", " ")])
def test_what_is_not_linear_is_found(pattern, text):
    found = [growth(re.compile(pattern), each, False) for each in texts(re.compile(pattern))]
    assert max(found) > LINEAR


# ------------------------------------------------------------------------ what loops do with a text

def printed(text):
    return shown_outputs([{"output_type": "stream", "name": "stdout", "text": text}])


def checked(text):
    manuscript = Manuscript(PurePosixPath("one.qmd"), text, [])
    return [*lost_table_cells(manuscript), *notes_called_twice(manuscript),
            *unclosed_blocks(True, manuscript), *unread_shortcodes(manuscript)]


def expanded(text):
    return [substitute({"book": {}}, line, ("one.qmd", 1))
            for line in text.splitlines()]


def aliases(times):
    return "\n".join(["a: &a [x]", *(f"b{row}: *a" for row in range(times))])


LOOPS = {
    "one printed line": (printed, "x ".__mul__),
    "one printed word": (printed, "x".__mul__),
    "a bar of progress": (printed, "x\r".__mul__),
    "paths of warnings": (printed, "/ipykernel_1/".__mul__),
    "codes of a terminal": (printed, "\x1b[0".__mul__),
    "backticks of all lengths": (split_source, lambda n: "".join(
        f"{'`' * length}a " for length in range(1, round((2 * n) ** 0.5)))),
    "backticks, one a paragraph": (split_source, "a ` b\n\n".__mul__),
    "open fences": (split_source, lambda n: "".join(f"{'`' * (3 + k % 40)}x\n" for k in range(n))),
    "cells below an indentation": (split_source, "   ```{python}\n   1\n   ```\n".__mul__),
    "blank lines before front matter": (split_source, " \n".__mul__),
    "comments that do not end": (without_code, "<!--".__mul__),
    "shortcodes that do not end": (expanded, "{{< a ".__mul__),
    "elements in elements": (sections_of, lambda n: "<main>" + "<div>" * n + "</p>" * n),
    "words and elements": (sections_of, lambda n: "<main>" + "a<b>b</b>" * n),
    "lines of dashes": (checked, "|-|-|\n".__mul__),
    "shortcodes that do not close": (checked, "{{< a ".__mul__),
    "tags of divs": (checked, "<div>".__mul__),
    "colons": (checked, lambda n: ":" * n + "!"),
    "calls of notes": (checked, "[^".__mul__),
    "aliases": (lambda text: load_yaml(text, "x"), lambda n: aliases(n // 20)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_sixteen_times_the_text_takes_about_sixteen_times_as_long(name):
    """Not 256 times; what is measured is processor time, and the least of several."""
    work, text = LOOPS[name]

    def least(length):
        made, times = text(length), []
        for _ in range(3):
            begun = process_time()
            work(made)
            times.append(process_time() - begun)
        return min(times)

    length = 500
    while (short := least(length)) < 0.0005:
        length *= 2
    assert least(16 * length) < 64 * short


def test_aliases_that_multiply_are_refused_before_they_are_read():
    bomb = "\n".join(f"a{row}: &a{row} [{', '.join([f'*a{row - 1}'] * 9)}]" if row else "a0: &a0 [x]"
                     for row in range(12))
    with pytest.raises(BookError, match="x:1: aliases make more than 100,000 values"):
        load_yaml(bomb, "x")
    with pytest.raises(BookError, match="an alias stands in what it names"):
        load_yaml("a: &a [*a]", "x")
    assert load_yaml("a: &a [1]\nb: *a\nc: *a\n", "x")[0] == {"a": [1], "b": [1], "c": [1]}


def test_what_is_shown_of_printed_text_is_what_a_terminal_shows():
    for text, shown in {"10%\r20%\rdone\n": "done\n", "a\r\nb\r": "a\nb\r", "\r\rab": "ab",
                        "x /tmp/ipykernel_1/2.py:3: W": "x W", "kept": "kept"}.items():
        assert printed(text)[0]["text"] == shown
