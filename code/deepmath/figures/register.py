"""A register of figures that imports their modules on first use."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType


class Register(Mapping[str, ModuleType]):
    """Modules of a package, by the names of their figures.

    Attributes
    ----------
    names : dict
        The modules' full names, by those of their figures; nothing is imported to tell them.
    """

    def __init__(self, package: str, modules: dict[str, str]) -> None:
        self.names = {name: f"{package}.{module}" for name, module in modules.items()}

    def __getitem__(self, name: str) -> ModuleType:
        return import_module(self.names[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
