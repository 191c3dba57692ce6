"""Executed cells as Markdown, in the form that Quarto gives pandoc: `::: {.cell}` and so on."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bookbuild.source import Cell

# In this order a display is shown: the first that it offers.
SHOWN = ("image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/html", "text/latex",
         "text/plain")
SUFFIXES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}


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
        if not options.get("include", True):
            return ""
        source = "" if options.get("echo", True) is False else code_block(cell, options)
        shown = "\n\n".join(self.outputs(options, outputs))
        if options.get("output") == "asis":
            text = f"{source}\n\n{shown}\n"
        elif not source and not shown:
            text = ""
        else:
            text = f"{cell_fence(options)}\n{source}\n\n{shown}\n::::::\n"
        return indent(text, cell.indent)

    def outputs(self, options: dict, outputs: list[dict]) -> Iterator[str]:
        """Each output, and the float that its pictures or its table become."""
        if options.get("output", True) is False or options.get("eval", True) is False:
            return
        asis = options.get("output") == "asis"
        label = str(options.get("label", ""))
        floating: list[str] = []
        for each in outputs:
            kind = each["output_type"]
            if kind == "stream":
                yield each["text"] if asis else framed(each["name"], fenced(each["text"]))
            elif kind == "error":
                yield framed("error", fenced("\n".join(each["traceback"]) or each["evalue"]))
            else:
                body = self.display(each, options, len(floating))
                if picture_type(each) or label.startswith("tbl-"):
                    floating.append(body)
                else:
                    yield body if asis else framed("display", body)
        if floating:
            yield framed("display", floated(label, options, floating))

    def display(self, output: dict, options: dict, place: int) -> str:
        """One display as Markdown: the best form that it offers."""
        data = output["data"]
        kind = next((kind for kind in SHOWN if kind in data), None)
        if kind is None:
            return ""
        content = "".join(data[kind])
        if kind in SUFFIXES:
            return self.picture(kind, content, options, place)
        if kind == "text/markdown":
            return content
        if kind == "text/html":
            return fenced(content, "{=html}")
        if kind == "text/latex":
            return content if content.lstrip().startswith("$") else f"$$\n{content}\n$$"
        return fenced(content)

    def picture(self, kind: str, content: str, options: dict, place: int) -> str:
        """A picture, written beside the page."""
        name = str(options.get("label") or f"cell-{self.count}")
        path = f"{self.stem}_files/figure-html/{name}-output-{place + 1}.{SUFFIXES[kind]}"
        self.pictures[path] = (content.encode() if kind == "image/svg+xml"
                               else base64.b64decode(content))
        alt = nth(options.get("fig-alt"), place)
        caption = "" if str(options.get("label", "")).startswith("fig-") else nth(
            options.get("fig-cap"), place)
        return f"![{caption}]({path.replace(' ', '%20')})" + (
            f"{{fig-alt={quoted(alt)}}}" if alt else "")


def stand_ins(cell: Cell) -> list[dict]:
    """Outputs in the place of those of a cell that did not run, as its label tells of them."""
    label = str(cell.options.get("label", ""))
    kind = "image/svg+xml" if label.startswith("fig-") else "text/plain"
    count = len(cell.options.get("fig-subcap") or [""]) if label.startswith(("fig-", "tbl-")) else 0
    return [{"output_type": "display_data", "data": {kind: ""}, "metadata": {}}] * count


# ------------------------------------------------------------------------- the pieces

def cell_fence(options: dict) -> str:
    """The opening of the cell's div; the labels of floats belong to the floats."""
    label = str(options.get("label", ""))
    names = [f"#{label}"] if label and not label.startswith(("fig-", "tbl-", "lst-")) else []
    names += [".cell"]
    names += [f".{options['classes'].lstrip('.')}"] if options.get("classes") else []
    return f"\n:::::: {{{' '.join(names)}}}\n"


def code_block(cell: Cell, options: dict) -> str:
    """The cell's source as a block of code."""
    attributes = [f".{cell.language}", ".cell-code"]
    if "lst-label" in options:
        attributes = [f"#{options['lst-label']}", *attributes,
                      f"lst-cap={quoted(options.get('lst-cap', ''))}"]
    if fold := options.get("code-fold"):
        attributes += [f'code-fold="{str(fold).lower()}"',
                       f"code-summary={quoted(options.get('code-summary', 'Code'))}"]
    code = fence_text(cell) if options.get("echo") == "fenced" else cell.code
    return fenced(code.strip("\n"), "{" + " ".join(attributes) + "}")


def fence_text(cell: Cell) -> str:
    """The cell as its author sees it, but for the option `echo`."""
    lines = [line for line in cell.option_source if not re.match(r"#\|\s*echo\s*:", line)]
    return "\n".join(["```{python}", *lines, cell.code.strip("\n"), "```"])


def floated(label: str, options: dict, bodies: list[str]) -> str:
    """Pictures or a table as a labelled float; several side by side if asked."""
    columns = options.get("layout-ncol")
    kind = label.partition("-")[0]
    layout = f" layout-ncol={columns}" if columns else ""
    if kind not in ("fig", "tbl"):
        return f"\n::::: {{{layout.strip()}}}\n" + "\n\n".join(bodies) + "\n:::::\n" if columns \
            else "\n\n".join(bodies)
    parts = options.get(f"{kind}-subcap") or []
    if parts:
        bodies = [f"::: {{#{label}-{place}}}\n{body}\n\n{nth(parts, place - 1)}\n:::"
                  for place, body in enumerate(bodies, 1)]
    caption = options.get(f"{kind}-cap", "")
    return f"::::: {{#{label}{layout}}}\n" + "\n\n".join([*bodies, str(caption)]) + "\n:::::"


def framed(kind: str, body: str) -> str:
    return f"::::::: {{.cell-output .cell-output-{kind}}}\n{body}\n:::::::"


def fenced(text: str, info: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{info}\n{text.rstrip(chr(10))}\n{fence}"


def quoted(value) -> str:
    """A value of an attribute."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def nth(values, place: int) -> str:
    """The value for the place-th picture: of a list its entry, else the first's alone."""
    if isinstance(values, list):
        return str(values[place]) if place < len(values) else ""
    return str(values) if values and place == 0 else ""


def indent(text: str, by: str) -> str:
    return re.sub(r"(?m)^(?=.)", by, text) if by else text


def picture_type(output: dict) -> str | None:
    return next((kind for kind in SUFFIXES if kind in output.get("data", {})), None)

