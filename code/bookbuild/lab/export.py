"""A chapter as an .ipynb that runs anywhere, and its edits back."""

import base64
import re
import textwrap
import warnings
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import requires
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from bookbuild.document import Words
from bookbuild.files import decode_utf8, free_name, keep, replace_file, writing
from bookbuild.lab.merging import are_kin, merge
from bookbuild.lab.notebook import (BYTE_ORDER_MARK, KEY, SET_UP, Line, in_a_line, notebook_of,
                                    text_of)
from bookbuild.lab.readable import make_readable
from bookbuild.lab.remembered import remembers_well
from bookbuild.live import make_wheel
from bookbuild.run import AVX2, NUMPY, ONE_THREAD, PROCESSORS
from bookbuild.say import BookError, Problem, say
from bookbuild.source import PACKAGE, Project, expand, find_root, load_project, place_in

NO_WORDS = Words()
MOST_BYTES = 50_000_000         # of a chapter's text, whatever a notebook says
NEEDS = ("matplotlib", "numpy", "pandas")       # what the package itself imports
SETUP = SET_UP + '''\
# The book's package is in this cell, and what the chapter reads and imports beside it. What the
# package stands on is installed where it is missing. Numbers come out as in the book: by numpy
# on one thread, and with no wider instructions than AVX2, if the processor has these.
import base64, importlib.util, os, pathlib, sys, tempfile

os.environ.update({always})
processor = pathlib.Path("{processors}")
if processor.is_file() and "avx2" in processor.read_text().split():
    os.environ.update({avx2})
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
BESIDE = '''
if not pathlib.Path("{name}").exists():
    pathlib.Path("{name}").parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path("{name}").write_bytes(base64.b64decode("""
{content}
"""))
'''
IMPORTED = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
LINE_ENDS = re.compile(r"[^\n]*\n|[^\n]+")


# ------------------------------------------------------------------------ a chapter's notebook

def write_notebook(chapter: Path, out: Path | None, force: bool,
                   words: Words = NO_WORDS) -> Path:
    """Write a chapter's notebook; edits in one that stands there are not lost.

    Parameters
    ----------
    chapter : Path
        The ``.qmd`` file.
    out : Path or None
        The ``.ipynb`` file; beside the chapter if None.
    force : bool
        Whether edits in a notebook that stands there may be lost.
    words : Words, optional
        What the chapter's references and expressions say.

    Returns
    -------
    Path
        What was written.
    """
    out = out or chapter.with_suffix(".ipynb")
    check_suffix(out, ".ipynb")
    notebook = runnable(chapter, read_text(chapter), words)
    if out.exists() and not force:
        standing = read_notebook(out)
        if checksum(text_of(standing, out)) not in origins(standing):
            raise BookError([Problem(out, None, "holds edits that are not in the chapter: bring "
                                     f"them back with `book notebook {out}`, or use --force")])
    with writing(out):
        replace_file(out, notebook)
    return out


def runnable(chapter: Path, text: str, words: Words = NO_WORDS) -> str:
    """The content of the chapter's notebook, to be read and run.

    What the chapter includes stands in it, and the notebook brings the files and modules that
    its code names.
    """
    return made_of(*parts_of_notebook(chapter, text, words))


def parts_of_notebook(chapter: Path, text: str, words: Words = NO_WORDS) -> tuple:
    """What the content of a chapter's notebook depends on, as `made_of` takes it."""
    root = find_root(chapter.parent)
    place = place_in(root, chapter)
    lines = tuple(lines_of(load_project(root), PurePosixPath(place), text))
    shown = "".join(line.shown for line in lines)
    package = sorted((root / "code" / PACKAGE).rglob("*.py"))
    stamps = tuple((path, path.stat().st_mtime_ns) for path in [
        *package, *named(shown, root / "data")])
    files = tuple(beside(shown, root / place.parent).items())
    return place, text, lines, root, words, stamps, files


@lru_cache(maxsize=64)
def made_of(chapter: Path, text: str, lines: tuple[Line, ...], root: Path, words: Words,
            *_: tuple) -> str:
    """The content of a notebook, of its parts."""
    notebook = notebook_of(text, lines)
    notebook.metadata[KEY].update(chapter=chapter.as_posix(), base=packed(text))
    make_readable(notebook, words, root / chapter.parent)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    notebook.cells.insert(0, setup_cell(root, named(code, root / "data"),
                                        beside(code, root / chapter.parent)))
    return nbformat.writes(notebook) + "\n"


def lines_of(project: Project, chapter: PurePosixPath, text: str) -> Iterator[Line]:
    """A chapter's lines as its page shows them: what it includes, and metadata, put in."""
    expanded = deque(expand(project, chapter, (), text.encode())[0])
    for number, written in enumerate(LINE_ENDS.findall(text.removeprefix(BYTE_ORDER_MARK)), 1):
        own = (str(chapter), number)
        while expanded and expanded[0][1] != own:
            shown, (source, _) = expanded.popleft()
            yield Line(shown, written, source)
            written = ""
        shown, _ = expanded.popleft()
        yield Line(shown, written)


def named(code: str, folder: Path) -> list[Path]:
    """The files in a folder that code names."""
    return [path for path in sorted(folder.glob("*.*"))
            if path.is_file() and re.search(rf"[\"'/]{re.escape(path.name)}[\"']", code)]


def beside(code: str, folder: Path) -> dict[str, bytes]:
    """The files beside a chapter that its code names, and the modules that it imports."""
    found: dict[Path, bytes] = {}
    while new := {*named(code, folder), *imported(code, folder)} - found.keys():
        found |= {path: path.read_bytes() for path in sorted(new)}
        code = "\n".join([code, *(found[path].decode(errors="replace") for path in new
                                  if path.suffix == ".py")])
    return {path.relative_to(folder).as_posix(): found[path] for path in sorted(found)}


def imported(code: str, folder: Path) -> Iterator[Path]:
    """The modules in a folder that code imports, those of packages whole."""
    for name in set(IMPORTED.findall(code)):
        yield from filter(Path.is_file, [folder / f"{name}.py"])
        yield from (folder / name).rglob("*.py")


def setup_cell(root: Path, data: Iterable[Path], beside: Mapping[str, bytes]) -> NotebookNode:
    """A first cell that makes the book's package importable and brings files."""
    told = (re.match(r"([\w.-]+)[^;]*", need) for need in requires("deepmath-book") or ())
    needs = sorted({f'"{need[0].strip()}"' for need in told if need and need[1] in NEEDS})
    source = SETUP.format(package=PACKAGE, needs=" ".join(needs), avx2=AVX2,
                          always=ONE_THREAD | NUMPY, processors=PROCESSORS,
                          content=in_lines(make_wheel(root / "code" / PACKAGE)))
    source += "".join(DATA.format(package=PACKAGE, name=path.name,
                                  content=in_lines(path.read_bytes())) for path in data)
    source += "".join(BESIDE.format(name=name, content=in_lines(content))
                      for name, content in beside.items())
    cell = new_code_cell(source)
    cell.id = "set-up"
    cell.metadata.update({KEY: {"added": True}, "jupyter": {"source_hidden": True},
                          "cellView": "form"})
    return cell


def in_lines(content: bytes) -> str:
    return "\n".join(textwrap.wrap(base64.b64encode(content).decode(), 100))


# ------------------------------------------------------------------------------ and back again

def bring_back(file: Path, out: Path | None, force: bool) -> Path:
    """Bring a notebook's edits into its chapter.

    Where the chapter was edited since, cells that one side left alone are the other's; the chapter
    as it stood is kept beside the new one. Where a cell was edited here and there, and where the
    notebook only says that it was made of the chapter, the chapter stays as it is, and what the
    notebook holds is written beside it.

    Parameters
    ----------
    file : Path
        The ``.ipynb`` file.
    out : Path or None
        The ``.qmd`` file; the chapter that the notebook was made of if None, or one beside it.
    force : bool
        Whether the notebook prevails where cells clash; the chapter is kept beside the new one.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    BookError
        The chapter is another than the notebook's; the message names the copy.
    """
    notebook = read_notebook(file)
    out, text = out or chapter_of(notebook, file), text_of(notebook, file)
    check_suffix(out, ".qmd")
    result = text
    if out.exists():
        standing = read_text(out)
        if standing != text and not is_base(out, standing, notebook):
            result = reconciled(out, standing, text, notebook, force)
            say(f"{out} was edited since; as it stood, it is kept as {keep(out).name}")
        elif standing != text and not is_complete(notebook):
            say(f"{file} has not all cells of {out}; as that stood, it is kept as {keep(out).name}")
    with writing(out):
        replace_file(out, result)
    if KEY in notebook.metadata:
        notebook.metadata[KEY].update(returned=checksum(text), base=packed(text))
        with writing(file):
            replace_file(file, nbformat.writes(notebook) + "\n")
    return out


def reconciled(out: Path, standing: str, text: str, notebook: NotebookNode, force: bool) -> str:
    """What becomes of a chapter that is not as the notebook knows it; see `bring_back`."""
    base = base_of(notebook)
    both = merge(base, text, standing) if base and are_kin(base, standing) else None
    if force or (both and not both.clashes):
        return both.text if both else text
    copy = free_name(out, "returned")
    with writing(copy):
        replace_file(copy, both.both if both else text)
    if both:
        told = (f"the chapter and the notebook both changed {' and '.join(both.clashes)}: it stays "
                f"as it is; {copy.name} beside it has all edits, and there both versions between "
                "<<<<<<< and >>>>>>>; with --force the notebook's prevail")
    else:
        since = "changed since this notebook was made of it" if origins(notebook) else (
            "is no chapter that this notebook was made of")
        told = (f"{since}: it stays as it is, and the notebook's text is in {copy.name} beside it; "
                "--force replaces the chapter, and keeps it")
    raise BookError([Problem(out, None, told)])


def is_complete(notebook: NotebookNode) -> bool:
    """Are all cells of the chapter there, edited or not?"""
    whole = notebook.metadata[KEY]
    places = {told["place"] for cell in notebook.cells if "place" in (
        told := cell.metadata.get(KEY, {})) and told["of"] == whole.get("of")}
    return places == {*range(whole.get("cells", -1))}


def base_of(notebook: NotebookNode) -> str | None:
    """The text that a notebook was made of or gave back last, if it remembers that well."""
    packed = notebook.metadata.get(KEY, {}).get("base", "")
    with suppress(ValueError, zlib.error):
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(packed, validate=True), MOST_BYTES).decode()
        if unpacker.eof and checksum(text) in origins(notebook):
            return text
    return None


def packed(text: str) -> str:
    """A text for a notebook's memory."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def is_base(chapter: Path, standing: str, notebook: NotebookNode) -> bool:
    """Tell whether a notebook was made of a chapter as it stands, by the texts that it remembers.

    A checksum alone could be written into any notebook; so the pieces that its cells remember must
    be the chapter's, too. Of a chapter that the notebook has given edits back to since, most are.
    """
    if checksum(standing) not in origins(notebook):
        return False
    lines = None
    with suppress(BookError):       # a chapter of no book includes nothing
        root = find_root(chapter.parent)
        place = PurePosixPath(place_in(root, chapter))
        lines = tuple(lines_of(load_project(root), place, standing))
    pieces = [cell.metadata[KEY]["text"] for cell in notebook_of(standing, lines).cells]
    whole, remembered = notebook.metadata[KEY], [
        cell.metadata[KEY] for cell in notebook.cells if "text" in cell.metadata.get(KEY, {})]
    if checksum(standing) == whole.get("of"):
        own = [piece for piece in remembered if piece["of"] == whole["of"]]
        return bool(own) and all(
            piece["text"] in pieces[piece["place"]:piece["place"] + 1] for piece in own)
    found = sum(piece["text"] in pieces for piece in remembered)
    return found > 0 and 2 * found >= len(remembered)


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
        with suppress(OSError, ValueError):         # no name that a file can have
            place = (root / chapter).resolve()
            if place.suffix == ".qmd" and place.is_relative_to(root) and place.is_file():
                return root / chapter
    raise BookError([Problem(file, None, f"the chapter {in_a_line(chapter)} that it was made of "
                             "is in no book here: go to the book's folder, or name a file with "
                             "--out")])


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
        with warnings.catch_warnings(action="ignore"):          # of ids that it makes
            notebook = nbformat.reads(path.read_bytes().decode(), as_version=4)
            nbformat.validate(notebook, relax_add_props=True)   # ids in 4.4, as hosts write them
            nbformat.writes(notebook).encode()                  # JSON holds more than files can
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError,
            nbformat.ValidationError) as error:             # whatever a malformed one provokes
        reason = in_a_line(next(iter(str(error).splitlines()), "it is empty"))
        raise BookError([Problem(path, None, f"not a Jupyter notebook: {reason}")]) from None
    if not remembers_well(notebook):
        raise BookError([Problem(path, None, "what this notebook remembers of its chapter is "
                                 "damaged: make it anew of the chapter")])
    return notebook
