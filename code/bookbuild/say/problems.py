"""What is wrong with a book, said one line a problem."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One mistake, where it is and what to do about it.

    Parameters
    ----------
    path : str or Path
        The file, relative to the book's folder.
    line : int or None
        Its line, counted from 1; None where a line would say nothing.
    message : str
        One line that names the mistake and, where it isn't plain, the mend.
    stops : str
        The press that would print the book wrongly, and so doesn't print it: "both", "builtin"
        or "quarto"; "neither" for a notice.
    """

    path: str | Path
    line: int | None
    message: str
    stops: str = "both"

    def __str__(self) -> str:
        place = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"

    def __lt__(self, other: "Problem") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[str, int, str]:
        return str(self.path), self.line or 0, self.message


class BookError(Exception):
    """The book can't be printed; `problems` says why, in order of file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def hindrances(problems: Iterable[Problem], *presses: str) -> list[Problem]:
    """The problems that keep one of these presses ("builtin", "quarto") from printing."""
    return [problem for problem in problems if problem.stops in ("both", *presses)]


def tally(problems: Iterable[Problem], *presses: str) -> str:
    """How many problems for some presses, and how many notices: `"2 problems, 1 notice"`."""
    found = set(problems)
    notices = [each for each in found if each.stops == "neither"]
    return (f"{counted(len(hindrances(found, *presses)), 'problem')}, "
            f"{counted(len(notices), 'notice')}")


def counted(number: int, what: str) -> str:
    """`"1 problem"`, `"2 problems"`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def annotation(level: str, path: str | Path, line: int | None, message: str) -> str:
    """A message as GitHub shows it beside a line of a file, in a workflow that is run there.

    Parameters
    ----------
    level : str
        "error", "warning" or "notice".
    path : str or Path
        GitHub takes it relative to the repository, in which the command runs.
    line : int or None
    message : str
    """
    place = f"file={escaped(os.path.relpath(path), ':,')}" + (f",line={line}" if line else "")
    return f"::{level} {place}::{escaped(message)}"


def escaped(text: str, more: str = "") -> str:
    """Text as GitHub's workflow commands want it."""
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + more else char for char in text)
