"""The book on its way: the steps in their order, and what they gave."""

import copy
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from bookbuild.check import Survey, too_deep
from bookbuild.document import (Chapter, Entry, Words, bibliographies, citations, exchange,
                                ids_in_html, meant_for, nodes, number_chapter, pandoc, para,
                                references, structure, take_titles, tex, wording, written_citations)
from bookbuild.files import write_file, writing
from bookbuild.live import ASSETS, assemble
from bookbuild.memory import Memory
from bookbuild.pipeline.drafts import (Draft, check_chapter, check_files, check_links, check_page,
                                       depth_of, ids_in, ids_of, inline_text, labels_in, on_page,
                                       parse_page, split, text_of, write_chapter)
from bookbuild.print import epub, formulas, highlighting, hover, html, pdf, search, typst
from bookbuild.say import BookError, Problem, Say, hindrances
from bookbuild.source import (CONFIG, Cell, InlineCode, Page, Project, output_problem, python_of,
                              read_manuscript)

ACTIVE = re.compile(r"([\\`*_\[\]<>|~$])")        # of what Markdown marks, within a line of any
DEEPEST_IN_PRINT = 12   # blocks in one another; Typst ends or takes forever not far beyond
FORMATS = {"html": "html", "pdf": "typst", "epub": "epub"}      # by their names in Quarto


