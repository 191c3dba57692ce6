"""The runtime of live cells: Pyodide and its packages, from the package index, and checked."""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bookbuild.files import write_file
from bookbuild.live.parts import PARTS, Say, sha256
from bookbuild.say import BookError, Problem


def read_list() -> dict:
    """What the runtime consists of, with checksums."""
    return json.loads((PARTS / "worker" / "runtime.json").read_text())


def gather_runtime(folder: Path, say: Say) -> None:
    """Fill a folder with the runtime's files, each checked against its checksum.

    They come from the Python package index, where one package carries them all.

    Raises
    ------
    BookError
        If the package cannot be had, or a file in it is another than it should be.
    """
    listed = read_list()
    if not missing_files(listed, folder):
        return
    say(f"downloading the runtime of live cells ({listed['registry']}, 77 MB)")
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--only-binary", ":all:", "--disable-pip-version-check", "--dest", place,
                   listed["registry"]]
        done = subprocess.run(command, capture_output=True, text=True)
        wheels = list(Path(place).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise BookError([Problem("runtime", None, f"{listed['registry']} could not be "
                                     f"downloaded: {reason}")])
        with zipfile.ZipFile(wheels[0]) as archive:
            for file in listed["files"]:
                write_file(folder / file["name"], archive.read(listed["folder"] + file["name"]))
    check_runtime(listed, folder)


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
