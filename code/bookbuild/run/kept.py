"""Results of cells kept between renders, so that an unchanged book needs no kernel."""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePath

from bookbuild.files import digest, digest_file, replace_file
from bookbuild.run.arithmetic import numeric_environment
from bookbuild.run.chapters import ChapterCode, InlineValue, Ran, run_chapters
from bookbuild.run.observing import ANSWERS, Answers, Look
from bookbuild.say import Problem
from bookbuild.source import PACKAGE, Cell, InlineCode, Unit

RUNNING = ("arithmetic.py", "chapters.py", "kernel.py", "kept.py", "observing.py")
OWN = f"{PACKAGE.upper()}_"         # how the variables begin that the book's package reads
HERE = "./"         # how paths in the project begin, so that a project may be moved
# What each kind of output has, as Jupyter's notebook format has it.
FIELDS = {"stream": {"name", "text"}, "error": {"ename", "evalue", "traceback"},
          "display_data": {"data", "metadata"}, "execute_result": {"data", "metadata"}}
TEXTS = {"name", "text", "ename", "evalue", "traceback"}


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
        numbers = {name: os.environ.get(name, value)
                   for name, value in numeric_environment().items()}
        numbers |= {name: value for name, value in sorted(os.environ.items())
                    if name.startswith(OWN)}
        self.surroundings = digest_of([sys.version, installed(), os.environ.get("PYTHONPATH"),
                                       running, numbers])

    def load(self, chapter: ChapterCode) -> list[Ran]:
        """What is kept of a chapter's units, from the first to the last that holds."""
        found: list[Ran] = []
        answers = Answers()
        kept = self._read(chapter.path) if chapter.is_kept else []
        for unit, (key, result, looks) in zip(chapter.units, kept or [], strict=False):
            looks = moved(looks, HERE, place_of(chapter.root))
            if (key != unit_key(chapter, unit) or not answers.hold(looks)
                    or isinstance(result, dict) != isinstance(unit, InlineCode)):
                break
            found.append(Ran(InlineValue(**result) if isinstance(result, dict) else result, looks))
        return found

    def stands(self, root: Path, path: PurePath) -> bool:
        """Would a chapter whose text is as it was be given the results that are kept?"""
        kept = self._read(path)
        return kept is not None and Answers().hold(
            moved((look for *_, looks in kept for look in looks), HERE, place_of(root)))

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
             moved(each.looks, place_of(chapter.root), HERE))
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

    def _read(self, path: PurePath) -> list | None:
        """What is kept of a chapter in these surroundings; None if nothing, or it is damaged."""
        try:
            checksum, _, body = self._file(path).read_bytes().partition(b"\n")
        except OSError:
            return None
        entry = None
        with suppress(ValueError, RecursionError):
            entry = json.loads(body) if checksum == digest(body).encode() else None
        if not isinstance(entry, dict) or entry.get("surroundings") != self.surroundings:
            return None
        return entry["ran"] if entry.get("is_kept") and is_kept_form(entry.get("ran")) else None

    def _file(self, path: PurePath) -> Path:
        readable = re.sub(r"[^\w.-]", "-", str(path))[-60:]
        return self.folder / f"{readable}.{digest(str(path).encode())[:8]}.json"


def is_kept_form(ran) -> bool:
    """Has what was read the form of what is kept?"""
    def is_text(value) -> bool:
        return isinstance(value, str) or isinstance(value, list) and all(
            isinstance(line, str) for line in value)

    def is_output(value) -> bool:
        if not isinstance(value, dict) or not FIELDS.get(
                str(value.get("output_type")), {None}) <= set(value):
            return False
        data, about = value.get("data", {}), value.get("metadata", {})
        return isinstance(data, dict) and isinstance(about, dict) and all(
            map(is_text, [value[name] for name in TEXTS & set(value)])) and all(
            is_text(given) for kind, given in data.items() if "json" not in kind)

    def is_result(value) -> bool:
        if isinstance(value, dict):
            return set(value) == {"kind", "text"} and isinstance(value["text"], str) \
                and value["kind"] in ("markdown", "text")
        return isinstance(value, list) and all(map(is_output, value))

    return isinstance(ran, list) and all(
        isinstance(each, list) and len(each) == 3 and is_result(each[1])
        and isinstance(each[2], list) and all(
            isinstance(look, list) and len(look) == 4 and look[0] in ANSWERS
            and all(isinstance(part, str) for part in look) for look in each[2]) for each in ran)


def place_of(root: Path) -> str:
    """How the paths in a project begin where no link leads to it, as looks have them."""
    return os.path.join(os.path.realpath(root), "")


def unit_key(chapter: ChapterCode, unit: Unit) -> str:
    """What a unit's result depends on, beside what it reads and the units before it."""
    options = ("eval", "error", "warning")
    variables = sorted(chapter.environment.items())
    return digest_of([variables, unit.code, *(chapter.option(unit, name) for name in options)]
                     if isinstance(unit, Cell) else [variables, unit.expression])


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
        As from `run_chapters`. They run side by side: one that read what another wrote later
        has run once more.
    """
    known = {chapter: [] if fresh else kept.load(chapter) for chapter in chapters}
    notices: list[Problem] = []
    times: Counter[ChapterCode] = Counter()

    def keep(chapter: ChapterCode, results: list[Ran]) -> None:
        known[chapter] = results
        times[chapter] += 1
        notice = kept.store(chapter, results)
        if notice and on_notice and not notices:
            on_notice(notice)
            notices.append(notice)

    wanted = [chapter for chapter in chapters if len(known[chapter]) < len(chapter.units)
              or not chapter.units and not kept.stands(chapter.root, chapter.path)]
    while wanted:
        run_chapters(wanted, cell_timeout, on_chapter=keep, **options)
        answers = Answers()     # which chapters read what others have written since?
        wanted = []
        for chapter in chapters:
            changed = [look[1] for each in known[chapter] for look in each.looks
                       if not answers.hold([look])]
            others = [path for other in times if other is not chapter
                      for each in known[other] for path in each.written]
            if changed and not times[chapter] or times[chapter] == 1 and any(
                    f"{path}/".startswith(f"{each}/") for each in changed for path in others):
                wanted.append(chapter)
    return [known[chapter] for chapter in chapters]


def installed() -> list[str]:
    """The packages that a kernel can import, such as `numpy-2.4.6`, and what leads to others,
    sorted."""
    names = set()
    for entry in filter(os.path.isdir, sys.path):
        for name in os.listdir(entry):
            if name.endswith((".dist-info", ".egg-info")):
                names.add(name.rpartition(".")[0])
            elif name.endswith(".pth"):
                names.add(f"{name} {digest_file(Path(entry, name))}")
    return sorted(names)


def digest_of(value) -> str:
    """The digest of a value that JSON can hold."""
    return digest(json.dumps(value).encode())
