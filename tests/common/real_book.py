"""The real book, printed whole by the built-in press: once for all tests of a run."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from programs import ROOT

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".book", "_book", ".quarto", ".runtime", "build",
                                  "__pycache__", "_freeze", ".*_cache", ".hypothesis", "*.egg-info")


class RealBook(NamedTuple):
    """A copy of the project, and what the press said while it printed it."""

    root: Path
    said: str

    @property
    def output(self) -> Path:
        return self.root / "_book"


def copy_project(folder: Path) -> None:
    """The project's files as they are now: those that git knows, or would take."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:           # an archive of the project is no repository
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
        return
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def printed(folder: Path) -> RealBook:
    """Print the book in a folder, or wait for the process that does; tests only read it."""
    folder.mkdir(exist_ok=True)
    root, log = folder / "book", folder / "said.json"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            shutil.rmtree(root, ignore_errors=True)
            copy_project(root)
            editor = Path(".book", "live", "editor")        # brought once for all books
            (ROOT / editor).mkdir(parents=True, exist_ok=True)
            (root / editor).parent.mkdir(parents=True)
            (root / editor).symlink_to(ROOT / editor)
            said = ""
            for target in ("all", "epub"):          # the second takes the first one's results
                done = subprocess.run(
                    [sys.executable, "-m", "bookbuild.cli", "render", "--engine", "builtin", "--to",
                     target, "--cell-timeout", "3600"],
                    cwd=root, capture_output=True, text=True,
                    # compiled modules beside the sources would be a change of what cells list
                    env={**os.environ, "PYTHONPATH": str(root / "code"),
                         "PYTHONDONTWRITEBYTECODE": "1"})
                said += done.stderr
                if done.returncode:
                    raise AssertionError(f"the book does not render:\n{said}")
            log.write_text(json.dumps(said))
        return RealBook(root, json.loads(log.read_text()))
