"""Days as layouts write them, ISO or YYYYMMDD; nothing is guessed.

A spreadsheet that saves a file again writes 2023-01-12 as 12/01/2023 or 1/12/2023, and nobody can
tell which. A reader that tries takes half of a year for other days.
"""

import re
from datetime import date
from functools import lru_cache

DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?|(\d{4})(\d\d)(\d\d)",
                 re.ASCII)
FIRST_YEAR = 1950
EXPECTED = "expected a date such as 2023-01-31 or 20230131"
CAUSES = [      # the first that fits
    (r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.*", "looks like a spreadsheet's day/month or month/day"),
    (r"\d{4}-\d{1,2}-\d{1,2}", "lacks a zero before a number of one digit"),
    (r"\d{4}-\d\d-\d\d.+", "says more than a day"),
    (r"\d{4}[/.]\d{1,2}[/.]\d{1,2}.*", "has other signs between its numbers, as a spreadsheet "
                                       "writes them"),
    (r"\d{5}(\.\d+)?", "looks like a spreadsheet's count of days"),
    (r"\d{4}(-\d{1,2})?", "is a month or a year without a day"),
    (r".*[A-Za-z]{3}.*\d.*", "looks like a date in words"),
]


def last_year() -> int:
    """The last year that a record may hold: clocks may be ahead, but not by more than a year."""
    return date.today().year + 1


@lru_cache(maxsize=2**12)
def day_of(cell: str) -> date:
    """Return the day that a cell is, or raise ValueError that says what it looks like instead."""
    found = DAY.fullmatch(cell)
    try:
        if found:
            day = date(*(int(part) for part in found.groups() if part))
            check_year(day.year)
            return day
    except ValueError as error:
        if "lies outside" in str(error):
            raise
    cause = "is no day of the calendar" if found else next(
        (cause for form, cause in CAUSES if re.fullmatch(form, cell, re.ASCII)), "")
    raise ValueError(f"{EXPECTED}, got {cell!r}" + (f", which {cause}" if cause else ""))


def check_year(year: int) -> None:
    """Raise ValueError unless hours of a year may have been measured."""
    if not FIRST_YEAR <= year <= last_year():
        raise ValueError(f"the year {year} lies outside {FIRST_YEAR} to {last_year()}")
