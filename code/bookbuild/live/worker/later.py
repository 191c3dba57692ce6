"""What the page brings only where a run imports it: the rest of Python's library, pandas."""

import sys
from importlib import invalidate_caches
from importlib.machinery import PathFinder


class Lacking(BaseException):
    """A run imports what the page has yet to bring; then it begins again."""

    def __init__(self, files: list[str]):
        super().__init__(", ".join(files))
        self.files = files


class Later:
    """A finder of modules behind Python's own, which knows in which files those are that it lacks.

    Parameters
    ----------
    files : dict of str to list of str
        Modules, and the page's files that bring them.
    """

    def __init__(self, files: dict[str, list[str]]):
        self.files = files
        sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, self)

    def find_spec(self, name: str, path=None, target=None):
        if name in self.files:
            raise Lacking(self.files[name])

    def arrived(self, brought: set[str]) -> None:
        """Note which files the page has brought."""
        self.files = {name: files for name, files in self.files.items() if not brought >= {*files}}
        invalidate_caches()
