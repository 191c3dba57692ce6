"""What a figure is made from: code, data and the versions of libraries.

A figure is made in a process of its own, in which everything that is imported and read is seen.
Nothing is imported to find out whether it has changed since.
"""

import ast
import io
import platform
import sys
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib import metadata, util
from pathlib import Path

from bookbuild.run import Observer
from bookbuild.source import PACKAGE

NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
REST = "-"                                          # of a module: what is in no function or class
LIBRARIES = ("numpy", "matplotlib", "pandas")       # whose versions show in numbers and pictures


def loaded_modules() -> tuple[str, ...]:
    """Return the modules of deepmath that this process has imported.

    That with the register is left out: a figure is no other when another one is entered.
    """
    return tuple(sorted(name for name in sys.modules
                        if name.split(".")[0] == PACKAGE and name != f"{PACKAGE}.figures"))


def read_data(observer: Observer, root: Path) -> tuple[str, ...]:
    """Return the project's files that were read, but for code and what is hidden."""
    found = set()
    for kind, name, *_ in observer.take()["looks"]:
        path = Path(name).resolve()
        if kind == "file" and path.is_relative_to(root) and path.is_file():
            inside = path.relative_to(root)
            if path.suffix != ".py" and not any(part.startswith(".") for part in inside.parts):
                found.add(inside.as_posix())
    return tuple(sorted(found))


def code_of(modules: Iterable[str]) -> dict[str, str]:
    """Return the digests of modules' functions, classes and the rest, each module's as one text.

    Comments, docstrings and blank lines do not count.
    """
    return {name: " ".join(f"{part}:{digest}" for part, digest in digests(name).items())
            for name in sorted(modules)}


def other_code(before: dict[str, str]) -> list[str]:
    """Name the functions and modules that are not as they were, such as "deepmath.losses.mse"."""
    found = []
    for module, text in before.items():
        old = dict(each.split(":") for each in text.split())
        now = digests(module)
        parts = dict.fromkeys([*old, *now]) if now else [REST]
        found += [f"{module}.{part}".removesuffix(f".{REST}") for part in parts
                  if old.get(part) != now.get(part)]
    return found


def place_of(name: str) -> tuple[Path, int] | None:
    """Return the file and line of a function or module as `other_code` names it."""
    module, _, part = name.rpartition(".")
    if (file := file_of(name)) is not None:
        return file, 1
    if (file := file_of(module)) is None:
        return None
    return file, next((node.lineno for node in ast.parse(file.read_bytes()).body
                       if isinstance(node, NAMED) and node.name == part), 1)


@cache
def versions() -> dict[str, str]:
    """Return the versions of what figures are made with."""
    return {"python": platform.python_version(),
            **{name: metadata.version(name) for name in LIBRARIES},
            "platform": f"{platform.system()} {platform.machine()}"}


def file_of(module: str) -> Path | None:
    """Return the file of a module of deepmath; nothing is imported."""
    top, *rest = module.split(".")
    spec = util.find_spec(PACKAGE)
    if top != PACKAGE or not (spec and spec.submodule_search_locations):
        return None
    folder = Path(spec.submodule_search_locations[0], *rest)
    files = [folder / "__init__.py", folder.with_name(folder.name + ".py")]
    return next((file for file in files if file.is_file()), None)


@cache
def digests(module: str) -> dict[str, str]:
    """Return the digests of a module's functions and classes, and of the rest; none if it is
    gone."""
    file = file_of(module)
    if file is None:
        return {}
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    tree = ast.parse(source, file)
    for node in statements(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (
                ast.get_docstring(node, clean=False) is not None):
            text = node.body[0]
            last = text.end_lineno or text.lineno
            lines[text.lineno - 1:last] = [""] * (last - text.lineno + 1)
    parts: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, NAMED):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
            last = node.end_lineno or node.lineno
            parts.setdefault(node.name, []).extend(lines[first:last])
            lines[first:last] = [""] * (last - first)
    return {name: digest_of(part) for name, part in {**parts, REST: lines}.items()}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node of a program and the statements within it, but no expressions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield from statements(child)


def digest_of(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines if line.strip())
    return sha256(text.encode()).hexdigest()[:12]
