"""The HTML writer: our nodes become markup, pandoc writes the pages."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from bookbuild.document import (FLOAT_KINDS, THEOREM_KINDS, UNNUMBERED_KINDS, Beside, Callout,
                                Chapter, Equation, Float, Head, Layout, Node, Tabset, Theorem,
                                Xref, chapter_name, classes, content, display, div, emph,
                                files_in_html, is_node, labelled, left_aligned, link,
                                link_to_bibliography, metadata, nodes, page_links, pairs, pandoc,
                                para, plain, raw_block, span, strong, target, text, translate,
                                with_attributes, with_content, with_pairs, with_target, words)
from bookbuild.print import hover, margin
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
                      r'|<a href="#cb\d+-\d+"[^<>]*></a>')
PREVIEWS = "<!-- previews -->"          # in the page's template
PREVIEW = re.compile(r"<!-- preview ((?:(?!<!--).)*?) -->\n")
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
HOSTS = {"colab": ("https://colab.research.google.com/github/{repository}/blob/{branch}/{notebook}",
                   "Open in Colab"),
         "binder": ("https://mybinder.org/v2/gh/{repository}/{branch}"
                    "?urlpath=lab/tree/{chapter}", "Run on Binder")}
REPOSITORY_ACTIONS = {"edit": ("edit/{branch}/{path}", "Edit this page"),
                      "source": ("blob/{branch}/{path}", "View the source"),
                      "issue": ("issues/new", "Report an issue")}


def html(string: str) -> Node:
    return raw_block("html", string)


def page_tree(project: Project, heads: Sequence[Head], chapter: Chapter,
              bibliography: PurePosixPath | None) -> tuple[list, dict]:
    """A page's blocks, and what its template asks for, in pandoc's own nodes.

    `bibliography` is the page that lists the sources, if one does.
    """
    page = chapter.page
    linked = page_links(chapter, {head.page.source for head in heads},
                        lambda node, source, mark: link_to_page(node, page, source, mark))
    blocks = lower(linked.blocks, page.root, page)
    if bibliography not in (None, page.source):
        blocks = link_to_bibliography(blocks, page.root + str(bibliography.with_suffix(".html")))
    return blocks, page_variables(project, heads, chapter)


def write_page(project: Project, blocks: list, variables: dict) -> str:
    """A page, but for its previews."""
    given = project.format_options("html")
    contents = ["--toc", f"--toc-depth={given.get('toc-depth', 3)}"] * bool(given.get("toc", True))
    return printed(blocks, "--section-divs", f"--template={THEME / 'page.html'}", *contents,
                   meta=content(metadata(variables)))


def preview_tree(page: Page, targets: Mapping[str, list], root: str) -> list:
    """Places of a page for the previews of pages that are `root` below the top."""
    return [block for key, blocks in targets.items()
            for block in (html(f"<!-- preview {key} -->"),
                          *lower(hover.detached(blocks, page, root), root))]


def write_previews(blocks: list) -> dict[str, str]:
    """What each place shows."""
    _, *parts = PREVIEW.split(printed(blocks))
    return dict(zip(parts[::2], parts[1::2]))


def printed(blocks: list, *options: str, meta: dict | None = None) -> str:
    """Blocks of pandoc's own kinds as HTML."""
    page = pandoc.write(blocks, "--to", "html5", "--mathml", "--wrap=none", *options, meta=meta)
    page = page.replace("<th></th>", "<td></td>")       # the corner of a pandas table
    return NEEDLESS.sub("", NUMBERED_FORMULA.sub(r"\\tag{\2}\1", page))


# ------------------------------------------------------------------- around the text

