"""Pictures and other files that a page takes, and the alternative texts of pictures."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from urllib.parse import unquote, urlsplit

from bookbuild.document import (content, files_in_html, identifier, is_shown, nodes, pairs,
                                picture_type, target, text)
from bookbuild.say import Problem, counted
from bookbuild.source import COMPUTED, NOT_COMPUTED, Cell, Manuscript, Project, leaves

# Options of cells that are lines of text.
TEXTS = {"fig-cap", "fig-subcap", "fig-alt", "tbl-cap", "tbl-subcap", "lst-cap", "code-summary"}
BLOCK_HTML = re.compile(
    r"<(?:!--|/?(?:address|article|aside|blockquote|details|div|dl|fieldset|figure|footer|form|"
    r"h[1-6]|header|hr|iframe|li|main|nav|ol|p|pre|script|section|style|table|textarea|ul)\b)",
    re.IGNORECASE)
BLOCK_MARK = re.compile(r"(?:\(?(?:\d{1,9}|#|[A-Za-z]|[ivxlcIVXLC]+)[.)]|[-+*>|:]|#{1,6}|~{3,})"
                        r"(?:\s|$)|:{3,}|`{3,}|>")
UNBRACKETED = re.compile(r"\\.|`[^`]*`|\$[^$]*\$")
LARGEST = 500_000_000       # bytes
NO_ALT = "a figure without alternative text: say in `fig-alt` what one would see"
# How files of pictures begin that both the page and the PDF can show.
SIGNS = {".png": (b"\x89PNG",), ".jpg": (b"\xff\xd8",), ".jpeg": (b"\xff\xd8",),
         ".gif": (b"GIF8",), ".webp": (b"RIFF",), ".svg": (b"<", b"\xef\xbb\xbf<")}


def file_problem(project: Project, source: PurePosixPath, address: str) -> str | None:
    """Why a page can't take a file from an address, or None."""
    place = posixpath.normpath(posixpath.join(str(source.parent), address))
    if place.startswith(("/", "../")):
        return "lies outside the book's folder: copy it into the book"
    try:
        if outside := leaves(project.root, place):
            return f"is a link to {outside}, outside the book's folder: copy it into the book"
        found = Path(project.root, place).stat()        # what is no file may never end
        if not S_ISREG(found.st_mode):
            return "is no file"
        if found.st_size > LARGEST:
            return f"is larger than {LARGEST // 10**6} MB"
        with open(Path(project.root, place), "rb") as file:
            start = file.read(1000).lstrip()
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except (OSError, RuntimeError, ValueError) as error:      # RuntimeError: links in a circle
        return f"cannot be read: {getattr(error, 'strerror', error)}"
    signs = SIGNS.get(PurePosixPath(place).suffix.lower(), ())
    return None if not signs or start.startswith(signs) else "is damaged, or of another kind"


def pictures(project: Project, blocks: list, manuscript: Manuscript, made: set[str],
             code: str) -> Iterator[Problem]:
    """Pictures from files; those of cells are looked at with the cells."""
    captioned = {id(picture) for figure in nodes(blocks, "Figure")
                 for picture in nodes(figure, "Image")}
    counts: Counter = Counter()
    for node in nodes(blocks, "Image"):
        address = target(node)
        if unquote(address) in made:
            continue
        counts[address] += 1
        given = pairs(node)
        alt = given.get("fig-alt", given.get("alt", ""))
        captioned_here = id(node) in captioned or identifier(node).startswith("fig-")
        found = []
        if not alt.strip() and (captioned_here or not text(content(node)).strip()):
            found.append((NO_ALT, alt_stops(project)))
        if problem := address_problem(project, manuscript, address, code):
            found.append((problem, "both"))
        from_root = posixpath.normpath(posixpath.join("/", manuscript.source.parent, address))
        written = "|".join(map(re.escape, (address, unquote(address), from_root)))
        for message, stops in found:
            yield manuscript.problem(written, message, stops, counts[address])


