"""A chapter as an .ipynb: it runs where the book is not installed, and brings its edits back."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from few_seeds import with_few_seeds
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from bookbuild.cli import main
from bookbuild.lab.export import checksum, runnable
from bookbuild.lab.notebook import notebook_of
from bookbuild.quarto import find_quarto

ROOT = Path(__file__).parents[2]
CHAPTER = """\
# Layers {#sec-layers}

```{python}
#| label: widths
from deepmath import Network

print(Network((2, 3, 1)).n_parameters)
```

A value: 2.

```{python}
#| eval: false
assert False, "not yet solved"
```

```{python}
from deepmath import smoke

print((smoke.data_folder() / "result.json").read_text())
```
"""
# Python as it is where nobody installed the book: neither its packages nor a way to fetch others.
ELSEWHERE = """
import importlib.metadata, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in repr(finder)]
sys.path[:] = [path for path in sys.path if not path.startswith("{code}")]
sys.modules.pop("deepmath", None)
get_ipython().register_magic_function(lambda line: print("pip", line), magic_name="pip")
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter, in the working directory."""
    (tmp_path / "_quarto.yml").write_text(
        "project:\n  type: book\nbook:\n  title: B\n  chapters: [index.qmd, chapters/a.qmd]\n")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "a.qmd").write_text(CHAPTER)
    shutil.copytree(ROOT / "code" / "deepmath", tmp_path / "code" / "deepmath",
                    ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    for name in ("result", "other"):
        (tmp_path / "data" / f"{name}.json").write_text('"Zahl: é"')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(path):
    return nbformat.read(path, as_version=4)


def edit(path, old, new):
    notebook = read(path)
    cell, = [cell for cell in notebook.cells if old in cell.source]
    cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, path)


def notebook_file(path, *cells, **metadata):
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)


def run_away(notebook, folder):
    """Run a notebook in another folder, where the book is not installed; what its cells say."""
    notebook.cells.insert(0, new_code_cell(ELSEWHERE.replace("{code}", str(ROOT / "code"))))
    NotebookClient(notebook, timeout=600, kernel_name="python3",
                   resources={"metadata": {"path": str(folder)}}).execute()
    return ["".join(output.get("text", "") for output in cell.outputs)
            for cell in notebook.cells if cell.cell_type == "code"]


def test_it_runs_where_the_book_is_not_installed(book, tmp_path_factory, capsys):
    assert main(["notebook", "chapters/a.qmd"]) == 0
    notebook = read(capsys.readouterr().out.strip())
    nbformat.validate(notebook)
    notebook.cells.append(new_code_cell(
        "import deepmath, os; print(deepmath.__file__, os.environ['DEEPMATH_ENGINE'])"))
    away = tmp_path_factory.mktemp("away")
    said = run_away(notebook, away)
    assert said[1].startswith("pip install --quiet") and '"numpy' in said[1]
    assert said[2] == "13\n" and said[4] == '"Zahl: é"\n'
    assert ".whl" in said[5] and said[5].endswith(" fast\n")
    assert [path.name for path in away.rglob("*.*")] == ["result.json"]     # what the code names


# But for the two appendices that tell of the book's own code, which show no cell.
CHAPTERS = [path for path in sorted((ROOT / "chapters").glob("*.qmd"))
            if "from bookbuild.about import" not in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_runs_by_itself(chapter, tmp_path):
    notebook = nbformat.reads(runnable(chapter, chapter.read_text()), 4)
    for cell in notebook.cells[1:]:
        cell.source = with_few_seeds(cell.source)
    run_away(notebook, tmp_path)


def test_the_notebook_is_always_the_same_bytes(book):
    written = []
    for _ in range(2):
        main(["notebook", "chapters/a.qmd"])
        written.append(Path("chapters/a.ipynb").read_bytes())
    assert written[0] == written[1]


def test_edits_come_back_and_change_nothing_else(book, capsys):
    main(["notebook", "chapters/a.qmd"])
    for old, new in [("(2, 3, 1)", "(2, 4, 1)"), ("A value", "Another value")]:
        edit("chapters/a.ipynb", old, new)
        assert main(["notebook", "chapters/a.ipynb"]) == 0
    expected = CHAPTER.replace("(2, 3, 1)", "(2, 4, 1)").replace("A value", "Another value")
    assert Path("chapters/a.qmd").read_text() == expected
    assert main(["notebook", "chapters/a.qmd"]) == 0      # there is nothing to lose any more


def test_outputs_do_not_come_back(book):
    main(["notebook", "chapters/a.qmd"])
    notebook = read("chapters/a.ipynb")
    notebook.cells[2].outputs = [new_output("stream", text="13\n")]
    nbformat.write(notebook, "elsewhere.ipynb")             # as after a download
    assert main(["notebook", "elsewhere.ipynb"]) == 0
    assert Path("chapters/a.qmd").read_text() == CHAPTER


def test_a_notebook_with_edits_is_not_overwritten(book, capsys):
    main(["notebook", "chapters/a.qmd"])
    edit("chapters/a.ipynb", "A value", "Another value")
    before = Path("chapters/a.ipynb").read_bytes()
    assert main(["notebook", "chapters/a.qmd"]) == 1
    assert "holds edits that are not in the chapter" in capsys.readouterr().err
    assert Path("chapters/a.ipynb").read_bytes() == before
    assert main(["notebook", "chapters/a.qmd", "--force"]) == 0


def test_a_chapter_that_changed_meanwhile_is_not_lost(book, capsys):
    main(["notebook", "chapters/a.qmd"])
    edit("chapters/a.ipynb", "A value", "Another value")
    changed = CHAPTER.replace("A value", "My value")
    Path("chapters/a.qmd").write_text(changed)
    assert main(["notebook", "chapters/a.ipynb"]) == 1
    told = capsys.readouterr().err
    assert 'both changed "A value: 2.": it stays as it is' in told.replace("My", "A")
    assert Path("chapters/a.qmd").read_text() == changed
    copy, = Path("chapters").glob("a.returned-*.qmd")
    assert copy.name in told
    assert copy.read_text() == CHAPTER.replace("A value: 2.", "<<<<<<< chapter\nMy value: 2.\n"
                                               "=======\nAnother value: 2.\n>>>>>>> notebook")
    assert main(["notebook", "chapters/a.ipynb", "--force"]) == 0
    kept, = Path("chapters").glob("a.replaced-*.qmd")
    assert kept.read_text() == changed
    assert Path("chapters/a.qmd").read_text() == CHAPTER.replace("A value", "Another value")


def test_edits_here_and_there_are_merged(book, capsys):
    main(["notebook", "chapters/a.qmd"])
    edit("chapters/a.ipynb", "A value", "Another value")
    theirs = CHAPTER.replace("(2, 3, 1)", "(2, 5, 1)") + "\nMore.\n"
    Path("chapters/a.qmd").write_text(theirs)
    assert main(["notebook", "chapters/a.ipynb"]) == 0
    kept, = Path("chapters").glob("a.replaced-*.qmd")
    assert kept.read_text() == theirs and kept.name in capsys.readouterr().err
    merged = theirs.replace("A value", "Another value")
    assert Path("chapters/a.qmd").read_text() == merged
    edit("chapters/a.ipynb", "Another value", "A last value")       # which does not show theirs
    assert main(["notebook", "chapters/a.ipynb"]) == 0
    assert Path("chapters/a.qmd").read_text() == merged.replace("Another", "A last")
    assert main(["notebook", "chapters/a.qmd"]) == 0
    assert "(2, 5, 1)" in read("chapters/a.ipynb").cells[2].source


# ------------------------------------------------------- what stands in other files of the book

INCLUDING = """\
# Extra {#sec-extra}

