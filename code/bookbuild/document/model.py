"""The document tree: pandoc's nodes behind accessors, and our own beside them.

A node of pandoc is the dictionary of its JSON, whose shape only this module knows; one of ours is
a frozen dataclass, which a writer turns into pandoc's before pandoc sees it. The kind of a node is
pandoc's word for it, or its class. Nobody changes a node: who wants another one makes it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, NamedTuple

Node = Any
LEAVES = frozenset({"Str", "Space", "SoftBreak", "LineBreak"})
TEXT = LEAVES | {"Para", "Plain", "Header", "LineBlock"}
# Where in a node's content its attributes, and the nodes or the text in it are; else it is these.
_ATTRIBUTES = {"Header": 1, "Div": 0, "Span": 0, "CodeBlock": 0, "Code": 0, "Link": 0, "Image": 0,
               "Table": 0, "Figure": 0}
_NODES = {"Header": 2, "Div": 1, "Span": 1, "Link": 1, "Image": 1, "Quoted": 1}
_TEXTS = {"Code": 1, "CodeBlock": 1, "Math": 1, "RawBlock": 1, "RawInline": 1}
_CONTENT = _NODES | _TEXTS | {"Figure": 2}
_NESTING = {"Div", "BlockQuote", "BulletList", "OrderedList", "DefinitionList", "Note"}
_BARE = LEAVES | _TEXTS.keys()
# The pages whose nodes are known: lists of so many blocks or more, the last ones asked for.
MANY, KNOWN_PAGES = 20, 4
_PAGES: dict[int, tuple[list, list]] = {}
_LOCK = Lock()


# ------------------------------------------------------------------------------- our own nodes

class Own:
    """A node of ours."""


@dataclass(frozen=True)
class Titled(Own):
    """A block with a title.

    Attributes
    ----------
    kind : str
        ``"fig"``, ``"note"``, ``"thm"``, ``"proof"``, ...
    id : str
        The author's label, or an empty string.
    classes : list of str
    title : list or None
        The inlines of its caption, title or name.
    body : list
        Blocks.
    number : str or None
        ``"2.1"``; None before it is numbered, and where it never is.
    """

    kind: str
    id: str
    classes: list[str]
    title: list | None
    body: list
    number: str | None = None


@dataclass(frozen=True)
class Float(Titled):
    """A figure, table or listing; its `mark` is ``"a"``, ... if it is a part of another one."""

    mark: str | None = None


@dataclass(frozen=True)
class Callout(Titled):
    """A box; `folded` is None where it doesn't fold, `look` is its appearance."""

    folded: bool | None = None
    look: str = "default"
    icon: bool = True


@dataclass(frozen=True)
class Theorem(Titled):
    """A theorem or its kin, a proof, a remark or a solution."""


@dataclass(frozen=True)
class Equation(Own):
    """A formula with a label: an inline."""

    id: str
    tex: str
    number: str | None = None


@dataclass(frozen=True)
class Tab(Own):
    """A title, inlines, and the blocks under it."""

    title: list
    body: list


@dataclass(frozen=True)
class Tabset(Own):
    """Tabs, of which a page shows one at a time."""

    tabs: list[Tab]
    classes: list[str]
    group: str = ""             # of tabsets that switch together
    number: str | None = None


@dataclass(frozen=True)
class Layout(Own):
    """Blocks side by side, in rows.

    Attributes
    ----------
    widths : list of list of float
        For each row the shares of its places in the width, in per cent; those of gaps negative.
    cells : list of list
        The blocks of each place that is no gap.
    """

    widths: list[list[float]]
    cells: list[list]

    def rows(self) -> list[list[tuple[float, list]]]:
        """The shares and blocks of each row, up to the last block; a gap has none."""
        waiting, built = list(self.cells), []
        for widths in self.widths:
            row = []
            for width in widths if waiting else ():
                if width > 0 and not waiting:
                    break
                row.append((abs(width), waiting.pop(0) if width > 0 else []))
            built += [row] if row else []
        return built


@dataclass(frozen=True)
class Xref(Own):
    """A cross-reference: the entry of what it leads to, and the inlines that it shows."""

    entry: Any
    text: list


@dataclass(frozen=True)
class Beside(Own):
    """A block with its remarks for the margin, which may have to come `first`."""

    blocks: list
    remarks: list
    first: bool = False


_OWN = frozenset({Float, Callout, Theorem, Equation, Tab, Tabset, Layout, Xref, Beside})
_WALKED = _OWN | {dict, list}


# ----------------------------------------------------------------------------------- accessors

