"""Knowing that a render would print the book that stands, so that it need not be done."""

import json
import os
import shutil
import sys
from pathlib import Path

from bookbuild.cache import digest_file, digest_text, installed
from bookbuild.project import Project
from bookbuild.publish import write_file

STAMP = "printed.json"
FROM_OUTSIDE = ("SOURCE_DATE_EPOCH",)


class Stamp:
    """What the book that stands was printed from, and what it is.

    A book is made of the files in its folder, by this press, with the installed packages; if
    none of them has changed and the book is as it was printed, it stands.

    Parameters
    ----------
    project : Project
        The book.
    asked : list of str
        What the render is asked for: targets, page, further options.
    """

    def __init__(self, project: Project, asked: list[str]) -> None:
        self.project, self.asked = project, asked
        self.file = project.state_dir / STAMP
        self.begun = self._sources()

    def stands(self) -> bool:
        """Is the book that stands the one that would be printed?"""
        try:
            known = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return known == {"sources": self.begun, "book": self._book()}

    def set(self) -> None:
        """Note what has just been printed, from the files as they were when it began."""
        part = self.file.with_suffix(".part")
        write_file(part, json.dumps({"sources": self.begun, "book": self._book()}))
        os.replace(part, self.file)

    def _sources(self) -> str:
        kept_out = {self.project.output_dir.resolve(), self.project.state_dir.resolve()}
        outside = [os.environ.get(name, "") for name in FROM_OUTSIDE]
        made_by = [sys.version, *installed(), str(shutil.which("node")), *outside]
        folders = [digest_tree(self.project.root, kept_out), digest_tree(Path(__file__).parent)]
        return digest_text(json.dumps([self.asked, made_by, folders]))

    def _book(self) -> str:
        return digest_tree(self.project.output_dir)


def digest_tree(root: Path, kept_out: set[Path] = frozenset()) -> str:
    """A digest of the files below a folder, but for hidden ones and compiled modules."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "__pycache__"
                            and Path(folder, name).resolve() not in kept_out)
        found += [(os.path.relpath(path, root), digest_file(path))
                  for path in (Path(folder, name) for name in sorted(files) if name[0] != ".")]
    return digest_text(json.dumps(found))