{{< include _setup.qmd >}}

```{python}
print("scale is", scale, helper.twice(scale), open("numbers.txt").read())
```

{{< include _last.qmd >}}
"""
BESIDE = {"_setup.qmd": "Shared set-up.\n\n```{python}\nimport helper\nscale = 3\n```\n",
          "_last.qmd": "The end.\n\nReally.\n", "numbers.txt": "1, 2",
          "helper.py": "from package.inner import TWO\n\ndef twice(x):\n    return TWO * x\n",
          "package/__init__.py": "", "package/inner.py": "TWO = 2\n", "unread.py": "", "a.txt": ""}


@pytest.fixture
def including(book):
    (book / "chapters/package").mkdir()
    for name, content in {**BESIDE, "a.qmd": INCLUDING}.items():
        (book / "chapters" / name).write_text(content)
    assert main(["notebook", "chapters/a.qmd", "--out", "a.ipynb"]) == 0
    return read("a.ipynb")


def test_it_holds_what_the_chapter_includes_reads_and_imports(including, tmp_path_factory):
    assert [cell.source for cell in including.cells[1:]] == [
        "# 1 Extra\n\nShared set-up.", "import helper\nscale = 3",
        'print("scale is", scale, helper.twice(scale), open("numbers.txt").read())',
        "The end.\n\nReally."]
    away = tmp_path_factory.mktemp("away")
    assert run_away(including, away)[3] == "scale is 3 6 1, 2\n"
    assert sorted(path.name for path in away.rglob("*.*") if "__pycache__" not in str(path)) == [
        "__init__.py", "helper.py", "inner.py", "numbers.txt"]


def test_what_is_included_comes_back_as_it_was_written(including, book):
    edit("a.ipynb", "1 Extra", "1 More")
    edit("a.ipynb", "scale is", "the scale is")
    assert main(["notebook", "a.ipynb"]) == 0
    assert Path("chapters/a.qmd").read_text() == INCLUDING.replace(
        "# Extra", "# More").replace("scale is", "the scale is")
    for name, content in BESIDE.items():
        assert (book / "chapters" / name).read_text() == content


@pytest.mark.parametrize("old, new, cell", [
    ("scale = 3", "scale = 4", 3), ("Shared set-up", "Own set-up", 2),
    ("The end.\n", "The end.\n\nAnd more.\n", 5)])
def test_an_edit_of_what_is_included_is_told(including, capsys, old, new, cell):
    edit("a.ipynb", old, new)
    assert main(["notebook", "a.ipynb"]) == 1
    file = "_last.qmd" if "end" in old else "_setup.qmd"
    assert capsys.readouterr().err.startswith(
        f"a.ipynb: cell {cell} changes what chapters/{file} says, which the chapter includes: "
        "edit that file\n")
    assert Path("chapters/a.qmd").read_text() == INCLUDING


def test_the_first_cell_never_gets_into_a_chapter(book, including):
    for cell in including.cells:
        cell.metadata.clear()               # as some hosts hand notebooks back
    including.metadata.clear()
    nbformat.write(including, "b.ipynb")
    assert main(["notebook", "b.ipynb"]) == 0
    assert Path("b.qmd").read_text().startswith("# 1 Extra")


def forge(change):
    """Write the chapter's notebook, changed; returns the text of another chapter, as it stands."""
    Path("chapters/b.qmd").write_text(other := "# B {#sec-b}\n\nWords of another chapter.\n")
    main(["notebook", "chapters/a.qmd"])
    notebook = read("chapters/a.ipynb")
    change(notebook, other)
    nbformat.write(notebook, "forged.ipynb")
    return other