def page_variables(project: Project, heads: Sequence[Head], chapter: Chapter) -> dict:
    """What the page's template asks for; a Plain is formatted text."""
    book_title = pandoc.inlines(str(project.book["title"]))
    subtitle = pandoc.inlines(str(project.book.get("subtitle", "")))
    is_index = chapter.page.is_index
    shown = [] if is_index else [text(chapter_name(chapter))]
    sources = [head.page.source for head in heads]
    place = sources.index(chapter.page.source)
    around = {"previous": heads[:place][-1:], "next": heads[place + 1:place + 2]}
    return {
        "lang": project.lang, "root": chapter.page.root, "assets": chapter.page.root + ASSETS,
        "book-title": text(book_title), "book-subtitle": text(subtitle),
        "page-title": " – ".join(filter(None, [*shown, text(book_title)])),
        "title": formatted(book_title if is_index else chapter.title),
        "title-id": "" if is_index else chapter.id,
        "chapter-number": "" if is_index else chapter.number or "",
        "appendix": chapter.page.kind == "appendix" and chapter.number is not None,
        "subtitle": formatted(subtitle if is_index else []),
        "author": project.authors if is_index else [],
        "date": project.date if is_index else "",
        "sidebar": sidebar(heads, chapter), "actions": page_actions(project, chapter),
        "favicon": project.book.get("favicon", ""),
        "description": str(project.book.get("description") or ""),
        "live": has_live_cells(chapter),
        **{name: entry_of(head, chapter) for name, found in around.items() for head in found},
    }


def formatted(inlines: list) -> Node:
    """Inlines for the template."""
    return plain(lower(inlines)) if inlines else ""


def sidebar(heads: Sequence[Head], here: Head) -> list[dict]:
    """The book's contents: entries, and parts that hold entries."""
    contents: list[dict] = []
    for name, group in groupby(heads, lambda head: head.part):
        entries = [entry_of(head, here) for head in group]
        if name is None:
            contents += entries
        elif name.endswith((".qmd", ".md")):
            page, *entries = entries
            contents.append({**page, "part": page["text"], "entries": entries})
        else:
            contents.append({"part": formatted(pandoc.inlines(name)), "entries": entries})
    return contents


def entry_of(head: Head, here: Head) -> dict:
    return {"href": here.page.root + str(head.page.output), "number": head.number or "",
            "text": formatted(as_entry(head.title) or words(head.page.source.stem)),
            "active": head.page == here.page}


def as_entry(title: list) -> list:
    """A title in a list of contents, which is a link itself: without notes and links."""
    return translate(title, {"Note": lambda node: [], "Link": content})


def page_actions(project: Project, chapter: Chapter) -> list[dict]:
    """What a reader can do with the page: its notebook, and the repository's actions."""
    page, actions = chapter.page, []
    if is_notebook(project, chapter):
        actions.append({"kind": "notebook", "href": page.output.with_suffix(".ipynb").name,
                        "text": "Open as notebook", "download": True})
        actions += hosted(project, page.source)
    repository = str(project.book.get("repo-url") or "").rstrip("/")
    asked = project.book.get("repo-actions") or []
    for name in [asked] if isinstance(asked, str) else asked:
        if repository and name in REPOSITORY_ACTIONS:
            path, words_shown = REPOSITORY_ACTIONS[name]
            path = path.format(branch=project.book.get("repo-branch") or "main",
                               path=quote(str(page.source)))
            actions.append({"kind": name, "href": f"{repository}/{path}", "text": words_shown})
    return actions


def hosted(project: Project, source: PurePosixPath) -> list[dict]:
    """Where a page's notebook runs without an installation, if its repository is on GitHub."""
    repository = GITHUB.fullmatch(str(project.book.get("repo-url") or ""))
    branch = quote(str(project.book.get("repo-branch") or "main"), safe="")
    return [{"kind": kind, "text": text, "href": address.format(
        repository=repository[1], branch=branch, chapter=quote(str(source)),
        notebook=quote(str(source.with_suffix(".ipynb"))))}
        for kind, (address, text) in HOSTS.items() if repository]


def is_notebook(project: Project, chapter: Chapter) -> bool:
    """Is there something to run: does the page show cells, and has the book their package?"""
    return (project.root / "code" / PACKAGE).is_dir() and any(
        "cell-code" in classes(node) for node in nodes(chapter.blocks, "CodeBlock"))


def has_live_cells(chapter: Chapter) -> bool:
    """Has the page cells that a reader can edit and run?"""
    return any({"cell", "live"} <= set(classes(node)) for node in nodes(chapter.blocks, "Div"))


