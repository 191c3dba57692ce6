"""An image of Python's memory with the packages imported, from which pages start sooner."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from bookbuild.files import locked, put_in_place, staging, write_file
from bookbuild.live.parts import PARTS, STAGE, Say, digest, sha256, worker_sources
from bookbuild.live.scripts import BRING_NODE, search_path
from bookbuild.live.sealed import is_whole, seal

IMAGE = ("packages.bin", "memory.bin")      # see worker/image.cjs


def make_image(root: Path, runtime: Path, wheel: bytes, say: Say) -> Path | None:
    """The folder with what pages start from, made anew when it or what it is made of has changed.

    Pages do without it, and start several times more slowly. Returns None, and says why, where
    it cannot be made.
    """
    worker = PARTS / "worker"
    sources = [*(worker / name for name in ("boot.cjs", "image.cjs", "runtime.json")),
               *worker_sources().values()]
    images = root / STAGE / "image"
    folder = images / digest(wheel, *(source.read_bytes() for source in sources))
    with locked(images / "lock", lambda: say("another render makes the image of Python: waiting")):
        if is_whole(*(folder / name for name in IMAGE)):
            return folder
        node = shutil.which("node", path=search_path())
        if node is None:
            say("live cells: without Node, pages start Python several times more slowly; "
                + BRING_NODE)
            return None
        for old in images.glob("*/"):
            shutil.rmtree(old, ignore_errors=True)
        say("live cells: making the image of Python that pages start from")
        with staging(images) as made, tempfile.TemporaryDirectory() as place:
            write_file(Path(place) / "deepmath.whl", wheel)
            for name, source in worker_sources().items():
                shutil.copy(source, Path(place) / name)
            done = subprocess.run([node, worker / "image.cjs", runtime, place, made],
                                  capture_output=True, text=True)
            if done.returncode or not all((made / name).is_file() for name in IMAGE):
                say("live cells: the image of Python could not be made, and pages start more "
                    f"slowly: {done.stderr.strip()[-200:]}")
                return None
            for name in IMAGE:
                seal(made / name)
            put_in_place(made, folder)
    return folder


def image_files(image: Path) -> list[dict]:
    """The files of an image, as runtime.json lists those of the runtime."""
    contents = {name: (image / name).read_bytes() for name in IMAGE}
    return [{"name": name, "size": len(content), "start": True,
             "sha256": sha256(content)} for name, content in contents.items()]
