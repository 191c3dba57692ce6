"""Executed cells as Markdown, in the form that Quarto gives pandoc: `::: {.cell}` and so on.

Captions are lines of text, whatever marks they begin with or hold: each is written as a block of
its own, `::: {.cell-caption}`, and put where it belongs in pandoc's tree.
"""

import base64
import re
from dataclasses import dataclass, field

from bookbuild.document.model import (Node, classes, content, figure, identifier, kind_of, para,
                                      translate, with_attributes, with_content)
from bookbuild.document.pandoc import LINE, is_line, line_of
from bookbuild.source import Cell, dump_yaml

# In this order a display is shown: the first that it offers. HTML comes first on the page.
SHOWN = ("text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
FORMULA = re.compile(r"\$.*\$|\\begin\{.*\\end\{.*", re.DOTALL)
LAYOUTS = {"layout", "layout-ncol", "layout-nrow"}
PLAIN_FENCE = ":::::: {.cell}"
SUFFIXES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
# How they begin and end.
SIGNS = {"image/svg+xml": (b"<", b">"), "image/png": (b"\x89PNG", b""),
         "image/jpeg": (b"\xff\xd8", b"")}


@dataclass
class CellWriter:
    """Writes the cells of one page.

    Attributes
    ----------
    stem : str
        The page's name, after which the folder of its pictures is called.
    defaults : dict
        Cell options that the project sets for every cell.
    pictures : dict
        The pictures written so far: address from the page to bytes.
    """

    stem: str
    defaults: dict
    pictures: dict[str, bytes] = field(default_factory=dict)
    count: int = 0

    def write(self, cell: Cell, outputs: list[dict]) -> str:
        """A cell and its outputs as Markdown."""
        self.count += 1
        options = {**self.defaults, **cell.options}
        if not options.get("include", True) or not (cell.code or outputs):
            return ""
        if not options.get("output", True) or not options.get("eval", True):
            outputs = []
        source = "" if options.get("echo", True) is False else code_block(cell, options)
        fence = cell_fence(options, outputs)
        if options.get("output") == "asis":
            text = f"{source}\n\n{''.join(self.outputs(options, outputs))}"
            text = f"{fence}\n{text}\n::::::\n" if fence != PLAIN_FENCE else text
        elif LAYOUTS.intersection(options) and not options.get("label"):
            text = f"{source}\n\n{fence}\n{''.join(self.outputs(options, outputs))}\n::::::\n"
        else:
            shown = "\n\n".join(self.outputs(options, outputs) or uncovered_caption(options))
            text = f"{fence}\n{source}\n\n{shown}\n::::::\n" if source or shown else ""
        return indent(f"\n{text}", cell.indent)

    def outputs(self, options: dict, outputs: list[dict]) -> list[str]:
        """Each output; in a div around them all where they share a label or a layout.

        What a cell with a table prints stands above the table.
        """
        own, around, caption = labels_of(options, sum("data" in each for each in outputs))
        asis = options.get("output") == "asis"
        is_table = str(options.get("label", "")).startswith("tbl-")
        above: list[str] = []
        bodies: list[str] = []
        displays = iter(enumerate(own))
        for each in outputs:
            if "data" in each:
                place, labels = next(displays)
                body = self.display(each, options, place, *labels)
            elif each["output_type"] == "error":
                body = fenced("\n".join(each["traceback"]) or each["evalue"])
                body = body if asis else framed("error", body)
            elif asis and each["name"] == "stdout":
                body = each["text"]
            else:
                body = fenced(each["text"]) if asis else framed(each["name"], fenced(each["text"]))
            (bodies if "data" in each or asis or not is_table else above).append(body)
        if around and bodies:
            body = "\n\n".join([*bodies, captioned(caption)])
            bodies = [f"\n\n::::: {{{around}}}\n{body}\n:::::\n\n"]
        return above + bodies

    def display(self, output: dict, options: dict, place: int, label: str, caption: str) -> str:
        """One display in the best form that it offers, with its label and caption."""
        data = dict(output["data"])
        if FORMULA.fullmatch(formula := data.get("text/latex", "").strip()):
            data.setdefault("text/markdown", formula)
        html = data.get("text/html")
        kind = next((kind for kind in SHOWN if kind in data), "text/markdown" if html else None)
        if kind is None:
            return ""
        if kind in SUFFIXES:
            body = self.picture(kind, data[kind], options, place, label, caption)
            return body if options.get("output") == "asis" else framed("display", body)
        body = f"{data.get(kind, '')}\n" if kind == "text/markdown" else fenced(data[kind])
        if html:
            is_read = "text/markdown" not in data and "</table" in html
            body = for_web(html, None if is_read else body)
        body += captioned(caption)
        body = f":::: {{{label}}}\n{body}\n::::\n" if label else body
        if options.get("output") == "asis":
            return body if kind == "text/markdown" else f"\n\n{body}\n\n"
        return framed("display", body)

    def picture(self, kind: str, content: str, options: dict, place: int, label: str,
                caption: str) -> str:
        """A picture, written beside the page."""
        name = str(options.get("label") or f"cell-{self.count}")
        path = f"{self.stem}_files/figure-html/{name}-output-{place + 1}.{SUFFIXES[kind]}"
        self.pictures[path] = picture_bytes(kind, content)
        alt = options.get("fig-alt")
        alt = nth(alt, place) if isinstance(alt, list) else alt
        given = " ".join(filter(None, [label, f"fig-alt={quoted(alt)}" if alt else ""]))
        shown = f"![]({path.replace(' ', '%20')})" + (f"{{{given}}}" if given else "")
        if not caption:
            return f"{shown}\n"
        return f"::::: {{.cell-figure}}\n{shown}\n{captioned(caption)}\n:::::\n"


def stand_ins(cell: Cell) -> list[dict]:
    """Outputs in the place of those of a cell that did not run, as its label tells of them."""
    prefix = str(cell.options.get("label", ""))[:4]
    if prefix not in ("fig-", "tbl-"):
        return []
    kind = "image/svg+xml" if prefix == "fig-" else "text/plain"
    count = len(cell.options.get(f"{prefix}subcap") or [""])
    return [{"output_type": "display_data", "data": {kind: ""}, "metadata": {}}] * count


# ------------------------------------------------------------------------- the pieces

def labels_of(options: dict, count: int) -> tuple[list[tuple[str, str]], str, str]:
    """Where the labels and captions of a cell with so many displays go.

    Returns
    -------
    own : list of (str, str)
        The label and the caption of each display.
    around, caption : str
        The attributes of the div around all displays, and its caption.
    """
    label = str(options.get("label", ""))
    kind = label[:3] if label.startswith(("fig-", "tbl-")) else ""
    grouped = kind == "tbl" or kind == "fig" and count != 1
    captions = options.get(f"{kind}-subcap" if grouped else "fig-cap") or []
    captions = captions if isinstance(captions, list) else [captions]
    if grouped:
        labels = [f"#{label}-{place}" for place in range(1, len(captions) + 1)]
    else:
        labels = [f"#{label}"] * (count == 1 and bool(label))
    around = [f"#{label}"] if grouped else []
    around += [f"tbl-cap={quoted(options['tbl-cap'])}"] if "tbl-cap" in options and not kind else []
    around += [f"{name}={quoted(options[name])}" for name in LAYOUTS.intersection(options)]
    own = [(nth(labels, place), nth(captions, place)) for place in range(count)]
    return own, " ".join(around), str(options.get(f"{kind}-cap", "")) if grouped else ""


def uncovered_caption(options: dict) -> list[str]:
    """The caption of a table that is not shown, which stands above the code then."""
    is_table = str(options.get("label", "")).startswith("tbl-")
    return [captioned(str(options["tbl-cap"]))] if is_table and "tbl-cap" in options else []


def cell_fence(options: dict, outputs: list[dict]) -> str:
    """The opening of a cell's div, with the label that none of its outputs takes."""
    label = str(options.get("label", ""))
    own = label and (not outputs if label.startswith(("fig-", "tbl-")) else
                     sum("data" in each for each in outputs) != 1)
    names = [f"#{label}"] * bool(own) + [".cell"]
    names += [f".{options['classes'].lstrip('.')}"] if options.get("classes") else []
    return f":::::: {{{' '.join(names)}}}"


def code_block(cell: Cell, options: dict) -> str:
    """The cell's source as a block of code."""
    fence = options.get("echo") == "fenced"
    attributes = [".markdown" if fence else f".{cell.language}", ".cell-code"]
    if "lst-label" in options:
        attributes = [f"#{options['lst-label']}", *attributes]
        attributes += [f"lst-cap={quoted(options['lst-cap'])}"] if "lst-cap" in options else []
    if fold := options.get("code-fold"):
        attributes += [f'code-fold="{str(fold).lower()}"',
                       f"code-summary={quoted(options.get('code-summary', 'Code'))}"]
    code = fence_text(cell) if fence else cell.code
    return fenced(code.strip("\n"), "{" + " ".join(attributes) + "}")


def fence_text(cell: Cell) -> str:
    """The cell as its author sees it, but for the option `echo`.

    Like Quarto, writes the options of a cell with a label or tags in YAML of its own.
    """
    lines = list(cell.option_source)
    if "label" in cell.options or "tags" in cell.options:
        known = {name: value for name, value in cell.options.items() if name != "tags"}
        lines = [f"#| {line}" for line in dump_yaml(known).splitlines()]
    lines = [line for line in lines if not re.match(r"#\|\s*echo\s*:", line)]
    return "\n".join(["```{python}", *lines, cell.code.strip("\n"), "```"])


def captioned(caption: str) -> str:
    """A caption as a block of its own."""
    return f"\n\n::: {{.cell-caption}}\n{line_of(caption)}\n\n:::\n" if caption else ""


def place_captions(blocks: list) -> list:
    """Captions of cells where pandoc would have put them: under pictures, or as paragraphs."""
    return translate(blocks, {"Div": _place_caption})


def _place_caption(node: Node) -> Node | list | None:
    body = content(node)
    if "cell-caption" in classes(node) and body and is_line(body[0]):
        return [para(content(body[0])[LINE:]), *body[1:]]
    if "cell-figure" in classes(node) and [kind_of(each) for each in body] == ["Para", "Para"] \
            and [kind_of(each) for each in content(body[0])] == ["Image"]:
        image, caption = content(body[0])[0], content(body[1])
        bare = with_content(with_attributes(image, identifier=""), caption)
        return figure(identifier(image), caption, bare)
    return None


def for_web(html: str, printed: str | None) -> str:
    """HTML for the page, and what stands in its place in print; nothing, if print can read it."""
    html = fenced(html, "{=html}")
    if printed is None:
        return html
    return (f'::: {{.content-visible when-format="html:js"}}\n{html}\n:::\n\n'
            f'::: {{.content-hidden when-format="html:js"}}\n{printed}\n:::')


def framed(kind: str, body: str) -> str:
    return f"::::::: {{.cell-output .cell-output-{kind}}}\n{body}\n:::::::"


def fenced(text: str, info: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{info}\n{text.rstrip(chr(10))}\n{fence}"


def quoted(value) -> str:
    """A value of an attribute."""
    text = str(value).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{" ".join(text.split())}"'


def nth(values: list, place: int) -> str:
    return str(values[place]) if place < len(values) else ""


def indent(text: str, by: str) -> str:
    return re.sub(r"(?m)^(?=.)", by, text) if by else text


def picture_type(output: dict) -> str | None:
    return next((kind for kind in SUFFIXES if kind in output.get("data", {})), None)


def picture_bytes(kind: str, content: str) -> bytes:
    """What a file of a picture holds; nothing, if its content cannot be read."""
    try:
        return content.encode() if kind == "image/svg+xml" else base64.b64decode(content)
    except ValueError:
        return b""


def is_shown(output: dict) -> bool:
    """Does a display offer anything that a page can show, a picture that is none left out?"""
    data = output["data"]
    kind = next((kind for kind in ("text/markdown", *SIGNS) if kind in data), "")
    if kind not in SIGNS:
        return not {"text/html", *SHOWN}.isdisjoint(data) or bool(
            FORMULA.fullmatch(data.get("text/latex", "").strip()))
    begin, end = SIGNS[kind]
    content = picture_bytes(kind, data[kind]).strip()
    return content.startswith(begin) and content.endswith(end)