def link_to_page(node: Node, here: Page, source, mark: str) -> Node:
    """A link to another page's `.qmd` as a link to its `.html`."""
    folder = posixpath.dirname(str(here.output)) or "."
    address = posixpath.relpath(str(source.with_suffix(".html")), folder)
    return with_target(node, f"{address}#{mark}" if mark else address)


# ----------------------------------------------------------------------- our own nodes

def lower(tree, root: str = "", here: Page | None = None):
    """Turn our nodes into pandoc's and raw markup, for the page `here`, `root` below the top."""
    return translate(margin.set_beside(tree), {
        "Header": heading, "CodeBlock": code_block, Float: floating, Callout: callout,
        Theorem: theorem, Equation: equation, Tabset: tabset, Layout: layout,
        Beside: margin.beside, Xref: lambda node: xref(node, root, here)})


def heading(node: Node) -> Node | None:
    """The number in front of a heading's text."""
    number = pairs(node).get("number")
    if number is None:
        return None
    shown = [span(words(number), classes=["header-section-number"]), *words(" "), *content(node)]
    return with_content(with_pairs(node, "number", **{"data-number": number}), shown)


def xref(node: Xref, root: str, here: Page | None) -> Node:
    entry = node.entry
    page = "" if entry.chapter.page == here else root + str(entry.chapter.page.output)
    mark = "" if entry.is_chapter and page else f"#{entry.key}"
    return link(node.text, page + mark, classes=["quarto-xref"])


def equation(node: Equation) -> Node:
    """A formula with its number."""
    number = span(words(f"({node.number})"), classes=["equation-number"])
    return span([display(node.tex), number], node.id, ["math", "display", "equation"])


def floating(node: Float) -> Node:
    """A figure, table or listing with its caption; its parts have captions of their own."""
    kind, name, caption = node.kind, FLOAT_NAMES[node.kind], caption_of(node)
    body = translate(node.body, {"Image": fluid_picture}) if kind == "fig" else node.body
    shown = [html(f'<figcaption class="quarto-float-caption quarto-float-{kind}">'),
             plain(caption), html("</figcaption>")] if caption else []
    inner = [html(f'<figure class="quarto-float quarto-float-{kind} figure">'),
             *([*body, *shown] if kind == "fig" else [*shown, *body]), html("</figure>")]
    names = [*node.classes, "quarto-float", f"quarto-{name}", f"quarto-{name}-center", "anchored"]
    names += ["quarto-layout-panel"] * any("quarto-layout-panel" in classes(each) for each in body)
    return div(inner, node.id, names)


def caption_of(node: Float) -> list:
    """``Figure 2.1: words``; ``(a) words`` for a part; the words alone without a number."""
    if node.mark:
        return [*words(f"({node.mark}) "), *(node.title or [])]
    if node.number is None:
        return node.title or []
    return labelled(f"{FLOAT_KINDS[node.kind]}\u00a0{node.number}", node.title)


def fluid_picture(node: Node) -> Node:
    return with_attributes(node, classes=[*classes(node), "img-fluid", "figure-img"])


def layout(node: Layout) -> Node:
    """Blocks side by side, in rows."""
    rows = [div([div(translate(each, {"Table": left_aligned}), "", ["quarto-layout-cell"],
                     style=f"flex-basis: {width:.1f}%") for width, each in row],
                classes=["quarto-layout-row"]) for row in node.rows()]
    return div(rows, classes=["quarto-layout-panel"])


def callout(node: Callout) -> Node:
    """A callout; where it folds, the page's script makes its header a button."""
    headed = bool(node.title or node.number) or node.look == "default"
    names = [*node.classes, "callout", f"callout-style-{node.look}"]
    names += ["callout-titled"] * headed + ["no-icon"] * (not node.icon)
    folds = "" if node.folded is None else f' aria-expanded="{str(not node.folded).lower()}"'
    icon = '<div class="callout-icon-container"><i class="callout-icon"></i></div>'
    top = [html(f'<div class="callout-header"{folds}>{icon}<div class="callout-title-container">'),
           plain(callout_title(node)), html("</div></div>")] if headed else []
    body = div(node.body, "", ["callout-body-container", "callout-body"])
    return div([*top, body], node.id, names)


