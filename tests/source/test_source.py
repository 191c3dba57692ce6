"""The splitter loses nothing, finds the cells that pandoc would, and explains what is wrong."""

import json
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookbuild.document import pandoc
from bookbuild.say.problems import BookError, Problem
from bookbuild.source import Cell, InlineCode, Project, Prose, read_manuscript, split_source
from bookbuild.source.yaml_lines import load_yaml

FRAGMENTS = [
    "---\n", "title: A\n", "...\n", "```", "````", "~~~", "{python}", "{r}", "{{python}}", "{.python}",
    "{python echo=false}", "#| label: a\n", "#| echo: [\n", "#|", "`", "``", "`{python} x`",
    "`{r} x`", "<!--", "-->", "\\", "1. ", "- ", "> ", "(a) ", "   ", "\t", "\n", "\n\n", "\r\n", "\r",
    "\ufeff", "\f", "\u2028", "words", ":::", "$", "x = 1", "é😀", "\x00",
]
ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))


def cells(source):
    return [piece for piece in source.pieces if isinstance(piece, Cell)]


def messages(text):
    source = split_source(text, "x.qmd")
    return [str(problem) for problem in source.problems]


def options_of(*lines):
    """The messages for a cell whose options begin on line 2."""
    return messages("\n".join(["```{python}", *[f"#| {line}" for line in lines], "x", "```", ""]))


# ------------------------------------------------------------------------ nothing is lost

@settings(max_examples=500, deadline=None)
@given(ANY_TEXT)
def test_the_pieces_are_the_text(text):
    source = split_source(text, "x.qmd")
    assert "".join(piece.text for piece in source.pieces) == text
    for piece in source.pieces:
        for code in getattr(piece, "inline", ()):
            assert piece.text[code.start:code.end].startswith("`{python}")
            assert code.expression in piece.text[code.start:code.end]
    for problem in source.problems:
        assert 1 <= problem.line <= text.count("\n") + 1
        assert "\n" not in str(problem)


# ------------------------------------------------------------- the cells that pandoc would see

WORDS = st.text(alphabet="abc .,", max_size=30).map(lambda words: f"words {words}end")
CODE = st.lists(st.sampled_from(["x = 1", "    y = 2", "# it's `quoted`", "", "s = '<!--'", "~~~", "-->"]),
                max_size=4).map(lambda lines: "\n".join(["first", *lines, "last"]))
BLOCKS = st.one_of(
    st.tuples(st.just("cell"), CODE),
    st.tuples(st.just("cell with options"), CODE),
    st.tuples(st.just("cell in a list"), CODE),
    st.tuples(st.just("prose"), st.one_of(
        WORDS, WORDS.map(lambda w: f"`{w}` and ``a ` b``"), WORDS.map(lambda w: f"a stray ` {w}"),
        WORDS.map(lambda w: f"\\`{w}`"), WORDS.map(lambda w: f"`<!--` {w}"),
        WORDS.map(lambda w: f"$a < b$ {w} `{{python}} f(x)` {w}"),
        WORDS.map(lambda w: f"- ```\n  {w}\n  ```"), WORDS.map(lambda w: f"> ~~~\n> {w}\n> ~~~"))),
    st.tuples(st.just("shown"), CODE),
    st.tuples(st.just("comment"), CODE))


def written(kind, content):
    fenced = f"```{{python}}\n{content}\n```"
    if kind == "cell with options":
        return fenced.replace("}\n", "}\n#| label: a\n#| echo: false\n", 1)
    if kind == "cell in a list":
        return "1. An item.\n\n" + "\n".join(f"   {line}".rstrip() for line in fenced.split("\n"))
    if kind == "shown":
        return f"````{{.markdown}}\n```{{{{python}}}}\n{content}\n```\n````"
    if kind == "comment":
        return f"<!-- hidden\n\n{fenced.replace('-->', '->').replace('<!--', '<-')}\n-->"
    return fenced if kind == "cell" else content