class Citation(NamedTuple):
    """One source in a citation, with the inlines around it."""

    key: str
    before: list
    behind: list
    mode: str


def kind_of(tree) -> Any:
    """The kind of a node; None for what is no node."""
    return tree.get("t") if type(tree) is dict else type(tree) if type(tree) in _OWN else None


def is_node(tree, *kinds) -> bool:
    """Is this a node, and of one of these kinds if any are named?"""
    kind = kind_of(tree)
    return kind is not None and (not kinds or kind in kinds)


def attributes(node: Node) -> list:
    """The ``[identifier, classes, pairs]`` of a node of pandoc; empty ones for a node without."""
    place = _ATTRIBUTES.get(kind_of(node))
    return ["", [], []] if place is None else node["c"][place]


def identifier(node: Node) -> str:
    """The id of a node, ours or pandoc's."""
    return attributes(node)[0] if type(node) is dict else getattr(node, "id", "")


def classes(node: Node) -> list[str]:
    return attributes(node)[1]


def pairs(node: Node) -> dict[str, str]:
    return dict(attributes(node)[2])


def content(node: Node) -> Any:
    """What a node of pandoc holds: inlines, blocks, items, or the text of code and the like."""
    place = _CONTENT.get(node["t"])
    return node["c"] if place is None else node["c"][place]


def level(header: Node) -> int:
    return header["c"][0]


def tex(math: Node) -> str:
    return math["c"][1]


def is_display(node: Node) -> bool:
    """Is this a formula in a line of its own?"""
    return is_node(node, "Math") and node["c"][0]["t"] == "DisplayMath"


def raw(node: Node) -> tuple[str, str]:
    """The format and the text of a raw piece."""
    return tuple(node["c"])


def target(node: Node) -> str:
    """The address of a link or a picture."""
    return node["c"][2][0]


def caption(node: Node) -> list:
    """The inlines of a table's or a figure's caption."""
    return [item for block in node["c"][1][1] for item in block["c"]]


def cited(cite: Node) -> list[Citation]:
    return [Citation(each["citationId"], each["citationPrefix"], each["citationSuffix"],
                     each["citationMode"]["t"]) for each in cite["c"][0]]


def numbering(ordered: Node) -> tuple[str, str]:
    """The style and the delimiter of a numbered list."""
    _, style, delimiter = ordered["c"][0]
    return style["t"], delimiter["t"]


# ----------------------------------------------------------------------- nodes made from others

def with_attributes(node: Node, **new) -> Node:
    """The node with another `identifier`, other `classes` or other `pairs` (a list)."""
    names = ("identifier", "classes", "pairs")
    given = [new.get(name, old) for name, old in zip(names, attributes(node), strict=True)]
    return _at(node, _ATTRIBUTES[node["t"]], given)


def with_pairs(node: Node, *dropped: str, **added: str) -> Node:
    """The node without some of its pairs, and with others."""
    kept = [pair for pair in attributes(node)[2] if pair[0] not in dropped]
    return with_attributes(node, pairs=[*kept, *map(list, added.items())])


def with_content(node: Node, new) -> Node:
    place = _CONTENT.get(node["t"])
    return {"t": node["t"], "c": new} if place is None else _at(node, place, new)


def with_target(node: Node, address: str) -> Node:
    return _at(node, 2, [address, node["c"][2][1]])


def with_caption(node: Node, inlines: list) -> Node:
    return _at(node, 1, [None, [plain(inlines)] if inlines else []])


def left_aligned(table: Node) -> Node:
    """The table with those columns at the left that say nothing about their alignment."""
    return _at(table, 2, [[{"t": "AlignLeft"} if align["t"] == "AlignDefault" else align, width]
                          for align, width in table["c"][2]])


def column_shares(table: Node) -> list[float]:
    """The shares of a table's columns in the width; 0 where its author gave none."""
    return [width.get("c", 0.0) for _, width in table["c"][2]]


def with_column_shares(table: Node, shares: list[float]) -> Node:
    return _at(table, 2, [[align, {"t": "ColWidth", "c": share}]
                          for (align, _), share in zip(table["c"][2], shares, strict=True)])


def columns(table: Node) -> list[list]:
    """The blocks of a table's columns; those of a cell over several columns in none."""
    _, _, specs, head, bodies, foot = table["c"]
    rows = [*head[1], *(row for body in bodies for part in body[2:] for row in part), *foot[1]]
    found: list[list] = [[] for _ in specs]
    for _, cells in rows:
        place = 0
        for _, _, _, span, blocks in cells:
            if span == 1 and place < len(found):
                found[place] += blocks
            place += span
    return found


