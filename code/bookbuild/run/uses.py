"""Which of the book's own modules a cell uses, as its code says without being run."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path


class Modules:
    """The modules of the book's packages, and which of them a piece of code uses.

    A package that only passes names on is no user of its modules: after ``from deepmath import
    xor`` a cell uses ``deepmath.datasets``, and what that imports, and nothing else.

    Parameters
    ----------
    folder : Path
        The folder that holds the packages, such as `code`.
    packages : iterable of str
        Their names.
    """

    def __init__(self, folder: Path, packages: Iterable[str]) -> None:
        self.files: dict[str, Path] = {}
        for package in packages:
            for path in sorted((folder / package).rglob("*.py")):
                parts = path.relative_to(folder).with_suffix("").parts
                self.files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path

    @cached_property
    def sources(self) -> dict[str, bytes]:
        return {name: _content(path) for name, path in self.files.items()}

    @cached_property
    def digests(self) -> dict[str, str]:
        return {name: hashlib.sha256(content).hexdigest()
                for name, content in self.sources.items()}

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """What each module's names stand for: a module of ours, or the one that defines them."""
        return {name: dict(self._imported(_parsed(content), name))
                for name, content in self.sources.items()}

    @cached_property
    def below(self) -> dict[str, set[str]]:
        """The modules that each module uses, itself included."""
        direct = {name: self._mentioned(_parsed(content), self.names[name])
                  for name, content in self.sources.items()}
        closed = {}
        for name in direct:
            closed[name], waiting = {name}, [name]
            while waiting:
                new = direct[waiting.pop()] - closed[name]
                closed[name] |= new
                waiting += new
        return closed

    def used(self, codes: Iterable[str]) -> list[set[str]]:
        """The modules that each of a chapter's cells uses, in the order in which they run."""
        known: dict[str, str] = {}
        found = []
        for code in codes:
            tree = _parsed(code.encode())
            imported = dict(self._imported(tree, ""))
            known |= imported
            direct = {self._origin(name) for name in imported.values()
                      if not self._is_package(name)}
            direct |= self._mentioned(tree, known)
            found.append(set().union(*(self.below[name] for name in direct)))
        return found

    def users(self, changed: Iterable[str]) -> set[str]:
        """The modules that use one of these, those themselves included, and the packages."""
        changed = set(changed)
        users = {name for name, below in self.below.items() if below & changed}
        return users | {name.rpartition(".")[0] for name in users} - {""}

    def _imported(self, tree: ast.AST, here: str) -> Iterator[tuple[str, str]]:
        """Names that code imports from our modules, and what they stand for."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    if each.name in self.files:
                        yield (each.asname or each.name.partition(".")[0],
                               each.name if each.asname else each.name.partition(".")[0])
            elif isinstance(node, ast.ImportFrom):
                package = here if self._is_package(here) else here.rpartition(".")[0]
                module = imported_module(node, package)
                if module in self.files:
                    for each in node.names:
                        yield each.asname or each.name, f"{module}.{each.name}"

    def _mentioned(self, tree: ast.AST, known: dict[str, str]) -> set[str]:
        """The modules that define what code mentions."""
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        found = set()
        for node in ast.walk(tree):
            if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in inner:
                steps = []
                while isinstance(node, ast.Attribute):
                    steps.insert(0, node.attr)
                    node = node.value
                if isinstance(node, ast.Name) and node.id in known:
                    found.add(self._origin(".".join([known[node.id], *steps])))
        return found

    def _origin(self, dotted: str) -> str:
        """The module that defines what a dotted name stands for."""
        module = dotted
        while module not in self.files:
            module = module.rpartition(".")[0]
        rest = dotted[len(module) + 1:].partition(".")
        passed_on = self.names[module].get(rest[0]) if self._is_package(module) else None
        if passed_on is None:
            return module
        return self._origin(".".join(filter(None, [passed_on, rest[2]])))

    def _is_package(self, name: str) -> bool:
        return name in self.files and self.files[name].name == "__init__.py"


def imported_module(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that a statement in a package imports from."""
    if not node.level:
        return node.module or ""
    above = package.split(".")
    return ".".join([*above[:len(above) - node.level + 1], *filter(None, [node.module])])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:                     # it was deleted since its folder was listed
        return b""


def _parsed(code: bytes) -> ast.AST:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):   # told when it runs
        return ast.Module([], [])
