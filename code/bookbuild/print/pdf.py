"""The PDF: the whole book set by Typst, in a folder and a process of its own."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

from bookbuild.files import TookTooLong, finish, start, write_file, writing
from bookbuild.print import typst
from bookbuild.say import BookError, Problem, Say
from bookbuild.source import CONFIG, Project

EPOCH = "SOURCE_DATE_EPOCH"
SETTING = Path(__file__).with_name("setting.py")
PRINTED = "book.pdf"
LINE_END = re.compile("\r\n|[\n\x0b\x0c\r\x85\u2028\u2029]")          # as Typst counts lines
# In a diagnostic of Typst's: the picture that cannot be read, where it is shown or in itself.
PICTURE = re.compile(r'#box\(image\("/([^"]++)"')
DRAWING = re.compile(r"^[ \t]*+┌─ ([^\n:]++(?<=\.svg)):", re.IGNORECASE | re.MULTILINE)
SECONDS = 120           # of the processor, and as many for each million characters


class Unset(BookError):
    """What Typst cannot set; `text` is what stands there, and what follows."""

    def __init__(self, problem: Problem, text: str) -> None:
        super().__init__([problem])
        self.text = text


def begin(project: Project, source: str, work: Path) -> Popen:
    """Begin to set a book from its Typst, in the folder `work`, where its pictures are."""
    date = date_of(project)
    with writing(work):
        shutil.copytree(typst.THEME, work, dirs_exist_ok=True)
    write_file(work / "main.typ", source)
    # without -P, the typst beside the program would be taken for the package
    return start([sys.executable, "-P", str(SETTING), *map(str, (
        work / "main.typ", work, work / PRINTED, date))])


def bound(setting: Popen, work: Path, say: Say, lacks: Callable[[str], None]) -> bytes:
    """The book that was begun: PDF/UA-1 (ISO 14289-1, accessible), or `say` is told why not.

    `lacks` is told a letter that no font here has.
    """
    length = (work / "main.typ").stat().st_size
    try:
        done = finish(setting, "", SECONDS + SECONDS * length // 1_000_000)
    except TookTooLong as error:
        raise BookError([Problem("typst", None, f"{error} of the processor's time, and was ended")
                         ]) from None
    said = json.loads(done.stdout) if not done.returncode else {
        "error": (done.stderr.strip().splitlines() or ["was ended"])[-1]}
    if "error" in said:
        raise unset(said["error"], said.get("diagnostic", ""), work)
    if letter := said.get("lacking"):
        lacks(letter)
    if "notice" in said:
        say(f"the PDF is not accessible to everyone: {said['notice']}")
    return (work / PRINTED).read_bytes()


def unset(message: str, diagnostic: str, work: Path) -> Unset:
    """Typst's complaint about a book's text, with the page and the words that it is about."""
    if picture := PICTURE.search(diagnostic):
        return Unset(Problem(picture[1], None, message), "")
    if drawing := DRAWING.search(diagnostic):
        return Unset(Problem(os.path.relpath(drawing[1], work), None, message), "")
    if not (place := re.search(r"main\.typ:(\d+):(\d+)", diagnostic)):
        return Unset(Problem("typst", None, message), "")
    lines = LINE_END.split((work / "main.typ").read_bytes().decode())
    above = [line for line in lines[:int(place[1])] if line.startswith(typst.PAGE)]
    page = above[-1].removeprefix(typst.PAGE) if above else "typst"
    return Unset(Problem(page, None, f"Typst cannot set this: {message}"),
                 lines[int(place[1]) - 1][max(0, int(place[2]) - 40):])


def date_of(project: Project) -> int:
    """The PDF's date, in seconds since 1970: when the text last changed, so that an unchanged
    book gives the same bytes; `SOURCE_DATE_EPOCH` where that is set."""
    if epoch := os.environ.get(EPOCH, ""):
        if not re.fullmatch(r"\d{1,10}", epoch):
            raise BookError([Problem(EPOCH, None, f"takes seconds since 1970, not {epoch!r}")])
        return int(epoch)
    files = [project.root / CONFIG, *(project.root / page.source for page in project.pages)]
    return max(int(file.stat().st_mtime) for file in files)
