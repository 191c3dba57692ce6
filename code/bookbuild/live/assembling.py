"""What the pages need for live cells: scripts, the editor, `deepmath` as a wheel, the runtime.

They are put together in a folder that both presses copy into the book: the built-in press by
itself, Quarto through the filter `quarto/live.lua`.

    live.js       the modules of `page/` joined, the worker, and the runtime's checksums
    editor.js     the editor, made by esbuild; without it cells are edited in a plain text area
    package.js    `deepmath` as a wheel, in a script, as pages from files cannot read other files
    live.css
    runtime/      if the book brings its own: Pyodide, Python's library and packages, packed
"""

import base64
import json
from pathlib import Path

from bookbuild.files import write_file
from bookbuild.live.packing import pack, packed_files
from bookbuild.live.parts import PARTS, package_of, sha256, worker_sources
from bookbuild.live.runtime import check_runtime, read_list
from bookbuild.live.scripts import joined, make_editor
from bookbuild.live.wheel import make_wheel
from bookbuild.say import Say

ASSETS = "site_libs/live"


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
    worker = PARTS / "worker"
    unpacked = (worker / "unpacked.js").read_text()
    listed = read_list()
    wheel = make_wheel(package_of(root))
    files, folders = listed["files"], []
    if runtime:
        check_runtime(listed, runtime)
        folders = [runtime]
        if packs := pack(root, runtime, wheel, say):
            folders, files = [packs, runtime], packed_files(files, packs)
    else:
        files = [{**file, "base": listed["core"]} if file.get("core") else file for file in files]
    settings = {
        "runtime": {"base": "runtime/" if runtime else listed["packages"],
                    "files": [entry(file) for file in files]},
        "lock": {"info": listed["info"], "packages": {}},
        "frame": frame("{\n" + unpacked + (worker / "frame.js").read_text() + "}\n"),
        "worker": "(() => {\n" + unpacked + (worker / "worker.js").read_text() + "})();\n",
        "sources": {name: path.read_text() for name, path in worker_sources().items()},
    }
    package = f'globalThis.livePackage = "{base64.b64encode(wheel).decode()}";\n'
    settings["package"] = integrity(sha256(package.encode()))
    script = joined(PARTS / "page", "main")
    write_file(target / "live.js", '"use strict";\n(() => {\nconst SETTINGS = '
               f"{json.dumps(settings)};\n{script}}})();\n")
    write_file(target / "live.css", (PARTS / "live.css").read_bytes())
    write_file(target / "package.js", package)
    if editor := make_editor(root, say):
        write_file(target / "editor.js", editor.read_bytes())
    for file in files if runtime else ():
        found = next(folder / file["name"] for folder in folders
                     if (folder / file["name"]).is_file())
        write_file(target / "runtime" / file["name"], found.read_bytes())


def frame(script: str) -> dict:
    """The frame where code runs: its markup, and its one script with the script's checksum.

    Its policy lets it and its worker load nothing but what they made themselves: nothing from the
    book's host, nor from another.
    """
    checksum = integrity(sha256(script.encode()))
    policy = (f"default-src 'none'; script-src '{checksum}' 'wasm-unsafe-eval'; worker-src blob:; "
              "connect-src blob:")
    return {"script": script, "integrity": checksum,
            "markup": '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Python</title>'
                      f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
                      f"<script>{script}</script></html>"}


def entry(file: dict) -> dict:
    """A file of the runtime as the page knows it, with its checksum as browsers write it."""
    kept = {key: file[key] for key in ("name", "size", "base", "imports", "needs") if key in file}
    return {**kept, "integrity": integrity(file["sha256"])}


def integrity(sha256: str) -> str:
    """A checksum as browsers write it."""
    return f"sha256-{base64.b64encode(bytes.fromhex(sha256)).decode()}"

