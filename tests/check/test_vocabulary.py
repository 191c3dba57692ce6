"""Each entry of the vocabulary does what it says, and the press's README lists them all."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

import bookbuild
from bookbuild.document import CALLOUT_KINDS, UNNUMBERED_KINDS
from bookbuild.pipeline import FORMATS, check_book
from bookbuild.say import BookError
from bookbuild.source import load_project
from bookbuild.source import verdicts as judge
from bookbuild.source import vocabulary as v

README = Path(bookbuild.__path__[0]) / "README.md"
REWRITE = 'python -c "from bookbuild.source.verdicts import write_list; write_list()"'
ENTRIES = [(entry, place) for entry in v.VOCABULARY for place in entry.places]
# A value for each `Values`, by its words: as YAML gives it.
VALUES = {"a text": "words", "text": "words", "true": True, "false": False, "one word": "live",
          "true or false": False, "the book's own": v.OWN_FILES[0] + "a",
          "names, or the book's own files": ["cosmo", "darkly"], "1 to 6": 2,
          "a day such as 2026-11-25, `today` or `last-modified`": "2026-11-26",
          "rows such as [[1,1],[2]]": v.Attribute("[[1,1],[2]]", "Div", ""),
          "rows such as [[1, 1], [2]]": [[1, 1], [2]],
          "false on code": v.Attribute("false", "CodeBlock", ""),
          "true or hover": True, "mathml, mathjax or katex": "katex", "docked": {"style": "docked"},
          **{each: each for each in ("none", "markdown", "last_expr", "ua-1", "jupyter", "svg")},
          "true, false or fenced": "fenced", "true, false or asis": "asis",
          "true, false or show": "show", "true, false or refresh": "refresh",
          "one word of letters, digits and -_.:": "a", "one word that begins with lst-": "lst-a",
          "a whole number from 1 to 99": 2, "an address, https://...": "https://e.org",
          "a language such as en-GB": "en", "`key: value` lines": {"echo": False},
          "a length on a picture or a div": v.Attribute("50%", "Image", ""),
          "true or false on a div": v.Attribute("true", "Div", ""),
          "default, simple or minimal on a div": v.Attribute("simple", "Div", ""), "on a line of its own": False,
          "text, or a list of texts, one a picture": "words",
          "a list of texts, one a picture": ["A", "B"], "a list of texts, one a table": ["A", "B"],
          "a list of texts": ["A"], **{step: step for step in v.OWN_STEPS},
          "1 to 99": v.Attribute("2", "Div", ""), v.TARGET.words: v.Attribute("html", "Div", ""),
          "true or auto": True, "center on a picture": v.Attribute("center", "Image", ""),
          "on a div, a span or code": "Span", "on a div, a span or a picture": "Image",
          "on a div or a span": "Div",
          "on a picture": v.Attribute("seen", "Image", ""),
          "on a div without an id": v.Attribute("seen", "Div", ""),
          "beside an id that begins with lst-": v.Attribute("seen", "CodeBlock", "lst-a")}
NO_ATTRIBUTE = v.Attribute("words", "Div", "a")


def trial(entry, place):
    """A name and a value for which an entry holds."""
    some = entry.only or entry.takes
    default = NO_ATTRIBUTE if place is v.ATTRIBUTE else "other words"
    value = VALUES[some.words] if some else default
    return entry.name.replace("*", "zzz"), "en" if entry.name == "lang" and some else value


@pytest.mark.parametrize("entry, place", ENTRIES, ids=lambda each: getattr(each, "name", ""))
def test_an_entry_holds_and_gives_its_verdict(entry, place):
    name, value = trial(entry, place)
    assert judge.entry_of(place, name, value) is entry, "an entry above it holds instead"
    found = judge.mistake(place, name, value, f"shown {name}")
    if entry.verdict == v.REFUSED:
        message, stops = found
        assert name in message and message.endswith(f": {entry.mend}")
        assert stops == ("builtin" if "Quarto" in entry.mend else "both")
        assert entry.reason
    else:
        assert found is None


def test_a_wrong_value_is_told_with_what_is_right():
    for entry, place in ENTRIES:
        if entry.takes and entry.verdict != v.REFUSED:
            message, stops = judge.mistake(place, entry.name, [None])
            assert f"takes {entry.takes.words}, not [None]" in message and stops == "both"
    assert judge.mistake(v.CELL, "cache", "no") == (
        "the cell option `cache` takes true or false, not 'no'", "both")


def test_the_vocabulary_knows_what_the_press_makes():
    printed = {(place, entry.name) for entry, place in ENTRIES if entry.verdict == v.PRINTED}
    assert {(v.CLASS, f"callout-{kind}") for kind in CALLOUT_KINDS} <= printed
    assert {(v.CLASS, name) for name in UNNUMBERED_KINDS} <= printed
    assert {(v.FORMAT_NAME, name) for name in FORMATS.values()} == {
        each for each in printed if each[0] is v.FORMAT_NAME}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5)
KEYS = json.loads(Path(__file__).with_name("quarto_keys.json").read_text(encoding="utf-8"))
PLACES = {"document": (v.TOP, v.FORMAT, v.HEAD), "cell": (v.CELL,), "book": (v.BOOK,),
          "project": (v.PROJECT,), "execute": (v.EXECUTE,)}


@pytest.mark.parametrize("group", PLACES)
@given(data=st.data())
@settings_of(max_examples=150, deadline=None)
def test_every_key_of_quarto_s_is_printed_harmless_or_refused_whatever_its_value(group, data):
    name = data.draw(st.sampled_from(KEYS[group]))
    value = data.draw(st.sampled_from(list(VALUES.values())) | ANYTHING)
    place = data.draw(st.sampled_from(PLACES[group]))
    entry = judge.entry_of(place, name, value)
    assert entry and entry.verdict in (v.PRINTED, v.HARMLESS, v.REFUSED)
    told = judge.mistake(place, name, value, name)
    if entry.verdict == v.REFUSED:
        assert name in told[0] and told[1] in ("builtin", "both")


def test_a_key_that_is_almost_one_of_quarto_s_is_told():
    assert judge.mistake(v.TOP, "bibliografy") == (
        "`bibliografy` is no key of Quarto's: did you mean `bibliography`?", "neither")
    assert judge.mistake(v.FORMAT, "toc-deph", 2, "html: toc-deph")[0] == (
        "`html: toc-deph` is no key of Quarto's: did you mean `toc-depth`?")
    assert judge.mistake(v.HEAD, "my-own-key") is None


# ----------------------------------------------------------------- in a book, with file and line

def as_yaml(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def attributed(name, value, entry):
    """A block, or a picture, with an attribute."""
    if entry.only and value.element == "Image":
        return f'![](dot.svg){{{name}="{value.value}"}}'
    if entry.only and value.element == "CodeBlock":
        return f'```{{#{value.id} {name}="{value.value}"}}\n1\n```'
    if entry.only:
        return f'::: {{{name}="{value.value}"}}\nWords.\n:::'
    return f'::: {{#x-{name} {name}="{value.value}"}}\nWords.\n:::'


# What an author writes, on the first line but for cells.
WRITTEN = {
    v.CELL: lambda name, value, entry: f"```{{python}}\n#| {name}: {as_yaml(value)}\n1\n```",
    v.LANGUAGE: lambda name, value, entry: f"```{{{name}}}\n1\n```",
    v.EXPRESSION: lambda name, value, entry: f"So `{{{name}}} 1`.",
    v.SHORTCODE: lambda name, value, entry:
        f"{{{{< {name} {'_in.qmd' if name == 'include' else 'book.title'} >}}}}",
    v.CLASS: lambda name, value, entry:
        f"### Words {{.{name}}}" if entry.refusal else
        f"::: {{.{name}}}\n\n### Words\n\nWords.\n:::",
    v.ATTRIBUTE: attributed,
    v.RAW: lambda name, value, entry: f"`\\begin{{align}}{name}\\end{{align}}`{{={name}}}",
    v.MARKDOWN: lambda name, value, entry: "```python\nx = 1  # <1>\n```"}
SECTIONS = {v.TOP: 0, v.PROJECT: 2, v.BOOK: 2, v.EXECUTE: 2, v.FORMAT: 4, v.HEAD: 0}
# What makes a book, or another one: its value is no matter of one line.
GIVEN = {(v.PROJECT, "type"), (v.BOOK, "title"), (v.BOOK, "author"), (v.BOOK, "chapters"),
         (v.BOOK, "appendices"), *((v.TOP, each) for each in ("project", "book", "format", "execute"))}


def checked(root, settings, page):
    """The messages about a book, by file and line, but for those about other things."""
    files = {"_quarto.yml": settings, "index.qmd": page, "_in.qmd": "Included.\n", "words": "",
             "other words": "",
             "dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>"}
    for name, content in files.items():
        (root / name).write_text(content)
    try:
        found = check_book(load_project(root))
    except BookError as error:
        found = error.problems
    return [(str(problem.path), problem.line, problem.message) for problem in found]


def settings(place=None, rows=()):
    """A book's `_quarto.yml` with rows in a section, and the number of the first row."""
    parts = [(v.TOP, ""), (v.PROJECT, "project:\n  type: book\n"),
             (v.BOOK, "book:\n  title: A\n  author: A\n  chapters: [index.qmd]\n"),
             (v.EXECUTE, "execute:\n" if place is v.EXECUTE else ""), (v.FORMAT, "format:\n  html:\n    own: 1\n")]
    text, first = "", 0
    for section, written in parts:
        text += written
        if section is place:
            first = text.count("\n") + 1
            text += "".join(" " * SECTIONS[place] + row for row in rows)
    return text, first


