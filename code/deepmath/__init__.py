"""The mathematics of a small neural network, said in the chapter's symbols.

Read `network` first: a layer, its forward pass and its backward pass. `training` is the
loop around it. `composed` has other layers, such as convolution and attention.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from numpy.random import default_rng

from deepmath.activations import (
    ACTIVATIONS, IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH, Activation, activation)
from deepmath.checks import DivergenceError
from deepmath.datasets import (
    checkerboard, circles, matching_days, own_points, spirals, xor)
from deepmath.gradients import GradientCheck, check_gradient
from deepmath.layers import Trace, views
from deepmath.losses import (
    BINARY_CROSS_ENTROPY, LOSSES, MEAN_SQUARED_ERROR, SOFTMAX_CROSS_ENTROPY, Loss, accuracy,
    class_accuracy, l2_penalty, softmax)
from deepmath.network import AnyNetwork, Network
from deepmath.optimisers import Adam, GradientDescent, Momentum
from deepmath.probe import linear_probe
from deepmath.sawtooth import folded_sawtooth, shallow_sawtooth
from deepmath.stopping import EarlyStopping
from deepmath.training import Fit, History, fit

if TYPE_CHECKING:
    from deepmath.composed import (
        Attention, Conv1d, Conv2d, Dense, Flatten, GlobalPool, Last, LayerNorm, Places, Pool,
        Recurrent, Residual, Sequential, Steps)
    from deepmath.sequence import ConvolutionalNetwork, RecurrentNetwork

__version__ = "0.2.0"
__all__ = [
    "ACTIVATIONS", "BINARY_CROSS_ENTROPY", "IDENTITY", "LEAKY_RELU", "LOSSES",
    "MEAN_SQUARED_ERROR", "RELU", "SIGMOID", "SOFTMAX_CROSS_ENTROPY", "TANH", "Activation",
    "Adam", "AnyNetwork", "Attention", "Conv1d", "Conv2d", "ConvolutionalNetwork", "Dense",
    "DivergenceError", "EarlyStopping", "Fit", "Flatten", "GlobalPool", "GradientCheck",
    "GradientDescent", "History", "Last", "LayerNorm", "Loss", "Momentum", "Network",
    "Places", "Pool", "Recurrent", "RecurrentNetwork", "Residual", "Sequential", "Steps", "Trace",
    "accuracy", "activation", "check_gradient", "checkerboard", "circles", "class_accuracy",
    "default_rng", "fit", "folded_sawtooth", "l2_penalty", "linear_probe", "matching_days",
    "own_points", "shallow_sawtooth", "softmax", "spirals", "views", "xor",
]


def __getattr__(name: str) -> object:
    """Return what layers and networks are composed of, loaded when first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "sequence" if name.endswith("Network") else "composed"
    return getattr(import_module(f"deepmath.{module}"), name)