@pytest.mark.parametrize("cells", ["all", "new", "none remembered"])
def test_a_notebook_that_says_it_was_made_of_another_chapter_overwrites_nothing(book, capsys, cells):
    def change(notebook, other):
        notebook.metadata["book"].update(chapter="chapters/b.qmd", of=checksum(other))
        for cell in notebook.cells if cells == "none remembered" else ():
            cell.metadata.pop("book")
        if cells == "new":
            for place, cell in enumerate(notebook.cells):
                cell.metadata["book"].update(of=checksum(other), place=place)

    other = forge(change)
    assert main(["notebook", "forged.ipynb"]) == 1
    assert "it stays as it is, and the notebook's text is in b.returned-" in capsys.readouterr().err
    assert Path("chapters/b.qmd").read_text() == other
    assert len(list(Path("chapters").glob("b.returned-*.qmd"))) == 1


@pytest.mark.parametrize("change", [
    lambda told: told.update(of=7), lambda told: told.update(place="x"),
    lambda told: told.update(place=-1), lambda told: told.update(text=[1]),
    lambda told: told.pop("text"), lambda told: told.update(text="\ud800")])
def test_a_notebook_whose_memory_is_damaged_is_told(book, capsys, change):
    main(["notebook", "chapters/a.qmd"])
    notebook = json.loads(Path("chapters/a.ipynb").read_text())
    change(notebook["cells"][1]["metadata"]["book"])
    Path("chapters/a.ipynb").write_text(json.dumps(notebook))
    assert main(["notebook", "chapters/a.ipynb"]) == 1
    assert re.search("a.ipynb: (what this notebook remembers|not a Jupyter)", capsys.readouterr().err)
    assert Path("chapters/a.qmd").read_text() == CHAPTER


