"""The folder of kept figures, and a record of each: what it was made from, and what it is.

A figure counts as kept when all its files are what its record says. Files are replaced one by
one, each in one step, and the record last: whenever that is cut short, the figure does not count
as kept, and is made again. A file a figure lets figures change side by side in several branches.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from bookbuild.figures.origin import code_of, other_code, versions
from bookbuild.files import digest_file, locked, put_file

FORMATS = ("svg", "pdf", "png")
PARTS = ("function", "code", "data", "versions", "files")


class KeptFigures:
    """The kept figures of a folder.

    Attributes
    ----------
    folder : Path
    root : Path
        The project's, to which the paths of data are relative.
    records : dict
        By the figures' names. One that cannot be read, as after a merge with conflicts, is empty,
        and its figure counts as missing.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        self.records = {file.stem: read_record(file)
                        for file in sorted(folder.glob(record_file("*")))}

    def lacks(self, name: str) -> str | None:
        """Say what keeps a figure from counting as kept; None if nothing does."""
        if name not in self.records:
            return f"{record_file(name)} is missing"
        if not (record := self.records[name]):
            return f"{record_file(name)} is damaged"
        for path in files_of(name):
            if not (self.folder / path).is_file():
                return f"{path} is missing"
            if digest_file(self.folder / path) != record["files"].get(path):
                return f"{path} is not the file that was made"
        return None

    def changes(self, name: str, module: str) -> list[str]:
        """Name what a kept figure was made from and is no longer so: functions, data, versions."""
        record = self.records[name]
        changed = [] if record["function"] == function(module) else [function(module)]
        changed += other_code(record["code"])
        changed += [path for path, digest in record["data"].items()
                    if digest_file(self.root / path) != digest]
        if record["versions"] != versions():
            changed.append("versions")
        return changed

    def drawn(self, name: str) -> dict[str, np.ndarray]:
        """Return what a kept figure shows."""
        with np.load(self.folder / drawn_file(name), allow_pickle=False) as kept:
            return {array: kept[array] for array in kept.files}

    def keep(self, name: str, module: str, made) -> list[Path]:
        """Put a figure's files in their places, and then its record."""
        contents = {f"{name}.{suffix}": content for suffix, content in made.files.items()}
        contents[numbers_file(name)] = packed(made.arrays)
        contents[drawn_file(name)] = packed(made.drawn)
        contents[lines_file(name)] = made.lines
        for path, content in contents.items():
            put_file(self.folder / path, content)
        record = {
            "function": function(module), "code": code_of(made.modules),
            "data": {path: digest_file(self.root / path) for path in made.data},
            "versions": versions(),
            "files": {path: sha256(content).hexdigest() for path, content in contents.items()},
        }
        put_file(self.folder / record_file(name),
                 json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        self.records[name] = record
        return [self.folder / path for path in contents]

    def forget(self, name: str) -> None:
        """Remove a figure that is no longer registered, its record last."""
        for path in (*files_of(name), record_file(name)):
            (self.folder / path).unlink(missing_ok=True)
        del self.records[name]


def read_record(file: Path) -> dict:
    """Return a record, which is empty if it is damaged."""
    try:
        record = json.loads(file.read_bytes())
        [record[part] for part in PARTS]
        [record[part].items() for part in ("code", "data", "files")]
        [digests.split() for digests in record["code"].values()]
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    return record


def function(module: str) -> str:
    return f"{module}.compute"


def files_of(name: str) -> tuple[str, ...]:
    """Return what is kept of a figure beside its record."""
    return *(f"{name}.{suffix}" for suffix in FORMATS), numbers_file(name), \
        drawn_file(name), lines_file(name)


def record_file(name: str) -> str:
    return f"records/{name}.json"


def numbers_file(name: str) -> str:
    return f"numbers/{name}.npz"


def drawn_file(name: str) -> str:
    return f"drawn/{name}.npz"


def lines_file(name: str) -> str:
    return f"drawn/{name}.png"


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
