"""The HTML writer: our nodes become markup, pandoc writes the pages."""

import posixpath
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from itertools import groupby
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from bookbuild.document import (FLOAT_KINDS, THEOREM_KINDS, UNNUMBERED_KINDS, Chapter, Memory,
                                Node, chapter_name, classes, div, inlines as formatted, is_node,
                                link, link_to_bibliography, nodes, page_links, pandoc, para,
                                part_of, plain, raw_block, rewrite, span, text, words)
from bookbuild.print import formulas, hover, margin
from bookbuild.source import PACKAGE, Page, Project

THEME = Path(__file__).parent / "theme" / "html"
ASSETS = "site_libs/book"
FLOAT_NAMES = {"fig": "figure", "tbl": "table", "lst": "listing"}
THEOREM_CLASSES = {"exm": "example", "exr": "exercise", "def": "definition"}
PROOF_KINDS = {*UNNUMBERED_KINDS, "sol", "rem"}
# The TeX that a reader copies from a formula holds its number too.
NUMBERED_FORMULA = re.compile(
    r'(</annotation></semantics></math>\s*<span class="equation-number">\(([\w.]+)\)</span>)')
# What pandoc writes and no browser needs: a fifth of a page with much mathematics and code.
NEEDLESS = re.compile(r' xmlns="http://www.w3.org/1998/Math/MathML"|(?<=<math) display="inline"'
                      r'|(?<=<div class="sourceCode") id="cb\d+"|(?<=<span) id="cb\d+-\d+"'
                      r'|<a href="#cb\d+-\d+"[^>]*></a>')
PREVIEWS = "<!-- previews -->"          # in the page's template
PREVIEW = re.compile(r"<!-- preview (.*?) -->\n")
REPOSITORY_ACTIONS = {"edit": ("edit/{branch}/{path}", "Edit this page"),
                      "source": ("blob/{branch}/{path}", "View the source"),
                      "issue": ("issues/new", "Report an issue")}


def has_live_cells(chapter: Chapter) -> bool:
    """Has the page cells that a reader can edit and run?"""
    return any({"cell", "live"} <= set(classes(node)) for node in nodes(chapter.blocks, "Div"))


def html(string: str) -> Node:
    return raw_block("html", string)


def print_pages(project: Project, chapters: list[Chapter], wanted: list[Page], memory: Memory,
                pool: Executor) -> Iterator[tuple[Page, str]]:
    """Pages of the book, whole; only what has changed is printed, on all cores side by side."""
    by_source = {chapter.page.source: chapter for chapter in chapters}
    listed = hover.listed(chapters, memory)
    places = {page: hover.foreign(by_source[page.source], listed, memory) for page in wanted}
    around = project.config, [(each.page, each.number, each.title) for each in chapters]
    bodies = {page: memory.step(
        ("page", page.source), (by_source[page.source], around, next(iter(listed.values()), None)),
        lambda: pool.submit(page_writer(project, chapters, by_source[page.source], listed)))
        for page in wanted}
    asked: dict[tuple[str, PurePosixPath], set[str]] = {}
    for page in wanted:
        for source, key in places[page]:
            asked.setdefault((page.root, source), set()).add(key)
    kept = {}
    for (root, source), keys in asked.items():
        chapter = by_source[source]
        targets = memory.step(("targets", root, source), (chapter, sorted(keys)),
                              lambda: hover.targets(chapter, sorted(keys)))
        kept[root, source] = memory.step(
            ("previews", root, source), (targets,),
            lambda: pool.submit(preview_writer(chapter, targets, root)))
    for page in wanted:
        templates = [hover.template(source, key, page.root,
                                       kept[page.root, source].result()[key])
                     for source, key in places[page]]
        yield page, bodies[page].result().replace(PREVIEWS, "".join(templates))


def page_writer(project: Project, chapters: list[Chapter], chapter: Chapter,
                listed: dict[str, PurePosixPath]) -> Callable[[], str]:
    """What prints one page, but for its previews; it may run beside others.

    `listed` says where the entries of the bibliography stand.
    """
    page = chapter.page
    linked = page_links(chapter, lambda node, source, mark: link_to_page(node, page, source, mark))
    blocks = lower(linked.blocks, page.root, page)
    bibliography = next(iter(listed.values()), page.source)
    if bibliography != page.source:
        blocks = link_to_bibliography(blocks, page.root + str(bibliography.with_suffix(".html")))
    meta = page_variables(project, chapters, chapter)
    depth = project.format_options("html").get("toc-depth", 3)
    contents = ["--toc", f"--toc-depth={depth}"] if project.format_options("html").get(
        "toc", True) else []
    return lambda: printed(blocks, "--wrap=none", "--section-divs",
                           f"--template={THEME / 'page.html'}", *contents, meta=meta)


