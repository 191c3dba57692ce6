"""Networks for sequences: layers used at several places with the same weights.

A point is a sequence x_1, ..., x_T of vectors of d numbers, the oldest first, written as one
row of T d numbers: the same row that a `Network((T * d, ..., 1))` would take. What differs is
the composition. Wherever a layer is used, its gradient gets a term, and the terms add up.
"""

from dataclasses import dataclass

import numpy as np

from deepmath.activations import IDENTITY, TANH, Activation, activation
from deepmath.checks import check_whole
from deepmath.layers import Layer, Trace
from deepmath.network import AnyNetwork


@dataclass(init=False)
class SequenceNetwork(AnyNetwork):
    """What both kinds share: a layer used at several times, and a last layer of one unit.

    Parameters
    ----------
    n_steps : int
        T, the sequence's length.
    n_inputs : int
        d, the numbers at each time.
    n_hidden : int
        Units of the shared layer.
    hidden, output : str or Activation
        Activations of the shared and of the last layer.
    """

    n_steps: int
    n_inputs: int
    n_hidden: int
    hidden: Activation
    output: Activation

    def __init__(self, n_steps: int, n_inputs: int, n_hidden: int,
                 hidden: str | Activation = TANH, output: str | Activation = IDENTITY) -> None:
        self.n_steps = check_whole("n_steps", n_steps)
        self.n_inputs = check_whole("n_inputs", n_inputs)
        self.n_hidden = check_whole("n_hidden", n_hidden)
        self.hidden = activation(hidden, "hidden")
        self.output = activation(output, "output")

    @property
    def input_size(self) -> int:
        """T d."""
        return self.n_steps * self.n_inputs

    @property
    def output_size(self) -> int:
        return 1

    def steps(self, A: np.ndarray) -> np.ndarray:
        """Return columns (..., T d, n) as (..., T, d, n)."""
        return A.reshape(*A.shape[:-2], self.n_steps, self.n_inputs, A.shape[-1])


class RecurrentNetwork(SequenceNetwork):
    """h_t = f(U h_(t-1) + V x_t + c) from h_0 = 0, and a last layer on h_T (Elman 1990).

    The shared layer is one matrix [U | V | c] that acts on [h_(t-1); x_t; 1].

    Examples
    --------
    >>> network = RecurrentNetwork(n_steps=7, n_inputs=3, n_hidden=8)
    >>> network.n_parameters, network.input_size    # 8 (8 + 3 + 1) + (8 + 1), and 7 * 3
    (105, 21)
    >>> network.predict(network.initialise(0, "glorot"), np.zeros((5, 21)))
    array([0., 0., 0., 0., 0.])
    """

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(self.n_hidden + self.n_inputs, self.n_hidden), (self.n_hidden, 1)]

    @property
    def activations(self) -> list[Activation]:
        return [self.hidden] * self.n_steps + [self.output]

    @property
    def n_activations(self) -> int:
        return self.n_steps * (2 * self.n_hidden + self.n_inputs)

    def forward_pass(self, layers: list[Layer], A: np.ndarray) -> Trace:
        """Unroll the recursion; `a[t]` is [h_(t-1); x_t], what the shared layer receives."""
        (W, b), (W_last, b_last) = layers
        x = self.steps(A)
        stack = np.broadcast_shapes(W.shape[:-2], A.shape[:-2])
        h = np.zeros((*stack, self.n_hidden, A.shape[-1]), dtype=W.dtype)
        z, a = [], []
        for t in range(self.n_steps):
            x_t = np.broadcast_to(x[..., t, :, :], (*stack, *x.shape[-2:]))
            a.append(np.concatenate([h, x_t], axis=-2))
            z.append(W @ a[-1] + b)
            h = self.hidden.function(z[-1])
        z.append(W_last @ h + b_last)
        return Trace(z, [*a, h, self.output.function(z[-1])])

    def backward_pass(self, layers: list[Layer], trace: Trace, dA: np.ndarray,
                      gradients: list[Layer]) -> list[np.ndarray]:
        """Walk back through time; the shared layer's gradient is a sum over its T uses."""
        (W, _), (W_last, _) = layers
        (dW, db), (dW_last, db_last) = gradients
        *z, z_last = trace.z
        *a, h, _ = trace.a
        dZ = dA * self.output.derivative(z_last)
        dW_last[...], db_last[...] = dZ @ h.mT, dZ.sum(axis=-1, keepdims=True)
        dh, deltas = W_last.mT @ dZ, [dZ]
        dW[...], db[...] = 0.0, 0.0
        for z_t, a_t in zip(reversed(z), reversed(a)):
            dZ = dh * self.hidden.derivative(z_t)
            dW += dZ @ a_t.mT
            db += dZ.sum(axis=-1, keepdims=True)
            dh = W[..., :self.n_hidden].mT @ dZ
            deltas.append(dZ)
        return deltas[::-1]


