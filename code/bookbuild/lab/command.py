"""The command `book lab`: JupyterLab, with chapters as notebooks."""

import importlib.util
import os
import sys
from pathlib import Path

from bookbuild.problems import BookError, Problem
from bookbuild.project import find_root

EXTENSIONS = Path(__file__).parent / "extension"


def add_parser(commands) -> None:
    parser = commands.add_parser(
        "lab", help="edit and run chapters in JupyterLab",
        description="Open JupyterLab in the book's folder. A double click opens a .qmd chapter "
        "as a notebook; saving writes the .qmd, in which only edited cells change and no output "
        "is kept. Cells run in this Python.")
    parser.add_argument("chapter", nargs="?", type=Path, help="a .qmd file to begin with")
    parser.add_argument("--no-browser", action="store_true", help="start the server only")
    parser.add_argument("--port", type=int, help="the server's port (default: 8888 or the next)")
    parser.epilog = "Other options are JupyterLab's own, written --NAME=VALUE."
    parser.set_defaults(run=run)


def run(args) -> int:
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
    page = f"/tree/{chapter.resolve().relative_to(root).as_posix()}" if chapter else ""
    return [
        f"--ServerApp.root_dir={root}",
        "--ServerApp.contents_manager_class=bookbuild.lab.contents.ChapterContents",
        "--ServerApp.kernel_spec_manager_class=bookbuild.lab.kernels.BookKernel",
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
        f"--LabApp.default_url=/lab{page}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