def nodes(tree, name):
    if isinstance(tree, list):
        return [node for part in tree for node in nodes(part, name)]
    if isinstance(tree, dict):
        return [tree.get("c")] * (tree.get("t") == name) + nodes(list(tree.values()), name)
    return []


@settings(max_examples=60, deadline=None)
@given(st.lists(BLOCKS, max_size=12))
def test_cells_are_found_where_pandoc_sees_code(blocks):
    text = "\n\n".join(written(*block) for block in blocks) + "\n"
    source = split_source(text)
    # Pandoc itself has no cells: to it they are blocks of the class python.
    tree = pandoc.read(text.replace("{python}\n", "{.python}\n"))["blocks"]
    seen = [code for (_, classes, _), code in nodes(tree, "CodeBlock") if classes == ["python"]]
    found = ["\n".join([*cell.option_source, cell.code]) for cell in cells(source)]
    assert found == seen
    inline = [code.removeprefix("{python} ") for _, code in nodes(tree, "Code")
              if code.startswith("{python} ")]
    assert [unit.expression for unit in source.units if isinstance(unit, InlineCode)] == inline
    assert not source.problems


@given(st.lists(st.tuples(WORDS, CODE), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]),
       st.booleans(), st.booleans())
def test_lines_are_those_of_the_file(parts, newline, mark, last_newline):
    text = "\n\n".join(f"{words}\n\n```{{python}}\n#| label: a\n\n{code}\n```"
                       for words, code in parts) + "\n" * last_newline
    lines = text.split("\n")
    text = "\ufeff" * mark + text.replace("\n", newline)
    source = split_source(text)
    assert len(cells(source)) == len(parts)
    for cell, (_, code) in zip(cells(source), parts):
        assert cell.code == code
        assert cell.options == {"label": "a"}
        assert lines[cell.line - 1] == "```{python}"
        assert lines[cell.option_lines["label"] - 1] == "#| label: a"
        assert lines[cell.code_line - 1] == "first"
    assert not source.problems


def test_cells_and_expressions_keep_their_order():
    source = split_source("`{python} a`\n\n```{python}\nb\n```\n\nx `{python} c` y `{python} d` z\n")
    names = [unit.code if isinstance(unit, Cell) else unit.expression for unit in source.units]
    assert names == ["a", "b", "c", "d"]
    prose = source.pieces[-1]
    assert prose.substitute(["1", "2"]) == "\nx 1 y 2 z\n"


def test_places_are_told_in_the_files_that_lines_came_from():
    text = "one\n\n```{python}\n#| ecko: false\nx\n```\n\n`{python} y`\n"
    source = split_source(text, origin=lambda line: ("part.qmd", line + 100))
    assert [(unit.path, unit.line) for unit in source.units] == [("part.qmd", 103), ("part.qmd", 108)]
    assert cells(source)[0].code_line == 105
    assert [(problem.path, problem.line) for problem in source.problems] == [("part.qmd", 104)]


def test_a_large_chapter_is_split_in_time_that_grows_with_its_size():
    hard = ["`" * 500_000, "```{python}\n" * 50_000, "<!-- " * 100_000, "> " * 200_000,
            "a ` b\n" * 50_000, " " * 500_000, "1. a\n\n" + "   ```{python}\n   1\n   ```\n\n" * 3000]
    for text in hard:       # each took minutes where the work grew with the square
        assert "".join(piece.text for piece in split_source(text).pieces) == text


# --------------------------------------------------------------------------- front matter

def test_front_matter_is_read():
    source = split_source('---\ntitle: "A: b"\ndate: 2024-01-02\ndraft: no\nx: true\ny: true story\n---\n\nText.\n')
    assert source.metadata == {"title": "A: b", "date": "2024-01-02", "draft": "no", "x": True,
                               "y": "true story"}
    assert source.pieces[1].text == "\nText.\n" and source.pieces[1].line == 8


