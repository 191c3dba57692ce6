"""JupyterLab with chapters as notebooks."""

import importlib.util
import sys
from contextlib import suppress
from pathlib import Path

from bookbuild.files import put_file
from bookbuild.say import BookError, Problem
from bookbuild.source import find_root, place_in

CONFIG = Path(__file__).with_name("bookbuild.json")
EXTENSIONS = Path(__file__).parent / "extension"


def jupyterlab_command(chapter: Path | None, options: list[str]) -> list[str]:
    """What starts JupyterLab in the book around a chapter, or around this folder.

    Raises
    ------
    BookError
        If JupyterLab is not installed, or there is no such chapter.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise BookError([Problem("book lab", None, "JupyterLab is not installed: "
                                 "pip install -r requirements-lab.txt")])
    if chapter and not chapter.is_file():
        raise BookError([Problem(chapter, None, "no such file")])
    root = find_root(chapter.parent if chapter else Path.cwd())
    if sys.prefix != sys.base_prefix:
        with suppress(BookError):           # where others keep the environment, this start suffices
            register()
    return [sys.executable, "-m", "jupyterlab", *settings(root, chapter), *options]


def register() -> Path:
    """Tell the Jupyter of this environment of chapters, so that a plain `jupyter lab` knows them.

    A wheel does so when it is installed; the project in its own folder is not installed as one.
    """
    told, place = CONFIG.read_bytes(), Path(sys.prefix) / "etc/jupyter/jupyter_server_config.d"
    file = place / CONFIG.name
    if not file.is_file() or file.read_bytes() != told:
        put_file(file, told)
    return file


def settings(root: Path, chapter: Path | None = None) -> list[str]:
    """The options that make of JupyterLab the book's."""
    page = f"/tree/{place_in(root, chapter).as_posix()}" if chapter else ""
    return [
        f"--ServerApp.root_dir={root}",
        "--ServerApp.contents_manager_class=bookbuild.lab.contents.ChapterContents",
        "--ServerApp.kernel_spec_manager_class=bookbuild.lab.environment.BookKernel",
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
        f"--LabApp.default_url=/lab{page}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