def preview_writer(chapter: Chapter, targets: dict[str, list],
                   root: str) -> Callable[[], dict[str, str]]:
    """What prints places of a chapter for the previews of pages that are `root` below the top."""
    blocks = []
    for key, content in targets.items():
        blocks += [html(f"<!-- preview {key} -->"),
                   *lower(hover.detached(content, chapter, root), root)]

    def write() -> dict[str, str]:
        _, *parts = PREVIEW.split(printed(blocks, "--wrap=none"))
        return dict(zip(parts[::2], parts[1::2]))
    return write


def printed(blocks: list, *options: str, meta: dict | None = None) -> str:
    """Blocks of pandoc's own kinds as HTML."""
    page = pandoc.write(formulas.typeset(blocks), "--to", "html5", "--mathml", *options, meta=meta)
    page = page.replace("<th></th>", "<td></td>")       # the corner of a pandas table
    return NEEDLESS.sub("", NUMBERED_FORMULA.sub(r"\\tag{\2}\1", page))


# ------------------------------------------------------------------- around the text

def page_variables(project: Project, chapters: list[Chapter], chapter: Chapter) -> dict:
    """What the page's template asks for, as pandoc metadata."""
    book_title = str(project.book["title"])
    plain_title = text(formatted(book_title))
    subtitle = formatted(str(project.book.get("subtitle", "")))
    is_index = chapter.page.is_index
    shown = text(chapter_name(chapter))
    place = chapters.index(chapter)
    title = formatted(book_title) if is_index else chapter.title
    title_id = "" if is_index else chapter.id
    variables = {
        "lang": project.lang, "root": chapter.page.root, "assets": chapter.page.root + ASSETS,
        "book-title": plain_title, "book-subtitle": text(subtitle),
        "page-title": plain_title if is_index or not shown else f"{shown} – {plain_title}",
        "title": title, "title-id": title_id,
        "chapter-number": "" if is_index else chapter.number or "",
        "appendix": chapter.page.kind == "appendix" and chapter.number is not None,
        "subtitle": subtitle if is_index else "",
        "author": project.authors if is_index else [],
        "sidebar": sidebar(chapters, chapter), "actions": page_actions(project, chapter),
        "favicon": project.book.get("favicon", ""),
        "description": str(project.book.get("description") or ""),
        "live": has_live_cells(chapter),
    }
    if place > 0:
        variables["previous"] = entry_of(chapters[place - 1], chapter)
    if place + 1 < len(chapters):
        variables["next"] = entry_of(chapters[place + 1], chapter)
    return {name: meta_value(value) for name, value in variables.items()}


def sidebar(chapters: list[Chapter], here: Chapter) -> list[dict]:
    """The book's contents: entries, and parts that hold entries."""
    contents: list[dict] = []
    for name, group in groupby(chapters, part_of):
        entries = [entry_of(chapter, here) for chapter in group]
        if name is None:
            contents += entries
        elif name.endswith(".qmd"):
            page, *entries = entries
            contents.append({**page, "part": page["text"], "entries": entries})
        else:
            contents.append({"part": formatted(name), "entries": entries})
    return contents


def entry_of(chapter: Chapter, here: Chapter) -> dict:
    return {"href": here.page.root + str(chapter.page.output), "number": chapter.number or "",
            "text": chapter.title or words(chapter.page.source.stem),
            "active": chapter is here}


def page_actions(project: Project, chapter: Chapter) -> list[dict]:
    """What a reader can do with the page: its notebook, and the repository's actions."""
    page, actions = chapter.page, []
    if is_notebook(project, chapter):
        actions.append({"kind": "notebook", "href": page.output.with_suffix(".ipynb").name,
                        "text": "Open as notebook", "download": True})
    repository = str(project.book.get("repo-url") or "").rstrip("/")
    asked = project.book.get("repo-actions") or []
    for name in [asked] if isinstance(asked, str) else asked:
        if repository and name in REPOSITORY_ACTIONS:
            path, words_shown = REPOSITORY_ACTIONS[name]
            path = path.format(branch=project.book.get("repo-branch") or "main",
                               path=quote(str(page.source)))
            actions.append({"kind": name, "href": f"{repository}/{path}", "text": words_shown})
    return actions


def is_notebook(project: Project, chapter: Chapter) -> bool:
    """Is there something to run: does the page show cells, and has the book their package?"""
    return (project.root / "code" / PACKAGE).is_dir() and any(
        "cell-code" in classes(node) for node in nodes(chapter.blocks, "CodeBlock"))