def files_of_html(project: Project, blocks: list, manuscript: Manuscript,
                  code: str) -> Iterator[Problem]:
    """Files that an author's own HTML names; a missing picture or frame stops the book."""
    outputs = {str(page.output) for page in project.pages}
    for tag, path in dict.fromkeys(files_in_html(blocks)):
        place = posixpath.normpath(posixpath.join(str(manuscript.source.parent), path))
        if place in outputs or named_in(code, path):
            continue
        if path.startswith("/") or path.endswith(".qmd"):
            message = "is found by Quarto alone: name it in Markdown, or from the page"
            stops = "builtin"
        elif wrong := file_problem(project, manuscript.source, path):
            message, stops = wrong, "neither" if tag == "a" else "both"
        else:
            continue
        yield manuscript.problem(re.escape(path), f"the file {path} of `<{tag}>` {message}", stops)


def address_problem(project: Project, manuscript: Manuscript, address: str, code: str) -> str:
    """What is wrong with where a picture is taken from, or nothing."""
    path = unquote(address)
    if urlsplit(address).scheme:
        return f"the picture {path[:60]} is no file of the book: copy it into the book"
    if problem := file_problem(project, manuscript.source, path):
        whole, mark, part = path.partition("#")
        if mark and not file_problem(project, manuscript.source, whole):
            return (f"the picture {path[:60]} is a part of a file, which the PDF cannot show: "
                    f"leave out `#{part[:40]}`")
        return "" if named_in(code, path) else f"the picture {path[:60] or '()'} {problem}"
    if PurePosixPath(path).suffix.lower() not in SIGNS:
        return (f"the picture {path} is of a kind that the page or the PDF can't show: make it "
                "SVG, PNG or JPEG")
    return ""


def named_in(code: str, path: str) -> bool:
    """Does code name a file, which it may write?"""
    name = posixpath.basename(path)
    return bool(name) and name in code


def alt_stops(project: Project) -> str:
    """Pictures without alternative text stop a book that asks for it."""
    return "both" if project.requires_alt else "neither"


def cell_problems(project: Project, cell: Cell, defaults: dict,
                  outputs: list | None) -> Iterator[Problem]:
    """A cell's captions and alternative texts, against its pictures; `outputs` if it ran."""
    def problem(option: str, message: str, stops: str = "both") -> Problem:
        return Problem(cell.path, cell.option_lines.get(option, cell.line), message, stops)

    for name in TEXTS.intersection(cell.options):
        given = cell.options[name]
        for message, stops in text_problems(name, given if isinstance(given, list) else [given]):
            yield problem(name, message, stops)
    options = {**defaults, **cell.options}
    label, kind = str(options.get("label", "")), str(options.get("label", ""))[:3]
    if not options.get("include", True):
        return
    for name, mend, stops in lost_texts(cell.options, label):
        yield problem(name, f"`{name}` is lost: {mend}", stops)
    if options.get("output", True) in (False, "asis") or not options.get("eval", True):
        return
    subcaptions = options.get("fig-subcap") or []
    shown = [each for each in outputs or () if "data" in each]
    for each in shown:
        if outputs is not None and not is_shown(each):
            kinds = ", ".join(each["data"]) or "values"
            yield Problem(cell.path, cell.line, "the cell displays what no page can show, or a "
                          f"damaged picture ({kinds}): display text, HTML, SVG, PNG or JPEG")
    pictures = sum(bool(picture_type(each)) for each in shown)
    count = pictures if outputs is not None else (
        len(subcaptions) or int(label.startswith("fig-") or "fig-cap" in options))
    if outputs is not None and label.startswith(("fig-", "tbl-")) and not shown:
        yield problem("label", f"the cell shows nothing for its label `{label}`")
    elif outputs is not None and label.startswith("fig-") and count > 1 and not subcaptions:
        yield problem("fig-cap", f"the cell draws {count} pictures, and Quarto spoils their "
                      "label and caption: give each a caption in `fig-subcap`", "quarto")
    for name, drawn, thing in (("fig-subcap", pictures, "picture"),
                               ("tbl-subcap", len(shown), "table")):
        captions = options.get(name) or []
        if captions and (kind != name[:3] or not label.startswith(("fig-", "tbl-"))):
            yield problem(name, f"`{name}` is lost without a label: add `label: {name[:3]}-name`")
        elif captions and outputs is not None and len(captions) != drawn:
            yield problem(name, f"`{name}` has {counted(len(captions), 'caption')}, and the cell "
                          f"shows {counted(drawn, thing)}: give each its own")
    captions = options.get("fig-cap") or []
    captions = captions if isinstance(captions, list) else [captions]
    if outputs is not None and len(captions) > len(shown) and kind not in ("fig", "tbl"):
        yield problem("fig-cap", f"`fig-cap` has {counted(len(captions), 'caption')}, and the cell "
                      f"shows {counted(len(shown), 'picture')}: give each its own", "neither")
    alt = options.get("fig-alt")
    alts = alt if isinstance(alt, list) else [alt] * count
    if sum(bool(each and each.strip()) for each in alts) < count:
        yield problem("fig-alt", NO_ALT, alt_stops(project))


