"""What cells display: in the best form that a page can show, and told where there is none."""

import base64

import pytest

from bookbuild.check.constructs import blocks_that_cells_open
from bookbuild.check.pictures import cell_problems
from bookbuild.document import CellWriter
from bookbuild.run.chapters import shown_outputs
from bookbuild.source import Project, split_source

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def cell(options=""):
    unit, = split_source(f"# A\n\n```{{python}}\n{options}\n1\n```\n", "one.qmd").units
    return unit


def displays(data):
    return shown_outputs([{"output_type": "display_data", "data": data, "metadata": {}}])


@pytest.mark.parametrize("data, written", [
    ({"text/plain": ["one\n", "two"]}, "one\ntwo"),             # as notebooks write texts
    ({"text/plain": 5, "text/html": "<b>five</b>"}, "<b>five</b>"),
    ({"text/html": ["<i>", "alone", "</i>"]}, "<i>alone</i>"),
    ({"application/json": [1, {"a": None}], "text/plain": "JSON"}, "JSON"),
    ({"image/png": PNG}, ".png"), ({}, "1")])
def test_a_display_is_written_in_the_form_that_it_offers(tmp_path, data, written):
    writer = CellWriter("one", {})
    assert written in writer.write(cell(), displays(data))
    assert not list(cell_problems(Project(tmp_path, {}, []), cell("#| fig-alt: a"), {},
                                  displays(data)))


@pytest.mark.parametrize("data", [
    {"image/png": "%%%"}, {"image/png": "abc"}, {"image/png": base64.b64encode(b"GIF8").decode()},
    {"image/svg+xml": "<svg", "text/plain": "svg"}, {"image/svg+xml": "words"},
    {"application/x-odd": "x"}, {"application/json": {"a": 1}}, {"image/webp": PNG}])
def test_what_no_page_can_show_is_told(tmp_path, data):
    outputs = displays(data)
    CellWriter("one", {}).write(cell(), outputs)            # it is told before it is printed
    found, = cell_problems(Project(tmp_path, {}, []), cell("#| fig-alt: a"), {}, outputs)
    assert str(found).startswith("one.qmd:3: the cell displays what no page can show")


@pytest.mark.parametrize("markdown, told", [
    ("```\nopen", "```"), ("~~~ python\nopen\n```", "```"), ("::: {.callout-note}\nopen", ":::"),
    ("`` ` `` and $x$\n\n```\n:::\n```", None), ("::: a\n::: b\n:::\n:::", None), ("", None),
    ("`:::`", None), ("```\na\n```\n\n::: a\nb\n\n:::", None)])
def test_what_a_cells_markdown_begins_and_never_ends_is_told(markdown, told):
    outputs = displays({"text/markdown": markdown, "text/plain": "x"})
    found = [str(each) for each in blocks_that_cells_open(cell(), {}, outputs, False)]
    assert [each.rpartition(" of ")[2] for each in found] == ([told] if told else [])
    assert not told or found[0].startswith("one.qmd:3: the cell's Markdown begins a block")


def test_cells_that_print_a_block_together_may_end_it_later():
    begun = shown_outputs([{"output_type": "stream", "name": "stdout", "text": "::: a\n"}])
    for is_open in (False, True):
        assert len(list(blocks_that_cells_open(cell("#| output: asis"), {}, begun, is_open))) == is_open
    assert not list(blocks_that_cells_open(cell(), {}, begun, True))        # shown as it stands
