"""Results of cells kept between renders, so that an unchanged book needs no kernel."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath

from bookbuild.files import digest, digest_file, replace_file
from bookbuild.run.arithmetic import arithmetic
from bookbuild.run.chapters import ChapterCode, InlineValue, Ran, run_chapters
from bookbuild.run.observing import Look, holds
from bookbuild.say import Problem
from bookbuild.source import Cell, Unit

RUNNING = ("arithmetic.py", "chapters.py", "kernel.py", "kept.py", "observing.py")
HERE = "./"         # how paths in the project begin, so that a project may be moved


class KeptResults:
    """A folder with one file of results for each chapter.

    A result counts for the code that it was made from and for what that code read: as long as
    the file system answers each of its looks as it did (see `observing`), in the surroundings
    that it was made in, which are the Python, the installed packages, and the press's way of
    running cells. A file that is damaged or was not written to its end counts as missing.

    Parameters
    ----------
    state_dir : Path
        The project's folder of what is kept, `.book`.
    """

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "results"
        running = [digest_file(Path(__file__).with_name(name)) for name in RUNNING]
        numbers = {name: os.environ.get(name, value) for name, value in arithmetic().items()}
        self.surroundings = digest_of([sys.version, installed(), running, numbers])

    def load(self, chapter: ChapterCode) -> list[Ran]:
        """What is kept of a chapter's units, from the first to the last that holds."""
        entry = self._read(chapter.path) if chapter.is_kept else {}
        found: list[Ran] = []
        for unit, (key, result, looks) in zip(chapter.units, entry.get("ran", [])):
            looks = moved(looks, HERE, f"{chapter.root}/")
            if key != unit_key(chapter, unit) or not all(map(holds, looks)):
                break
            found.append(Ran(InlineValue(**result) if isinstance(result, dict) else result, looks))
        return found

    def stands(self, root: Path, path: PurePath) -> bool:
        """Would a chapter whose text is as it was be given the results that are kept?"""
        entry = self._read(path)
        return entry.get("is_kept", False) and all(
            map(holds, moved((look for *_, looks in entry["ran"] for look in looks),
                             HERE, f"{root}/")))

    def store(self, chapter: ChapterCode, ran: Sequence[Ran]) -> Problem | None:
        """Keep a chapter's results, in the place of its older ones.

        Returns
        -------
        Problem or None
            Why they could not be kept (no permission, a full disk): a notice, since the book
            can be printed all the same.
        """
        kept = [] if not chapter.is_kept else [
            (unit_key(chapter, unit),
             asdict(each.result) if isinstance(each.result, InlineValue) else each.result,
             moved(each.looks, f"{chapter.root}/", HERE))
            for unit, each in zip(chapter.units, ran, strict=True)]
        body = json.dumps({"surroundings": self.surroundings, "is_kept": chapter.is_kept,
                           "ran": kept}).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._file(chapter.path), digest(body).encode() + b"\n" + body)
        except OSError as error:
            return Problem(self.folder, None, f"the results of cells can't be kept here, and "
                           f"will be made again: {error.strerror}")
        return None

    def _read(self, path: PurePath) -> dict:
        """What is kept of a chapter in these surroundings; nothing of what is damaged."""
        try:
            checksum, _, body = self._file(path).read_bytes().partition(b"\n")
        except OSError:
            return {}
        entry = json.loads(body) if checksum == digest(body).encode() else {}
        return entry if entry.get("surroundings") == self.surroundings else {}

    def _file(self, path: PurePath) -> Path:
        readable = re.sub(r"[^\w.-]", "-", str(path))[-60:]
        return self.folder / f"{readable}.{digest(str(path).encode())[:8]}.json"


def unit_key(chapter: ChapterCode, unit: Unit) -> str:
    """What a unit's result depends on, beside what it reads and the units before it."""
    options = ("eval", "error", "warning")
    return digest_of([unit.code, *(chapter.option(unit, name) for name in options)]
                     if isinstance(unit, Cell) else unit.expression)


def moved(looks: Iterable[Look], before: str, after: str) -> tuple[Look, ...]:
    """Looks with another beginning of their paths."""
    def path(name: str) -> str:
        inside = f"{name}/".startswith(before)
        return (after + f"{name}/".removeprefix(before)).removesuffix("/") if inside else name
    return tuple((kind, path(name), path(detail) if kind == "project" else detail, answer)
                 for kind, name, detail, answer in looks)


def kept_or_run(chapters: Sequence[ChapterCode], kept: KeptResults, cell_timeout: float,
                fresh: bool = False, on_notice: Callable[[Problem], None] | None = None,
                **options) -> list[list[Ran]]:
    """Run the chapters whose results are not kept, and keep the results.

    Parameters
    ----------
    chapters, cell_timeout, **options
        As for `run_chapters`.
    kept : KeptResults
        Where results are kept. Chapters that ran are kept even where another one fails.
    fresh : bool
        Run all, whatever is kept.
    on_notice : callable, optional
        Called once with a Problem if results can't be kept.

    Returns
    -------
    list of list of Ran
        As from `run_chapters`.
    """
    known = {chapter: [] if fresh else kept.load(chapter) for chapter in chapters}
    notices: list[Problem] = []

    def keep(chapter: ChapterCode, ran: list[Ran]) -> None:
        known[chapter] = ran
        notice = kept.store(chapter, ran)
        if notice and on_notice and not notices:
            on_notice(notice)
            notices.append(notice)

    run_chapters([chapter for chapter in chapters if len(known[chapter]) < len(chapter.units)
                  or not chapter.units and not kept.stands(chapter.root, chapter.path)],
                 cell_timeout, on_chapter=keep, **options)
    return [known[chapter] for chapter in chapters]


def installed() -> list[str]:
    """The packages that a kernel can import, such as `numpy-2.4.6`, sorted."""
    names = set()
    for entry in filter(os.path.isdir, sys.path):
        names |= {name for name in os.listdir(entry) if name.endswith((".dist-info", ".egg-info"))}
    return sorted(name.rpartition(".")[0] for name in names)


def digest_of(value) -> str:
    """The digest of a value that JSON can hold."""
    return digest(json.dumps(value).encode())
