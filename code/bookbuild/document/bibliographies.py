"""Files of sources and of their style: the keys in them, and what is wrong with them."""

import json
import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from bookbuild.document import pandoc
from bookbuild.files import decode_utf8
from bookbuild.say import BookError, Problem
from bookbuild.source import load_yaml

FORMATS = {".bib": "biblatex", ".bibtex": "bibtex", ".json": "csljson", ".ris": "ris"}
ENTRY = re.compile(r"@\w+\s*[{(]\s*([^\s,]*)")
PARENTS = re.compile(r"""(?i)\b(?:crossref|xdata)\s*=\s*["{]?([^"{}\n]+)""")
DEEPEST = 1000          # braces


def source_keys(path: str, data: bytes) -> list[str]:
    """The keys of the entries in a bibliography, whose path is relative to the book.

    Raises
    ------
    BookError
        For a file that cannot be read, with the line of the entry.
    """
    source = decode_utf8(data, path).removeprefix("\ufeff")
    suffix = Path(path).suffix
    if suffix in (".yaml", ".yml"):
        return yaml_keys(path, source)
    if suffix not in FORMATS:
        raise BookError([Problem(path, 1, f"sources are kept in {', '.join(FORMATS)} or .yaml "
                                 f"files, not in {suffix or 'one without a suffix'}")])
    if suffix in (".bib", ".bibtex") and (found := endless(source)):
        raise BookError([Problem(path, *found)])
    try:
        format = FORMATS[suffix]
        entries = json.loads(pandoc.run(source, "--from", format, "--to", "csljson"))
        return [entry["id"] for entry in entries]
    except BookError as error:
        said = " ".join(error.problems[0].message.split())
    place = re.search(r"line (\d+), column \d+\):? (unexpected (?:'.'|[\w ]+))", said)
    line, reason = (int(place[1]), place[2]) if place else (1, said)
    # An unclosed entry is noticed where the next one begins.
    above = "\n".join(source.split("\n")[:line - reason.startswith("unexpected '@'")])
    begun = list(ENTRY.finditer(above))
    if not begun:
        raise BookError([Problem(path, line, f"does not parse: {reason}")])
    begin = above.count("\n", 0, begun[-1].start()) + 1
    raise BookError([Problem(path, begin, f"the entry `{begun[-1][1]}` does not parse (line "
                             f"{line}: {reason}): look at its braces, commas and quotes")])


def listed_twice(path: str, data: bytes, keys: list[str]) -> list[Problem]:
    """Keys of which only the last entry is cited, at that entry."""
    source = data.decode()
    found = []
    for key in (key for key, times in Counter(keys).items() if times > 1):
        places = [entry.start() for entry in ENTRY.finditer(source) if entry[1] == key]
        found.append(Problem(path, line_at(source, places[-1]) if places else 1, f"the source "
                             f"`{key}` is listed twice: the last entry is cited", "neither"))
    return found


def endless(source: str) -> tuple[int, str] | None:
    """What pandoc would follow without an end, or far too long: its line, and what it is."""
    begun = [*ENTRY.finditer(source)]
    ends = [*(entry.start() for entry in begun[1:]), len(source)]
    parents = {entry[1]: [key.strip() for field in PARENTS.finditer(source, entry.end(), end)
                          for key in field[1].split(",")]
               for entry, end in zip(begun, ends)}
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        way = error.args[1][::-1]
        first = next(entry.start() for entry in begun if entry[1] == way[0])
        return line_at(source, first), ("entries inherit from each other without an end: "
                                        f"{' → '.join(way)}; take one `crossref` out")
    open_braces = 0
    for brace in re.finditer(r"[{}]", source):
        open_braces += 1 if brace[0] == "{" else -1
        if open_braces > DEEPEST:
            return line_at(source, brace.start()), f"over {DEEPEST} braces stand in one another"
    return None


def line_at(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1


def yaml_keys(path: str, source: str) -> list[str]:
    """The keys of sources in CSL's YAML."""
    data, lines = load_yaml(re.sub(r"(?m)^(?:---|\.\.\.)[ \t]*$", "", source), path)
    entries = data.get("references")
    if not isinstance(entries, list) or not all(
            isinstance(each, dict) and isinstance(each.get("id"), (str, int)) for each in entries):
        raise BookError([Problem(path, lines.get(("references",), 1), "sources in YAML stand "
                                 "in a list `references`, each with an `id`")])
    return [str(each["id"]) for each in entries]


def check_style(file: Path, path: str, data: bytes) -> None:
    """Have citeproc read a style, whose path is relative to the book and which holds `data`.

    Raises
    ------
    BookError
        With the line where it cannot.
    """
    try:
        pandoc.write([], "--to", "plain", "--citeproc", f"--csl={file}")
    except BookError as error:
        said = " ".join(error.problems[0].message.split())
    else:
        return
    place = re.search(r"(?<!\d)(\d{1,9}):\d{1,9} \(\d", said)
    raise BookError([Problem(path, int(place[1]) if place else 1,
                             f"citeproc cannot read this style: {said}")])
