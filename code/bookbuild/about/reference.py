"""The reference of deepmath: signatures and docstrings, read by griffe and written as Markdown.

Nothing of deepmath is imported or run. A docstring is a text in numpydoc's form: its formulas,
`:math:` or plain, and its `code` stay what they are, and what Markdown would take for markup is
escaped. The examples stand as in the docstring; tests run them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import griffe

Thing = Any                 # of griffe: a module, class, function or attribute, or an alias of one

PACKAGE = "deepmath"
LEVEL = 4                   # of an entry's heading: below chapter, section and group
WIDTH = 80                  # of signatures
FIGURES = f"{PACKAGE}.figures."
MARKUP = re.compile(r"[\\*_{}\[\]<>$~^@#|]|\.\.\.")
# What is not plain text: a formula; code, or a name that can only be code; a word in *italics*.
PIECES = re.compile(r":math:`(?P<formula>[^`]+)`"
                    r"|(?::\w+:)?(?P<ticks>``?)(?P<code>[^`]+)(?P=ticks)"
                    r"|\b(?P<name>[a-z]+(?:_[a-z]{2,})+)\b"
                    r"|(?<!\w)(?P<stressed>\*\w+\*)(?!\w)", re.DOTALL)


def show(names: str) -> None:
    """Print the entries of public names, such as "deepmath.fit deepmath.Fit", in this order."""
    print("\n\n".join("\n\n".join(entry(name)) for name in names.split()))


# ------------------------------------------------------------------------ what there is

@cache
def package() -> Thing:
    """The package, read but not run.

    Griffe would also ask git where the code is from. What other programs read is seen by nobody,
    so that the cell would have to run again after each change of any file of the book.
    """
    place = find_spec(PACKAGE)
    assert place and place.origin
    with patch.object(griffe.GitInfo, "from_package", return_value=None):
        return griffe.load(PACKAGE, search_paths=[str(Path(place.origin).parents[1])])


@cache
def public() -> set[str]:
    """The names that `from deepmath import *` and `from deepmath.smoke import *` bring."""
    return {f"{each.path}.{name}" for each in (package(), package()["smoke"])
            for name in each.exports}


def found(name: str) -> Thing:
    """What a public name stands for; of another package's, the alias alone."""
    thing = package()[name.removeprefix(f"{PACKAGE}.")]
    try:
        return thing.final_target if thing.is_alias else thing
    except griffe.AliasResolutionError:
        return thing


# -------------------------------------------------------------------------- an entry

def entry(name: str) -> Iterator[str]:
    """The Markdown of a name's entry, block by block."""
    thing, short = found(name), name.removeprefix(f"{PACKAGE}.")
    yield f"{'#' * LEVEL} `{short}` {{#{name} .unnumbered}}"
    if thing.is_alias:
        yield f"It is `{thing.target_path}`, passed on."
    elif thing.is_attribute:
        yield from constant(thing, name)
    else:
        yield code(signature(thing, short))
        yield from sections(thing, name)
        if thing.is_class:
            yield from members(thing, name)


def sections(thing: Thing, name: str) -> Iterator[str]:
    """What the docstring says: its text, a list of what goes in and comes out, an example."""
    told = parsed(thing)
    own = "parameters" if "parameters" in told else "attributes"
    items = listed([*undocumented(thing, told), *told.get(own, [])], name)
    if own == "parameters":
        items += listed(told.get("attributes", []), name, "Attribute")
    items += listed(told.get("returns", []), name, "Returns")
    if name.startswith(FIGURES):
        items += measured(thing, name)
    items += listed(told.get("raises", []), name, "Raises")
    yield prose(told.get("text", ""), name)
    if items:
        yield "\n".join(items)
    if "examples" in told:
        text = "\n\n".join(text for _, text in told["examples"])
        if name.startswith(FIGURES):
            module, _, function = name.rpartition(".")
            text = f">>> from {module} import {function}\n{text}"
        yield code(text)