class Pipeline:
    """A book on its way: its steps, in the order in which they are taken, and what they gave.

    `read` and `parse` are the same for all targets; `compose`, `resolve` and `write` are taken for
    each `edition`. Between `read` and `parse`, somebody else may run the cells.

    Attributes
    ----------
    problems : set of Problem
        What is wrong, as far as the steps have seen.
    drafts : list of Draft
        From `read`: the pages.
    trees, pictures : list
        From `parse`: for each page pandoc's blocks, and the pictures that its cells drew.
    chapters : list of Chapter
        From `compose`, numbered; from `resolve`, with references and citations worded.
    """

    def __init__(self, project: Project, memory: Memory | None = None) -> None:
        self.project, self.memory = project, memory or Memory()
        self.problems: set[Problem] = set()
        self.read()

    def read(self) -> None:
        """Read the pages with what they include, and split them into prose and cells."""
        self.problems |= {*self.project.problems, *filter(None, [output_problem(self.project)])}
        self.drafts: list[Draft] = []
        for page in self.project.pages:
            manuscript, found = read_manuscript(self.project, page.source)
            source = self.memory.step(split, page, manuscript)
            self.problems |= {*found, *source.problems}
            self.drafts.append(Draft(page, manuscript, source))

    def parse(self, results: Mapping, complete: bool) -> None:
        """Write results of cells and expressions into the text, let pandoc read it, and look.

        Cells without results are given stand-ins, so that their labels are known; unless the
        results are `complete`, what leads nowhere may lead to what a cell makes.
        """
        self.results = results
        units = [unit for draft in self.drafts for unit in draft.source.units]
        unread = [piece.text for draft in self.drafts for piece in draft.source.pieces
                  if isinstance(piece, Cell) and piece.language != "python"]
        self.code = "\n".join([*unread, *(() if complete else map(python_of, units))])
        known = [{unit: results.get(unit) for unit in draft.source.units} for draft in self.drafts]
        parsed = self.memory.steps(*(
            (parse_page, draft.page, self.project, draft, results)
            for draft, results in zip(self.drafts, known)))
        self.trees = [tree["blocks"] for tree, _ in parsed]
        self.pictures = [pictures for _, pictures in parsed]
        for draft, results, (tree, pictures) in zip(self.drafts, known, parsed):
            self.problems |= self.memory.step(check_page, draft.page, self.project, draft, results,
                                              tree, self.code)
            self.problems |= self.memory.look(check_files, draft.page, self.project, draft, tree,
                                              pictures, self.code)
        self.unseen = any(problem.stops == "builtin" for problem in self.problems)

    def compose(self, target: str) -> None:
        """Find the structure, number the book and check it, for one target."""
        step, common, self.format = self.step, self.common, FORMATS[target]
        if target == "pdf" and self.project.pdf_problem:
            self.problems.add(self.project.pdf_problem)
        meant = [step(meant_for, draft.page, blocks, self.format)
                 for draft, blocks in zip(self.drafts, self.trees)]
        self.alike = {draft.page for draft, blocks, own in zip(self.drafts, self.trees, meant)
                      if own == blocks}
        titled = take_titles([
            (draft.page, common(structure, draft.page, blocks), draft.front_title)
            for draft, blocks in zip(self.drafts, meant)])
        numbered = [common(number_chapter, head.page, head, blocks) for head, blocks in titled]
        self.heads = [head for head, _ in titled]
        self.chapters: list[Chapter] = [chapter for chapter, _ in numbered]
        entries = [entry for _, own in numbered for entry in own]
        self.entries: dict[str, Entry] = {entry.key: entry for entry in reversed(entries)}
        ids = {chapter.page.source: own for chapter, own in self.each(ids_of, common)}
        times = Counter(key for own in ids.values() for key in own)
        places = {key: source for source, own in ids.items() for key in own if times[key] == 1}
        self.chapters = [common(references.lead_to_pages, chapter.page, chapter, {
            key: places[key] for key in keys if key not in ids[chapter.page.source]
            and key in places}) for chapter, keys in self.each(references.linked_ids, common)]
        written = [self.memory.step(ids_in, draft.page, blocks)
                   for draft, blocks in zip(self.drafts, self.trees)]
        left_out = frozenset().union(*written).difference(*ids.values(), self.entries)
        for draft, blocks in zip(self.drafts, self.trees):      # a page's links lead there, too
            ids[draft.page.source] = ids[draft.page.source] | self.memory.step(
                ids_in_html, draft.page, blocks)
        survey = Survey(self.project, self.entries, self.sources(), ids, self.code,
                        self.unseen, left_out)
        for draft, chapter in zip(self.drafts, self.chapters):
            self.problems |= step(check_chapter, draft.page, survey, chapter, draft.manuscript,
                                  self.format)
            self.problems |= self.memory.look(check_links, (self.format, draft.page), survey,
                                              chapter, draft.manuscript)
            if self.format == "typst" and (found := step(depth_of, draft.page, chapter)
                                           ) > DEEPEST_IN_PRINT:
                self.problems.add(too_deep(draft.manuscript, f"blocks stand {found} deep in one "
                                           f"another, and the PDF takes {DEEPEST_IN_PRINT}"))

    def resolve(self) -> None:
        """Word the references and citations."""
        step, project = self.step, self.project
        self.chapters = [
            step(references.refer, chapter.page, chapter,
                 {key: self.entries[key] for key in keys if key in self.entries}, self.format)
            for chapter, keys in self.each(labels_in, self.common)]
        self.cited: list[list] = []
        if not (files := project.bibliographies(self.format)):
            return
        found, style = self.each(citations.citing), project.citation_style(self.format)
        self.cited = [cites for _, (cites, _) in found]
        worded, listed = step(
            citations.word_sources, "book", project.lang, files, style,
            [cites for _, (cites, _) in found],
            [path.read_bytes() for path in [*files, style] if path and path.is_file()])
        self.chapters = [step(citations.cite, chapter.page, chapter, [*cites, *lists],
                              [*own, *[listed] * len(lists)])
                         for (chapter, (cites, lists)), own in zip(found, worded)]

    def words(self, draft: Draft, chapter: Chapter) -> Words:
        """What a page's references, citations and expressions say, after `resolve`."""
        step, project, page = self.step, self.project, chapter.page
        parsed = step(wording.parsed, page, [
            found[0] for found in written_citations(draft.manuscript.prose)])
        lines = step(wording.referred, page, chapter, parsed, self.entries)
        cites, _ = step(citations.citing, ("written", page), lines)
        sources = None
        if cites and (files := project.bibliographies(self.format)):
            style = project.citation_style(self.format)
            worded, _ = step(
                citations.word_sources, ("written", page), project.lang, files, style,
                [*self.cited, cites],
                [path.read_bytes() for path in [*files, style] if path and path.is_file()])
            lines = step(citations.cite, ("written", page), lines, cites, worded[-1])
            sources = next((str(each.page.source) for each, keys in self.each(hover.listed)
                            if keys), None)
        known = Words(
            names=step(wording.names_of, page, chapter, self.entries),
            headings=step(wording.headings_of, page, chapter), source=str(page.source),
            values=tuple(inline_text(self.results.get(unit), ACTIVE) or None
                         for unit in draft.source.units if isinstance(unit, InlineCode)),
            site=str(project.book.get("site-url") or "").rstrip("/"))
        return replace(known, citations=step(
            wording.in_words, page, lines, [*parsed], known, sources))

    def each(self, make: Callable[[Chapter], Any],
             step: Callable | None = None) -> list[tuple[Chapter, Any]]:
        """The chapters, each with what a step makes of it alone."""
        step = step or self.step
        return [(chapter, step(make, chapter.page, chapter)) for chapter in self.chapters]

    def step(self, make: Callable, place, *inputs) -> Any:
        """A step for this target."""
        return self.memory.step(make, (self.format, place), *inputs)

    def common(self, make: Callable, page: Page, *inputs) -> Any:
        """A step that is one for all targets where the page has nothing that only some show."""
        return (self.memory.step if page in self.alike else self.step)(make, page, *inputs)

    def edition(self, target: str) -> "Pipeline":
        """The book from here on for one target, beside others."""
        edition = copy.copy(self)
        edition.compose(target)
        return edition

    def write(self, target: str, built: Path, only: Page | None, runtime: Path | None,
              say: Say) -> Callable[[], None]:
        """Write the book, or one page of it, into a folder; it is whole when what is given back
        was called, since another program may be at work on it."""
        if target == "html":
            self.write_html(built, only)
            self.write_search(built)
            self.write_live(built, runtime, say)
            return lambda: None
        work, bound = built.with_name(target), built / name_of(self.project, target)
        self.write_pictures(work, None)
        with self.formulas_placed():
            if target == "epub":
                write_file(bound, epub.bind(self.project, self.chapters, work, say))
                return lambda: None
            setting = pdf.begin(self.project, self.write_typst(), work)

        def finish() -> None:
            try:
                write_file(bound, pdf.bound(setting, work, say,
                                            lambda letter: say(str(self.lacking(letter)))))
            except pdf.Unset as error:
                raise BookError([self.unset(error)]) from None
        return finish

    def lacking(self, letter: str) -> Problem:
        """A letter that the PDF shows as a box, where it is written first."""
        message = (f"no font here has `{letter}`, and the PDF shows a box for it, and perhaps for "
                   "others: install a font for its script, such as Noto")
        for draft in self.drafts:
            if (place := draft.manuscript.find(re.escape(letter)))[1]:
                return Problem(*place, message)
        return Problem(CONFIG, None, message)

    def unset(self, error: pdf.Unset) -> Problem:
        """What Typst could not set, at the first words of it that are found on the page; a
        picture, where a page shows it."""
        problem, = error.problems
        for draft, (_, files) in zip(self.drafts, self.each(html.local_files)):
            if file := next((file for file in files if os.path.normpath(
                    draft.page.source.parent / file) == str(problem.path)), None):
                return draft.manuscript.problem(
                    re.escape(os.path.basename(file)), f"the picture {file}: {problem.message}")
        spoken = re.findall(r"\w+", error.text)
        for draft in self.drafts:
            if str(draft.page.source) != str(problem.path):
                continue
            for start in range(min(len(spoken), 100)):
                pattern = r"\b" + r"\W+".join(map(re.escape, spoken[start:start + 3]))
                if (place := draft.manuscript.find(pattern))[1]:
                    return Problem(*place, problem.message)
            return draft.manuscript.problem(r"\{=typst\}", problem.message)
        return problem

    def write_typst(self) -> str:
        """The whole book as one Typst file."""
        written = self.memory.steps(*((write_chapter, chapter.page, self.heads, chapter)
                                      for chapter in self.chapters))
        return typst.write_book(self.project, self.heads, written)

    def name(self, file: Path) -> str:
        """A file's path, relative to the book."""
        return Path(os.path.relpath(file, self.project.root)).as_posix()

    # ------------------------------------------------------------------------------ checking

    def sources(self) -> set[str] | None:
        """The keys of the bibliography; None if it or its style can't be read: a problem."""
        files, style = (self.project.bibliographies(self.format),
                        self.project.citation_style(self.format))
        try:
            if style and style.is_file():
                self.memory.step(bibliographies.check_style, style, style, self.name(style),
                                 style.read_bytes())
            keys: set[str] = set()
            for path in files:
                file = self.name(path), path.read_bytes()
                listed = self.memory.step(bibliographies.source_keys, path, *file)
                self.problems |= {*bibliographies.listed_twice(*file, listed)}
                keys |= {*listed}
            return keys
        except BookError as error:
            self.problems |= set(error.problems)
            return None

    def hindered(self) -> list[Problem]:
        """What keeps the book from being printed."""
        return hindrances(self.problems, "builtin")

    def stop_if_hindered(self) -> None:
        """
        Raises
        ------
        BookError
            If something keeps the book from being printed.
        """
        if stopping := self.hindered():
            raise BookError(stopping)

    def unread_formulas(self) -> list[Problem]:
        """Formulas that pandoc cannot convert."""
        found = {tex(node): para([node]) for blocks in self.trees for format in FORMATS.values()
                 for node in nodes(meant_for(blocks, format), "Math")}
        try:
            with self.formulas_placed():
                pandoc.write([*found.values()], "--to", "html5", "--mathml")
        except BookError as error:
            return error.problems
        return []

    @contextmanager
    def formulas_placed(self) -> Iterator[None]:
        """Tell of formulas that pandoc cannot convert with the places where they stand."""
        try:
            yield
        except pandoc.UnreadFormulas as error:
            raise BookError(map(self.unread, error.formulas)) from None

    def unread(self, formula: str) -> Problem:
        """A formula that pandoc cannot convert, where it is written or the cell that printed it."""
        shown = " ".join(formula.split())
        shown = shown if len(shown) <= 120 else f"{shown[:119]}…"
        message = (f"pandoc cannot read the formula {shown}: write it with other commands, or "
                   "render with Quarto")
        stops = "both" if self.project.is_for_mathml else "builtin"
        words = formula.replace("\\nonumber", "\\notag").split()[:12]
        pattern = r"[\s>]+".join(map(re.escape, words)).replace(
            re.escape("\\notag"), r"\\no(?:tag|number)")
        pages = [draft for draft, blocks in zip(self.drafts, self.trees)
                 if any(tex(node).split() == formula.split() for node in nodes(blocks, "Math"))]
        for each in (rf"(?<=\$){pattern}(?=\$)", pattern):
            for draft in pages or self.drafts:
                if (place := draft.manuscript.find(each))[1]:
                    return Problem(*place, message, stops)
        for unit, result in self.results.items():
            if re.search(pattern, text_of(result)):
                return Problem(unit.path, unit.line, message, stops)
        for draft, blocks in zip(self.drafts, self.trees):
            if any(formula in tex(node) for node in nodes(blocks, "Math")):
                return draft.manuscript.problem(pattern, message, stops)
        return Problem("pandoc", None, message, stops)

    # ------------------------------------------------------------------------------- printing

    def write_html(self, built: Path, only: Page | None = None) -> None:
        """Write the pages, their pictures and notebooks, and what they load."""
        from bookbuild.lab import made_of, parts_of_notebook, read_text     # imported in a while

        project = self.project
        wanted = [chapter for chapter in self.chapters if only in (None, chapter.page)]
        notebooks = []
        for draft, chapter in zip(self.drafts, self.chapters):
            if chapter in wanted and html.is_notebook(project, chapter):
                source = project.root / chapter.page.source
                parts = parts_of_notebook(source, read_text(source), self.words(draft, chapter))
                notebooks.append((made_of, chapter.page, *parts))
        with self.formulas_placed():
            for page, shown in self.print_pages(wanted, notebooks):
                write_file(built / page.output, shown)
        self.write_pictures(built, only)
        for make, page, *parts in notebooks:
            write_file(built / page.output.with_suffix(".ipynb"),
                       self.memory.step(make, page, *parts))
        if icon := project.book.get("favicon"):
            write_file(built / icon, (project.root / icon).read_bytes())
        with writing(built):
            shutil.copytree(html.THEME, built / html.ASSETS, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("page.html", "*.lua", "*.md", "*.py"))

    def print_pages(self, wanted: Sequence[Chapter],
                    beside: Sequence[tuple] = ()) -> Iterator[tuple[Page, str]]:
        """Pages, whole, with the previews of what they lead to on others; while pandoc writes
        them, the steps `beside` are taken."""
        step = self.memory.step
        by_source = {chapter.page.source: chapter for chapter in self.chapters}
        listed = {key: chapter.page.source for chapter, keys in self.each(hover.listed)
                  for key in keys}
        bibliography = next(iter(listed.values()), None)
        leads = {chapter.page: [
            (source or listed[key], key)
            for source, key in step(hover.leads, chapter.page, chapter)
            if (source or listed.get(key)) not in (None, chapter.page.source)]
            for chapter in wanted}
        asked: dict[tuple[str, PurePosixPath], set[str]] = {}
        for page, places in leads.items():
            for source, key in places:
                asked.setdefault((page.root, source), set()).add(key)
        bodies = [(self.print_page, chapter.page, self.project, self.heads, chapter, bibliography)
                  for chapter in wanted]
        previews = [(self.print_previews, (root, source), by_source[source].page,
                     step(hover.targets, (root, source), by_source[source], sorted(keys)), root)
                    for (root, source), keys in asked.items()]
        printed = self.memory.steps(*bodies, *previews, *beside)
        shown = dict(zip(asked, printed[len(bodies):]))
        for chapter, body in zip(wanted, printed):
            root = chapter.page.root
            yield chapter.page, body.replace(html.PREVIEWS, "".join(
                hover.template(source, key, root, shown[root, source][key])
                for source, key in leads[chapter.page]))

    def print_page(self, project: Project, heads: list, chapter: Chapter,
                   bibliography: PurePosixPath | None) -> str:
        tree = html.page_tree(project, heads, chapter, bibliography)
        with on_page(chapter.page):
            return html.write_page(project, *self.typeset(chapter.page, [*tree]))

    def print_previews(self, page: Page, targets: dict[str, list], root: str) -> dict[str, str]:
        tree = html.preview_tree(page, targets, root)
        with on_page(page):
            return html.write_previews(self.typeset((root, page), tree))

    def typeset(self, place, tree: list) -> list:
        """A tree with its formulas and code as HTML; what was set at this place is known."""
        for found, make in ((formulas.formula_lines, formulas.set_lines),
                            (highlighting.code_blocks, highlighting.set_code)):
            sources = found(tree)
            done = self.memory.each(make, place, sources.values())
            tree = exchange(tree, {key: done[source] for key, source in sources.items()})
        return tree

    def write_pictures(self, built: Path, only: Page | None) -> None:
        """Write the pictures that cells drew, and copy those that pages take from files."""
        sources = {os.path.normpath(page.source) for page in self.project.pages}
        for (chapter, files), drawn in zip(self.each(html.local_files), self.pictures):
            folder = chapter.page.source.parent
            files = [*files, *(path for path in html.files_of_html(chapter)
                               if (self.project.root / folder / path).is_file())]
            files = [path for path in files if os.path.normpath(folder / path) not in sources]
            for address in {*files, *drawn} if only in (None, chapter.page) else ():
                place = os.path.normpath(folder / address)
                write_file(built / place, drawn[address] if address in drawn else
                           (self.project.root / place).read_bytes())

    def write_search(self, built: Path) -> None:
        """Write what the search looks through, from the pages that stand."""
        pages = [page.output for page in self.project.pages if (built / page.output).is_file()]
        sections = {page: self.memory.step(search.sections_of, page,
                                           (built / page).read_text("utf-8")) for page in pages}
        write_file(built / html.ASSETS / "search-index.js", search.search_index(sections))

    def write_live(self, built: Path, runtime: Path | None, say: Say) -> None:
        """Write what live cells load, where the book has such cells."""
        if any(map(html.has_live_cells, self.chapters)):
            assemble(self.project.root, built / ASSETS, runtime, say)


def name_of(project: Project, target: str) -> str:
    """The file of a book in one piece."""
    return project.pdf_name if target == "pdf" else project.epub_name
