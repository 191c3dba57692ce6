"""What a figure is made from: code, data and the versions of libraries.

Nothing is imported to find out, so that asking whether a figure has changed is quick.
"""

import ast
import io
import platform
import sys
import tokenize
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata, util
from pathlib import Path

from bookbuild.source import PACKAGE

REGISTRY = "deepmath.figures"


@dataclass(frozen=True)
class Source:
    """One module: its code as far as it counts, and the modules that it imports."""

    code: str
    own: frozenset[str]
    libraries: frozenset[str]


def code_and_versions(module: str) -> tuple[str, dict[str, str]]:
    """Return the digest of a module's code, and the versions of what it runs on.

    The code is that of the module and of all modules of deepmath that it imports, directly or
    not; comments, docstrings and blank lines do not count. What a package's `__init__` brings
    with it counts only where a name is imported from it.
    """
    found, waiting = {}, [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = read_module(name)
            waiting += found[name].own
    codes = "".join(f"{name}\0{found[name].code}\0" for name in sorted(found))
    libraries = sorted(frozenset().union(*(source.libraries for source in found.values())))
    versions = {"python": platform.python_version(),
                **{name: version for name in libraries if (version := version_of(name))},
                "platform": f"{platform.system()} {platform.machine()}"}
    return sha256(codes.encode()).hexdigest(), versions


def registry_code() -> str:
    """Return the digest of the module that lists the figures."""
    return sha256(read_module(REGISTRY).code.encode()).hexdigest()


@cache
def version_of(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


@cache
def module_file(name: str) -> Path | None:
    """Return the file of a module of deepmath, or None if there is no such module."""
    top, *rest = name.split(".")
    spec = util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *rest)
    files = [path / "__init__.py", path.with_name(path.name + ".py")]
    return next((file for file in files if file.is_file()), None)


@cache
def read_module(name: str) -> Source:
    """Read a module of deepmath."""
    file = module_file(name)
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source, file)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    own = {module for node in ast.walk(tree) for module in imports(node, package)
           if module.split(".")[0] == PACKAGE}
    libraries = {module.split(".")[0] for node in tree.body for module in imports(node, package)}
    return Source(essence(source, tree), frozenset(own),
                  frozenset(libraries - sys.stdlib_module_names - {PACKAGE}))


def imports(node: ast.AST, package: str) -> list[str]:
    """Return the modules that a statement imports from; none if it is another statement."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = imported_module(node, package)
    if base.split(".")[0] != PACKAGE:
        return [base]
    inner = [f"{base}.{alias.name}" for alias in node.names]
    return [module if module_file(module) else base for module in inner]


def imported_module(node: ast.ImportFrom, package: str) -> str:
    """Return the full name of the module that a statement in a package imports from."""
    if not node.level:
        return node.module or ""
    above = package.split(".")
    return ".".join([*above[:len(above) - node.level + 1], *filter(None, [node.module])])


def essence(source: str, tree: ast.Module) -> str:
    """Return a module's source without comments, docstrings and blank lines."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            lines[text.lineno - 1:text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())