@pytest.mark.parametrize("place", SECTIONS, ids=lambda place: place.title)
def test_refused_keys_are_told_once_with_their_line(tmp_path, place):
    waiting = [entry for entry in v.VOCABULARY if place in entry.places and entry.name != "*"
               and (place, entry.name) not in GIVEN]
    while waiting:      # a name stands in a book once, and may have entries for several values
        tried = {entry.name: entry for entry in reversed(waiting)}
        waiting = [entry for entry in waiting if entry is not tried[entry.name]]
        rows = [f"{name}: {as_yaml(value)}\n"
                for name, value in (trial(each, place) for each in tried.values())]
        if place is v.HEAD:
            file, first, config = "index.qmd", 2, settings()[0]
            page = "---\n" + "".join(rows) + "---\n\nWords.\n"
        else:
            file, page = "_quarto.yml", "# Words\n"
            config, first = settings(place, rows)
        said = checked(tmp_path, config, page)
        for line, entry in enumerate(tried.values(), first):
            told = [message for path, number, message in said if (path, number) == (file, line)
                    and "the built-in press does not know" in message]
            assert len(told) == (entry.verdict == v.REFUSED), (entry, told)
            assert all(message.endswith(entry.mend) for message in told)


@pytest.mark.parametrize("place", WRITTEN, ids=lambda place: place.title)
def test_refused_markup_is_told_once_with_its_line(tmp_path, place):
    page, lines = "# Words\n\n", {}
    for entry in v.VOCABULARY:
        if place in entry.places and (place is not v.MARKDOWN or entry.verdict == v.REFUSED):
            lines[page.count("\n") + 1 + (place in (v.CELL, v.MARKDOWN))] = entry
            page += WRITTEN[place](*trial(entry, place), entry) + "\n\n"
    said = checked(tmp_path, settings()[0], page)
    for line, entry in lines.items():
        told = [message for path, number, message in said if (path, number) == ("index.qmd", line)
                and message.endswith(entry.mend)]
        assert len(told) == (entry.verdict == v.REFUSED), (entry, told)


@pytest.mark.parametrize("before, after, words", [
    ("project:", "lang: de\nproject:", "the words of the language `de`"),
    ("author: A", "author: {name: A, url: b}", "an author's `url`"),
    ("  html:", "  my-html:", "the format `my-html`"),
    ("  html:", "  docx:", "the format `docx`"),
    ("[index.qmd]", "[index.qmd, words]", ".qmd and .md chapters only, not words")])
def test_other_formats_languages_and_files_are_refused(tmp_path, before, after, words):
    config = settings()[0].replace(before, after)
    line = config[:config.index(after)].count("\n") + 1
    said = [each for each in checked(tmp_path, config, "# Words\n") if v.ELSEWHERE in each[2]]
    assert [(path, number) for path, number, _ in said] == [("_quarto.yml", line)]
    assert words in said[0][2]


# --------------------------------------------------------------------------------- documentation

def test_the_readme_lists_what_is_covered():
    above, mark, listed = README.read_text(encoding="utf-8").partition(judge.COVERED)
    assert mark and listed.strip() == judge.covered().strip(), f"the list is of an earlier day: {REWRITE}"
    assert "## What is covered" in above
