"""Python as it is before a run, so that what a run does to its libraries ends with it.

A run may give the names of a module or a class other values, `deepmath.default_rng = ...` or
`builtins.print = ...`; afterwards they have their own again. Only identities are compared, which
takes some ten milliseconds. Private names, beginning with an underscore, are caches of their
libraries more often than not: they are put back in `deepmath` and `builtins` alone.
"""

import ast
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from operator import is_not
from types import ModuleType

import matplotlib
import numpy as np

OURS = {"_cells", "_checks", "_later", "_state", "js", "pyodide", "pyodide_js", "_pyodide",
        "_pyodide_core", "asyncio"}
WHOLE = {"builtins", "deepmath"}
HEAP, IMMUTABLE = 1 << 9, 1 << 8        # flags of types: of Python, and closed to changes
HEAVY = "pandas"                        # imported before a run that names it, and then kept
MISSING = object()
Container = dict | list | set


class State:
    """What modules and classes hold, and the settings of Python, numpy and matplotlib."""

    def __init__(self):
        self.seen: set[str] = set()
        self.saved: list[tuple[ModuleType | type, dict]] = []
        self.contents: list[tuple[Container, Container]] = []
        self.note_new()
        self.settings = dict(matplotlib.rcParams)
        self.printing, self.errors = np.get_printoptions(), np.geterr()
        self.filters = list(warnings.filters)
        self.environment, self.path = dict(os.environ), list(sys.path)
        self.limit, self.folder = sys.getrecursionlimit(), os.getcwd()

    def begin(self, code: str) -> None:
        """Note what has been imported since, and import what a run would import for long."""
        if HEAVY in imported(code):
            with suppress(ImportError):         # the run will say it
                import_module(HEAVY)
        self.note_new()
        random.seed()
        np.random.seed()

    def restore(self, code: str) -> None:
        """Put back what the run of this code changed."""
        named = imported(code) & sys.stdlib_module_names
        for name in sys.modules.keys() - self.seen:
            if name.partition(".")[0] in named:         # it may be changed: imported anew next time
                del sys.modules[name]
        for owner, saved in self.saved:
            now = vars(owner)
            if len(now) != len(saved) or any(map(is_not, now.values(), saved.values())):
                put_back(owner, saved)
        for container, content in self.contents:
            refill(container, content)
        dict.update(matplotlib.rcParams, self.settings)
        np.set_printoptions(**self.printing)
        np.seterr(**self.errors)
        warnings.filters[:] = self.filters      # type: ignore[index]
        warnings._filters_mutated()             # type: ignore[attr-defined]
        if dict(os.environ) != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
        sys.path[:] = self.path
        sys.setrecursionlimit(self.limit)
        os.chdir(self.folder)

    def note_new(self) -> None:
        """Remember what the modules hold that were not there before."""
        names = [name for name in sys.modules if name not in self.seen]
        self.seen.update(names)
        for owner in owners(names):
            self.saved.append((owner, dict(vars(owner))))
            if isinstance(owner, ModuleType) and owner.__name__.partition(".")[0] == "deepmath":
                self.contents += [(value, type(value)(value)) for value in vars(owner).values()
                                  if type(value) in (dict, list, set)]


def owners(names: list[str]) -> Iterator[ModuleType | type]:
    """Modules of these names, and the classes that they define, if those can be changed."""
    for name in names:
        module = sys.modules[name]
        if not isinstance(module, ModuleType) or name.partition(".")[0] in OURS:
            continue
        yield module
        for value in list(vars(module).values()):
            if (isinstance(value, type) and value.__module__ == name
                    and value.__flags__ & HEAP and not value.__flags__ & IMMUTABLE):
                yield value


def put_back(owner: ModuleType | type, saved: dict) -> None:
    """Give an owner's names the values that they had; note what its library changed itself."""
    now = dict(vars(owner))
    top = (owner.__name__ if isinstance(owner, ModuleType) else owner.__module__).partition(".")[0]
    for name in saved.keys() | now.keys():
        before, after = saved.get(name, MISSING), now.get(name, MISSING)
        if before is after or not (top in WHOLE or is_public(name)):
            continue
        if before is not MISSING:
            setattr(owner, name, before)
        elif not isinstance(after, ModuleType):         # a package holds what is imported from it
            delattr(owner, name)
    saved.clear()
    saved.update(vars(owner))


def is_public(name: str) -> bool:
    return not name.startswith("_") or (
        name.endswith("__") and name not in ("__warningregistry__", "__annotations__", "__doc__"))


def refill(container: Container, content: Container) -> None:
    """Give a container the content that it had."""
    now, before = map(parts_of, (container, content))
    if len(now) != len(before) or any(map(is_not, now, before)):
        container.clear()
        container.extend(content) if isinstance(container, list) else container.update(content)


def parts_of(container: Container) -> list:
    values = container.values() if isinstance(container, dict) else ()
    return [*container, *values]


def imported(code: str) -> set[str]:
    """The names of the packages and modules that code imports."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}
