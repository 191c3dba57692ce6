"""Knowing that a render would print the book that stands, so that it need not be done."""

import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path

from bookbuild.files import digest, digest_folder, put_file
from bookbuild.run.kept import KeptResults, installed
from bookbuild.source import Project

STAMP = "printed.json"


class Stamp:
    """What the book that stands was printed from, and what it is.

    A book is made of the files in its folder and of what its cells read, by this press, with the
    installed packages; if none of them has changed and the book is as it was printed, it stands.

    Parameters
    ----------
    project : Project
        The book.
    asked : list of str
        What the render is asked for: targets, page, further options.
    kept : KeptResults
        Of its cells.
    """

    def __init__(self, project: Project, asked: list[str], kept: KeptResults) -> None:
        self.project, self.asked, self.kept = project, asked, kept
        self.file = project.state_dir / STAMP
        self.begun = self._sources()

    def stands(self) -> bool:
        """Is the book that stands the one that would be printed?"""
        try:
            known = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return known == {"sources": self.begun, "book": self._book()} and all(
            self.kept.stands(self.project.root, page.source) for page in self.project.pages)

    def set(self) -> None:
        """Note what has just been printed, from the files as they were when it began."""
        put_file(self.file, json.dumps({"sources": self.begun, "book": self._book()}))

    def _sources(self) -> str:
        book = self.project.output_dir.resolve()
        made_by = [press(), shutil.which("node"), os.environ.get("SOURCE_DATE_EPOCH")]
        sources = digest_folder(self.project.root, lambda path: path.is_dir() and (
            is_no_source(path) or path.resolve() == book))
        return digest(json.dumps([self.asked, made_by, sources]).encode())

    def _book(self) -> str:
        return digest_folder(self.project.output_dir)


@cache
def press() -> str:
    """A digest of what prints: this Python, the installed packages, and the press itself."""
    return digest(json.dumps([sys.version, *installed(), os.environ.get("PYPANDOC_PANDOC"),
                              digest_folder(Path(__file__).parents[1])]).encode())


def is_no_source(folder: Path) -> bool:
    """Is a folder hidden, or an environment of Python?"""
    return folder.name.startswith(".") or (folder / "pyvenv.cfg").exists()
