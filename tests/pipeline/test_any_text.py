"""Whatever an author writes is printed whole or refused by name: no word is dropped in silence."""

import re
from itertools import count
from pathlib import Path

from bs4 import BeautifulSoup
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bookbuild.cli import main
from bookbuild.pipeline import check_book
from bookbuild.source.project import load_project

CONFIG = """project:
  type: book
book:
  title: "Any text"
  author: "A. N. Author"
  chapters:
    - index.qmd
"""
numbers = count()


def new_word() -> str:
    """A word that stands nowhere else and means nothing to any markup."""
    return f"word{next(numbers)}x"


words = st.builds(new_word)
labels = st.builds(lambda: f"label{next(numbers)}")


def mostly(common: list[str], rare: list[str]) -> st.SearchStrategy[str]:
    """One of the common ones, and now and then one that has to be refused or is odd."""
    return st.integers(0, 19).flatmap(lambda n: st.sampled_from(common if n else rare))


marked = st.builds(str.format, mostly(
    ["{}"] * 6 + ["*{}*", "**{}**", "~~{}~~", "`{}`", "[{}](https://example.org)", "{}---", "[{}]",
     "[{}]{{.smallcaps}}", "{}^2^", "a^[{}]", "\"{}\"", "\\*{}", "&lt;{}", "{}\\\n", "# {}", "~{}~",
     "<span>{}</span>", "[{}]{{.aside}}", "{} |", "{}\u202e", "\u05e9 {}", "{} \U0001f600"],
    ["<{}>", "[{}]{{.column-page}}", "_{}", "**{}", "[{}", "`{}", "${}", "{{{{< kbd {} >}}}}",
     "@{}", "[@{}]", "@fig-{}", "\\textbf{{{}}}"]), words)
line = st.lists(marked, min_size=1, max_size=4).map(" ".join)
text = st.lists(line, min_size=1, max_size=3).map("\n".join)
attributes = mostly(
    [".callout-note", ".callout-tip collapse=true", ".callout-warning appearance=simple",
     ".callout-important icon=false", ".proof", ".column-margin", ".own-class", "#own-id", ".aside",
     ".content-visible when-format=html", "layout-ncol=2"],
    [".callout-odd", "#thm-a", "#fig-c", "#tbl-d", ".column-page", ".panel-tabset", ".columns",
     ".panel-sidebar", ".content-visible when-format=odd", "layout-ncol=x", ".hidden", ".", "",
     "layout=\"[1,1]\""])
fences = mostly(["python", "{.python}", "", "markdown", "text", "{{python}}"],
                ["{r}", "{mermaid}", "{python}\n#| eval: false", "{.python filename=\"a.py\"}", "{=html}", "{=latex}"])


def indented(block: str, mark: str) -> str:
    return mark + block.replace("\n", "\n" + " " * len(mark))


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Blocks that hold other blocks."""
    return st.one_of(
        st.builds("::: {{{}}}\n{}\n:::".format, attributes, inner),
        st.builds("::: {{{}}}\n## {}\n\n{}\n:::".format, attributes, line, inner),
        st.builds(indented, inner, st.sampled_from(["- ", "1. ", "> ", "    ", "- [ ] ", "(@) ",
                                                    ":   "])),
        st.builds("{}\n\n{}".format, inner, inner))


leaves = st.one_of(
    text, text,
    st.builds("{} {} {{#sec-{}}}".format, mostly(["##", "###", "######"], ["#"]), line, labels),
    st.builds("```{}\n{}\n```".format, fences, words),
    st.builds("| {} | {} |\n|---|:-:|\n| {} | {} |\n\n: {} {{#tbl-{}}}".format,
              *[words] * 4, line, labels),
    st.builds("{}\n:   {}".format, line, line),
    st.builds("| {}\n| {}".format, line, line),
    st.builds("$$\n{}\n$$ {{#eq-{}}}".format,
              mostly(["x^2", "\\frac{1}{2}"], ["\\frac{1}", "\\bad{x}"]), labels),
    st.builds("![{}]({}){{#fig-{} fig-alt=\"{}\"}}".format, line,
              mostly(["there.svg"], ["gone.png"]), labels, words),
    st.builds("{1}[^{0}]\n\n[^{0}]: {2}".format, labels, line, line),
    st.builds("<div>\n{}\n</div>".format, line),
    mostly(["***", "\t", "\u200b", "<!-- a remark -->"],
           ["\\newpage", ":::", "```", "{{< pagebreak >}}", "<!--", "[^note]: lost", "::: {.own-class}",
            "---\nlabel1: lost\n---", "```python\nopen"]))
documents = st.lists(st.recursive(leaves, blocks, max_leaves=4), min_size=1,
                     max_size=4).map("\n\n".join)


def write_book(root: Path, texts: list[str]) -> dict[str, str]:
    """Make a book with a chapter for each text, and return the chapters by name."""
    chapters = {f"c{number}.qmd": f"# Chapter\n\n{each}\n" for number, each in enumerate(texts)}
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    (root / "there.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    for name, content in chapters.items():
        (root / name).write_text(content, encoding="utf-8")
    list_chapters(root, chapters)
    return chapters


def list_chapters(root: Path, names) -> None:
    (root / "_quarto.yml").write_text(CONFIG + "".join(f"    - {name}\n" for name in names))


def printed_words(page: Path) -> set[str]:
    shown = BeautifulSoup(page.read_text(encoding="utf-8"), "lxml").find("main")
    addresses = [value for tag in shown.find_all(True) for value in tag.attrs.values()]
    return set(re.findall(r"word\d+x", f"{shown} {addresses}"))


@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate),
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                                 HealthCheck.data_too_large])
@given(texts=st.lists(documents, min_size=1, max_size=12))
def test_text_is_printed_whole_or_refused_by_name(texts, tmp_path_factory, capsys):
    root = tmp_path_factory.mktemp("book")
    chapters = write_book(root, texts)
    refused = set()
    for _ in range(3):          # a chapter that is gone may be what another one led to
        found = [each for each in check_book(load_project(root))
                 if each.stops in ("both", "builtin")]
        assert all(str(each.path) in chapters for each in found), found
        assert all(each.line and each.message for each in found), found
        refused |= {str(each.path) for each in found}
        list_chapters(root, [name for name in chapters if name not in refused])
        if not found:
            break
    status = main(["render", "--engine", "builtin", str(root)])
    assert status == 0, capsys.readouterr().err
    for name in chapters.keys() - refused:
        wanted = set(re.findall(r"word\d+x", re.sub(r"(?s)<!--.*?-->", "", chapters[name])))
        missing = wanted - printed_words((root / name).with_suffix(".html").parent / "_book"
                                         / f"{name.removesuffix('.qmd')}.html")
        assert not missing, (missing, chapters[name])
