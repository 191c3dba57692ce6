"""Quarto's constructs in odd company."""

import pytest

from bookbuild.document import Tabset, nodes, structure, text
from bookbuild.document.pandoc import read


@pytest.mark.parametrize("body, titles, before", [
    ("Words.", [], "Words."), ("", [], ""),
    ("Words.\n\n## One\n\n1\n\n### Inner\n\n# Lower\n\n## Two", ["One", "Two"], "Words."),
])
def test_tabs_begin_at_headings_of_the_first_ones_level(body, titles, before):
    blocks = structure(read(f"::: {{.panel-tabset}}\n{body}\n:::\n")["blocks"])
    tabset, = nodes(blocks, Tabset)
    assert [text(tab.title) for tab in tabset.tabs] == titles
    assert text(blocks[:-1]) == before
