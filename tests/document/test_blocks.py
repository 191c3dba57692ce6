"""Quarto's constructs in odd company."""

import pytest

from bookbuild.document import Layout, Tabset, nodes, structure, text
from bookbuild.document.pandoc import read


def test_a_layout_of_many_columns_is_as_one_of_one():
    """It is told elsewhere, and must not take the machine's memory."""
    blocks = structure(read("::: {layout-ncol=1000000000}\na\n\nb\n:::\n")["blocks"])
    layout, = nodes(blocks, Layout)
    assert layout.widths == [[100], [100]]


@pytest.mark.parametrize("body, titles, before", [
    ("Words.", [], "Words."), ("", [], ""),
    ("Words.\n\n## One\n\n1\n\n### Inner\n\n# Lower\n\n## Two", ["One", "Two"], "Words."),
])
def test_tabs_begin_at_headings_of_the_first_ones_level(body, titles, before):
    blocks = structure(read(f"::: {{.panel-tabset}}\n{body}\n:::\n")["blocks"])
    tabset, = nodes(blocks, Tabset)
    assert [text(tab.title) for tab in tabset.tabs] == titles
    assert text(blocks[:-1]) == before
