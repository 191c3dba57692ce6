"""Odd and hostile books: each gets the right result, or one message with file and line."""

import fcntl
import json
import os
import re
import subprocess
import sys

import jupyter_client.connect
import pytest
from bs4 import BeautifulSoup

from bookbuild.cli import main
from bookbuild.say import progress, say

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'
BIBLIOGRAPHY = ("@book{good, title = {Good}, author = {A. One}, year = 2001}\n\n"
                "@book{bad, title = {Never closed, author = {B. Two}, year = 2002}\n")


@pytest.fixture
def write(tmp_path):
    """Write a book from its chapters' texts; further files by name."""
    def write(chapters: dict[str, str | bytes], settings: str = "", **files: str):
        pages = {"index.qmd": "# Preface {.unnumbered}\n\nHello.\n", **chapters}
        listed = "".join(f"    - {name}\n" for name in pages)
        (tmp_path / "_quarto.yml").write_text(
            f"project:\n  type: book\nbook:\n  title: Odd\n  author: A\n  chapters:\n{listed}{settings}")
        for name, content in (pages | files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path
    return write


def render(root, *options: str) -> int:
    return main(["render", "--engine", "builtin", "--to", "html", str(root), *options])


def shown(root, page: str) -> str:
    page = (root / "_book" / page).read_text(encoding="utf-8")
    return BeautifulSoup(page, "lxml").main.get_text().replace("\u00a0", " ")


def cell(code: str, *options: str) -> str:
    return "\n".join(["# Chapter", "", "```{python}", *options, code, "```", ""])


def test_text_of_every_kind_is_printed(write):
    root = write({
        "crlf.qmd": "# Line ends\r\n\r\nOne\r\ntwo.\r\n\r\n::: {.callout-note}\r\nA note.\r\n:::\r\n",
        "bom.qmd": b"\xef\xbb\xbf# Mark\n\nBegins with a mark.\n",
        "tabs.qmd": "# Tabs\n\n-\tan item\n\n\tand its paragraph\n\n\t\tcode = 1\n",
        "scripts.qmd": "# \u05e9\u05dc\u05d5\u05dd \U0001f600\n\n\u05de\u05d9\u05de\u05d9\u05df \u4e2d\u6587 e\u0301\n",
        "a/same.qmd": "# First {#sec-a}\n\nSee @sec-b.\n", "b/same.qmd": "# Second {#sec-b}\n\nText.\n"})
    assert main(["render", "--engine", "builtin", str(root)]) == 0
    assert "One two." in shown(root, "crlf.html") and ":::" not in shown(root, "crlf.html")
    assert "\ufeff" not in shown(root, "bom.html")
    assert "code = 1" in shown(root, "tabs.html")
    assert "\u05e9\u05dc\u05d5\u05dd \U0001f600" in shown(root, "scripts.html")
    assert "See Chapter 6." in shown(root, "a/same.html")


def test_mistakes_in_the_text_are_told_together(write, capsys):
    root = write({
        "formula.qmd": "# Formula\n\nFine: $x^2$.\n\nNot: $\\frac{1$ and\n\n$$\n\\sqrt{x\n$$\n",
        "source.qmd": "# Source\n\nAs in [@good].\n\n::: {#refs}\n:::\n",
        "circle.qmd": "# Circle\n\n{{< include _one.qmd >}}\n", "latin.qmd": b"# Latin\n\ncaf\xe9\n"},
        "bibliography: books.bib\n", **{
            "books.bib": BIBLIOGRAPHY, "_one.qmd": "One.\n\n{{< include _two.qmd >}}\n",
            "_two.qmd": "Two.\n\n{{< include _one.qmd >}}\n"})
    assert render(root) == 1
    said = capsys.readouterr().err
    for wanted in (r"formula\.qmd:5: .*\\frac\{1", r"formula\.qmd:[78]: .*\\sqrt\{x",
                   r"books\.bib:3: the entry `bad` does not parse", r"_two\.qmd:3: _one\.qmd includes",
                   r"latin\.qmd:3: not UTF-8"):
        assert re.search(wanted, said), (wanted, said)
    assert "Traceback" not in said


def test_a_chapter_listed_twice_or_missing_is_told(write, capsys):
    root = write({"one.qmd": "# One\n\nText.\n"})
    config = (root / "_quarto.yml").read_text()
    (root / "_quarto.yml").write_text(config + "    - one.qmd\n    - gone.qmd\n")
    assert render(root) == 1
    said = capsys.readouterr().err
    assert re.search(r"_quarto\.yml:\d+: the chapter one\.qmd is listed twice", said)
    assert re.search(r"_quarto\.yml:\d+: the chapter gone\.qmd is listed but missing", said)


def test_cells_that_fail_are_told_and_the_others_are_no_matter(write, capsys):
    root = write({
        "flood.qmd": cell("for _ in range(10_000):\n    print('x' * 10_000)"),
        "deadly.qmd": cell("import os\nos._exit(1)"),
        "lacking.qmd": cell("import no_such_package_xyz"),
        "deep.qmd": cell("def f():\n    return 1 / 0\n\nf()")})
    assert render(root) == 1
    said = capsys.readouterr().err
    for wanted in ("flood.qmd:3: the cell that begins at line 3 put out more than 10 MB",
                   "deadly.qmd:3: the kernel died", "lacking.qmd:4: the cell that begins at line 3 "
                   "raised ModuleNotFoundError: No module named 'no_such_package_xyz'",
                   "deep.qmd:5: the cell that begins at line 3 raised ZeroDivisionError"):
        assert wanted in said, (wanted, said)
    assert said.count("\n") < 40


def test_a_cell_that_does_not_end_is_ended_and_the_others_are_no_matter(write, capsys):
    root = write({"endless.qmd": cell("while True:\n    pass"), "deep.qmd": cell("1 / 0")})
    assert render(root, "--cell-timeout", "3") == 1
    said = capsys.readouterr().err
    assert "endless.qmd:3: the cell that begins at line 3 ran longer than 3 s" in said
    assert "deep.qmd:" in said and "Traceback" not in said


def test_cells_that_misbehave_do_no_harm(write):
    root = write({
        "moves.qmd": cell("import os\nos.chdir('/')\nprint('moved')")
        + "\n```{python}\nimport os\nprint(os.getcwd())\n```\n",
        "threads.qmd": cell("import threading, time\nthreading.Thread(target=time.sleep, args=(600,), "
                            "daemon=False).start()\nprint('left one')"),
        "bytes.qmd": cell("import os, sys\nos.write(1, bytes([255, 254, 10]))\nprint('text\\x00\\x1b[31m red')"),
        "raises.qmd": cell("print('before')\n1 / 0", "#| error: true"),
        "after.qmd": "# After\n\n`{python} 6 * 7`\n"})
    assert main(["render", "--engine", "builtin", str(root)]) == 0
    assert "moved" in shown(root, "moves.html") and "left one" in shown(root, "threads.html")
    assert "red" in shown(root, "bytes.html") and "\x1b" not in shown(root, "bytes.html")
    assert "ZeroDivisionError" in shown(root, "raises.html") and "42" in shown(root, "after.html")


def test_cells_need_no_port_which_another_program_could_take(write, monkeypatch):
    monkeypatch.setattr(jupyter_client.connect, "socket", None)
    root = write({"one.qmd": cell("print('ran')")})
    assert render(root) == 0
    assert "ran" in shown(root, "one.html")


def test_a_long_chapter_and_one_of_a_thousand_figures(write):
    paragraph = "These words are said again and again, with *stress* and `code` in them. " * 8 + "\n\n"
    figures = "".join(f"![Figure of {number}](dot.svg){{#fig-{number} fig-alt=\"a line\"}}\n\n"
                      for number in range(1000))
    root = write({"long.qmd": "# Long\n\n" + paragraph * (500_000 // len(paragraph)),
                  "figures.qmd": f"# Figures\n\n{figures}See @fig-999.\n"}, **{"dot.svg": PICTURE})
    assert render(root) == 0
    assert shown(root, "long.html").count("again and again") > 5_000
    assert "See Figure 2.1000." in shown(root, "figures.html")


def test_a_second_render_waits_for_the_first(write):
    root = write({"slow.qmd": cell("print('done')")})
    (root / ".book").mkdir()
    command = [sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", "--to", "html", root]
    with open(root / ".book" / "lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert "waiting" in second.stderr.readline()
        assert not (root / "_book").exists()
    said = second.communicate()[1]
    assert second.returncode == 0, said
    assert "done" in shown(root, "slow.html")


# The superuser may write everywhere, unless that is taken away.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


@pytest.mark.needs("setpriv")
def test_a_read_only_checkout_is_checked_and_not_rendered(write):
    root = write({"one.qmd": cell("print('done')")})
    for path in (*root.rglob("*"), root):
        path.chmod(path.stat().st_mode & ~0o222)
    prefix = UNPRIVILEGED if os.geteuid() == 0 else []
    command = [*prefix, sys.executable, "-m", "bookbuild.cli"]
    checked = subprocess.run([*command, "check", root], capture_output=True, text=True)
    rendered = subprocess.run([*command, "render", "--engine", "builtin", root],
                              capture_output=True, text=True)
    root.chmod(0o755)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert rendered.returncode == 1
    assert "cannot write here: Permission denied" in rendered.stderr
    assert "Traceback" not in rendered.stderr and not (root / "_book").exists()


def said_to(root, terminal=None):
    """What a render says on a pipe, or on a terminal of some type."""
    command = [sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", "--to",
               "html", "--fresh", root]
    if terminal is None:
        return subprocess.run(command, check=True, capture_output=True, text=True).stderr
    ours, theirs = os.openpty()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=theirs,
                   env={**os.environ, "TERM": terminal})
    said = os.read(ours, 65_536).decode()
    os.close(theirs)
    os.close(ours)
    return said


def test_only_a_terminal_that_can_wipe_a_line_is_asked_to(write):
    root = write({"one.qmd": cell("print('done')")})
    on_a_pipe = said_to(root)
    assert "one.qmd: cell 1 of 1" in on_a_pipe and "\x1b" not in on_a_pipe and "\r" not in on_a_pipe
    assert "\x1b[K" in said_to(root, "xterm")
    assert "\x1b" not in said_to(root, "dumb")


def test_a_closed_error_stream_stops_nothing(monkeypatch, capsys):
    """As `book render 2>&-` closes it; what is told goes nowhere else."""
    monkeypatch.setattr(sys, "stderr", None)
    say("words")
    progress("words", True)
    assert capsys.readouterr().out == ""


def test_a_full_output_is_told_once_and_undoes_nothing():
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", "from bookbuild.say import show; show('words')"],
                              stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == ("book: done, but the output takes nothing more: No space left on "
                           "device\n")


def test_a_date_that_is_none_is_told(write, capsys, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert main(["render", "--engine", "builtin", "--to", "pdf", str(write({}))]) == 1
    told = capsys.readouterr().err
    assert "SOURCE_DATE_EPOCH: takes seconds since 1970, not 'yesterday'" in told


@pytest.mark.parametrize("limit", ["nan", "inf", "0", "-5", "soon"])
def test_a_cells_time_is_a_positive_number(write, capsys, limit):
    with pytest.raises(SystemExit) as told:
        render(write({}), f"--cell-timeout={limit}")
    assert told.value.code == 2
    assert f"'{limit}' is no number of seconds above 0" in capsys.readouterr().err


@pytest.mark.parametrize("command, said", [
    ("data edmonton-central --years 19-2x", "'19-2x' are no years, such as 2019 or 2019-2022"),
    ("data edmonton-central --years 2022-2019", "'2022-2019' are no years"),
    ("figures spirals --width wide --out there", "'wide' is no whole number above 0")])
def test_an_options_value_is_told_with_what_it_may_be(capsys, command, said):
    with pytest.raises(SystemExit) as told:
        main(command.split())
    assert told.value.code == 2 and said in capsys.readouterr().err


def test_a_folder_that_only_looks_like_a_book_is_left_alone(write, capsys):
    root = write({}, "project:\n", **{"docs/index.html": "mine", "docs/precious.txt": "mine"})
    config = (root / "_quarto.yml").read_text().replace("project:\n", "", 1)
    (root / "_quarto.yml").write_text(config.replace("  type: book", "").replace(
        "project:", "project:\n  type: book\n  output-dir: docs"))
    assert render(root) == 1
    assert "docs" in capsys.readouterr().err
    assert (root / "docs" / "precious.txt").read_text() == "mine"


def test_one_mistake_is_told_once(write, capsys):
    root = write({"one.qmd": "# One\n\nSee @fig-no.\n"})
    assert main(["check", "--format", "json", str(root)]) == 1
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_a_title_in_a_numbered_list_has_its_line(write, capsys):
    root = write({"one.qmd": "# One\n\nWords.\n\n1. Item\n2. # Inner\n"})
    assert main(["check", "--format", "json", str(root)]) == 1
    found, = json.loads(capsys.readouterr().out)
    assert found["line"] == 6 and "`Inner` is a second title" in found["message"]


def test_a_link_to_a_page_of_ones_own_comes_with_the_book(write):
    root = write({"one.qmd": "# One\n\n[demo](demo.html)\n"},
                 **{"demo.html": "<p>Mine"})
    assert render(root) == 0
    assert (root / "_book" / "demo.html").read_text() == "<p>Mine"


def test_data_beside_a_chapter_and_behind_links_count(write, tmp_path_factory):
    cell = """```{python}\nprint("the reader's data:", open('%s').read())\n```\n\n"""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.csv").write_text("first far")
    root = write({"one.qmd": "# One\n\n" + cell % "points.csv" + cell % "data/far/a.csv"},
                 **{"points.csv": "first near", "data/b.csv": ""})
    (root / "data" / "far").symlink_to(elsewhere)
    (elsewhere / "circle").symlink_to(root / "data")
    assert render(root) == 0
    for path, words in ((elsewhere / "a.csv", "second far"), (root / "points.csv", "second near")):
        path.write_text(words)
        assert render(root) == 0
        assert words in (root / "_book" / "one.html").read_text()


@pytest.mark.parametrize("settings, told", [
    ("  search: false\n", "`book: search: false`"),
    ("execute:\n  enabled: false\n", "`execute: enabled: false`"),
    ("format:\n  html: default\n  typst:\n    papersize: us-letter\n", "papersize"),
])
def test_what_quarto_would_follow_is_not_passed_over(write, capsys, settings, told):
    assert render(write({}, settings)) == 1
    assert told in capsys.readouterr().err


# One of each mistake: what `book check` says of it, by the place where it stands.
MISTAKES = {
    "# Mistakes": "",
    "See @fig-gone.": "nothing in the book has the label `fig-gone`",
    "As in [@nobody].": "no source `nobody` in the bibliography",
    "![A dot](dot.svg){#fig-dot}": "a figure without alternative text",
    "[a link](gone.qmd)": "the link leads to gone.qmd",
    "![](missing.png){fig-alt=\"x\"}": "the picture missing.png is missing",
    "## Once {#sec-once}": "",
    "## Twice {#sec-once}": "the id `sec-once` is used twice",
    "@sec-once [@good]": "share one citation",
    "@sec-once. begins a line": "is read as a numbered example",
    "A note[^n] called twice[^n].": "is called 2 times",
    "[^n]: The note.": "",
    "A note[^unwritten] that nobody wrote.": "there is no note `unwritten`",
    "[^lost]: A note.": "the note `lost` is never called",
    "[see @sec-once]": "takes the place of the word",
    "\\begin{align} a &= b \\end{align}": "a formula without `$$` is lost in Quarto's PDF",
    "| a | b |\n|---|---|\n| 1 | 2 | 3 |": "the row has 3 cells and the table 2 columns",
    "{{< video film.mp4 >}}": "does not know the shortcode `video`",
    "::: {.panel-sidebar}\nText.\n:::": "`panel-sidebar`",
    "```{mermaid}\ngraph\n```": "`{mermaid}`",
    "```{python}\n#| fig-capp: x\n1\n```": "did you mean `fig-cap`?",
    "```{python}\n#| label: fig-many\n#| renderings: [light, dark]\n1\n```": "`renderings` does not work",
    "```{python}\n#| classes: [a, b]\n1\n```": "`classes` takes one word",
    "```{python}\n#| label: cell-2\n1\n```": "what the press calls a cell without a label",
    "# Another title": "is a second title",
    "::: {.callout-note}\nNever closed.": "the block that begins here is never closed",
}


def book_of_mistakes(write):
    text, lines = "", {}
    for piece, message in MISTAKES.items():
        if message:
            lines[message] = (text.count("\n") + 1, text.count("\n") + 1 + piece.count("\n"))
        text += piece + "\n\n"
    root = write({"mistakes.qmd": text, "refs.qmd": "# References {.unnumbered}\n\n::: {#refs}\n:::\n"},
                 "bibliography: books.bib\nformat:\n  html: default\n  pdf: default\n  typst: default\n",
                 **{"books.bib": BIBLIOGRAPHY.split("\n\n")[0], "dot.svg": PICTURE})
    return root, lines


def test_check_tells_one_of_each_mistake_with_its_line(write, capsys):
    root, lines = book_of_mistakes(write)
    assert main(["check", "--format", "json", str(root)]) == 1
    findings = json.loads(capsys.readouterr().out)
    for message, (first, last) in lines.items():
        told = [each for each in findings if message in each["message"]]
        assert told, message
        assert any(each["line"] and first <= each["line"] <= last for each in told), (message, told)
    assert any("`pdf` and `typst` write the same" in each["message"] for each in findings)


def test_check_annotates_a_workflow(write, capsys):
    root, _ = book_of_mistakes(write)
    assert main(["check", "--format", "github", str(root)]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert rows and all(re.match(r"::(error|notice) file=[^,:]+(,line=\d+)?::.", row) for row in rows)


@pytest.mark.parametrize("before, after, told", [
    ("A\n", 'A\n  repo-url: "javascript:x"\n', "_quarto.yml:6: `book: repo-url` takes an address"),
    ("project", 'lang: \'en"] #panic()\'\nproject', "_quarto.yml:1: `lang` takes a language such as"),
    ("project", "format: {html: [a]}\nproject", "_quarto.yml:1: `format: html` must hold"),
    ("A\n", "A\n  repo-url: [a]\n", "_quarto.yml:6: `book: repo-url` takes an address"),
    ("    - one.qmd", "    - {part: [a], chapters: [one.qmd]}", "_quarto.yml:6: an entry of `chapters`"),
    ("    - one.qmd", "    - {part: P, chapters: []}", "_quarto.yml:6: an entry of `chapters`"),
    ("    - one.qmd", f"    - {'a' * 300}.qmd", "_quarto.yml:8: the chapter aaa"),
    ("book\n", "book\n  output-dir: .\n", "_quarto.yml:3: the `output-dir` . is no folder inside"),
    ("book\n", 'book\n  output-dir: "a\\0b"\n', "_quarto.yml:1: malformed YAML: a value can't be read"),
    ("    - one.qmd\n", f"bibliography: {'a' * 300}.bib\n", "_quarto.yml:8: the bibliography aaa")])
def test_odd_settings_are_told_with_their_line(write, capsys, before, after, told):
    root = write({"one.qmd": "# One\n"})
    text = (root / "_quarto.yml").read_text()
    (root / "_quarto.yml").write_text(text.replace(before, after, 1))
    assert main(["check", str(root)]) == 1
    assert told in capsys.readouterr().out