def _at(node: Node, place: int, new) -> Node:
    return {"t": node["t"], "c": [*node["c"][:place], new, *node["c"][place + 1:]]}


def words(string: str) -> list[Node]:
    """A plain string as inlines."""
    return [{"t": "Str", "c": string}] if string else []


def labelled(label: str, title: list | None) -> list[Node]:
    """``Figure 2.1: words``, or the label alone."""
    return [*words(f"{label}: "), *title] if title else words(label)


def para(inlines: list) -> Node:
    return {"t": "Para", "c": inlines}


def plain(inlines: list) -> Node:
    return {"t": "Plain", "c": inlines}


def figure(identifier: str, caption: list, image: Node) -> Node:
    """A picture that stands alone, as pandoc reads it."""
    return {"t": "Figure", "c": [[identifier, [], []], [None, [plain(caption)]], [plain([image])]]}


def emph(inlines: list) -> Node:
    return {"t": "Emph", "c": inlines}


def strong(inlines: list) -> Node:
    return {"t": "Strong", "c": inlines}


def header(level: int, inlines: list, identifier: str = "", classes: Sequence[str] = ()) -> Node:
    return {"t": "Header", "c": [level, [identifier, list(classes), []], inlines]}


def div(blocks: list, identifier: str = "", classes: Sequence[str] = (), **pairs: str) -> Node:
    return {"t": "Div", "c": [[identifier, list(classes), list(map(list, pairs.items()))], blocks]}


def span(inlines: list, identifier: str = "", classes: Sequence[str] = ()) -> Node:
    return {"t": "Span", "c": [[identifier, list(classes), []], inlines]}


def link(inlines: list, target: str, classes: Sequence[str] = ()) -> Node:
    return {"t": "Link", "c": [["", list(classes), []], inlines, [target, ""]]}


def display(tex: str) -> Node:
    """A formula in a line of its own."""
    return {"t": "Math", "c": [{"t": "DisplayMath"}, tex]}


def raw_block(format: str, string: str) -> Node:
    return {"t": "RawBlock", "c": [format, string]}


def raw_inline(format: str, string: str) -> Node:
    return {"t": "RawInline", "c": [format, string]}


def line_break() -> Node:
    return {"t": "LineBreak"}


def metadata(value) -> Node:
    """A Python value as pandoc's metadata; a Plain is formatted text."""
    if is_node(value, "Plain"):
        return {"t": "MetaInlines", "c": value["c"]}
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {name: metadata(each) for name, each in value.items()}}
    if isinstance(value, list):
        return {"t": "MetaList", "c": [metadata(each) for each in value]}
    return {"t": "MetaBool" if isinstance(value, bool) else "MetaString", "c": value}


# --------------------------------------------------------------------------------------- walks

def nodes(tree, *kinds) -> Iterator[Node]:
    """All nodes of a tree (of some kinds), in reading order, parents first.

    Words and the spaces between them come only where their kind is asked for.
    """
    known = type(tree) is list and len(tree) >= MANY and LEAVES.isdisjoint(kinds)
    found = _nodes_of_page(tree) if known else _all_nodes(tree, LEAVES.difference(kinds))
    return (node for kind, node in found if not kinds or kind in kinds)


def _nodes_of_page(blocks: list) -> list[tuple[Any, Node]]:
    """The nodes of a page, which is asked for many kinds; nobody changes a tree."""
    with _LOCK:
        known = _PAGES.get(id(blocks))
    if known is None or known[0] is not blocks:
        known = blocks, list(_all_nodes(blocks, LEAVES))
        with _LOCK:
            _PAGES[id(blocks)] = known
            if len(_PAGES) > KNOWN_PAGES:
                del _PAGES[next(iter(_PAGES))]
    return known[1]