def meta_value(value) -> Node:
    """A Python value as pandoc metadata; a list of inlines stays formatted text."""
    if isinstance(value, bool):
        return {"t": "MetaBool", "c": value}
    if isinstance(value, str):
        return {"t": "MetaString", "c": value}
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {name: meta_value(each) for name, each in value.items()}}
    if value and is_node(value[0]):
        return {"t": "MetaInlines", "c": formulas.typeset_line(lower(value))}
    return {"t": "MetaList", "c": [meta_value(each) for each in value]}


def link_to_page(node: Node, here: Page, source, mark: str) -> Node:
    """A link to another page's `.qmd` as a link to its `.html`."""
    folder = posixpath.dirname(str(here.output)) or "."
    address = posixpath.relpath(str(source.with_suffix(".html")), folder)
    target = f"{address}#{mark}" if mark else address
    return {"t": "Link", "c": [node["c"][0], node["c"][1], [target, node["c"][2][1]]]}


# ----------------------------------------------------------------------- our own nodes

def lower(tree, root: str = "", here: Page | None = None):
    """Turn our nodes into pandoc's and raw markup, for the page `here`, `root` below the top."""
    writers = {"Header": heading, "Float": floating, "Callout": callout, "Theorem": theorem,
               "Equation": equation, "Tabset": tabset, "Layout": layout,
               "CodeBlock": code_block, "Beside": margin.beside,
               "Xref": lambda node: xref(node, root, here)}

    def convert(node: Node):
        writer = writers.get(node["t"])
        return writer(node) if writer else None
    return rewrite(margin.set_beside(tree), convert)


def heading(node: Node) -> Node:
    """The number in front of a heading's text."""
    level, [key, kinds, given], inlines = node["c"]
    number = dict(given).get("number")
    if number is None:
        return node
    given = [[name, value] for name, value in given if name != "number"]
    shown = [span(words(number), classes=["header-section-number"]), *words(" "), *inlines]
    return {"t": "Header", "c": [level, [key, kinds, [*given, ["data-number", number]]], shown]}


def xref(node: Node, root: str, here: Page | None) -> Node:
    entry = node["entry"]
    page = "" if entry.chapter.page == here else root + str(entry.chapter.page.output)
    mark = "" if entry.is_chapter and page else f"#{entry.key}"
    return link(node["text"], page + mark, classes=["quarto-xref"])


def equation(node: Node) -> Node:
    """A formula with its number."""
    formula = {"t": "Math", "c": [{"t": "DisplayMath"}, node["tex"]]}
    number = span(words(f"({node['number']})"), classes=["equation-number"])
    return span([formula, number], node["id"], ["math", "display", "equation"])


def floating(node: Node) -> list[Node]:
    """A figure, table or listing with its caption; its parts have captions of their own."""
    kind = node["kind"]
    name = FLOAT_NAMES[kind]
    caption = caption_of(node)
    body = rewrite(node["body"], fluid_picture) if kind == "fig" else node["body"]
    shown = [html(f'<figcaption class="quarto-float-caption quarto-float-{kind}">'),
             plain(caption), html("</figcaption>")] if caption else []
    content = [*body, *shown] if kind == "fig" else [*shown, *body]
    inner = [html(f'<figure class="quarto-float quarto-float-{kind} figure">'), *content,
             html("</figure>")]
    names = [*node["classes"], "quarto-float", f"quarto-{name}", f"quarto-{name}-center",
             "anchored"]
    names += ["quarto-layout-panel"] * any("quarto-layout-panel" in classes(each) for each in body)
    return [div(inner, node["id"], names)]


def caption_of(node: Node) -> list:
    """``Figure 2.1: words``; ``(a) words`` for a part; the words alone without a number."""
    inlines = node["caption"] or []
    if node["mark"]:
        return [*words(f"({node['mark']}) "), *inlines]
    if node["number"] is None:
        return inlines
    label = f"{FLOAT_KINDS[node['kind']]}\u00a0{node['number']}"
    return [*words(f"{label}: "), *inlines] if inlines else words(label)


def fluid_picture(node: Node):
    if not is_node(node, "Image"):
        return None
    [key, kinds, given], inlines, target = node["c"]
    return {"t": "Image", "c": [[key, [*kinds, "img-fluid", "figure-img"], given], inlines, target]}


def layout(node: Node) -> Node:
    """Blocks side by side, in rows."""
    columns = node["columns"]
    width = f"flex-basis: {100 / columns:.1f}%"
    cells = [div(rewrite(blocks, left_aligned), "", ["quarto-layout-cell"], style=width)
             for blocks in node["cells"]]
    rows = [div(cells[start:start + columns], classes=["quarto-layout-row"])
            for start in range(0, len(cells), columns)]
    return div(rows, classes=["quarto-layout-panel"])


