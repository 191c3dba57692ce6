"""The commands `book lab`, JupyterLab with chapters as notebooks, and `book notebook`."""

import importlib.util
import os
import sys
from pathlib import Path

from bookbuild.problems import BookError, Problem
from bookbuild.project import find_root, place_in

EXTENSIONS = Path(__file__).parent / "extension"


def add_parsers(commands) -> None:
    add_lab(commands)
    add_notebook(commands)


# ------------------------------------------------------------------------------------- lab

def add_lab(commands) -> None:
    parser = commands.add_parser(
        "lab", help="edit and run chapters in JupyterLab",
        description="Open JupyterLab in the book's folder. A double click opens a .qmd chapter "
        "as a notebook; saving writes the .qmd, in which only edited cells change and no output "
        "is kept. Cells run in this Python.")
    parser.add_argument("chapter", nargs="?", type=Path, help="a .qmd file to begin with")
    parser.add_argument("--no-browser", action="store_true", help="start the server only")
    parser.add_argument("--port", type=int, help="the server's port (default: 8888 or the next)")
    parser.epilog = "Other options are JupyterLab's own, written --NAME=VALUE."
    parser.set_defaults(run=run_lab)


def run_lab(args) -> int:
    """Become JupyterLab."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise BookError([Problem("book lab", None, "JupyterLab is not installed: "
                                 "pip install -r requirements-lab.txt")])
    if args.chapter and not args.chapter.is_file():
        raise BookError([Problem(args.chapter, None, "no such file")])
    root = find_root(args.chapter.parent if args.chapter else Path.cwd())
    options = settings(root, args.chapter) + args.unknown
    options += ["--no-browser"] * args.no_browser + [f"--port={args.port}"] * bool(args.port)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *options])


def settings(root: Path, chapter: Path | None = None) -> list[str]:
    """The options that make of JupyterLab the book's."""
    page = f"/tree/{place_in(root, chapter).as_posix()}" if chapter else ""
    return [
        f"--ServerApp.root_dir={root}",
        "--ServerApp.contents_manager_class=bookbuild.lab.contents.ChapterContents",
        "--ServerApp.kernel_spec_manager_class=bookbuild.lab.kernels.BookKernel",
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
        f"--LabApp.default_url=/lab{page}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]


# --------------------------------------------------------------------------------- notebook

def add_notebook(commands) -> None:
    parser = commands.add_parser(
        "notebook", help="write a chapter as an .ipynb, or bring its edits back",
        description="Of a .qmd chapter, write a notebook that runs by itself, also where the book "
        "is not installed. Of such a notebook, bring the edits back into the chapter, in which "
        "only edited cells change. Prints the file written.")
    parser.add_argument("file", type=Path, help="a .qmd chapter or an .ipynb notebook")
    parser.add_argument("--out", type=Path, help="the file to write (default: beside the chapter, "
                        "or the chapter that the notebook was made of)")
    parser.add_argument("--force", action="store_true", help="replace edits that would be lost; "
                        "a chapter that is replaced is kept beside the new one")
    parser.set_defaults(run=run_notebook)


def run_notebook(args) -> int:
    """`book notebook`."""
    from bookbuild.lab.export import bring_back, write_notebook     # nbformat is slow to load

    if not args.file.is_file():
        raise BookError([Problem(args.file, None, "no such file")])
    bring = {".qmd": write_notebook, ".ipynb": bring_back}.get(args.file.suffix)
    if not bring:
        raise BookError([Problem(args.file, None, "neither a .qmd chapter nor an .ipynb "
                                 "notebook")])
    print(bring(args.file, args.out, args.force))
    return 0
