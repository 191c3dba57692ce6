"""Quarto's silent traps: what it prints wrongly, or loses, without a word."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from bookbuild.check.labels import Survey, label_pattern, reference_pattern
from bookbuild.document import (CALLOUT_KINDS, MATH_ENVIRONMENT, UNNUMBERED_KINDS, Chapter, Float,
                                Node, Tabset, caption, cited, classes, content, cross_references,
                                identifier, is_cross_reference, is_display, is_node, nodes,
                                numbering, pairs, prefix, raw, rewrite, text)
from bookbuild.say import Problem
from bookbuild.source import Cell, Manuscript, SplitText

DASHES = re.compile(r"[ \t>]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)++\|?[ \t\r]*")
NOTE_CALL = re.compile(r"\[\^([^\]\s]++)(?:\](?!:))?+")       # of a note, or what only begins so
LABEL_BELOW = re.compile(r"\$\$[ \t]*+\r?\n[ \t>]*+(\{#eq-[\w.:-]++\})")
SHOWN_BY_HTML = re.compile(r"<(audio|canvas|embed|iframe|img|math|object|pre|svg|video)\b",
                           re.IGNORECASE)
UNSPLIT = re.compile(r"\\.|`[^`\n]+`|\$[^$\n]+\$")      # in these a | does not part two cells
MARKED = ("Emph", "Strong", "Strikeout", "Subscript", "Superscript", "SmallCaps", "Underline",
          "Link", "Image", "Note", "Span")
FRAMED = {*(f"callout-{kind}" for kind in CALLOUT_KINDS), *UNNUMBERED_KINDS, "panel-tabset"}
IN_FRONT = {"also", "and", "as", "by", "cf", "cf.", "compare", "e.g.", "from", "in", "of", "on",
            "see", "with"}


def page_traps(split: SplitText, blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Traps that a page alone shows."""
    yield from numbered_examples(blocks, manuscript)
    yield from notes_called_twice(manuscript)
    yield from notes_not_written(blocks, manuscript)
    yield from notes_in_notes(blocks, manuscript)
    yield from lost_table_cells(manuscript)
    yield from words_in_brackets(blocks, manuscript)
    yield from labels_below_formulas(blocks, manuscript)
    yield from html_for_the_page_alone(blocks, manuscript)
    yield from conditional_frames(blocks, manuscript)
    cells = [piece for piece in split.pieces if isinstance(piece, Cell)]
    for cell in cells:
        yield from cell_traps(cell)
    for expression in split.units if not cells else ():
        yield Problem(expression.path, expression.line, "Quarto runs no expression on a page "
                      "without a cell: add one", "quarto")