def callout_title(node: Callout) -> list:
    """``Tip 2.1: words``; without words or a number, what kind of callout it is."""
    kind = node.kind.capitalize()
    if not node.number:
        return node.title or words(kind)
    return labelled(f"{kind}\u00a0{node.number}", node.title)


def theorem(node: Theorem) -> Node:
    """A theorem-like block; its name stands at the beginning of its first paragraph."""
    word = THEOREM_KINDS.get(node.kind) or UNNUMBERED_KINDS[node.kind]
    label = words(f"{word}\u00a0{node.number}" if node.number else word)
    name = [*words(" ("), *node.title, *words(")")] if node.title else []
    if node.kind in PROOF_KINDS:
        title = [span([emph(label), *name, *words(". ")], classes=["proof-title"])]
        names = ["proof", word.lower()]
    else:
        title = [span([strong([*label, *name])], classes=["theorem-title"]), *words(" ")]
        names = ["theorem", *filter(None, [THEOREM_CLASSES.get(node.kind)])]
    first, rest = node.body[:1], node.body[1:]
    if first and is_node(first[0], "Para", "Plain"):
        body = [para(title + content(first[0])), *rest]
    else:
        body = [para(title), *node.body]
    return div(body, node.id, list(dict.fromkeys([*node.classes, *names])))


def code_block(node: Node) -> list[Node] | None:
    """A cell's code in a div of its own, behind its summary where it is folded."""
    if "cell-code" not in classes(node):
        return None
    given = pairs(node)
    language = [kind for kind in classes(node) if kind != "cell-code"]
    block = div([with_attributes(node, classes=language, pairs=[])], classes=["cell-code"])
    fold = given.get("code-fold", "false")
    if fold == "false":
        return [block]
    opened = " open" if fold == "show" else ""
    return [html(f'<details class="code-fold"{opened}><summary>'),
            plain(pandoc.inlines(given["code-summary"])), html("</summary>"), block,
            html("</details>")]


def tabset(node: Tabset) -> list[Node]:
    """Tabs and panels; the page's script makes them switch."""
    tabs, panels = [], []
    for place, tab in enumerate(node.tabs):
        name = f"tabset-{node.number}-{place + 1}"
        chosen, state = ("true", " active") if place == 0 else ("false", "")
        tabs += [html(f'<li class="nav-item" role="presentation"><button class="nav-link{state}"'
                      f' id="{name}-tab" role="tab" aria-controls="{name}"'
                      f' aria-selected="{chosen}">'), plain(tab.title),
                 html("</button></li>")]
        panel = {"role": "tabpanel", "aria-labelledby": f"{name}-tab"}
        panels.append(div(tab.body, name, ["tab-pane", *state.split()], **panel))
    own = "".join(f" {name}" for name in node.classes)
    group = f' data-group="{escape(node.group)}"' if node.group else ""
    return [html(f'<div class="panel-tabset{own}"{group}>'
                 '<ul class="nav nav-tabs" role="tablist">'), *tabs,
            html(f'</ul><div class="tab-content{own}">'), *panels, html("</div></div>")]


def files_of_html(chapter: Chapter) -> list[str]:
    """What the author's own HTML names, without what lies outside the book."""
    folder = str(chapter.page.source.parent)
    return [path for _, path in files_in_html(chapter.blocks) if not path.endswith(".qmd")
            and not posixpath.normpath(posixpath.join(folder, path)).startswith(("/", "../"))]


def local_files(chapter: Chapter) -> list[str]:
    """The pictures and files beside the book that a page shows or links to."""
    addresses = [target(node) for kind in ("Image", "Link") for node in nodes(chapter.blocks, kind)]
    found = [unquote(address.partition("#")[0]) for address in addresses
             if not urlsplit(address).scheme and not address.startswith("//")]
    return [address for address in dict.fromkeys(found) if address and not address.endswith(".qmd")]
