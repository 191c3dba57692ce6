"""What stands on a page that the built-in press, or either press, would print wrongly."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from bookbuild.document import (MACROS, MATH_ENVIRONMENT, THEOREM_KINDS, Chapter, Node, classes,
                                content, identifier, is_node, is_title, kind_of, level,
                                nodes, pairs, prefix, raw, text, translate)
from bookbuild.say import Problem
from bookbuild.source import (ATTRIBUTE, CLASS, COMPUTED, EXECUTE, HEAD, MARKDOWN, NOT_COMPUTED,
                              RAW, Attribute, Cell, Manuscript, SplitText, mistake, regions,
                              without_code)


UNREAD_PICTURE = re.compile(r"(?<!\\)!\[(?:(?!!\[|\]\()[^\n])*+\]\(")

UNREAD_SHORTCODE = re.compile(r"\{\{<(?!(?:(?!\{\{<)[^\n])*?>\}\})[^\n]*")
FENCE = re.compile(r"^[ \t>]*+:{3,}+[ \t]*+(\{.*\}|[^\s{}:]++)?[ \t:]*+\r?$", re.MULTILINE)
BRACED_FENCE = re.compile(r"[ \t>]*+`{3,}+[ \t]*+(\{(?!\{)[^`]*+)$")
DISPLAY = r"(?<!\\)\$\$"
BLANK_LINE = re.compile(r"\n[ \t>]*\r?\n")
FORMULA = re.compile(r"(?s)\$\$.*?\$\$|\$[^$\n]+\$")
ANNOTATION = re.compile(r"(?m)(?:#|//|--|%)[ \t]*<\d+>[ \t]*$")
HTML_DIV = re.compile(r"<(/?)div\b", re.IGNORECASE)
BEGIN = re.compile(r"^(?:[ \t]*+(?:(?:[-+*]|\d{1,9}[.)])(?=[ \t])|>))*+")     # of items, quotations


def front_matter(split: SplitText, manuscript: Manuscript) -> Iterator[Problem]:
    """Options of a chapter that the built-in press doesn't follow, or nobody computes."""
    for key, value in split.metadata.items():
        pattern = rf"(?m)^{re.escape(str(key))}\s*:"
        if found := mistake(HEAD, key, value):
            yield manuscript.problem(pattern, *found)
        elif code := COMPUTED.search(str(value)):
            yield manuscript.problem(pattern, NOT_COMPUTED.format(code=code[0], name=key))
        for name, given in value.items() if key == "execute" and isinstance(value, dict) else ():
            if found := mistake(EXECUTE, name, given):
                yield manuscript.problem(rf"(?m)^[ \t]+{re.escape(str(name))}\s*:", *found)


def buried_metadata(meta: dict, manuscript: Manuscript) -> Iterator[Problem]:
    """Metadata between paragraphs, which prints nothing."""
    for key in meta:
        pattern = rf"(?m)^[ \t>]*[\"']?{re.escape(key)}[\"']?\s*:"
        yield manuscript.problem(pattern, f"`{key}:` is read as metadata, and not printed: put it "
                                 "into the front matter, or a blank line below the `---` above it")


def code_in_text(split: SplitText, manuscript: Manuscript) -> Iterator[Problem]:
    """Code in a file of which no cell is run."""
    for unit in split.units if manuscript.source.suffix == ".md" else ():
        yield Problem(unit.path, unit.line, "no code of an .md file is run: name it .qmd")