@pytest.mark.parametrize("text", ["Text.\n\n---\n\nMore.\n", "---\n\nA rule above.\n", "---\na: b\n", ""])
def test_a_rule_is_no_front_matter(text):
    source = split_source(text)
    assert source.metadata == {} and all(isinstance(piece, Prose) for piece in source.pieces)


@pytest.mark.parametrize("block, line", [
    ("title: [a", 3), ("title: a\ntitle: b", 3), ("- a", 2), ("a: b\n\tc: d", 3), ("a: !expr x", 2),
    ("a: !!timestamp x", 2), ("a: !!bool x", 2), ("a: &b [*b]", 2), ("a: [\n  b\n", 5)])
def test_malformed_front_matter_has_its_line(block, line):
    found = split_source(f"---\n{block}\n---\n", "x.qmd").problems
    assert [problem.line for problem in found] == [line]


@given(ANY_TEXT)
def test_yaml_gives_values_or_a_reason(text):
    try:
        data, _ = load_yaml(text, "x.yml")
    except BookError as error:
        assert str(error).startswith("x.yml:") and "\n" not in str(error)
    else:
        assert isinstance(data, dict)


def test_metadata_is_the_pages_before_the_books(tmp_path):
    (tmp_path / "one.qmd").write_text("---\ntitle: T\nsure: true\n---\n\n{{< meta title >}}, "
                                      "{{< meta sure >}}, {{< meta book.title >}}, {{< meta no >}}\n")
    project = Project(tmp_path, {"title": "B", "book": {"title": "C"}}, [])
    manuscript, problems = read_manuscript(project, PurePosixPath("one.qmd"))
    assert "\nT, true, C, {{< meta no >}}\n" in manuscript.text
    assert [str(each) for each in problems] == [
        "one.qmd:6: no metadata `no` in _quarto.yml or the page's front matter"]


# --------------------------------------------------------------------------------- options

def test_options_of_every_form_are_read():
    source = split_source('```{python}\n#| label: fig-a\n#| fig-subcap:\n#|   - "One: *a*"\n#|   - Two\n'
                          "#| fig-cap: |\n#|   First line\n#|   second line\n#|layout-ncol: 2\n"
                          "#| echo: false\n\nx = 1\n```\n")
    cell, = cells(source)
    assert cell.options == {"label": "fig-a", "fig-subcap": ["One: *a*", "Two"], "layout-ncol": 2,
                            "fig-cap": "First line\nsecond line\n", "echo": False}
    assert cell.option_lines == {"label": 2, "fig-subcap": 3, "fig-cap": 6, "layout-ncol": 9,
                                 "echo": 10}
    assert (cell.code, cell.code_line) == ("x = 1", 12)
    assert not source.problems


@pytest.mark.parametrize("line, part", [
    ("fig-capp: A", "did you mean `fig-cap`?"),
    ("fig.cap: A", "did you mean `fig-cap`?"),
    ("Echo: true", "did you mean `echo`?"),
    ("zzz: 1", "unknown cell option `zzz`: known are label, echo"),
    ("fig-width: 5", "plt.figure(figsize="),
    ("results: asis", "use `output`"),
    ("column: margin", "render with Quarto instead"),
    ("echo: no", "`echo` takes true, false or fenced, not 'no'"),
    ("eval: 1", "`eval` takes true or false, not 1"),
    ("output: hide", "`output` takes true, false or asis"),
    ("layout-ncol: 0", "`layout-ncol` takes a whole number from 1 to 99, not 0"),
    ("layout-nrow: 1000000000", "`layout-nrow` takes a whole number from 1 to 99, not 1000000000"),
    ("layout-ncol: true", "`layout-ncol` takes a whole number from 1 to 99, not True"),
    ("fig-alt: [1, 2]", "`fig-alt` takes text, or a list of texts"),
    ("fig-alt:", "`fig-alt` takes text, or a list of texts"),
    ("label: two words", "`label` takes one word"),
    ("classes: [a, b]", "`classes` takes one word"),
    ("classes: a b", "`classes` takes one word"),
    ("lst-label: code", "begins with lst-"),
    ("tags: a", "`tags` takes a list of texts"),
    ("- echo", "expected `key: value` lines"),
    ("fig-cap: [a", "malformed YAML"),
    ("1: 2", "unknown cell option `1`"),
])
def test_a_wrong_option_is_told_with_its_line_and_the_mend(line, part):
    after, = options_of(line)
    assert part in after
    if not line.endswith(("[a", "- echo")):
        assert after.startswith("x.qmd:2: ")
        second, = options_of("eval: true", line)
        assert second.startswith("x.qmd:3: ")


