"""Files beside the book's own that Quarto reads by their names: read as well, or told."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from bookbuild.files import decode_utf8
from bookbuild.say import BookError, Problem
from bookbuild.source.verdicts import mistake
from bookbuild.source.vocabulary import BESIDE, VOCABULARY

VARIABLE = re.compile(r"(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)")
PROFILE = "QUARTO_PROFILE"
IN_FOLDERS = "_metadata."       # how files begin that count for the pages of their folder


def files_beside(root: Path, pages: Collection[PurePosixPath]) -> Iterator[Problem]:
    """Files that Quarto would follow and the built-in press does not."""
    folders = {folder for page in pages for folder in page.parents} | {PurePosixPath()}
    for name in (entry.name for entry in VOCABULARY if BESIDE in entry.places):
        if PurePosixPath(name) in pages:
            continue
        for folder in sorted(folders) if name.startswith(IN_FOLDERS) else [PurePosixPath()]:
            if (root / folder / name).is_file() and (found := mistake(BESIDE, name)):
                yield Problem(str(folder / name), 1, *found)
    if os.environ.get(PROFILE):
        yield Problem(PROFILE, None, "the built-in press knows no profiles: unset this variable, "
                      "or render with Quarto", "builtin")


def environment(root: Path) -> tuple[dict[str, str], list[Problem]]:
    """What `_environment` says to cells, and lines of it that cannot be read."""
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for file in (root / "_environment", root / "_environment.local"):
        try:
            lines = decode_utf8(file.read_bytes(), file.name).splitlines() if file.is_file() else []
        except BookError as error:
            problems += error.problems
            continue
        for number, line in enumerate(map(str.strip, lines), 1):
            if not line or line.startswith("#"):
                continue
            match = VARIABLE.fullmatch(line)
            value = match and value_of(match[2])
            if not match or value is None or match[1] == PROFILE:
                problems.append(Problem(file.name, number, "the built-in press reads "
                                        "`NAME=value` here, on one line and without `$`: write it "
                                        "so, or render with Quarto", "builtin"))
            else:
                variables[match[1]] = value
    return variables, problems


def value_of(text: str) -> str | None:
    """A value without its quotation marks and the comment behind it; None if it is another."""
    quoted = re.fullmatch(r"""(?:'([^']*)'|"([^"\\$]*)")[ \t]*(?:#.*)?""", text)
    if quoted:
        return quoted[1] if quoted[1] is not None else quoted[2]
    plain = text.partition("#")[0].strip()
    return None if re.search(r"""["'`$]""", plain) else plain
