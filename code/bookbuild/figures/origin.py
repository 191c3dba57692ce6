"""What a figure is made from: code, data and the versions of libraries.

A figure is made in a process of its own, in which everything that is imported and read is seen.
Nothing is imported to find out whether it has changed since.
"""

import ast
import io
import platform
import sys
import tokenize
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib import metadata, util
from pathlib import Path

from bookbuild.run import Observer
from bookbuild.source import PACKAGE

LIBRARIES = ("numpy", "matplotlib", "pandas")       # whose versions show in numbers and pictures


def loaded_modules() -> tuple[str, ...]:
    """Return the modules of deepmath that this process has imported."""
    return tuple(sorted(name for name in sys.modules if name.split(".")[0] == PACKAGE))


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


def code_of(modules: Iterable[str]) -> str:
    """Return the digest of modules' code; comments, docstrings and blank lines do not count."""
    codes = "".join(f"{name}\0{essence(name)}\0" for name in sorted(modules))
    return sha256(codes.encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of what figures are made with."""
    return {"python": platform.python_version(),
            **{name: metadata.version(name) for name in LIBRARIES},
            "platform": f"{platform.system()} {platform.machine()}"}


@cache
def essence(module: str) -> str:
    """Return a module's source without comments, docstrings and blank lines; of one that is
    gone, nothing."""
    top, *rest = module.split(".")
    spec = util.find_spec(top)
    if not (spec and spec.submodule_search_locations):
        return ""
    folder = Path(spec.submodule_search_locations[0], *rest)
    files = [folder / "__init__.py", folder.with_name(folder.name + ".py")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return ""
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source, file)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (
                ast.get_docstring(node, clean=False) is not None):
            text = node.body[0]
            last = text.end_lineno or text.lineno
            lines[text.lineno - 1:last] = [""] * (last - text.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())