def lost_texts(options: dict, label: str) -> Iterator[tuple[str, str, str]]:
    """Captions that no press shows, for another option or without one; what to do, and the press
    that each stops."""
    if label.startswith("tbl-") and "fig-cap" in options:
        yield "fig-cap", f"beside the label `{label}` write `tbl-cap`", "both"
    if label.startswith("fig-") and "tbl-cap" in options:
        yield "tbl-cap", f"beside the label `{label}` write `fig-cap`", "both"
    elif label.startswith("fig-") and "fig-cap" in options and not (
            options.get("output", True) and options.get("eval", True)):
        yield "fig-cap", "the cell shows nothing for it", "neither"
    if "lst-cap" in options and "lst-label" not in options:
        yield "lst-cap", "add `lst-label: lst-name`", "neither"
    if "code-summary" in options and not options.get("code-fold"):
        yield "code-summary", "add `code-fold: true`", "neither"


def text_problems(name: str, texts: list) -> Iterator[tuple[str, str]]:
    """What is wrong with captions and the like, each of which is a line of text; and the press
    that it stops."""
    for given in map(str, texts):
        if code := COMPUTED.search(given):
            yield NOT_COMPUTED.format(code=code[0], name=name), "both"
        if name != "fig-alt" and re.search(r"\n[ \t]*\n", given.strip()):
            yield f"`{name}` has two paragraphs: write one", "both"
        elif name != "fig-alt" and (html := BLOCK_HTML.search(given)):
            yield f"`{html[0]}` in `{name}`, which is a line of text: leave it out", "both"
        elif name in ("fig-cap", "fig-subcap") and not is_balanced(given):
            yield (f"Quarto loses the picture, for brackets in `{name}` that are no pair: write "
                   "`\\[` and `\\]`"), "quarto"
        elif name in ("tbl-cap", "tbl-subcap") and BLOCK_MARK.match(given):
            yield (f"Quarto takes `{given.split()[0]}` at the beginning of `{name}` for a mark: "
                   "begin it with a word"), "quarto"
        if name != "fig-alt" and re.search(r"(?<!\\)(\\\\)*\\$", given.strip()):
            yield f"Quarto loses what a `{name}` with a backslash at its end names", "quarto"


def is_balanced(text: str) -> bool:
    """Does each bracket have its other one, outside code and formulas?"""
    depth = 0
    for bracket in re.findall(r"[\[\]]", UNBRACKETED.sub("", text)):
        depth += 1 if bracket == "[" else -1
        if depth < 0:
            return False
    return depth == 0
