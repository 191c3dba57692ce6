"""What follows from the vocabulary: what is wrong with a name, and the list of what is covered."""

import difflib
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from bookbuild.source.vocabulary import (CELL, DOCUMENT, ELSEWHERE, MARKDOWN, PRINTED, REFUSED,
                                         VOCABULARY, Entry, Place)

COVERED = "<!-- From here on made by `write_list` of source/verdicts.py -->"


PATTERNS = [entry for entry in VOCABULARY if "*" in entry.name]


@lru_cache(4096)
def _fitting(place: Place, name: str) -> list[Entry]:
    named = [entry for entry in VOCABULARY if entry.name == name and place in entry.places]
    return named + [entry for entry in PATTERNS
                    if place in entry.places and fnmatchcase(name, entry.name)]


def entry_of(place: Place, name, value=None) -> Entry | None:
    """The entry that holds for a name with a value; None for a name of the author's own."""
    return next((entry for entry in _fitting(place, str(name))
                 if entry.only is None or entry.only.hold(value)), None)


def wrong_value(place: Place, name, value) -> str | None:
    """Why a name cannot have a value, or None."""
    entry = entry_of(place, name, value)
    if entry is None or entry.takes is None or entry.takes.hold(value):
        return None
    return place.wrong_value.format(name=name, words=entry.takes.words, value=value)


def mistake(place: Place, name, value=None, shown: str = "") -> tuple[str, str] | None:
    """What is wrong with a name in a place.

    Parameters
    ----------
    place : Place
        Where it stands.
    name, value : object
        As YAML gives them; of an attribute the value is an `Attribute`.
    shown : str
        What sentences call both, where one says more than the name.

    Returns
    -------
    tuple of (str, str) or None
        What to tell, and the press that it stops: the last two fields of a `Problem`.
    """
    entry = entry_of(place, name, value)
    if entry is None and place is CELL:
        return _unknown_option(name), "both"
    if entry is None and (close := _closest(place, name)):
        return f"`{shown or name}` is no key of Quarto's: did you mean `{close}`?", "neither"
    if entry is not None and entry.verdict == REFUSED:
        sentence = entry.refusal or place.refusal
        return sentence.format(name=name, shown=shown, mend=entry.mend), entry.stops
    wrong = wrong_value(place, name, value)
    return (wrong, "both") if wrong else None


def _closest(place: Place, name) -> str | None:
    """The key that an author may have meant with one that none knows."""
    close = difflib.get_close_matches(str(name).lower(), _keys(place), n=1, cutoff=0.85)
    return close[0] if close else None


@lru_cache
def _keys(place: Place) -> list[str]:
    """The keys among which authors misspell; none where names may be their own."""
    known = [entry.name for entry in VOCABULARY if place in entry.places]
    return known if place in DOCUMENT else []


def _unknown_option(name) -> str:
    known = [entry.name for entry in VOCABULARY
             if CELL in entry.places and entry.verdict == PRINTED]
    close = difflib.get_close_matches(re.sub(r"[._ ]", "-", str(name).lower()), known, n=1)
    advice = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
    return f"unknown cell option `{name}`: {advice}"


# ----------------------------------------------------------------------------- documentation

def covered() -> str:
    """What is covered, as Markdown: a list for each set of places, of verdicts and reasons."""
    lists: dict[str, dict[str, list[str]]] = {}
    for entry in VOCABULARY:
        title = "; ".join(place.title for place in entry.places)
        mend = entry.mend if entry.verdict == REFUSED and entry.mend != ELSEWHERE else ""
        because = ", ".join(filter(None, [f"*{entry.verdict}*", entry.reason, mend]))
        lists.setdefault(title, {}).setdefault(because, []).append(_shown(entry))
    return "\n".join(f"**{title}**\n\n" + "".join(
        f"- {because}: {'; '.join(names)}\n" for because, names in reasons.items())
        for title, reasons in lists.items())


def _shown(entry: Entry) -> str:
    name = f"`{entry.name}`" if entry.places != (MARKDOWN,) else entry.name
    values = [given.words for given in (entry.only, entry.takes) if given]
    return f"{name} ({values[0]})" if values else name


def write_list(readme: Path = Path(__file__).parents[1] / "README.md") -> None:
    """Bring the list of what is covered into the press's README."""
    above = readme.read_text(encoding="utf-8").partition(COVERED)[0]
    readme.write_text(f"{above}{COVERED}\n\n{covered()}", encoding="utf-8")