def test_malformed_yaml_in_options_has_its_line():
    assert options_of("label: a", 'fig-cap: "never closed', "echo: true")[0].startswith("x.qmd:")
    assert options_of("label: a", "echo: false", "label: b") == [
        "x.qmd:4: malformed YAML: the key `label` stands here twice"]
    assert options_of("label: a", "  echo: false")[0].startswith("x.qmd:3: malformed YAML")


@pytest.mark.parametrize("text, message", [
    ("a\n\n```{python}\nx\n", "x.qmd:3: the code block that begins here is never closed"),
    ("a\n\n~~~\nx\n", "x.qmd:3: the code block that begins here is never closed"),
    ("```{r}\nx\n```\n", "x.qmd:1: the built-in press runs Python cells only, not `{r}`: render with "
     "Quarto instead"),
    ("a\n\n```{mermaid}\nx\n```\n", "x.qmd:3: the built-in press runs Python cells only, not `{mermaid}`"),
    ("so `{r} 1+1`\n", "x.qmd:1: the built-in press runs Python only, not `{r}`"),
    ("so `{python} 1 +\n1`\n", "x.qmd:1: an expression in the text must stand on one line"),
    ("so `{python}\n1`\n", "x.qmd:1: an expression in the text must stand on one line"),
    ("```{python echo=FALSE}\nx\n```\n", "x.qmd:1: `echo=FALSE` in the braces has no effect"),
    ("````md\n```{python}\nx\n```\n````\n", "x.qmd:2: Quarto runs a cell even inside another code block"),
    ("~~~{python}\nx\n~~~\n", "x.qmd:1: a cell is fenced with ```"),
    ("- ```{python}\n  x\n  ```\n", "x.qmd:1: a cell can't begin beside a list's"),
    ("> ```{python}\n> x\n> ```\n", "x.qmd:1: a cell can't begin beside a list's"),
    ("1. Item.\n\n    ```{python}\n    x\n    ```\n", "x.qmd:3: the cell is indented by 4 but"),
    ("Text.\n\n    ```{python}\n    x\n    ```\n", "x.qmd:3: the cell is indented by 4 but"),
    ("```{python}\nx\n#| echo: false\n```\n", "x.qmd:3: an option below the first line of code"),
])
def test_what_only_looks_like_a_cell_is_told(text, message):
    found = messages(text)
    assert len(found) == 1 and found[0].startswith(message)


def test_a_cell_stands_below_the_text_of_its_item():
    text = ("10. Item with\nlazy words.\n\n    ```{python}\n    if x:\n        y\n    ```\n\n"
            "    - inner\n\n      ```{python}\n      z\n      ```\n")
    source = split_source(text)
    assert [cell.code for cell in cells(source)] == ["if x:\n    y", "z"]
    assert [cell.indent for cell in cells(source)] == [" " * 4, " " * 6]
    assert not source.problems


# -------------------------------------------------------------------------------- problems

def test_problems_are_told_in_order_and_once():
    first, second = Problem("a.qmd", 9, "x"), Problem("a.qmd", 10, "a")
    whole = Problem("a.qmd", None, "z")
    error = BookError([second, first, whole, second])
    assert str(error) == "a.qmd: z\na.qmd:9: x\na.qmd:10: a"
    assert json.dumps([problem.line for problem in error.problems]) == "[null, 9, 10]"