def _all_nodes(tree, passed: Set) -> Iterator[tuple[Any, Node]]:
    """The nodes of a tree with their kinds, but for kinds that are passed over."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if type(item) is not list:
            kind = item.get("t") if type(item) is dict else type(item)
            if kind is not None:
                yield kind, item
            if kind in _BARE:
                continue
            item = _parts(item, kind)
        waiting += [part for part in reversed(item) if type(part) in _WALKED and part
                    and (type(part) is not dict or part.get("t") not in passed)]


def _parts(node: Node, kind) -> list:
    """What is to be looked through in a node."""
    if type(node) is not dict:
        return list(vars(node).values())
    if kind in _NODES:
        return node["c"][_NODES[kind]]
    return list(node.values())


def depth(tree) -> int:
    """How deep blocks stand in one another at most: divs, quotations, lists and our own."""
    deepest, waiting = 0, [(tree, 0)]
    while waiting:
        item, level = waiting.pop()
        if type(item) is not list:
            kind = kind_of(item)
            if kind in LEAVES or kind in _BARE:
                continue
            level += type(item) is not dict or kind in _NESTING
            deepest = max(deepest, level)
            item = _parts(item, kind)
        waiting += [(part, level) for part in item if type(part) in _WALKED and part]
    return deepest


def outermost(tree, wanted: Callable[[Node], object]) -> Iterator[Node]:
    """The wanted nodes that stand in no other one."""
    if type(tree) is list:
        for item in tree:
            if type(item) in _WALKED:
                yield from outermost(item, wanted)
    elif is_node(tree) and wanted(tree):
        yield tree
    elif kind_of(tree) not in _BARE:
        yield from outermost(_parts(tree, kind_of(tree)), wanted)


def rewrite(tree, change: Callable[[Any], Any], closed: Set = LEAVES, within: bool = False):
    """Rebuild a tree from the leaves up; or, `within` a node, all but the node itself.

    ``change(node)`` returns ``None`` to keep the node, another node, or a list of nodes that
    takes its place among its siblings. It is not asked about words and the spaces between them;
    with ``closed=TEXT`` it sees lines of text but not what is in them. What stays as it is is
    shared by the two trees.
    """
    def walk(item):
        if type(item) is list:
            return _each(item, walk)
        if type(item) not in _WALKED:
            return item
        kind = item.get("t") if type(item) is dict else type(item)
        if kind not in closed:
            item = _within(item, walk)
        changed = None if kind is None else change(item)
        return item if changed is None else changed
    return _within(tree, walk) if within else walk(tree)


def translate(tree, changes: Mapping[Any, Callable], *given, closed: Set = LEAVES):
    """The same, by kinds of nodes: each change is called with a node and what is `given`."""
    def change(node: Node):
        made = changes.get(kind_of(node))
        return made(node, *given) if made else None
    return rewrite(tree, change, closed)


def rewrite_lists(tree, change: Callable[[list], list]):
    """Rebuild a tree from the leaves up, with ``change`` applied to every list of nodes."""
    def walk(item):
        if type(item) is not list:
            return _within(item, walk) if type(item) in _WALKED else item
        items = _each(item, walk)
        return change(items) if items and is_node(items[0]) else items
    return walk(tree)


def exchange(tree, new: Mapping[int, Any]):
    """The tree with other nodes, or lists of nodes, for those whose `id()` is a key of `new`."""
    def walk(item):
        if type(item) is list:
            return _each(item, walk)
        item = new.get(id(item), item)
        return _within(item, walk) if type(item) in _WALKED and type(item) is not list else item
    return walk(tree)


def _each(items: list, walk: Callable) -> list:
    """A list with what `walk` makes of its items, several of a node if it makes a list of it."""
    built: list = []
    same = True
    for item in items:
        made = item
        if type(item) in _WALKED and (type(item) is not dict or item.get("t") not in LEAVES):
            made = walk(item)
            same = same and made is item
        if type(made) is list and type(item) is not list:
            built.extend(made)
        else:
            built.append(made)
    return items if same else built


def _within(node: Node, walk: Callable) -> Node:
    """A node with what `walk` makes of the parts that are in it."""
    if type(node) is not dict:
        new = {name: made for name, part in vars(node).items() if (made := walk(part)) is not part}
        return replace(node, **new) if new else node
    kind = node.get("t")
    if kind in _BARE:
        return node
    if kind in _NODES:
        made = walk(node["c"][_NODES[kind]])
        return node if made is node["c"][_NODES[kind]] else _at(node, _NODES[kind], made)
    built = {name: walk(part) for name, part in node.items()}
    return built if any(built[name] is not part for name, part in node.items()) else node


def text(tree) -> str:
    """The plain text of inlines or blocks."""
    if isinstance(tree, list):
        return "".join(text(item) for item in tree)
    kind = kind_of(tree)
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind in ("Str", "Code", "Math", "CodeBlock"):
        return content(tree)
    if kind is Equation:
        return tree.tex
    if kind == "Quoted":
        marks = "‘’" if tree["c"][0]["t"] == "SingleQuote" else "“”"
        return marks[0] + text(tree["c"][1]) + marks[1]
    if type(tree) is not dict or kind in (None, "Note", "RawInline", "RawBlock"):
        return ""
    return text(tree.get("c"))