def left_aligned(node: Node) -> None:
    """In a layout, columns that say nothing about their alignment begin at the left."""
    if is_node(node, "Table"):
        for column in node["c"][2]:
            if column[0]["t"] == "AlignDefault":
                column[0] = {"t": "AlignLeft"}


def callout(node: Node) -> Node:
    """A callout; where it folds, the page's script makes its header a button."""
    kind, look, title = node["kind"], node["look"], callout_title(node)
    headed = bool(node["title"] or node["number"]) or look == "default"
    names = [*node["classes"], "callout", f"callout-style-{look}"]
    names += ["callout-titled"] * headed + ["no-icon"] * (not node["icon"])
    folds = "" if node["folded"] is None else (
        f' aria-expanded="{"false" if node["folded"] else "true"}"')
    icon = '<div class="callout-icon-container"><i class="callout-icon"></i></div>'
    top = [html(f'<div class="callout-header"{folds}>{icon}<div class="callout-title-container">'),
           plain(title), html("</div></div>")] if headed else []
    body = div(node["body"], "", ["callout-body-container", "callout-body"])
    return div([*top, body], node["id"], names)


def callout_title(node: Node) -> list:
    """``Tip 2.1: words``; without words or a number, what kind of callout it is."""
    kind = node["kind"].capitalize()
    if not node["number"]:
        return node["title"] or words(kind)
    label = words(f"{kind}\u00a0{node['number']}")
    return [*label, *words(": "), *node["title"]] if node["title"] else label


def theorem(node: Node) -> Node:
    """A theorem-like block; its name stands at the beginning of its first paragraph."""
    kind = node["kind"]
    word = THEOREM_KINDS.get(kind) or UNNUMBERED_KINDS[kind]
    is_proof = kind in PROOF_KINDS
    label = f"{word}\u00a0{node['number']}" if node["number"] else word
    name = [*words(" ("), *node["name"], *words(")")] if node["name"] else []
    if is_proof:
        title = [span([{"t": "Emph", "c": words(label)}, *name, *words(". ")],
                      classes=["proof-title"])]
    else:
        title = [span([{"t": "Strong", "c": [*words(label), *name]}],
                      classes=["theorem-title"]), *words(" ")]
    body = node["body"]
    first = body[0]["c"] if body and is_node(body[0], "Para", "Plain") else None
    body = [para(title + first), *body[1:]] if first is not None else [para(title), *body]
    names = ["proof", word.lower()] if is_proof else ["theorem", THEOREM_CLASSES.get(kind, "")]
    return div(body, node["id"], list(dict.fromkeys([*node["classes"], *filter(None, names)])))


def code_block(node: Node) -> list[Node] | None:
    """A cell's code in a div of its own, behind its summary where it is folded."""
    [key, kinds, given], source = node["c"]
    if "cell-code" not in kinds:
        return None
    language = [kind for kind in kinds if kind != "cell-code"]
    block = div([{"t": "CodeBlock", "c": [[key, language, []], source]}], classes=["cell-code"])
    fold = dict(given).get("code-fold", "false")
    if fold == "false":
        return [block]
    opened = " open" if fold == "show" else ""
    return [html(f'<details class="code-fold"{opened}><summary>'),
            plain(formatted(dict(given)["code-summary"])), html("</summary>"), block,
            html("</details>")]


def tabset(node: Node) -> list[Node]:
    """Tabs and panels; the page's script makes them switch."""
    tabs, panels = [], []
    for place, tab in enumerate(node["tabs"]):
        name = f"tabset-{node['number']}-{place + 1}"
        chosen, state = ("true", " active") if place == 0 else ("false", "")
        tabs += [html(f'<li class="nav-item" role="presentation"><button class="nav-link{state}"'
                      f' id="{name}-tab" role="tab" aria-controls="{name}"'
                      f' aria-selected="{chosen}">'), plain(tab["title"]),
                 html("</button></li>")]
        panel = {"role": "tabpanel", "aria-labelledby": f"{name}-tab"}
        panels.append(div(tab["body"], name, ["tab-pane", *state.split()], **panel))
    own = "".join(f" {name}" for name in node["classes"])
    return [html(f'<div class="panel-tabset{own}"><ul class="nav nav-tabs" role="tablist">'), *tabs,
            html(f'</ul><div class="tab-content{own}">'), *panels, html("</div></div>")]


def local_files(chapter: Chapter) -> list[str]:
    """The pictures and files beside the book that a page shows or links to."""
    pictures = [node["c"][2][0] for node in nodes(chapter.blocks, "Image")]
    links = [node["c"][2][0] for node in nodes(chapter.blocks, "Link")]
    found = [unquote(address.partition("#")[0]) for address in [*pictures, *links]
             if not urlsplit(address).scheme]
    return [address for address in dict.fromkeys(found) if address and not address.endswith(".qmd")]
