"""Python and its packages, packed for pages to start from: see `worker/pack/pack.cjs`."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from bookbuild.files import locked, put_in_place, staging, write_file
from bookbuild.live.parts import PARTS, STAGE, digest, sha256, worker_sources
from bookbuild.live.scripts import BRING_NODE, search_path
from bookbuild.live.sealed import is_whole, seal
from bookbuild.say import Say

PACKED = ("python.bin", "packages.bin", "rest.bin")
REST = "rest.bin"               # is fetched for a run that imports something of it
REPLACED = ("pyodide.asm.wasm", "python_stdlib.zip")        # they are in the packs


def pack(root: Path, runtime: Path, wheel: bytes, say: Say) -> Path | None:
    """The folder with what pages start from, made anew when it or what it is made of has changed.

    Pages do without it, fetch half as much again and start several times more slowly. Returns
    None, and says why, where it cannot be made.
    """
    packer = PARTS / "worker" / "pack" / "pack.cjs"
    sources = [packer, packer.with_name("pack.py"), PARTS / "worker" / "runtime.json",
               *worker_sources().values()]
    packs = root / STAGE / "packs"
    folder = packs / digest(wheel, *(source.read_bytes() for source in sources))
    with locked(packs / "lock", lambda: say("another render packs Python: waiting")):
        if is_whole(*(folder / name for name in PACKED)):
            return folder
        node = shutil.which("node", path=search_path())
        if node is None:
            say("live cells: without Node, pages start Python several times more slowly; "
                + BRING_NODE)
            return None
        for old in packs.glob("*/"):
            shutil.rmtree(old, ignore_errors=True)
        say("live cells: packing the Python that pages start from")
        with staging(packs) as made, tempfile.TemporaryDirectory() as place:
            write_file(Path(place) / "deepmath.whl", wheel)
            for name, source in worker_sources().items():
                shutil.copy(source, Path(place) / name)
            done = subprocess.run([node, packer, runtime, place, made],
                                  capture_output=True, text=True)
            if done.returncode or not all((made / name).is_file() for name in PACKED):
                say("live cells: Python could not be packed, and pages start more slowly: "
                    f"{done.stderr.strip()[-200:]}")
                return None
            for name in PACKED:
                seal(made / name)
            put_in_place(made, folder)
    return folder


def packed_files(listed: list[dict], folder: Path) -> list[dict]:
    """What runtime.json lists, with the packs in place of what is in them."""
    found = []
    for name in PACKED:
        content = (folder / name).read_bytes()
        found.append({"name": name, "size": len(content), "sha256": sha256(content)})
        if name == REST:
            found[-1]["imports"] = []           # the packs themselves know of which modules
    for file in listed:
        if "imports" in file:
            found.append({**file, "needs": [REST]})
        elif not file.get("start") and file["name"] not in REPLACED:
            found.append(file)
    return found
