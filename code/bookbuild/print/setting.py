"""A program: sets a book with Typst, in a process of its own, which can be ended at any time.

    python setting.py main.typ folder book.pdf seconds-since-1970

What it says is JSON: `"notice"`, why the PDF is not accessible, and `"lacking"`, a letter that no
font has; or `"error"` and `"diagnostic"`.
"""

import json
import signal
import sys
import unicodedata
from pathlib import Path
from typing import Any

import typst


LATIN_GREEK_CYRILLIC = "\u052f"
MEMORY = 16 * 2**30     # bytes of addresses


def bound_itself() -> None:
    """A press that is killed takes this process along, where the system can (Linux)."""
    if sys.platform == "linux":
        import ctypes
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG


def lacking(source: str, folder: str) -> str | None:
    """A letter of the book that no font here has, so that the PDF shows boxes.

    Typst tells of letters in accessible PDFs alone, and of the first fault: they are set apart.
    """
    text = Path(source).read_text(encoding="utf-8")
    letters = sorted(letter for letter in {*text} if letter > LATIN_GREEK_CYRILLIC
                     and unicodedata.category(letter) in ("Lo", "Ll", "Lu"))
    if not letters:
        return None
    probe = Path(source).with_name("letters.typ")
    probe.write_text("#set document(title: [L])\n= L\n" + " ".join(letters), encoding="utf-8")
    try:
        typst.Compiler(str(probe), root=folder).compile(pdf_standards="ua-1")
    except typst.TypstError as error:
        return next((letter for letter in letters if f'"{letter}"' in error.message), None)
    return None


def main(source: str, folder: str, target: str, date: str) -> dict:
    """Set a book as PDF/UA-1 (ISO 14289-1, accessible), or as it can be."""
    press: Any = typst.Compiler(source, root=folder)
    said: dict = {"lacking": lacking(source, folder)}
    for standards in ({"pdf_standards": "ua-1"}, {}):
        try:
            press.compile(output=target, timestamp=int(date), **standards)
            return said
        except typst.TypstError as error:
            if not standards or "PDF/UA-1" not in error.message:
                return {"error": error.message, "diagnostic": error.diagnostic}
            said["notice"] = error.message
    return said


if __name__ == "__main__":
    bound_itself()
    json.dump(main(*sys.argv[1:]), sys.stdout)
