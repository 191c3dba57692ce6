"""Composition: layers one after the other, and with what they receive added to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepmath.activations import Activation, activation
from deepmath.arrays import brief
from deepmath.checks import describe
from deepmath.composed.dense import Activate
from deepmath.composed.layer import Layer, Parameters, Shape


@dataclass(init=False, repr=False, frozen=True)
class Chain(Layer):
    """Layers one after the other, as one layer."""

    layers: tuple[Layer, ...]

    def __init__(self, layers: Iterable[Layer | Activation | str]) -> None:
        if isinstance(layers, str) or not isinstance(layers, Iterable):
            raise ValueError("layers must be a list of layers, and of activations or their names "
                             f"between them; got {brief(layers)}")
        found = tuple(as_layer(i, each) for i, each in enumerate(layers))
        if not found:
            raise ValueError("layers must hold at least one layer; got none")
        object.__setattr__(self, "layers", found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.layers)!r})"

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [shape for layer in self.layers for shape in layer.shapes]

    @property
    def gains(self) -> list[bool]:
        return [gain for layer in self.layers for gain in layer.gains]

    @property
    def activations(self) -> list[Activation]:
        return [each for layer in self.layers for each in layer.activations]

    def output_shape(self, shape: Shape) -> Shape:
        return self.all_shapes(shape)[-1]

    def all_shapes(self, shape: Shape) -> list[Shape]:
        """Return the shape of a point before the first layer and after each of them."""
        shapes = [shape]
        for i, layer in enumerate(self.layers):
            try:
                shapes.append(layer.output_shape(shapes[-1]))
            except ValueError as error:
                raise ValueError(f"layers[{i}]: {error}") from None
        return shapes

    def n_numbers(self, shape: Shape) -> int:
        return sum(layer.n_numbers(each)
                   for layer, each in zip(self.layers, self.all_shapes(shape)))

    def split(self, parameters: list[Parameters]) -> list[list[Parameters]]:
        """Return each layer's own parameters."""
        rest = iter(parameters)
        return [[next(rest) for _ in layer.shapes] for layer in self.layers]

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        outputs, kept = self.steps(parameters, A)
        return outputs[-1], kept

    def steps(self, parameters: list[Parameters],
              A: np.ndarray) -> tuple[list[np.ndarray], list[Any]]:
        """Return A and what each layer makes of it, and what each of them keeps."""
        outputs, kept = [A], []
        for layer, own in zip(self.layers, self.split(parameters)):
            A, known = layer.forward(own, A)
            outputs.append(A)
            kept.append(known)
        return outputs, kept

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        return self.steps_back(parameters, gradients, kept, dZ, to_inputs)[0]

    def steps_back(self, parameters: list[Parameters], gradients: list[Parameters],
                   kept: list[Any], dZ: np.ndarray, to_inputs: bool) -> list[np.ndarray]:
        """Return dL/d(outputs) of each layer, and before them dL/d(inputs) of the first one.

        Unless that is asked for, the way back ends at the first layer that has weights.
        """
        first = 0 if to_inputs else next(
            (i for i, layer in enumerate(self.layers) if layer.shapes), len(self.layers))
        steps = list(enumerate(zip(self.layers, self.split(parameters), self.split(gradients),
                                   kept)))
        found = [dZ]
        for i, (layer, own, own_gradients, known) in reversed(steps[first:]):
            found.append(layer.backward(own, own_gradients, known, found[-1],
                                        to_inputs or i > first))
        return found[::-1]

    def pre_activations(self, kept: Any) -> list[np.ndarray]:
        return [z for layer, known in zip(self.layers, kept)
                for z in layer.pre_activations(known)]

    def attention(self, kept: Any) -> list[np.ndarray]:
        return [P for layer, known in zip(self.layers, kept) for P in layer.attention(known)]


class Residual(Chain):
    """a + g(a), where g is a composition that keeps the shape (He et al. 2016, eq. 1).

    The gradient comes back by two ways: through g, and past it as it is.

    Parameters
    ----------
    layers : iterable of Layer, Activation or str
        Those of g.

    Examples
    --------
    >>> from deepmath.composed import Dense
    >>> block = Residual([Dense(8, 4), "tanh", Dense(4, 8)])
    >>> block.output_shape((8,)), block.shapes
    ((8,), [(8, 4), (4, 8)])
    """

    def output_shape(self, shape: Shape) -> Shape:
        within = super().output_shape(shape)
        if within != shape:
            raise ValueError(f"layers must keep the shape {describe(shape)}, which is added to "
                             f"what they make of it; got {describe(within)}")
        return shape

    def forward(self, parameters: list[Parameters], A: np.ndarray) -> tuple[np.ndarray, Any]:
        within, kept = super().forward(parameters, A)
        return A + within, kept

    def backward(self, parameters: list[Parameters], gradients: list[Parameters], kept: Any,
                 dZ: np.ndarray, to_inputs: bool) -> np.ndarray:
        within = super().backward(parameters, gradients, kept, dZ, to_inputs)
        return dZ + within if to_inputs else dZ


def as_layer(i: int, choice: Layer | Activation | str) -> Layer:
    """Return a layer as it is, and an activation or its name as a layer."""
    if isinstance(choice, Layer):
        return choice
    if isinstance(choice, (str, Activation)):
        return Activate(activation(choice, f"layers[{i}]"))
    raise ValueError(f"layers[{i}] must be a layer, an activation or its name; "
                     f"got {brief(choice)}")
