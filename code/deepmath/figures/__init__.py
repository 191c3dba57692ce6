"""The book's figures: each a module with `compute`, which measures, and `draw`.

A module is imported when it is first asked for, as `figures.depth` or `FIGURES["depth"]`: one
figure does not wait for what the others need.
"""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from deepmath.checks import require
from deepmath.figures.register import Register

require("matplotlib", "figures")

FIGURES = Register(__name__, {
    "activations": "activations",
    "spirals": "spirals",
    "random-layers": "random_layers",
    "computation-graph": "graph",
    "gradient-norms": "gradient_norms",
    "residual": "residual",
    "coin-tosses": "coin_tosses",
    "overfitting": "overfitting",
    "double-descent": "double_descent",
    "convolution": "convolution",
    "memory": "memory",
    "attention": "attention",
    "optimisers": "optimisers",
    "initialisation": "initialisation",
    "sawtooth": "sawtooth",
    "folds": "folds",
    "depth": "depth",
    "leaves": "leaves",
    "leaf-learning": "leaf_learning",
    "leaf-layers": "leaf_layers",
    "leaf-units": "leaf_units",
    "many-seeds": "many_seeds",
    "units": "units",
    "calibration": "calibration",
    "confidence": "confidence",
    "moved": "moved",
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
