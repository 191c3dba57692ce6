"""Notebooks that were damaged, forged or written by others: a return without loss, or one line."""

import copy
import json
import random
from pathlib import Path

import pytest

from bookbuild.cli import main
from bookbuild.lab import bring_back, write_notebook
from bookbuild.lab import export
from bookbuild.say import BookError

CHAPTER = """\
# A {#sec-a}

See @sec-a, and [what]{.try}.

::: {.callout-note}
## A note

With words.
:::

{{< include _part.qmd >}}

```{python}
#| label: fig-x
#| fig-cap: "A line."
x = 1
```

The end.

```{python}
print(x)
```
"""
JUNK = [None, True, 0, -1, 2.5, "", "x", "\ud800", "\0", [], {}, [[]], ["a", 1], {"book": {}}, 10**30,
        "a\r\nb", ["", "# B\n", 7], [["a", "b"]], [["a", "b", 5]]]


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter, in the working directory, and its notebook's content."""
    (tmp_path / "_quarto.yml").write_text(
        "project:\n  type: book\nbook:\n  title: B\n  chapters: [index.qmd, a.qmd]\n")
    (tmp_path / "code/deepmath").mkdir(parents=True)
    (tmp_path / "_part.qmd").write_text("Put in.\n")
    (tmp_path / "a.qmd").write_text(CHAPTER)
    monkeypatch.chdir(tmp_path)
    return json.loads(write_notebook(Path("a.qmd"), None, False).read_text())


def places(value, path=()):
    """Every place in what JSON holds."""
    yield path
    for key, each in value.items() if isinstance(value, dict) else (
            enumerate(value) if isinstance(value, list) else ()):
        yield from places(each, (*path, key))


def mutated(notebook, rng):
    """The notebook with a few of its values taken out, put elsewhere or replaced."""
    notebook = copy.deepcopy(notebook)
    for _ in range(rng.choice([1, 1, 2, 5])):
        if rng.random() < 0.3:
            rng.choice([notebook["cells"].reverse, lambda: rng.shuffle(notebook["cells"]),
                        lambda: notebook["cells"].append(copy.deepcopy(rng.choice(notebook["cells"]))),
                        lambda: [cell["metadata"].pop("book", None) for cell in notebook["cells"]],
                        lambda: notebook["metadata"].pop("book", None)])()
        all_places = [path for path in places(notebook) if path]
        *above, last = rng.choice([rng.choice(all_places), rng.choice(
            [path for path in all_places if "book" in path] or all_places)])
        holder = notebook
        for key in above:
            holder = holder[key]
        if rng.random() < 0.3:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(rng.choice([*JUNK, holder[last]]))
        if not isinstance(notebook.get("cells"), list) or not notebook["cells"] or not all(
                isinstance(cell, dict) and isinstance(cell.get("metadata"), dict)
                for cell in notebook["cells"]) or not isinstance(notebook.get("metadata"), dict):
            break
    return notebook


def test_mutated_notebooks_lose_nothing(book, monkeypatch, caplog):
    caplog.set_level("CRITICAL", "traitlets")   # nbformat logs halves of characters, too
    monkeypatch.setattr(export, "replace_file", lambda path, content: path.write_bytes(
        content.encode() if isinstance(content, str) else content))       # without syncing disks
    rng, outcomes = random.Random(21), {}
    chapter, file = Path("a.qmd"), Path("m.ipynb")
    pieces = [cell["metadata"].get("book", {}).get("text", "") for cell in book["cells"]]
    for _ in range(500):
        notebook = mutated(book, rng)
        file.write_text(json.dumps(notebook))
        try:
            written = bring_back(file, None, False)
        except BookError as error:
            assert all("\n" not in str(problem) and len(str(problem)) < 600
                       for problem in error.problems)
            assert chapter.read_text() == CHAPTER
            outcome = "told"
        else:
            after = written.read_text()
            kept = [path.read_text() for path in Path().glob("a.replaced-*.qmd")]
            outcome = "copied" if kept else "as it was" if chapter.read_text() == CHAPTER else "edited"
            if outcome == "edited":     # then every cell is there, and at most its source another
                told = [cell["metadata"].get("book", {}).get("text") for cell in notebook["cells"]]
                assert written.resolve() == chapter.resolve() and {*pieces[1:]} - {""} <= {*told}, after
            assert outcome != "copied" or kept == [CHAPTER]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        for path in [*Path().glob("a.re*"), Path("m.qmd")]:
            path.unlink(missing_ok=True)
        chapter.write_text(CHAPTER)
    assert {*outcomes} == {"told", "copied", "as it was", "edited"}


@pytest.mark.parametrize("minor", range(6))
def test_every_notebook_format_comes_back(book, minor):
    book["nbformat_minor"] = minor          # the ids stay in it, as some hosts have it
    book["cells"][2]["source"] = "x = 2"
    Path("a.ipynb").write_text(json.dumps(book))
    assert main(["notebook", "a.ipynb"]) == 0
    assert Path("a.qmd").read_text() == CHAPTER.replace("x = 1", "x = 2")


def test_large_outputs_do_not_matter(book):
    book["cells"][2]["outputs"] = [{"output_type": "display_data", "metadata": {},
                                    "data": {"image/png": "A" * 50_000_000}}]
    book["cells"][2]["source"] = "x = 2"
    Path("a.ipynb").write_text(json.dumps(book))
    assert main(["notebook", "a.ipynb"]) == 0
    assert Path("a.qmd").read_text() == CHAPTER.replace("x = 1", "x = 2")


def test_what_a_host_stripped_overwrites_nothing(book, capsys):
    """Cells that remember nothing are new ones: their words are not what was written."""
    for cell in book["cells"][:3]:
        cell["metadata"].pop("book", None)
    Path("a.ipynb").write_text(json.dumps(book))
    assert main(["notebook", "a.ipynb"]) == 0
    kept, = Path().glob("a.replaced-*.qmd")
    assert kept.read_text() == CHAPTER and kept.name in capsys.readouterr().err
