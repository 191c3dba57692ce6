"""The PDF: the whole book set by Typst, in a folder of its own."""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typst as compiler

from bookbuild.document import Chapter
from bookbuild.files import write_file, writing
from bookbuild.print import typst
from bookbuild.say import BookError, Problem
from bookbuild.source import CONFIG, Project

EPOCH = "SOURCE_DATE_EPOCH"


def bind(project: Project, chapters: Sequence[Chapter], work: Path,
         say: Callable[[str], None]) -> bytes:
    """The book, set in the folder `work`, where its pictures are.

    It is PDF/UA-1 (ISO 14289-1, accessible), or `say` is told why it is not.
    """
    date = date_of(project)
    with writing(work):
        shutil.copytree(typst.THEME, work, dirs_exist_ok=True)
    write_file(work / "main.typ", typst.write_book(project, chapters))
    press: Any = compiler.Compiler(str(work / "main.typ"), root=str(work))
    try:
        return press.compile(pdf_standards="ua-1", timestamp=date)
    except compiler.TypstError as error:
        if "PDF/UA-1" not in error.message:
            raise typst_problem(error) from None
        say(f"the PDF is not accessible to everyone: {error.message}")
    try:
        return press.compile(timestamp=date)
    except compiler.TypstError as error:
        raise typst_problem(error) from None


def typst_problem(error: compiler.TypstError) -> BookError:
    picture = re.search(r'image\("/([^"]+)"', error.diagnostic)
    return BookError([Problem(picture[1] if picture else "typst", None, error.message)])


def date_of(project: Project) -> int:
    """The PDF's date, in seconds since 1970: when the text last changed, so that an unchanged
    book gives the same bytes; `SOURCE_DATE_EPOCH` where that is set."""
    if epoch := os.environ.get(EPOCH, ""):
        if not re.fullmatch(r"\d{1,10}", epoch):
            raise BookError([Problem(EPOCH, None, f"takes seconds since 1970, not {epoch!r}")])
        return int(epoch)
    files = [project.root / CONFIG, *(project.root / page.source for page in project.pages)]
    return max(int(file.stat().st_mtime) for file in files)
