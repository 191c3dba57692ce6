"""Results of cells kept between renders, so that an unchanged book needs no kernel."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from bookbuild.files import digest, digest_file, digest_folder, replace_file
from bookbuild.run.chapters import ChapterCode, InlineValue, Result, run_chapters
from bookbuild.say import Problem
from bookbuild.source import Cell, python_of


class Cache:
    """A folder with one file of results for each chapter.

    Results count for the code that they were made from, in the surroundings that they were
    made in: the files that the code can import or read, the Python, the installed packages,
    the press's way of running cells. A file that is damaged or was not written to its end
    counts as missing.

    Parameters
    ----------
    folder : Path
        Where the files are kept, such as `.book/cache`; it is made when needed.
    depends_on : iterable of Path
        Folders that cells import from and read, such as `code/deepmath` and `data`; a missing
        one is like an empty one.
    """

    def __init__(self, folder: Path, depends_on: Iterable[Path] = ()) -> None:
        self.folder = Path(folder)
        press = Path(__file__).parent
        running = [digest_file(press / name) for name in ("chapters.py", "kernel.py", "arithmetic.py")]
        self.surroundings = [sys.version, *installed(), *running, *map(digest_folder, depends_on)]

    def load(self, chapter: ChapterCode) -> list[Result] | None:
        """A chapter's results, or None where they have to be made."""
        try:
            checksum, _, body = self._file(chapter).read_bytes().partition(b"\n")
        except OSError:
            return None
        if checksum != digest(body).encode():
            return None
        entry = json.loads(body)
        if entry["key"] != self.key(chapter):
            return None
        return [InlineValue(**result) if isinstance(result, dict) else result
                for result in entry["results"]]

    def store(self, chapter: ChapterCode, results: Sequence[Result]) -> Problem | None:
        """Keep a chapter's results, in the place of its older ones.

        Returns
        -------
        Problem or None
            Why they could not be kept (no permission, a full disk): a notice, since the book
            can be printed all the same.
        """
        plain = [asdict(result) if isinstance(result, InlineValue) else result
                 for result in results]
        body = json.dumps({"key": self.key(chapter), "results": plain}).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._file(chapter), digest(body).encode() + b"\n" + body)
        except OSError as error:
            return Problem(self.folder, None, f"the results of cells can't be kept here, and "
                           f"will be made again: {error.strerror}")
        return None

    def key(self, chapter: ChapterCode) -> str:
        """What a chapter's results depend on, in short: all its code, and its surroundings."""
        code = [[unit.code, *(chapter.option(unit, name) for name in ("eval", "error", "warning"))]
                if isinstance(unit, Cell) else unit.expression for unit in chapter.units]
        named = re.split(r"""["'\n]""", "\n".join(map(python_of, chapter.units)))
        beside = {*Path(chapter.folder).glob("*.py"),
                  *filter(os.path.isfile, (Path(chapter.folder, name) for name in named))}
        beside = [digest_file(path) for path in sorted(beside)]
        return digest(json.dumps([self.surroundings, str(chapter.path), beside, code]).encode())

    def _file(self, chapter: ChapterCode) -> Path:
        name = str(chapter.path)
        readable = re.sub(r"[^\w.-]", "-", name)[-60:]
        return self.folder / f"{readable}.{digest(name.encode())[:8]}.json"


def cached_results(chapters: Sequence[ChapterCode], cache: Cache,
                   on_notice: Callable[[Problem], None] | None = None,
                   **options) -> list[list[Result]]:
    """Run the chapters whose results are not kept, and keep the results.

    Parameters
    ----------
    chapters, **options
        As for `run_chapters`.
    cache : Cache
        Where results are kept. Chapters that ran are kept even where another one fails.
    on_notice : callable, optional
        Called once with a Problem if results can't be kept.

    Returns
    -------
    list
        As from `run_chapters`.
    """
    results = {chapter: cache.load(chapter) for chapter in chapters}
    notices: list[Problem] = []

    def keep(chapter: ChapterCode, made: list[Result]) -> None:
        results[chapter] = made
        notice = cache.store(chapter, made) if chapter.units else None
        if notice and on_notice and not notices:
            on_notice(notice)
            notices.append(notice)

    run_chapters([chapter for chapter in chapters if results[chapter] is None],
                 on_chapter=keep, **options)
    return [results[chapter] for chapter in chapters]


def installed() -> list[str]:
    """The packages that a kernel can import, such as `numpy-2.4.6`, sorted."""
    names = set()
    for entry in filter(os.path.isdir, sys.path):
        names |= {name for name in os.listdir(entry) if name.endswith((".dist-info", ".egg-info"))}
    return sorted(name.rpartition(".")[0] for name in names)