def typst_traps(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Traps of a page in Typst's PDF alone."""
    yield from bare_formulas(blocks, manuscript)
    yield from for_latex(blocks, manuscript)


def chapter_traps(survey: Survey, chapter: Chapter, manuscript: Manuscript,
                  target: str) -> Iterator[Problem]:
    """Traps that depend on numbers, for one target."""
    if target == "typst":
        yield from letters_behind_dots(chapter, manuscript)
        yield from lost_captions(chapter, manuscript)
        yield from other_numbers(chapter, manuscript)
    yield from numberless_targets(survey, chapter, manuscript, target)
    yield from figures_in_a_line(survey, chapter, manuscript)


def numbered_examples(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    lists = map(numbering, nodes(blocks, "OrderedList"))
    if not any(style == "Example" and delimiter != "TwoParens" for style, delimiter in lists):
        return
    pattern = r"(?m)^(?:[ \t>]|\[\^[^\]\n]+\]:)*@([\w:.-]*\w)[.)](?=\s)"
    for place, match in enumerate(re.finditer(pattern, manuscript.prose), 1):
        yield manuscript.problem(pattern, f"`@{match[1]}.` at the beginning is read as a numbered "
                                 f"example, and the reference is lost: write `[@{match[1]}].`",
                                 nth=place)


def notes_called_twice(manuscript: Manuscript) -> Iterator[Problem]:
    calls = Counter(called_notes(manuscript.prose))
    for name, count in calls.items():
        if count > 1:
            yield manuscript.problem(rf"\[\^{re.escape(name)}\](?!:)", f"the note `{name}` is "
                                     f"called {count} times and becomes {count} notes",
                                     "neither", nth=2)


def called_notes(text: str) -> Iterator[str]:
    """The names of the notes that a text calls, as often as it does."""
    return (call[1] for call in NOTE_CALL.finditer(text) if call[0].endswith("]"))


def notes_not_written(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    printed = " ".join(map(content, nodes(blocks, "Str")))
    for name in dict.fromkeys(called_notes(printed)):
        call = rf"(?<!\\)\[\^{re.escape(name)}\](?!:)"
        if re.search(call, manuscript.prose):
            yield manuscript.problem(call, f"there is no note `{name}`, and `[^{name}]` is "
                                     f"printed as it stands: write the note, `[^{name}]: …`",
                                     "neither")


def notes_never_called(names: list[str], manuscript: Manuscript) -> Iterator[Problem]:
    for name in names:
        yield manuscript.problem(rf"\[\^{re.escape(name)}\]:", f"the note `{name}` is never "
                                 f"called, and is lost: call it, `[^{name}]`, or take it out")


def written_twice(names: list[tuple[str, str]], manuscript: Manuscript) -> Iterator[Problem]:
    for kind, name in names:
        mark = "^" if kind == "note" else ""
        yield manuscript.problem(rf"\[{re.escape(mark + name)}\]:", f"the {kind} `[{mark}{name}]:` "
                                 "is written twice, and one of them is lost: give it another name",
                                 "both" if kind == "note" else "neither", nth=2)


def notes_in_notes(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    for note in nodes(blocks, "Note"):
        for inner in nodes(content(note), "Note"):
            words = r"\W+".join(map(re.escape, re.findall(r"\w+", text(content(inner)))[:6]))
            yield manuscript.problem(words, "a note within a note is lost: say it in one note")


def lost_table_cells(manuscript: Manuscript) -> Iterator[Problem]:
    """Rows of a pipe table that are longer than its line of dashes: the rest is not printed."""
    lines = UNSPLIT.sub(lambda match: re.sub(r"[^\n]", "x", match[0]), manuscript.prose).split("\n")
    columns, above = 0, ""              # of the table that is being read, and the line before
    for place, line in enumerate(lines, 1):
        rows = [(place, line)]
        if not columns and DASHES.fullmatch(line):
            columns = cell_count(line)
            rows.insert(0, (place - 1, above))
        for number, row in rows if columns else []:
            if "|" in row and (count := cell_count(row)) > columns:
                yield Problem(*manuscript.origin(number), f"the row has {count} cells and the "
                              f"table {columns} columns: the rest would be lost")
        columns, above = columns if "|" in line else 0, line


def cell_count(row: str) -> int:
    return row.strip().strip("|").count("|") + 1


def words_in_brackets(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    for cite in nodes(blocks, "Cite"):
        first, *others = given = cited(cite)
        for each in given:
            key, behind = each.key, text(each.behind).strip()
            if behind and is_cross_reference(key):
                yield manuscript.problem(reference_pattern(key), f"Quarto drops `{behind}` behind "
                                         f"`{key}`: write it behind the brackets", "quarto")
        key, before = first.key, text(first.before).strip()
        if not before or not is_cross_reference(key):
            continue
        pattern = rf"\[[^\[\]]*{reference_pattern(key)}"
        if before.split()[0].lower() in IN_FRONT:
            yield manuscript.problem(pattern, f"`{before}` takes the place of the word for `{key}` "
                                     f"(\"{before} 1.1\"): write `{before} @{key}`", "neither")
        if any(is_cross_reference(each.key) and not each.before for each in others):
            yield manuscript.problem(pattern, f"only `{key}` gets the word `{before}`, the others "
                                     "keep their own", "neither")


def bare_formulas(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    for node in nodes(blocks, "RawBlock", "RawInline"):
        format, source = raw(node)
        if format in ("tex", "latex") and MATH_ENVIRONMENT.fullmatch(source.strip()):
            pattern = r"(?m)^[ \t]*" + r"\s+".join(map(re.escape, source.split()))
            yield manuscript.problem(pattern, "a formula without `$$` is lost in Quarto's PDF: put "
                                     "`$$` around it", "quarto")


def labels_below_formulas(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Labels on the line below a formula's last `$$`, which Quarto prints as words."""
    for line in nodes(blocks, "Para", "Plain") if LABEL_BELOW.search(manuscript.prose) else ():
        for formula, between, behind in zip(*(content(line)[place:] for place in range(3))):
            mark = LABEL_BELOW.fullmatch(f"$$\n{content(behind)}") if is_display(formula) \
                and is_node(between, "SoftBreak") and is_node(behind, "Str") else None
            if mark:
                yield manuscript.problem(re.escape(mark[1]), f"Quarto sees no label in `{mark[1]}` "
                                         "on a line of its own: write it behind the `$$`", "quarto")


def html_for_the_page_alone(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """What an author's own HTML shows on the page, and nothing shows in print."""
    def is_conditional(node: Node) -> list | None:
        return [] if {"content-visible", "content-hidden"} & set(classes(node)) else None

    def shown(tree: list) -> set[str]:
        return {tag.lower() for node in nodes(tree, "RawBlock", "RawInline")
                if raw(node)[0] == "html" for tag in SHOWN_BY_HTML.findall(raw(node)[1])}
    for tag in sorted(shown(rewrite(blocks, is_conditional)) if shown(blocks) else ()):
        yield manuscript.problem(rf"(?i)<{tag}\b", f"what `<{tag}>` shows is on the page alone, "
                                 "and neither in the PDF nor in the EPUB: write it in Markdown, or "
                                 "put it into `::: {.content-visible when-format=\"html\"}`",
                                 "neither")


def for_latex(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """What depends on LaTeX's PDF, in a book whose PDF is Typst's."""
    for node in nodes(blocks, "Div", "Span", "CodeBlock"):
        for name in {"when-format", "unless-format"} & set(pairs(node)):
            if (value := pairs(node)[name]) in ("pdf", "latex"):
                yield manuscript.problem(rf"{name}\s*=\s*[\"']?{value}", f"`{name}={value}` is "
                                         "about a PDF that LaTeX makes, and not Typst's: write "
                                         f"`{name}=\"typst\"`", "neither")
                return


def conditional_frames(blocks: list, manuscript: Manuscript) -> Iterator[Problem]:
    """Conditional blocks that are something else as well, which Quarto loses."""
    place = 0
    for node in nodes(blocks, "Div"):
        if not (conditions := {"content-visible", "content-hidden"} & set(classes(node))):
            continue
        place += 1
        key, kinds = identifier(node), [name for name in classes(node) if name in FRAMED]
        if is_cross_reference(key) or kinds:
            name = kinds[0] if kinds else key
            yield manuscript.problem(r"\.content-(?:visible|hidden)(?![\w-])", f"Quarto loses the "
                                     f"frame and the label of `{name}` in a `{min(conditions)}` "
                                     "block: put it into a block of its own inside", "quarto",
                                     nth=place)


def cell_traps(cell: Cell) -> Iterator[Problem]:
    options, label = cell.options, str(cell.options.get("label", ""))
    if "renderings" in options and label.startswith("fig-"):
        yield Problem(cell.path, cell.option_lines["renderings"], "`renderings` does not work with "
                      f"the label `{label}`: leave one of them out", "quarto")
    if any(re.match(r"#\|\s*fig-alt:\s*[|>]", line) for line in cell.option_source):
        yield Problem(cell.path, cell.option_lines["fig-alt"], "Quarto breaks a `fig-alt` of "
                      "several lines and loses the label: write it in one line", "quarto")
    if options.get("error") is True:
        yield Problem(cell.path, cell.option_lines["error"], "Quarto's PDF prints the error twice, "
                      "with escape codes", "neither")
    if "classes" in options and (options.get("output") == "asis" or "fig-subcap" in options):
        yield Problem(cell.path, cell.option_lines["classes"], "`classes` is lost beside `output: "
                      "asis` and `fig-subcap`", "neither")


def letters_behind_dots(chapter: Chapter, manuscript: Manuscript) -> Iterator[Problem]:
    """Marked words directly before `.letter`, which Typst takes for a field of theirs."""
    for line in nodes(chapter.blocks, "Para", "Plain", "Header"):
        for marked, behind in pairwise(content(line)):
            if is_node(marked, *MARKED) and is_node(behind, "Str") and re.match(
                    r"\.[A-Za-z]", content(behind)):
                last = re.escape((re.findall(r"\w+", text(marked)) or [""])[-1])
                field = re.escape(content(behind)[:2])
                yield manuscript.problem(
                    rf"{last}[^\w\n]?[^\n]{{0,200}}?{field}", f"Quarto's PDF fails: Typst takes "
                    f"`{content(behind)[:20]}` behind marked words for a field: mark it too, or "
                    "write it apart", "quarto")


def lost_captions(chapter: Chapter, manuscript: Manuscript) -> Iterator[Problem]:
    labelled = {id(table) for each in nodes(chapter.blocks, Float)
                for table in nodes(each, "Table")}
    for table in nodes(chapter.blocks, "Table"):
        words = text(caption(table))
        if words.strip() and id(table) not in labelled:
            pattern = r"\W+".join(map(re.escape, re.findall(r"\w+", words)[:6]))
            yield manuscript.problem(pattern, "the caption of a table without a label is lost in "
                                     "Quarto's PDF: add `{#tbl-name}`", "quarto")


def other_numbers(chapter: Chapter, manuscript: Manuscript) -> Iterator[Problem]:
    """What Quarto's Typst numbers and its HTML doesn't, before something with a label."""
    above: dict[str, str] = {}
    for node in nodes(chapter.blocks):
        key = identifier(node)
        if is_node(node, "Math") and is_display(node):
            above.setdefault("eq", "a formula without a label")
        elif is_node(node, Float) and node.kind == "fig" and not key and node.title:
            above.setdefault("fig", "a captioned picture without a label")
        elif is_node(node, Tabset):
            above.setdefault("sec", "the title of a tab")
        elif above.get(prefix(key)):
            yield manuscript.problem(label_pattern(key), f"in Quarto's PDF `{key}` has another "
                                     f"number than in HTML: {above[prefix(key)]}, above, counts "
                                     "there", "neither")
            above[prefix(key)] = ""


def numberless_targets(survey: Survey, chapter: Chapter, manuscript: Manuscript,
                       target: str) -> Iterator[Problem]:
    told = False
    for key in dict.fromkeys(key for key, _ in cross_references(chapter.blocks)):
        entry = survey.entries.get(key)
        if entry is None:
            continue
        if entry.number is None:
            link = f"{entry.chapter.page.source}{'' if entry.is_chapter else '#' + key}"
            yield manuscript.problem(reference_pattern(key), f"`{key}` has no number to refer to: "
                                     f"link to it, `[words]({link})`")
        elif prefix(key) in ("sol", "rem") and target == "typst":
            yield manuscript.problem(reference_pattern(key), f"a reference to `{key}` stops "
                                     "Quarto's PDF: put it into `::: {.content-visible "
                                     "when-format=\"html\"}`", "quarto")
        elif prefix(key) == "sec" and target == "html" and not chapter.number and not told:
            told = True
            yield manuscript.problem(reference_pattern(key), "on a page without a number, HTML "
                                     "shows titles of sections, not their numbers", "neither")


def figures_in_a_line(survey: Survey, chapter: Chapter,
                      manuscript: Manuscript) -> Iterator[Problem]:
    for picture in nodes(chapter.blocks, "Image"):
        key = identifier(picture)
        if prefix(key) == "fig" and key not in survey.entries:
            yield manuscript.problem(label_pattern(key), f"the picture `{key}` stands within "
                                     "a line, where it is no figure and loses its caption: give it "
                                     "a paragraph of its own")
        elif "column-margin" in classes(picture):
            yield manuscript.problem(r"\.column-margin(?![\w-])", "a picture for the margin stands "
                                     "within a line: give it a paragraph of its own")
