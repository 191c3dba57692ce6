"""Where the parts of live cells lie, and what is made of them."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from bookbuild.source import PACKAGE

PARTS = Path(__file__).parent
STAGE = Path(".book") / "live"          # below a book: the editor and the image, made once


def package_of(root: Path) -> Path:
    """The package that live cells import: the book's own, else the installed one."""
    own = root / "code" / PACKAGE
    if own.is_dir():
        return own
    spec = find_spec(PACKAGE)
    assert spec and spec.submodule_search_locations     # it is installed with the press
    return Path(spec.submodule_search_locations[0])


def worker_sources() -> dict[str, Path]:
    """Python's side of the worker: its modules, by the names of their files there."""
    return {f"_{path.name}": path for path in sorted((PARTS / "worker").glob("*.py"))}


def digest(*contents: bytes) -> str:
    """A short name for contents."""
    return sha256(b"".join(contents))[:16]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