@pytest.mark.parametrize("chapter", ["\0", "x" * 100_000, "../../evil.qmd", "/etc/evil.qmd"])
def test_a_notebook_of_no_chapter_here_is_told(book, capsys, chapter):
    forge(lambda notebook, other: notebook.metadata["book"].update(chapter=chapter))
    assert main(["notebook", "forged.ipynb"]) == 1
    assert "that it was made of is in no book here" in capsys.readouterr().err


# -------------------------------------------------------------------- notebooks from elsewhere

def test_a_notebook_from_elsewhere_becomes_a_chapter(book):
    notebook_file("b.ipynb", new_raw_cell("---\ntitle: B\n---"), new_markdown_cell("Words.\n"),
                  new_code_cell("x = 1"), new_code_cell('s = """\n```\n"""'), new_code_cell(""),
                  new_raw_cell("<b>bold</b>", metadata={"raw_mimetype": "text/html"}),
                  new_code_cell("%%bash\nls"))
    assert main(["notebook", "b.ipynb"]) == 0
    text = Path("b.qmd").read_text()
    assert text == ("---\ntitle: B\n---\n\nWords.\n\n```{python}\nx = 1\n```\n\n"
                    '````{python}\ns = """\n```\n"""\n````\n\n'
                    "```{=html}\n<b>bold</b>\n```\n\n```{python}\n%%bash\nls\n```\n")
    assert [cell.source for cell in notebook_of(text).cells if cell.cell_type == "code"] == [
        "x = 1", 's = """\n```\n"""', "%%bash\nls"]


