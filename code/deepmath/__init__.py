"""The mathematics of a small neural network, said in the chapter's symbols.

Read `network` first: a layer, its forward pass and its backward pass. `training` is the
loop around it.
"""

from numpy.random import default_rng

from deepmath.activations import (
    ACTIVATIONS, IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH, Activation, activation)
from deepmath.checks import DivergenceError
from deepmath.datasets import checkerboard, spirals, xor
from deepmath.gradients import GradientCheck, check_gradient
from deepmath.layers import Trace, views
from deepmath.losses import (
    BINARY_CROSS_ENTROPY, LOSSES, MEAN_SQUARED_ERROR, Loss, accuracy, l2_penalty)
from deepmath.network import AnyNetwork, Network
from deepmath.optimisers import Adam, GradientDescent, Momentum
from deepmath.probe import linear_probe
from deepmath.sawtooth import folded_sawtooth, shallow_sawtooth
from deepmath.sequence import ConvolutionalNetwork, RecurrentNetwork
from deepmath.stopping import EarlyStopping
from deepmath.training import Fit, History, fit

__version__ = "0.2.0"
__all__ = [
    "ACTIVATIONS", "BINARY_CROSS_ENTROPY", "IDENTITY", "LEAKY_RELU", "LOSSES",
    "MEAN_SQUARED_ERROR", "RELU", "SIGMOID", "TANH", "Activation", "Adam", "AnyNetwork",
    "ConvolutionalNetwork", "DivergenceError", "EarlyStopping", "Fit", "GradientCheck",
    "GradientDescent", "History", "Loss", "Momentum", "Network", "RecurrentNetwork", "Trace",
    "accuracy", "activation",
    "check_gradient", "checkerboard", "default_rng", "fit", "folded_sawtooth", "l2_penalty",
    "linear_probe", "shallow_sawtooth", "spirals", "views", "xor",
]
