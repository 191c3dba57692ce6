"""The document tree: how it is walked, and that its shape is known to one module only."""

import ast
from pathlib import Path

import pytest

import bookbuild
from bookbuild.document.model import (Beside, Equation, Float, Layout, Tab, Tabset, attributes,
                                      caption, classes, content, div, exchange, header, identifier,
                                      is_node, nodes, outermost, pairs, para, plain, rewrite,
                                      rewrite_lists, span, text, with_attributes, with_caption,
                                      with_content, with_pairs, words)
from bookbuild.document.pandoc import read

PRESS = Path(bookbuild.__file__).parent
MODEL = PRESS / "document" / "model.py"
FIELDS = {"c", "t"}


def bare_access(tree):
    """The lines in which code knows how pandoc writes a node."""
    for node in ast.walk(tree):
        key = node.slice if isinstance(node, ast.Subscript) else None
        keys = node.keys if isinstance(node, ast.Dict) else [key]
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
            keys = node.args[:1]
        if any(isinstance(each, ast.Constant) and each.value in FIELDS for each in keys):
            yield node.lineno


def test_only_the_model_knows_the_shape_of_nodes():
    found = {f"{path.relative_to(PRESS)}:{line}" for path in PRESS.rglob("*.py") if path != MODEL
             for line in bare_access(ast.parse(path.read_text(encoding="utf-8")))}
    assert not found
    assert len(list(bare_access(ast.parse(MODEL.read_text(encoding="utf-8"))))) > 20


TREE = [header(1, words("Title"), "sec-a"),
        div([para([*words("a"), Equation("eq-a", "x"), span(words("b"), "c")])], "d", ["e"], f="g"),
        Float("fig", "fig-a", ["wide"], words("shown"), [plain(words("body"))]),
        Tabset([Tab(words("one"), [para(words("under it"))])], []),
        Layout(2, [[para(words("left"))], [para(words("right"))]]),
        Beside([para(words("block"))], [div([para(words("remark"))])])]


def test_nodes_come_in_reading_order_with_parents_first():
    kinds = [node["t"] if isinstance(node, dict) else type(node).__name__ for node in nodes(TREE)]
    assert kinds == ["Header", "Div", "Para", "Equation", "Span", "Float", "Plain", "Tabset", "Tab",
                     "Para", "Layout", "Para", "Para", "Beside", "Para", "Div", "Para"]
    assert "".join(map(content, nodes(TREE, "Str"))) == (
        "Titleabshownbodyoneunder itleftrightblockremark")
    assert [node.id for node in nodes(TREE, Equation, Float)] == ["eq-a", "fig-a"]


def test_outermost_nodes_stand_in_no_other():
    found = list(outermost(TREE, lambda node: is_node(node, "Para", "Div")))
    assert [text(node) for node in found] == ["axb", "under it", "left", "right", "block", "remark"]


def test_what_stays_as_it_is_is_shared():
    assert rewrite(TREE, lambda node: None) is TREE
    assert exchange(TREE, {}) is TREE
    assert rewrite_lists(TREE, lambda items: items) is TREE
    changed = rewrite(TREE, lambda node: div([], "new") if is_node(node, "Plain") else None)
    assert changed[2].body == [div([], "new")] and TREE[2].body == [plain(words("body"))]
    assert all((new is old) == (old is not TREE[2]) for new, old in zip(changed, TREE))


def test_a_list_takes_the_place_of_a_node_among_its_siblings():
    twice = rewrite(TREE, lambda node: [node, node] if is_node(node, "Para") else None)
    assert [text(cell) for cell in twice[4].cells] == ["leftleft", "rightright"]
    gone = rewrite(TREE, lambda node: [] if is_node(node, Equation) else None)
    assert text(gone[1]) == "ab"
    assert text(exchange(TREE, {id(TREE[1]): words("u"), id(TREE[2]): []})) == "Titleu"


def test_what_replaces_a_node_is_looked_into():
    part = Float("fig", "fig-b", [], None, [])
    whole = Float("fig", "fig-a", [], None, [part])
    new = exchange([whole], {id(whole): div([part]), id(part): para([])})
    assert new == [div([para([])])]


def test_a_node_with_something_new_leaves_the_old_one():
    old = div([para(words("x"))], "a", ["b"], c="d", e="f")
    new = with_content(with_pairs(with_attributes(old, identifier="z", classes=[]), "c", g="h"), [])
    assert (identifier(new), classes(new), pairs(new), content(new)) == ("z", [], {
        "e": "f", "g": "h"}, [])
    assert old == div([para(words("x"))], "a", ["b"], c="d", e="f")
    table, = read("| a |\n|---|\n| 1 |\n\n: Words\n")["blocks"]
    assert text(caption(table)) == "Words"
    assert caption(with_caption(table, [])) == [] and text(caption(table)) == "Words"


def test_nodes_without_attributes_have_empty_ones():
    assert attributes(para([])) == ["", [], []]
    assert identifier(TREE[2]) == "fig-a" and classes(TREE[2]) == []


@pytest.mark.parametrize("markdown, plain_text", [
    ("*a* `b` $c$ \"d\"[^n]\n\n[^n]: gone", "a b c “d”"), ("[a](b) <b>c</b>", "a c"),
    ("- one\n- two", "onetwo"), ("a\nb\\\nc", "a b c"), ("[see @a, p. 1]", "[see @a, p. 1]")])
def test_plain_text(markdown, plain_text):
    assert text(read(markdown)["blocks"]) == plain_text
