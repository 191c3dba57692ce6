"""A page's source text with its includes and metadata put in, and where each line came from."""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from bookbuild.files import decode_utf8, is_file
from bookbuild.say import BookError, Problem
from bookbuild.source.fences import regions, without_code
from bookbuild.source.project import Project, leaves
from bookbuild.source.splitting import FRONT_MATTER
from bookbuild.source.verdicts import mistake
from bookbuild.source.vocabulary import SHORTCODE
from bookbuild.source.yaml_lines import load_yaml

LONE_CR = re.compile(r"\r(?!\n)")
CALL = re.compile(r"(?<!\{)\{\{<\s*+(?P<name>[\w-]++)\s*+(?P<argument>(?:(?!>\}\}|\{\{<).)*+)"
                  r">\}\}(?!\})")
SPACED = re.compile(r"\{\{<\s[^\n]*(?<=\s)>\}\}")
ESCAPED = re.compile(r"\{(\{\{<(?:(?!>\}\}|\{\{\{<).)*+>\}\})\}")


MOST_LINES = 50_000        # of what is included


@dataclass(frozen=True)
class Manuscript:
    """The expanded text of a page.

    Attributes
    ----------
    source : PurePosixPath
        The page's file, relative to the project.
    text : str
        Its Markdown, includes and metadata put in.
    origins : list of (str, int)
        For each line of the text, the file and line that it came from.
    """

    source: PurePosixPath
    text: str
    origins: list[tuple[str, int]]

    @cached_property
    def prose(self) -> str:
        """The text with blanks in the place of code."""
        return without_code(self.text)

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def origin(self, line: int) -> tuple[str, int]:
        """The file and line behind a line of the text (counted from 1)."""
        if not 1 <= line <= len(self.origins):
            return str(self.source), line
        return self.origins[line - 1]

    def find(self, pattern: str, nth: int = 1) -> tuple[str, int | None]:
        """Where a pattern occurs for the n-th or the last time, if possible outside code."""
        for text in (self.prose, self.text):
            if found := list(islice(re.finditer(pattern, text), nth)):
                return self.origin(bisect_left(self._breaks, found[-1].start()) + 1)
        return str(self.source), None

    def problem(self, pattern: str, message: str, stops: str = "both", nth: int = 1) -> Problem:
        """A problem at the n-th place where a pattern occurs.

        If it does not, since pandoc or a cell wrote it otherwise, at that word of it which
        occurs least often, or at the top of the page.
        """
        path, line = self.find(pattern, nth)
        if line is None:
            words = re.findall(r"\w{3,}", re.sub(r"\\[A-Za-z]", " ", pattern))
            if there := [word for word in words if word in self.text]:
                path, line = self.find(re.escape(min(there, key=self.text.count)))
        return Problem(path, line or 1, message, stops)


def read_manuscript(project: Project, source: PurePosixPath) -> tuple[Manuscript, list[Problem]]:
    """Read a page and put in what `{{< include >}}` and `{{< meta >}}` name."""
    content = (project.root / source).read_bytes()
    lines, problems = expand(project, source, (), content, metadata_of(content))
    text = "".join(line for line, _ in lines)
    return Manuscript(source, text, [origin for _, origin in lines]), problems


def metadata_of(content: bytes) -> dict:
    """The front matter of a page that asks for metadata; what is wrong with it is told later."""
    if b"{{< meta" in content and (top := FRONT_MATTER.match(content.decode(errors="replace"))):
        with suppress(BookError):
            return load_yaml(top["yaml"] or "", "")[0]
    return {}


def expand(project: Project, source: PurePosixPath, above: tuple, content: bytes | None = None,
           metadata: Mapping = MappingProxyType({})):
    """The lines of a file with their origins, included files in their place.

    As with Quarto, what an included file includes is named as from the page, whose `metadata`
    goes before the project's. Where `content` is given, the file is not read.
    """
    if content is None:
        content = (project.root / source).read_bytes()
    lines, problems = [], []
    try:
        text = decode_utf8(content, str(source))
    except BookError as error:
        problems += error.problems
        text = content.decode(errors="replace")
    text, ends = LONE_CR.subn("\n", text.removeprefix("\ufeff"))
    if ends:
        problems.append(Problem(str(source), 1, "Quarto glues lines that end in a carriage return "
                                "alone: save the file with line feeds", "quarto"))
    as_typed = unread_lines(text)
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), 1):
        where = (str(source), number)
        if number in as_typed:
            lines.append((line, where))
            continue
        for call in CALL.finditer(line) if "{{<" in line else ():
            if not SPACED.fullmatch(call[0]):
                problems.append(Problem(*where, f"Quarto reads no shortcode in `{call[0]}`: write "
                                        "blanks within its signs, `{{< name ... >}}`", "quarto"))
        whole = CALL.fullmatch(line.strip())
        if whole and whole["name"] == "include":
            named = whole["argument"].strip().strip("\"'")
            folder = "" if named.startswith("/") else (above or [source])[-1].parent
            target = PurePosixPath(posixpath.normpath(posixpath.join(folder, named.lstrip("/"))))
            if not named:
                problems.append(Problem(*where, "`include` names no file: write "
                                        "`{{< include file.qmd >}}`"))
            elif target in (source, *above):
                problems.append(Problem(*where, f"{target} includes itself"))
            elif outside := leaves(project.root, target):
                problems.append(Problem(*where, f"the included file {target} lies outside the "
                                        f"book's folder, at {outside}: copy it into the book"))
            elif not is_file(project.root / target):
                problems.append(Problem(*where, f"the included file {target} is missing"))
            else:
                inner, more = expand(project, target, (source, *above), None, metadata)
                problems += more
                if len(lines) + len(inner) > MOST_LINES:
                    problems.append(Problem(*where, f"with {target}, more than {MOST_LINES:,} "
                                            "lines are included: include less"))
                    break
                lines += [*inner, ("\n", where)]
        else:
            line, more = substitute({**project.config, **metadata}, line, where)
            lines.append((ESCAPED.sub(r"\1", line), where))
            problems += more
    return lines, problems


def unread_lines(text: str) -> set[int]:
    """The lines of code blocks whose shortcodes are shown as they are typed."""
    found: set[int] = set()
    for token, closing in regions(text, 0) if "shortcodes" in text else ():
        if token["fence"] and re.search(r"\bshortcodes=[\"']?false\b", token["info"]):
            first = text.count("\n", 0, token.end()) + 1
            found.update(range(first, first + text.count(
                "\n", token.end(), closing.start() if closing else len(text)) + 1))
    return found


def substitute(metadata: dict, line: str, where: tuple[str, int]) -> tuple[str, list[Problem]]:
    """Put metadata into a line; name the shortcodes that the press does not know."""
    problems = []

    def value(match: re.Match) -> str:
        found: Any = metadata
        argument = match["argument"].rstrip()
        for key in argument.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if match["name"] == "meta" and isinstance(found, (str, int, float)):
            return str(found).lower() if isinstance(found, bool) else str(found)
        if unknown := mistake(SHORTCODE, match["name"], True):
            problems.append(Problem(*where, *unknown))
        else:
            problems.append(Problem(*where, f"no metadata `{argument}` in _quarto.yml or the "
                                    "page's front matter"))
        return match[0]
    return CALL.sub(value, line), problems
