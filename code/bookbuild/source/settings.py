"""What is wrong with `_quarto.yml`: keys, values, formats, and what makes no book."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from bookbuild.files import is_file
from bookbuild.say import Problem
from bookbuild.source import vocabulary
from bookbuild.source.verdicts import mistake, wrong_value
from bookbuild.source.vocabulary import is_text

CONFIG = "_quarto.yml"
Teller = Callable[..., Problem]
COMPUTED = re.compile(r"`\{[A-Za-z]\w*\}[ \t][^`]*`")
SHORTCODE = re.compile(r"\{\{<(?:(?!\{\{<|>\}\}).)*+>\}\}")
NOT_COMPUTED = "{code} in `{name}` is not computed: write its value"
SECTIONS = {"project": vocabulary.PROJECT, "book": vocabulary.BOOK, "execute": vocabulary.EXECUTE}


def _teller(lines: dict[tuple, int]) -> Teller:
    """Makes problems from the path of a key and what `mistake` says of it."""
    return lambda path, message, stops="both": Problem(CONFIG, lines.get(path), message, stops)


def sections(config: dict) -> Iterator[tuple[vocabulary.Place, tuple[str, ...], dict]]:
    """The parts of `_quarto.yml` whose keys the vocabulary knows, and where they stand."""
    yield vocabulary.TOP, (), config
    for name, place in SECTIONS.items():
        if isinstance(config.get(name, {}), dict):
            yield place, (name,), config.get(name, {})


def config_problems(root: Path, config: dict, lines: dict) -> Iterator[Problem]:
    """What in `_quarto.yml` a press cannot honour, or cannot do without."""
    problem = _teller(lines)
    for name in SECTIONS:
        if not isinstance(config.get(name, {}), dict):
            yield problem((name,), f"`{name}` must hold `key: value` lines")
    for place, path, section in sections(config):
        for key, value in section.items():
            if found := mistake(place, key, value):
                yield problem((*path, key), *found)
    icon = value_at(config, ("book", "favicon"))
    yield from missing_files(root, ("book", "favicon"), icon if is_text(icon) else None, problem)
    for name in ("bibliography", "csl"):
        yield from missing_files(root, (name,), config.get(name), problem)
    if found := mistake(vocabulary.WORDS, config.get("lang", "en")):
        yield problem(("lang",), *found)
    yield from author_problems(config, problem)
    yield from computed_texts(config, lines)
    yield from format_problems(root, config, lines)
    yield from traps_of_formats(config, lines)


def missing_files(root: Path, path: tuple[str, ...], names, problem: Teller) -> Iterator[Problem]:
    for name in as_list(names):
        if not is_file(root / str(name)):
            yield problem(path, f"the {path[-1]} {name} is missing")


def computed_texts(config: dict, lines: dict) -> Iterator[Problem]:
    """Expressions in titles and the like, which no press computes; shortcodes, which one does."""
    for path, line in lines.items():
        value = value_at(config, path)
        if isinstance(value, str) and (code := COMPUTED.search(value)):
            yield Problem(CONFIG, line, NOT_COMPUTED.format(code=code[0], name=path[-1]))
        elif isinstance(value, str) and (code := SHORTCODE.search(value)):
            yield Problem(CONFIG, line, f"the built-in press reads no shortcode in `{path[-1]}`: "
                          f"write the value of `{code[0][:60]}`, or render with Quarto", "builtin")


def shape_problems(config: dict, lines: dict) -> Iterator[Problem]:
    """What is no book at all, and values of the wrong kind."""
    problem = _teller(lines)
    if value_at(config, ("project", "type")) != "book":
        yield problem(("project", "type"), "`project: type` must be `book`")
    if not value_at(config, ("book", "title")) or not value_at(config, ("book", "chapters")):
        yield problem(("book",), "a book needs `book: title` and `book: chapters`")
    for place, path, section in sections(config):
        for key, value in section.items():
            if place is not vocabulary.EXECUTE and (wrong := wrong_value(place, key, value)):
                yield problem((*path, key), wrong)
    if not all(map(is_text, as_list(config.get("bibliography")))):
        yield problem(("bibliography",), "`bibliography` takes a file or a list of files")


def author_problems(config: dict, problem: Teller) -> Iterator[Problem]:
    """What is told of authors beside their names, and what is no name."""
    place = "book", "author"
    for author in as_list(value_at(config, place)):
        for key in author if isinstance(author, dict) else ():
            if found := mistake(vocabulary.AUTHOR, key):
                yield problem(place, *found)
        if isinstance(author, dict) and isinstance(author.get("name"), dict):
            yield problem(place, "the built-in press reads a name in one piece: write `name: Given "
                          f"Family`, or {vocabulary.ELSEWHERE}", "builtin")
        elif not is_text(name_of(author)):
            yield problem(place, "`book: author` takes a name or a list of names")


def name_of(author):
    """The name of an author, who may have other keys."""
    return author.get("name") if isinstance(author, dict) else author


def as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def value_at(config, path: tuple[str, ...]):
    for key in path:
        config = config.get(key) if isinstance(config, dict) else None
    return config


def formats_of(config: dict) -> dict:
    """The formats that the book lists, and their options."""
    given = config.get("format")
    return given if isinstance(given, dict) else {str(name): None for name in as_list(given)}


def place_of(name: str, lines: dict) -> tuple[str, ...]:
    return ("format", name) if ("format", name) in lines else ("format",)


def format_problems(root: Path, config: dict, lines: dict) -> Iterator[Problem]:
    """Options of the formats that are made here; others stop nothing."""
    problem = _teller(lines)
    for name, options in formats_of(config).items():
        if found := mistake(vocabulary.FORMAT_NAME, name):
            own = name.rpartition("-")[2] in ("html", "typst", "epub")     # of an extension
            if name != "pdf":
                yield problem(place_of(name, lines), found[0], "builtin" if own else "neither")
            continue
        if options not in (None, "default") and not isinstance(options, dict):
            yield problem(("format", name), f"`format: {name}` must hold `key: value` lines")
        for key, value in options.items() if isinstance(options, dict) else ():
            if found := mistake(vocabulary.FORMAT, key, value, f"{name}: {key}"):
                yield problem(("format", name, key), *found)
            if key in ("bibliography", "csl"):
                yield from missing_files(root, ("format", name, key), value, problem)


def pdf_problem(config: dict, lines: dict) -> Problem | None:
    """LaTeX's PDF, for who wants a PDF."""
    found = mistake(vocabulary.FORMAT_NAME, "pdf") if "pdf" in formats_of(config) else None
    return _teller(lines)(place_of("pdf", lines), *found) if found else None


def traps_of_formats(config: dict, lines: dict) -> Iterator[Problem]:
    """What Quarto makes wrongly of the formats that are listed."""
    problem, formats = _teller(lines), formats_of(config)
    if {"pdf", "typst"} <= set(formats):
        yield problem(("format", "pdf"), "`pdf` and `typst` write the same file, and one of them "
                      "is lost: keep `typst`", "quarto")
    if "typst" in formats and not value_at(config, ("book", "author")):
        yield problem(("book",), "Quarto prints no Typst book without `book: author`: name the "
                      "author", "quarto")
    if "html" in formats and value_at(formats["html"], ("html-math-method",)) != "mathml":
        yield problem(("format", "html"), "with Quarto, formulas load a script from another host: "
                      "set `html-math-method: mathml`", "neither")
