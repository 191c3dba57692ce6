"""A chapter as an .ipynb that runs anywhere, and its edits back."""

import base64
import re
import textwrap
import zlib
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import requires
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from bookbuild.files import decode_utf8, keep, replace_file, writing
from bookbuild.lab.notebook import KEY, notebook_of, text_of
from bookbuild.live import make_wheel
from bookbuild.say import BookError, Problem
from bookbuild.source import PACKAGE, find_root, place_in

NEEDS = ("matplotlib", "numpy", "pandas")       # what the package itself imports
SETUP = '''\
#@title Run this first
# The book's package is in this cell, and the data that the chapter reads. What the package
# stands on is installed where it is missing.
import base64, importlib.util, pathlib, sys, tempfile

if not importlib.util.find_spec("{package}"):
    %pip install --quiet {needs}
    wheel = pathlib.Path(tempfile.mkdtemp()) / "{package}-0-py3-none-any.whl"
    wheel.write_bytes(base64.b64decode("""
{content}
"""))
    sys.path.insert(0, str(wheel))
'''
DATA = '''
from {package}.smoke import data_folder

if not (data_folder() / "{name}").is_file():
    pathlib.Path("data").mkdir(exist_ok=True)
    pathlib.Path("data", "{name}").write_bytes(base64.b64decode("""
{content}
"""))
'''


# ------------------------------------------------------------------------ a chapter's notebook

def write_notebook(chapter: Path, out: Path | None, force: bool) -> Path:
    """Write a chapter's notebook; edits in one that stands there are not lost.

    Parameters
    ----------
    chapter : Path
        The ``.qmd`` file.
    out : Path or None
        The ``.ipynb`` file; beside the chapter if None.
    force : bool
        Whether edits in a notebook that stands there may be lost.

    Returns
    -------
    Path
        What was written.
    """
    out = out or chapter.with_suffix(".ipynb")
    check_suffix(out, ".ipynb")
    notebook = runnable(chapter, read_text(chapter))
    if out.exists() and not force:
        standing = read_notebook(out)
        if checksum(text_of(standing, out)) not in origins(standing):
            raise BookError([Problem(out, None, "holds edits that are not in the chapter: bring "
                                     f"them back with `book notebook {out}`, or use --force")])
    with writing(out):
        replace_file(out, notebook)
    return out


def runnable(chapter: Path, text: str) -> str:
    """The content of the chapter's notebook; again at once where nothing in it has changed."""
    root = find_root(chapter.parent)
    parts = [*sorted((root / "code" / PACKAGE).rglob("*.py")), *sorted((root / "data").glob("*.*"))]
    stamps = tuple((path, path.stat().st_mtime_ns) for path in parts)
    return _runnable(place_in(root, chapter), text, root, stamps)


@lru_cache(maxsize=64)
def _runnable(chapter: Path, text: str, root: Path, stamps: tuple) -> str:
    notebook = notebook_of(text)
    notebook.metadata[KEY]["chapter"] = chapter.as_posix()
    notebook.cells.insert(0, setup_cell(root, data_of(notebook, root)))
    return nbformat.writes(notebook) + "\n"


def data_of(notebook: NotebookNode, root: Path) -> list[Path]:
    """The files in `data/` that the notebook's code names."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return [path for path in sorted((root / "data").glob("*.*"))
            if path.is_file() and re.search(rf"[\"'/]{re.escape(path.name)}[\"']", code)]


def setup_cell(root: Path, data: Iterable[Path]) -> NotebookNode:
    """A first cell that makes the book's package importable and brings files of `data/`."""
    told = (re.match(r"([\w.-]+)[^;]*", need) for need in requires("deepmath-book") or ())
    needs = sorted({f'"{need[0].strip()}"' for need in told if need and need[1] in NEEDS})
    source = SETUP.format(package=PACKAGE, needs=" ".join(needs),
                          content=in_lines(make_wheel(root / "code" / PACKAGE)))
    source += "".join(DATA.format(package=PACKAGE, name=path.name,
                                  content=in_lines(path.read_bytes())) for path in data)
    cell = new_code_cell(source)
    cell.id = "set-up"
    cell.metadata.update({KEY: {"added": True}, "jupyter": {"source_hidden": True},
                          "cellView": "form"})
    return cell


def in_lines(content: bytes) -> str:
    return "\n".join(textwrap.wrap(base64.b64encode(content).decode(), 100))


# ------------------------------------------------------------------------------ and back again

def bring_back(file: Path, out: Path | None, force: bool) -> Path:
    """Bring a notebook's edits into its chapter; a chapter that changed meanwhile is not lost.

    Parameters
    ----------
    file : Path
        The ``.ipynb`` file.
    out : Path or None
        The ``.qmd`` file; the chapter that the notebook was made of if None, or one beside it.
    force : bool
        Whether to replace a chapter that was changed since; it is kept beside the new one.

    Returns
    -------
    Path
        What was written.
    """
    notebook = read_notebook(file)
    out, text = out or chapter_of(notebook, file), text_of(notebook, file)
    check_suffix(out, ".qmd")
    if out.exists():
        standing = read_text(out)
        known = [*origins(notebook), checksum(text)]
        if checksum(standing) not in known and not force:
            since = "changed since this notebook was made of it" if origins(notebook) else (
                "is no chapter that this notebook was made of")
            raise BookError([Problem(out, None, f"{since}: use --force to replace it (it is kept "
                                     "beside the new one), or --out for another file")])
        if checksum(standing) not in known:
            keep(out)
    with writing(out):
        replace_file(out, text)
    if KEY in notebook.metadata:
        notebook.metadata[KEY]["returned"] = checksum(text)
        with writing(file):
            replace_file(file, nbformat.writes(notebook) + "\n")
    return out


def chapter_of(notebook: NotebookNode, file: Path) -> Path:
    """The chapter that a notebook was made of, or its like beside a notebook from elsewhere."""
    chapter = notebook.metadata.get(KEY, {}).get("chapter")
    if not chapter:
        return file.with_suffix(".qmd")
    for start in (file.parent, Path.cwd()):
        try:
            root = find_root(start)
        except BookError:
            continue
        place = (root / chapter).resolve()
        if place.suffix == ".qmd" and place.is_relative_to(root) and place.is_file():
            return root / chapter
    raise BookError([Problem(file, None, f"the chapter {chapter} that it was made of is in no book "
                             "here: go to the book's folder, or name a file with --out")])


def origins(notebook: NotebookNode) -> list[str]:
    """The checksums of the texts that a notebook was made of or has given back."""
    whole = notebook.metadata.get(KEY, {})
    return [whole[key] for key in ("of", "returned") if key in whole]


def check_suffix(out: Path, suffix: str) -> None:
    if out.suffix != suffix:
        raise BookError([Problem(out, None, f"--out takes the name of a {suffix} file")])


def checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def read_text(path: Path) -> str:
    """A chapter's text, to the byte."""
    return decode_utf8(path.read_bytes(), path)


def read_notebook(path: Path) -> NotebookNode:
    try:
        notebook = nbformat.reads(path.read_bytes().decode(), as_version=4)
        nbformat.validate(notebook)
    except (ValueError, TypeError, LookupError, AttributeError,
            nbformat.ValidationError) as error:             # whatever a malformed one provokes
        reason = next(iter(str(error).splitlines()), "it is empty")
        raise BookError([Problem(path, None, f"not a Jupyter notebook: {reason}")]) from None
    return notebook
