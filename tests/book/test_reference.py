"""The reference has all of deepmath, once, with what goes in and comes out; its examples are true."""

import contextlib
import doctest
import inspect
import io
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import pypandoc
import pytest

import deepmath
from bookbuild.about import reference
from bookbuild.source import Cell, split_source
from deepmath import leaves, smoke
from deepmath.figures import FIGURES

CHAPTERS = Path(__file__).parents[2] / "chapters"
TEXT = (CHAPTERS / "reference.qmd").read_text(encoding="utf-8")
HEADING = re.compile(r"^#+ `([\w.]+)` \{#([\w.]+) \.unnumbered\}$", re.MULTILINE)


def printed() -> str:
    """What the page's cells print."""
    names, out = {}, io.StringIO()
    with contextlib.redirect_stdout(out):
        for piece in split_source(TEXT).pieces:
            if isinstance(piece, Cell):
                exec(piece.code, names)
    return out.getvalue()


PRINTED = printed()
IDS = [match[2] for match in HEADING.finditer(PRINTED)]
ENTRIES = {match[2]: part.strip() for match, part in zip(
    HEADING.finditer(PRINTED), HEADING.split(PRINTED)[3::3], strict=True)}


def expected() -> set[str]:
    """The public names, and both functions of each figure."""
    names = {f"deepmath.{name}" for name in deepmath.__all__}
    names |= {f"deepmath.smoke.{name}" for name in smoke.__all__}
    names |= {f"deepmath.leaves.{name}" for name in leaves.__all__}
    return names | {f"{FIGURES[figure].__name__}.{function}"
                    for figure in FIGURES for function in ("compute", "draw")}


def thing(name: str):
    """What a name stands for."""
    module, _, last = name.rpartition(".")
    try:
        return getattr(import_module(module), last)
    except ModuleNotFoundError:                     # a method
        return getattr(thing(module), last)


CALLED = [name for name in IDS if inspect.isfunction(thing(name)) or inspect.isclass(thing(name))
          and not issubclass(thing(name), Exception) and not inspect.isabstract(thing(name))]


def test_every_public_name_is_there_once():
    assert len(IDS) == len(set(IDS)) > 90
    assert expected() - set(IDS) == set()
    every = [*deepmath.__all__, *leaves.__all__, *smoke.__all__]
    assert len(every) == len(set(every))            # the page imports all three with `*`


def test_what_is_there_is_public_or_a_method_of_it():
    others = set(IDS) - expected() - {"deepmath.figures.boundary.draw"}
    assert others and all(name.rpartition(".")[0] in expected() for name in others)


@pytest.mark.parametrize("name", CALLED)
def test_an_entry_has_each_parameter_in_its_signature_and_its_list(name):
    signature, *_ = re.findall(r"```python\n(.*?)\n```", ENTRIES[name], re.DOTALL)
    listed = " ".join(re.findall(r"^- ((?:`\w+`, )*`\w+`): .", ENTRIES[name], re.MULTILINE))
    for parameter in set(inspect.signature(thing(name)).parameters) - {"self"}:
        assert re.search(rf"[(* ]{parameter}[,=)]", signature), parameter
        assert f"`{parameter}`" in listed, parameter


@pytest.mark.parametrize("name", [each for each in CALLED if inspect.isfunction(thing(each))])
def test_the_entry_of_a_function_says_what_comes_back(name):
    assert "- *Returns* " in ENTRIES[name] or re.search(r"\) *\n? *-> ", ENTRIES[name])


def examples() -> dict[str, str]:
    found = {name: re.findall(r"```python\n(>>> .*?)\n```", text, re.DOTALL)
             for name, text in ENTRIES.items()}
    return {name: f"{texts[0]}\n" for name, texts in found.items() if texts}


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_the_page_says(name):
    plt.switch_backend("agg")
    names = {}
    exec(re.search(r"^```python\n(import .*?)^```", TEXT, re.DOTALL | re.MULTILINE)[1], names)
    test = doctest.DocTestParser().get_doctest(EXAMPLES[name], names, name, None, None)
    said = io.StringIO()
    doctest.DocTestRunner().run(test, out=said.write)
    assert not said.getvalue()


def test_code_fits_into_the_column():
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT + PRINTED, re.DOTALL | re.MULTILINE)
    assert len(blocks) > len(EXAMPLES)
    assert [line for block in blocks for line in block.splitlines() if len(line) > 88] == []


def test_functions_have_examples():
    missing = {name for name in CALLED if inspect.isfunction(thing(name))} - EXAMPLES.keys()
    assert {name for name in missing if name.count(".") == 1 or name.startswith("deepmath.smoke.")
            and name.count(".") == 2} == set()


def test_links_lead_to_entries():
    texts = [path.read_text(encoding="utf-8") for path in sorted(CHAPTERS.glob("*.qmd"))]
    into = [name for text in texts for name in re.findall(r"\]\(reference\.qmd#([^)]+)\)", text)]
    within = re.findall(r"\]\(#([^)]+)\)", PRINTED)
    assert len(into) > 12 and len(within) > 50
    assert {*into, *within} - set(IDS) == set()


# ------------------------------------------------------------------------ text to Markdown

@pytest.mark.parametrize("text", [
    "Adds (l2 / 2) ||weights||^2; theta <- theta - rate * gradient * 2.",
    "Columns (..., T d, n) as (..., T, d, n), h_(t-1) and x_1, [U | V | c] of 5% $ and #1.",
    "Z = W @ A + b with ~ 2 {words} and a \\ in it."])
def test_plain_text_stays_what_it_is(text):
    assert shown(reference.prose(text)) == text


def test_formulas_code_and_stress_are_kept():
    told = reference.prose("The *change* of :math:`a_1^2`, ``b_2`` and :func:`fit`, n_epochs long.")
    assert told == "The *change* of $a_1^2$, `b_2` and `fit`, `n_epochs` long."


def test_names_lead_to_their_entries_but_not_to_where_they_stand():
    assert reference.prose("`fit` or `xor`", "deepmath.fit") == "`fit` or [`xor`](#deepmath.xor)"
    assert "smoke" not in reference.prose("`train`", "deepmath.linear_probe")   # a parameter there


def shown(markdown: str) -> str:
    """What a reader sees."""
    return pypandoc.convert_text(markdown, "plain", "markdown", ["--wrap", "none"]).strip()


def test_no_other_program_reads_the_code():
    """Else nobody would know what the reference stands on, and it would be made again each time."""
    code = ("import sys\n"
            "def hook(event, arguments):\n"
            "    assert event not in ('subprocess.Popen', 'os.posix_spawn', 'os.fork'), arguments\n"
            "sys.addaudithook(hook)\n"
            "from bookbuild.about import reference\n"
            "reference.show('deepmath.fit')\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "deepmath.fit" in done.stdout, done.stderr
