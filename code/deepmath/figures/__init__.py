"""The book's figures: each a module with `compute`, which measures, and `draw`."""

from types import ModuleType

from deepmath.figures import (
    activations, boundary, depth, graph, sawtooth, smoke_capacity, smoke_forecast, smoke_models,
    smoke_record, spirals)

FIGURES: dict[str, ModuleType] = {
    "activations": activations,
    "spirals": spirals,
    "computation-graph": graph,
    "depth": depth,
    "sawtooth": sawtooth,
    "smoke-record": smoke_record,
    "smoke-capacity": smoke_capacity,
    "smoke-models": smoke_models,
    "smoke-forecast": smoke_forecast,
}
