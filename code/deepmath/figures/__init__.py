"""The book's figures: each a module with `compute`, which measures, and `draw`.

A module is imported when it is first asked for, as `figures.depth` or `FIGURES["depth"]`: one
figure does not wait for what the others need.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from deepmath.checks import require

require("matplotlib", "figures")


class Register(Mapping[str, ModuleType]):
    """Modules of this package, by the names of their figures."""

    def __init__(self, modules: dict[str, str]) -> None:
        self.modules = modules

    def __getitem__(self, name: str) -> ModuleType:
        return import_module(f"{__name__}.{self.modules[name]}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)


FIGURES = Register({
    "activations": "activations",
    "spirals": "spirals",
    "computation-graph": "graph",
    "depth": "depth",
    "sawtooth": "sawtooth",
    "smoke-record": "smoke_record",
    "smoke-capacity": "smoke_capacity",
    "smoke-models": "smoke_models",
    "smoke-forecast": "smoke_forecast",
})


def __getattr__(name: str) -> ModuleType:
    """Return a module of this package (PEP 562)."""
    if find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return [*globals(), *(module.name for module in iter_modules(__path__))]