def measured(thing: Thing, name: str) -> list[str]:
    """What the arrays are that a figure's `compute` returns, as their class tells."""
    result = thing.module.members.get(str(thing.returns))
    if result is None or result.is_alias or not result.is_class:
        return []
    told = parsed(result)
    return [f"- *Returns* {result.name}. {prose(told['text'], name, '  ')}",
            *listed(told.get("attributes", []), name, "With")]


def parsed(thing: Thing) -> dict[str, Any]:
    """The sections of a docstring by their kinds; types are as they are written."""
    if not thing.docstring:
        return {}
    sections = griffe.parse_numpy(griffe.Docstring(thing.docstring.value), warnings=False)
    return {each.kind.value: each.value for each in sections}


def documented(told: dict[str, Any]) -> dict[str, Any]:
    """The parameters and attributes of which a docstring tells, by name."""
    return {name: each for kind in ("parameters", "attributes") for each in told.get(kind, [])
            for name in each.name.split(", ")}


def undocumented(thing: Thing, told: dict[str, Any]) -> list:
    """Parameters of which a docstring is silent: as a base tells of them, or by their types."""
    known: dict[str, Any] = {}
    for base in reversed(thing.mro() if isinstance(thing, griffe.Class) else []):
        known |= documented(parsed(base))
    return [known.get(each.name) or griffe.DocstringParameter(
                each.name, description="", annotation=str(each.annotation or ""))
            for each in parameters(thing) if each.name not in documented(told)]


def members(thing: Thing, name: str) -> Iterator[str]:
    """Methods and properties of a class that have a docstring and are new with it."""
    inherited = {each for base in thing.mro() for each in base.members}
    new = [each for each in thing.members.values() if each.docstring and not each.is_alias
           and not each.name.startswith("_") and each.name not in inherited]
    long = [each for each in new if len(parsed(each)) > 1]
    if short := [each for each in new if each not in long]:
        yield "Methods and properties:"
        yield "\n".join(f"- `{called(each)}`: {prose(each.docstring.value, name, '  ')}"
                        for each in short)
    for each in long:
        whole = f"{name}.{each.name}"
        yield (f"{'#' * (LEVEL + 1)} `{whole.removeprefix(f'{PACKAGE}.')}` "
               f"{{#{whole} .unnumbered}}")
        yield code(signature(each, each.name))
        yield from sections(each, name)


def constant(thing: Thing, name: str) -> Iterator[str]:
    """A constant: its value, what its line says of it, and the functions that it is made of."""
    yield code(f"{thing.name} = {value(thing)}")
    line = thing.filepath.read_text(encoding="utf-8").splitlines()[thing.lineno - 1]
    if comment := line.partition("#")[2].strip():
        yield prose(comment[:1].upper() + comment[1:] + ".", name)
    module = thing.module
    names = dict.fromkeys(re.findall(r"\b[a-z_]+\b(?!['\"])", str(thing.value)))
    functions = [module.members[each] for each in names if each in module.members]
    if told := [each for each in functions if each.is_function and each.docstring]:
        yield "\n".join(f"- `{called(each)}`: "
                        f"{prose(each.docstring.value.partition(chr(10) * 2)[0], name, '  ')}"
                        for each in told)


# ------------------------------------------------------------------------- signatures

def parameters(thing: Thing) -> list[griffe.Parameter]:
    if not (thing.is_function or thing.is_class):
        return []
    return [each for each in thing.parameters if each.name not in ("self", "cls")]


def signature(thing: Thing, name: str) -> str:
    """How a thing is called, over several lines where one is too short, and what comes back."""
    if thing.is_class and not parameters(thing):
        return f"class {name}({', '.join(map(str, thing.bases))})".replace("()", "")
    silent = thing.is_function and "returns" not in parsed(thing)
    words = split_arguments(f"{arguments(thing)})" + (f" -> {thing.returns}" if silent else ""))
    lines, indent = [f"{name}("], " " * (len(name) + 1)
    for n, word in enumerate(words):
        if n and len(lines[-1]) + len(word) >= WIDTH:
            lines.append(indent)
        lines[-1] += word if lines[-1].endswith(("(", indent)) else f" {word}"
    return "\n".join(lines)


def called(thing: Thing) -> str:
    """How a method is called, on one line; a property is not."""
    return f"{thing.name}({arguments(thing)})" if thing.is_function else thing.name


