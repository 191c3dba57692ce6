"""A program: sets a book with Typst, in a process of its own, which can be ended at any time.

    python setting.py main.typ folder book.pdf seconds-since-1970

What it says is JSON: `"notice"`, why the PDF is not accessible; or `"error"` and `"diagnostic"`.
"""

import json
import signal
import sys
from typing import Any

import typst


MEMORY = 16 * 2**30     # bytes of addresses


def bound_itself() -> None:
    """A press that is killed takes this process along, where the system can (Linux)."""
    if sys.platform == "linux":
        import ctypes
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG


def main(source: str, folder: str, target: str, date: str) -> dict:
    """Set a book as PDF/UA-1 (ISO 14289-1, accessible), or as it can be."""
    press: Any = typst.Compiler(source, root=folder)
    said: dict = {}
    for standards in ({"pdf_standards": "ua-1"}, {}):
        try:
            press.compile(output=target, timestamp=int(date), **standards)
            return said
        except typst.TypstError as error:
            if not standards or "PDF/UA-1" not in error.message:
                return {"error": error.message, "diagnostic": error.diagnostic}
            said = {"notice": error.message}
    return said


if __name__ == "__main__":
    bound_itself()
    json.dump(main(*sys.argv[1:]), sys.stdout)
