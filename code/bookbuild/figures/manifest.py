"""The folder of kept figures, and its manifest: what each was made from, and what it is.

A figure counts as kept when all its files are what the manifest says. Files are replaced one
by one, each in one step, and the manifest last: whenever that is cut short, the figure does
not count as kept, and is made again.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from bookbuild.figures.origin import code_of, versions
from bookbuild.files import digest_file, locked, put_file

FORMATS = ("svg", "pdf", "png")
EMPTY: dict[str, dict] = {"figures": {}}
ENTRY = ("function", "modules", "code", "data", "versions", "files")


class Manifest:
    """The kept figures of a folder.

    Attributes
    ----------
    folder : Path
    root : Path
        The project's, to which the paths of data are relative.
    damaged : bool
        There is a manifest that cannot be read; it counts as empty.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root, self.damaged = folder, root, False
        self.file = folder / "manifest.json"
        try:
            self.content = json.loads(self.file.read_bytes())
            [entry[part] for entry in self.entries.values() for part in ENTRY]
        except FileNotFoundError:
            self.content = json.loads(json.dumps(EMPTY))
        except (ValueError, TypeError, KeyError, AttributeError):
            self.content, self.damaged = json.loads(json.dumps(EMPTY)), True

    @property
    def entries(self) -> dict[str, dict]:
        return self.content["figures"]

    def lacks(self, name: str) -> str | None:
        """Say what keeps a figure from counting as kept; None if nothing does."""
        if self.damaged:
            return f"{self.file.name} is damaged"
        if not (entry := self.entries.get(name)):
            return f"{self.file.name} does not name it"
        for path, digest in entry["files"].items():
            if not (self.folder / path).is_file():
                return f"{path} is missing"
            if digest_file(self.folder / path) != digest:
                return f"{path} is not the file that was made"
        return None

    def changes(self, name: str, module: str) -> list[str]:
        """Name what a kept figure was made from and is no longer so."""
        entry = self.entries[name]
        made_from = entry["function"], entry["code"]
        changed = ["code"] if made_from != (function(module), code_of(entry["modules"])) else []
        changed += [path for path, digest in entry["data"].items()
                    if digest_file(self.root / path) != digest]
        if entry["versions"] != versions():
            changed.append("versions")
        return changed

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return a kept figure's numbers."""
        with np.load(self.folder / numbers_file(name), allow_pickle=False) as kept:
            return {array: kept[array] for array in kept.files}

    def keep(self, name: str, module: str, made) -> list[Path]:
        """Put a figure's files in their places, and then its entry."""
        contents = {f"{name}.{suffix}": content for suffix, content in made.files.items()}
        contents[numbers_file(name)] = packed(made.arrays)
        contents[lines_file(name)] = made.lines
        for path, content in contents.items():
            put_file(self.folder / path, content)
        self.entries[name] = {
            "function": function(module), "modules": list(made.modules),
            "code": code_of(made.modules),
            "data": {path: digest_file(self.root / path) for path in made.data},
            "versions": versions(),
            "arrays": {array: {"shape": list(a.shape), "dtype": str(a.dtype),
                               "sha256": sha256(a.tobytes()).hexdigest()}
                       for array, a in made.arrays.items()},
            "files": {path: sha256(content).hexdigest() for path, content in contents.items()},
        }
        self.write()
        return [self.folder / path for path in contents]

    def forget(self, name: str) -> None:
        """Remove a figure that is no longer registered."""
        for path in self.entries.pop(name)["files"]:
            (self.folder / path).unlink(missing_ok=True)
        self.write()

    def write(self) -> None:
        self.content["figures"] = dict(sorted(self.entries.items()))
        text = json.dumps(self.content, indent=1, ensure_ascii=False) + "\n"
        if not self.file.exists() or self.file.read_text(encoding="utf-8") != text:
            put_file(self.file, text)


def function(module: str) -> str:
    return f"{module}.compute"


def numbers_file(name: str) -> str:
    return f"numbers/{name}.npz"


def lines_file(name: str) -> str:
    return f"numbers/{name}.png"


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


@contextmanager
def only_writer(state_dir: Path, folder: Path, say) -> Iterator[None]:
    """Hold the lock of the folder of figures, and remove what killed writers left in it."""
    waiting = "other figures are being made in this folder: waiting for them"
    with locked(state_dir / "figures.lock", lambda: say(waiting)):
        for left in folder.rglob("*.part"):
            left.unlink(missing_ok=True)
        yield
