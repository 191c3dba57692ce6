"""The book's figures: each a module with `compute`, which measures, and `draw`."""

from types import ModuleType

from deepmath.figures import activations, boundary, depth, graph, sawtooth, spirals

FIGURES: dict[str, ModuleType] = {
    "activations": activations,
    "spirals": spirals,
    "computation-graph": graph,
    "depth": depth,
    "sawtooth": sawtooth,
}