@dataclass(init=False)
class ConvolutionalNetwork(SequenceNetwork):
    """One layer slid along the sequence, and a last layer on all that it finds.

    At each of m = T - width + 1 places the same layer reads `width` times together, width d
    numbers; the last layer weighs its n_hidden m responses, each place by itself. (A
    time-delay network, Waibel et al. 1989.)

    Parameters
    ----------
    width : int
        Times that the shared layer sees at once, at most T.

    Examples
    --------
    >>> network = ConvolutionalNetwork(n_steps=7, n_inputs=3, n_hidden=8, width=3)
    >>> network.n_places, network.n_parameters      # 8 (3 * 3 + 1) + (8 * 5 + 1)
    (5, 121)
    >>> network.predict(network.initialise(0, "glorot"), np.zeros((5, 21))).shape
    (5,)
    """

    width: int

    def __init__(self, n_steps: int, n_inputs: int, n_hidden: int, width: int = 3,
                 hidden: str | Activation = TANH, output: str | Activation = IDENTITY) -> None:
        super().__init__(n_steps, n_inputs, n_hidden, hidden, output)
        self.width = check_whole("width", width)
        if width > n_steps:
            raise ValueError(f"width must be at most n_steps={n_steps}; got {width}")

    @property
    def n_places(self) -> int:
        """m, where the shared layer is used."""
        return self.n_steps - self.width + 1

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [(self.width * self.n_inputs, self.n_hidden),
                (self.n_hidden * self.n_places, 1)]

    @property
    def activations(self) -> list[Activation]:
        return [self.hidden, self.output]

    @property
    def n_activations(self) -> int:
        return self.n_places * (self.width * self.n_inputs + 2 * self.n_hidden)

    def forward_pass(self, layers: list[Layer], A: np.ndarray) -> Trace:
        """Lay the windows side by side, as columns; `a[0]` is (..., width d, m n)."""
        (W, b), (W_last, b_last) = layers
        x, n = self.steps(A), A.shape[-1]
        windows = [x[..., i:i + self.width, :, :].reshape(*A.shape[:-2], -1, n)
                   for i in range(self.n_places)]
        inputs = np.concatenate(windows, axis=-1)
        Z = W @ inputs + b
        found = self.places_below(self.hidden.function(Z))
        Z_last = W_last @ found + b_last
        return Trace([Z, Z_last], [inputs, found, self.output.function(Z_last)])

    def backward_pass(self, layers: list[Layer], trace: Trace, dA: np.ndarray,
                      gradients: list[Layer]) -> list[np.ndarray]:
        """Walk back; one product sums the shared layer's gradient over its m places."""
        (dW, db), (dW_last, db_last) = gradients
        (Z, Z_last), (inputs, found, _) = trace.z, trace.a
        dZ_last = dA * self.output.derivative(Z_last)
        dW_last[...] = dZ_last @ found.mT
        db_last[...] = dZ_last.sum(axis=-1, keepdims=True)
        dZ = self.places_beside(layers[1][0].mT @ dZ_last) * self.hidden.derivative(Z)
        dW[...] = dZ @ inputs.mT
        db[...] = dZ.sum(axis=-1, keepdims=True)
        return [dZ, dZ_last]

    def places_below(self, A: np.ndarray) -> np.ndarray:
        """Return (..., h, m n), places beside each other, as (..., h m, n)."""
        apart = A.reshape(*A.shape[:-1], self.n_places, -1)
        return apart.reshape(*A.shape[:-2], self.n_hidden * self.n_places, -1)

    def places_beside(self, A: np.ndarray) -> np.ndarray:
        """Undo `places_below`."""
        return A.reshape(*A.shape[:-2], self.n_hidden, -1)
