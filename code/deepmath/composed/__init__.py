"""Networks composed of other layers than dense ones: convolution, attention and the rest.

Read `layer` first, then `dense`: the same words as `deepmath.layers`, with a layer as an object
that has its two passes. Each further module is one kind of layer. `sequential` composes them to a
network, which `fit`, `check_gradient` and all else take as they take a `Network`.
"""

from deepmath.composed.attention import Attention
from deepmath.composed.chain import Chain, Residual
from deepmath.composed.convolution import Conv1d, Conv2d
from deepmath.composed.dense import Activate, Dense, Flatten
from deepmath.composed.layer import Layer
from deepmath.composed.normalisation import LayerNorm
from deepmath.composed.places import Places
from deepmath.composed.pooling import GlobalPool, Pool
from deepmath.composed.recurrent import Last, Recurrent, Steps
from deepmath.composed.sequential import Sequential

__all__ = [
    "Activate", "Attention", "Chain", "Conv1d", "Conv2d", "Dense", "Flatten", "GlobalPool",
    "Last", "Layer", "LayerNorm", "Places", "Pool", "Recurrent", "Residual", "Sequential",
    "Steps",
]