@pytest.mark.parametrize("cell, metadata, message", [
    (new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": ""}}), {},
     "cell 1 holds the pasted picture a.png"),
    (new_code_cell("1"), {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
     "the notebook is in R"),
    (new_code_cell("1"), {"kernelspec": {"name": "julia", "display_name": "J"},
                          "language_info": {"name": "julia"}}, "the notebook is in julia"),
])
def test_what_no_chapter_can_hold_is_told(book, capsys, cell, metadata, message):
    notebook_file("b.ipynb", cell, **metadata)
    assert main(["notebook", "b.ipynb"]) == 1
    assert f"b.ipynb: {message}" in capsys.readouterr().err
    assert not Path("b.qmd").exists()


@pytest.mark.parametrize("name, content, message", [
    ("b.ipynb", b"{", "b.ipynb: not a Jupyter notebook"),
    ("b.ipynb", b'{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
     "b.ipynb: not a Jupyter notebook"),
    ("b.ipynb", b"\xff\xfe", "b.ipynb: not a Jupyter notebook"),
    ("b.qmd", b"caf\xe9\n", "b.qmd:1: not UTF-8 text"),
    ("b.md", b"", "b.md: neither a .qmd chapter nor an .ipynb notebook"),
    ("", b"", "c.qmd: no such file"),
])
def test_unusable_files_are_told(book, capsys, name, content, message):
    if name:
        Path(name).write_bytes(content)
    assert main(["notebook", name or "c.qmd"]) == 1
    assert message in capsys.readouterr().err


def test_a_notebook_without_its_book_is_told(book, capsys):
    main(["notebook", "chapters/a.qmd"])
    Path("chapters/a.qmd").rename("chapters/b.qmd")
    assert main(["notebook", "chapters/a.ipynb"]) == 1
    assert "the chapter chapters/a.qmd that it was made of" in capsys.readouterr().err
    assert main(["notebook", "chapters/a.ipynb", "--out", "new.qmd"]) == 0
    assert Path("new.qmd").read_text() == CHAPTER


@pytest.mark.parametrize("named", ["code/deepmath/losses.py", "../other.qmd", "/etc/hosts"])
def test_a_notebook_can_name_nothing_but_a_chapter_of_the_book(book, tmp_path, capsys, named):
    (tmp_path.parent / "other.qmd").write_text("Mine.\n")
    before = Path(named).read_text()
    notebook_file("evil.ipynb", new_markdown_cell("Theirs."),
                  book={"chapter": named, "of": checksum(before)})
    assert main(["notebook", "evil.ipynb"]) == 1
    assert f"the chapter {named} that it was made of is in no book here" in capsys.readouterr().err
    assert Path(named).read_text() == before


@pytest.mark.parametrize("file, out", [("chapters/a.qmd", "chapters/a.qmd"), ("a.ipynb", "a.ipynb")])
def test_the_kind_of_file_is_kept(book, capsys, file, out):
    main(["notebook", "chapters/a.qmd", "--out", "a.ipynb"])
    before = Path(out).read_bytes()
    assert main(["notebook", file, "--out", out, "--force"]) == 1
    assert "--out takes the name of a" in capsys.readouterr().err
    assert Path(out).read_bytes() == before


def test_a_chapter_that_is_a_link(book, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "b.qmd"
    elsewhere.write_text("# B\n")
    Path("chapters/b.qmd").symlink_to(elsewhere)
    assert main(["notebook", "chapters/b.qmd"]) == 0
    assert nbformat.read("chapters/b.ipynb", 4).metadata["book"]["chapter"] == "chapters/b.qmd"


@pytest.mark.needs("quarto")
@pytest.mark.parametrize("chapter", [
    *(ROOT / "chapters").glob("*.qmd"), ROOT / "index.qmd",
    *(ROOT / "tests" / "conformance" / "book-a" / "chapters").glob("*.qmd"),
], ids=lambda path: path.stem)
def test_quarto_convert_gives_the_same_cells(tmp_path, chapter):
    copy = tmp_path / chapter.name
    copy.write_text(chapter.read_text())
    subprocess.run([find_quarto(), "convert", copy], cwd=tmp_path, check=True)
    theirs = json.loads(copy.with_suffix(".ipynb").read_text())["cells"]
    ours = notebook_of(chapter.read_text()).cells
    assert [(cell.cell_type, cell.source) for cell in ours] == [
        (cell["cell_type"], "".join(cell["source"])) for cell in theirs]


def test_a_notebook_that_runs_anywhere_has_one_cell_more(book):
    more = nbformat.reads(runnable(book / "chapters" / "a.qmd", CHAPTER), 4).cells
    own = [re.sub(r" \{#.*\}|#\|.*\n", "", cell.source) for cell in notebook_of(CHAPTER).cells]
    assert [cell.source for cell in more[1:]] == own