def titles(split: SplitText, blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """A chapter has one title: without one, or with two, Quarto's numbers go astray."""
    headings = [block for block in blocks if is_node(block, "Header") and level(block) == 1]
    if not headings and not split.metadata.get("title") and any(nodes(blocks, "Header")):
        yield Problem(str(manuscript.source), 1, "the chapter has no title, and Quarto takes its "
                      "first heading for one: begin it with `# Title` or `# Title {.unnumbered}`")
    for heading in headings if split.metadata.get("title") else headings[1:]:
        yield second_title(heading, manuscript)


def second_title(heading: Node, manuscript: Manuscript) -> Problem:
    words = text(content(heading))
    spoken = re.findall(r"\w+", words) or [""]
    patterns = [rf"(?m)^(?:[^\n\w]|\w+[.)])*{first}|^#(?!#).*?{first}"
                for first in (r"[^\n\w]+".join(spoken), spoken[0])]     # it may hold a formula
    found = next((each for each in patterns if manuscript.find(each)[1]), patterns[0])
    return manuscript.problem(found, f"`{words}` is a second title: begin it with ## or make it a "
                              "chapter of its own")


def titled_home(chapter: Chapter, manuscript: Manuscript) -> Iterator[Problem]:
    """Quarto numbers what is on a home page without a heading of its own now this way, now that."""
    if not chapter.page.is_index or not chapter.number or any(map(is_title, chapter.blocks)):
        return
    if any(getattr(node, "number", None) or pairs(node).get("number")
           for node in nodes(chapter.blocks)):
        yield manuscript.problem(r"(?m)^title\s*:", "Quarto numbers what is on a home page with "
                                 "its title here now with a 0, now without a chapter: write "
                                 "`# Title`, or `# Title {.unnumbered}`, above its text")


def buried_titles(chapter: Chapter, manuscript: Manuscript) -> Iterator[Problem]:
    """Titles inside of other blocks; those of callouts and tabs are no headings any more."""
    for heading in nodes(chapter.blocks, "Header"):
        if level(heading) == 1 and not any(heading is block for block in chapter.blocks):
            yield second_title(heading, manuscript)


def unknown_constructs(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Classes, attributes and raw text of which the built-in press would make something else."""
    seen: Counter = Counter()
    told: set[str] = set()
    spoken = replace(manuscript, text=FORMULA.sub(
        lambda formula: re.sub(r"[^\n]", " ", formula[0]), manuscript.text))
    for node in nodes(blocks):
        for name in classes(node) if not is_node(node, "Code") else ():
            seen[name] += 1
            found = mistake(CLASS, name, kind_of(node)) if name not in told else None
            if found:
                told.add(name)
                yield manuscript.problem(rf"[{{.]{re.escape(name.strip('{}'))}(?![\w-])", *found,
                                         nth=seen[name])
        for name, value in () if "cell-code" in classes(node) else pairs(node).items():
            attribute = Attribute(value, kind_of(node), identifier(node))
            seen[name, value] += 1
            if found := mistake(ATTRIBUTE, name, attribute, f"{name}={value}"):
                yield manuscript.problem(rf"{re.escape(name)}\s*=\s*[\"']?{re.escape(value)}",
                                         *found, nth=seen[name, value])
        key = identifier(node)
        if prefix(key) in THEOREM_KINDS and any(
                name.startswith("callout-") for name in classes(node)):
            yield manuscript.problem(rf"#{re.escape(key)}(?![\w-])", f"`{key}` is the label of a "
                                     "theorem or the like, and this a callout: put the one into "
                                     "the other")
        if is_node(node, "RawBlock", "RawInline"):
            seen[raw(node)] += 1
            yield from raw_problems(*raw(node), manuscript, spoken, seen[raw(node)])
        if is_node(node, "CodeBlock") and classes(node) and ANNOTATION.search(content(node)):
            if found := mistake(MARKDOWN, "code annotations"):
                for _ in ANNOTATION.finditer(content(node)):
                    seen[ANNOTATION] += 1
                    yield manuscript.problem(ANNOTATION.pattern, *found, nth=seen[ANNOTATION])


def stray_fences(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Fences of colons that pandoc reads as words."""
    alone = unmatched(manuscript.prose)[1]
    options = "\n".join(re.findall(r"(?m)^[ \t]*#[ \t]*\|.*:::.*", manuscript.prose))
    message = ("a fence of colons that opens or closes no block: put it on a line of its own, "
               "after a blank line; or take it out, or write it as code")
    for line in nodes(blocks, "Para", "Plain") if ":::" in manuscript.prose else ():
        for word in nodes(line, "Str"):
            if not content(word).startswith(":::") or content(word) in options:
                continue
            there, _, after = text([line]).partition(content(word))
            before = re.findall(r"\w+", there)
            behind = re.findall(r"\w+", content(word) + after)
            pattern = r"\W+".join(map(re.escape, before[-4:])) + r"\W*?(:::)" if before else (
                r"(:::)[^\w:]*?" + r"\W+".join(map(re.escape, behind[:4])))
            found = re.search(pattern, manuscript.prose) if before or behind else None
            place = found.start(1) if found else alone.pop(0) if alone else 0
            number = manuscript.prose.count("\n", 0, place) + 1
            yield Problem(*manuscript.origin(number), message)


def fences_in_a_line(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Fences with braces that pandoc cannot read: what was to be a block is code within a line."""
    within = [content(node) for node in nodes(blocks, "Code") if content(node).startswith("{")]
    for line, row in enumerate(manuscript.text.split("\n") if within else (), 1):
        fence = BRACED_FENCE.match(row)
        if fence and any(each.startswith(" ".join(fence[1].split())) for each in within):
            yield Problem(*manuscript.origin(line), f"`{fence[1].strip()}` begins no block of "
                          "code, but code within a line: write {python} for a cell, or {.python} "
                          "for code to be shown")


def open_formulas(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """A `$$` that begins or ends no formula, and is printed."""
    if not any("$$" in content(node) for node in nodes(blocks, "Str")):
        return
    begin = None
    for nth, mark in enumerate([*re.finditer(DISPLAY, manuscript.prose), None]):
        if begin and mark and not BLANK_LINE.search(manuscript.prose, begin.end(), mark.start()):
            begin = None
            continue
        if begin:
            yield manuscript.problem(DISPLAY, "a `$$` that begins or ends no formula: write "
                                     "another, with no blank line between them", nth=nth)
        begin = mark


def broken_pictures(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Pictures that pandoc reads as text, for brackets in their captions."""
    for line in nodes(blocks, "Para", "Plain") if UNREAD_PICTURE.search(manuscript.prose) else ():
        if "![" in text(only_words(line)) and UNREAD_PICTURE.search(text(only_words(line))):
            yield manuscript.problem(UNREAD_PICTURE.pattern, "a picture is read as text, for "
                                     "brackets in its caption that are no pair: write `\\[` and "
                                     "`\\]`")


def only_words(line: Node) -> Node:
    return translate(line, dict.fromkeys(("Code", "Math", "Image"), lambda node: []))


def tabless_tabsets(blocks: list, manuscript: Manuscript, code: str) -> Iterator[Problem]:
    """Tabsets without a heading of their own; a cell that did not run may print one."""
    opening = r"(?<=[{.\s])panel-tabset(?![\w-])"
    behind = re.split(opening, manuscript.text)[1:]
    tabsets = [node for node in nodes(blocks, "Div") if "panel-tabset" in classes(node)]
    for place, (node, after) in enumerate(zip(tabsets, behind, strict=False), 1):
        printed = "{python}" in after and re.search(r"#{1,6} ", code)
        if not printed and not any(is_node(block, "Header") for block in content(node)):
            yield manuscript.problem(opening, "a tabset without tabs: each begins with a heading, "
                                     "`## Title`, in the block itself (that of a cell needs "
                                     "`output: asis`)", nth=place)


def raw_problems(format: str, source: str, manuscript: Manuscript, spoken: Manuscript,
                 nth: int) -> Iterator[Problem]:
    """What is wrong with raw text that stands on the page for the n-th time; `spoken` is the page
    without formulas."""
    pattern = r"\s+".join(map(re.escape, source.split())) + (
        r"(?![A-Za-z])" if re.search(r"\\[A-Za-z]+$", source) else "")
    if format == "tex" and MACROS.fullmatch(source.strip()):
        return
    if format == "tex" and not MATH_ENVIRONMENT.fullmatch(source.strip()):
        begin = " ".join(source.split())[:40]
        manuscript = spoken if spoken.find(pattern)[1] else manuscript
        yield manuscript.problem(pattern, f"`{begin}` is TeX, which neither the page nor the PDF "
                                 "prints outside formulas: write it in Markdown", nth=nth)
    elif format == "typst" and source.count("/*") > source.count("*/"):
        yield manuscript.problem(pattern, "a comment of Typst's is never closed, and the PDF loses "
                                 "what follows: end it with */")
    elif found := mistake(RAW, format):
        yield manuscript.problem(pattern, *found)


def deepest(manuscript: Manuscript) -> tuple[float, int]:
    """How deep blocks seem to stand in one another, by the marks before a line; and which line."""
    open_blocks = 0
    found = (-1.0, 1)
    for number, line in enumerate(manuscript.prose.split("\n"), 1):
        mark = FENCE.match(line)
        open_blocks = max(0, open_blocks + (1 if mark[1] else -1)) if mark else open_blocks
        if line.strip() and (begin := BEGIN.match(line)):
            found = max(found, (open_blocks + len(begin[0].expandtabs(2)) / 2, number),
                        key=itemgetter(0))
    return found


def too_deep(manuscript: Manuscript, message: str) -> Problem:
    """A problem where blocks stand deepest in one another."""
    return Problem(*manuscript.origin(deepest(manuscript)[1]), message, "builtin")


def unread_shortcodes(manuscript: Manuscript) -> Iterator[Problem]:
    """Shortcodes over several lines, or never closed, which print as they are typed."""
    rows = manuscript.prose.split("\n") if "{{<" in manuscript.prose else []
    for line, row in enumerate(rows, 1):
        if not (found := UNREAD_SHORTCODE.search(row)):
            continue
        yield Problem(*manuscript.origin(line), f"the built-in press reads no shortcode in "
                      f"`{found[0].strip()[:40]}`: write `{{{{< name ... >}}}}` on one line, or "
                      "`{{{< name ... >}}}` to show it", "builtin")


def unmatched(prose: str) -> tuple[list[int], list[int]]:
    """Where blocks begin that no line of `:::` ends, and where such a line ends no block."""
    opened: list[int] = []
    stray: list[int] = []
    for fence in FENCE.finditer(prose):
        if fence[1]:
            opened.append(fence.start())
        elif opened:
            opened.pop()
        else:
            stray.append(fence.start())
    return opened, stray


def blocks_that_cells_open(cell: Cell, defaults: dict, outputs: list,
                           is_open: bool) -> Iterator[Problem]:
    """What a cell's Markdown begins and does not end: what follows would be taken into it.

    One of several cells that print `:::` as it is may end what another began; `is_open` where
    something is open at the end of the page.
    """
    is_asis = {**defaults, **cell.options}.get("output") == "asis"
    shown = ["text" in each and is_asis and each["text"] or each.get("data", {}).get(
        "text/markdown", "") for each in outputs]
    for written in ["".join(shown)] if is_asis else shown:
        if any(token["fence"] and not closing for token, closing in regions(written, 0)):
            what, end = "a block of code", "```"
        elif (is_open or not is_asis) and unmatched(without_code(written))[0]:
            what, end = "a block", ":::"
        else:
            continue
        yield Problem(cell.path, cell.line, f"the cell's Markdown begins {what} and never ends it: "
                      f"end it with a line of {end}")


def unclosed_blocks(is_open: bool, manuscript: Manuscript) -> Iterator[Problem]:
    """Blocks that pandoc would end, silently, with the text around them; `is_open` where it did."""
    tags: list[int] = []
    for tag in HTML_DIV.finditer(manuscript.prose) if is_open else ():
        if not tag[1]:
            tags.append(tag.start())
        elif tags:
            tags.pop()
    for position in tags[:1]:
        line = manuscript.prose.count("\n", 0, position) + 1
        yield Problem(*manuscript.origin(line), "the `<div>` that begins here is never closed: end "
                      "it with `</div>`")
    for position in unmatched(manuscript.prose)[0]:
        line = manuscript.prose.count("\n", 0, position) + 1
        yield Problem(*manuscript.origin(line), "the block that begins here is never closed: end "
                      "it with a line of `:::`")
