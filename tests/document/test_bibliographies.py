"""What is wrong with a file of sources or a style is told with its line, at once."""

import pytest

from bookbuild.document.bibliographies import check_style, listed_twice, source_keys
from bookbuild.say import BookError

WRONG = {
    "@book{a, title={A}}\n\n@book{b, crossref={c}}\n@inbook{c, title={C}, crossref = \"b\"}\n":
        "refs.bib:3: entries inherit from each other without an end: b → c → b; "
        "take one `crossref` out",
    "@book{own, crossref={own}}\n": "refs.bib:1: entries inherit .*: own → own;",
    "@book{a, xdata={x, y}}\n@xdata{x, title={T}}\n@xdata{y,\n  xdata={a}}\n":
        "refs.bib:1: entries inherit .*: a → y → a;",
    "@book{a,\n  title={" + "{" * 50_000 + "}" * 50_000 + "}}\n": "refs.bib:2: over 1000 braces",
}


@pytest.mark.parametrize("source", WRONG)
def test_what_pandoc_would_follow_without_an_end_is_told(source):
    with pytest.raises(BookError, match=WRONG[source]):
        source_keys("refs.bib", source.encode())


def test_entries_may_inherit_and_the_last_of_two_is_cited():
    source = (b"@book{a, title={A}}\n@inbook{b, crossref={a}, title={B}}\n"
              b"@inbook{c, crossref={a}}\n@book{a,\n title={A2}}\n")
    keys = source_keys("refs.bib", source)
    assert set(keys) == {"a", "b", "c"}
    assert [str(each) for each in listed_twice("refs.bib", source, keys)] == [
        "refs.bib:4: the source `a` is listed twice: the last entry is cited"]


@pytest.mark.parametrize("style, line", [
    ("<style", 1), ("", 1), ("<style version=\"1.0\">\n<info>\n</style>\n", 3)])
def test_a_style_that_is_not_read_is_told_with_its_line(tmp_path, style, line):
    (tmp_path / "own.csl").write_text(style)
    with pytest.raises(BookError, match=f"styles/own.csl:{line}: citeproc cannot read this style"):
        check_style(tmp_path / "own.csl", "styles/own.csl", style.encode())