def arguments(thing: Thing) -> str:
    found, keyword = [], False
    for each in parameters(thing):
        if each.kind is griffe.ParameterKind.keyword_only and not keyword:
            found.append("*")
            keyword = True
        found.append(each.name if each.default is None else f"{each.name}={each.default}")
    return quoted(", ".join(found))


def split_arguments(text: str) -> list[str]:
    """Arguments with their commas: parts of a text behind commas outside of brackets."""
    parts, depth = [""], 0
    for letter in text:
        if letter == " " and depth == 0 and parts[-1].endswith(","):
            parts.append("")
            continue
        depth += (letter in "([{") - (letter in ")]}")
        parts[-1] += letter
    return parts


def value(thing: Thing) -> str:
    """A constant's value; a long dictionary or call, an entry a line."""
    text = quoted(str(thing.value))
    if len(text) + len(thing.name) < WIDTH or not (inner := re.fullmatch(
            r"(\w*[({])(.*)([)}])", text)):
        return text
    return "\n    ".join([inner[1], *split_arguments(inner[2])]) + inner[3]


def quoted(expression: str) -> str:
    """An expression with the double quotes that the package has; griffe writes single ones."""
    return expression if '"' in expression else expression.replace("'", '"')


# ------------------------------------------------------------------------------- text

def code(text: str) -> str:
    return f"```python\n{text}\n```"


def listed(items: Iterable, name: str, role: str = "") -> list[str]:
    """The items of a section; names that are told of together stand together."""
    groups: dict[tuple, list[str]] = {}
    for place, each in enumerate(items):
        told = str(each.annotation or ""), each.description.strip()
        key = (*told, None if any(told) and not role else place)
        groups.setdefault(key, []).extend(
            f"`{part}`" for part in (getattr(each, "name", "") or "").split(", ") if part)
    lines = []
    for (kind, said, _), names in groups.items():
        head = f"{', '.join(names)}: " if names else ""
        lead = f"*{role}* " if role else ""
        joint, said = (" ", f"if{said[2:]}") if said.startswith("If ") and role else (". ", said)
        texts = filter(None, [types(kind, name), prose(said, name, "  ")])
        lines.append(f"- {lead}{head}{joint.join(texts)}".rstrip(".") + ".")
    return lines


def types(text: str, name: str) -> str:
    """A type in words: strings as code, our classes as links."""
    parts = re.split(r"(\"[^\"]*\"|'[^']*')", text)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = f"`{part}`"
        else:
            linked = re.sub(r"\b(?:deepmath\.(?:smoke\.)?)?[A-Z]\w+\b",
                            lambda match: link(match[0], name) or match[0], escaped(part))
            parts[place] = linked
    if len(parts) > 3 and not re.search(r"\bor\b", text):      # a choice of strings
        parts[-3] = " or "
    return "".join(parts)


def prose(text: str, name: str = "", indent: str = "") -> str:
    """A docstring's text as Markdown; in the entry of a name, other names lead to theirs."""
    done, place = "", 0
    for match in PIECES.finditer(text):
        done += escaped(text[place:match.start()])
        done += (f"${match['formula']}$" if match["formula"] else match["stressed"]
                 or link(match["code"] or match["name"], name, code=True))
        place = match.end()
    return (done + escaped(text[place:])).replace("\n", f"\n{indent}")


def escaped(text: str) -> str:
    return MARKUP.sub(lambda match: "".join(f"\\{each}" for each in match[0]), text)


def link(word: str, name: str, code: bool = False) -> str:
    """A name as a link to its entry, unless it stands there or has none."""
    smoke = name.startswith((f"{PACKAGE}.smoke", f"{FIGURES}smoke"))
    inside = [f"{PACKAGE}.smoke", PACKAGE] if smoke else [PACKAGE]
    shown = f"`{word}`" if code else word
    if not name or word in map(attrgetter("name"), parameters(found(name))):
        return shown
    for whole in (word, *(f"{each}.{word}" for each in inside)):
        if whole in public() and whole != name:
            return f"[{shown}](#{whole})"
    return shown
