"""Networks for sequences: compositions of which one layer is used at several times.

A point is a sequence x_1, ..., x_T of vectors of d numbers, the oldest first, written as one
row of T d numbers: the same row that a `Network((T * d, ..., 1))` would take. What differs is
the composition. Wherever a layer is used, its gradient gets a term, and the terms add up.
"""

from dataclasses import dataclass

from deepmath.activations import IDENTITY, TANH, Activation, activation
from deepmath.checks import check_whole
from deepmath.composed import Conv1d, Dense, Flatten, Last, Layer, Recurrent, Sequential, Steps


@dataclass(init=False)
class SequenceNetwork(Sequential):
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
        last = activation(output, "output")
        layers = [Steps(n_steps), *self.shared(), *[last] * (last is not IDENTITY)]
        super().__init__(layers, (n_steps * n_inputs,))

    def shared(self) -> list[Layer | Activation]:
        """Return the layers between the sequence and the output's activation."""
        raise NotImplementedError


class RecurrentNetwork(SequenceNetwork):
    """h_t = f(U h_(t-1) + V x_t + c) from h_0 = 0, and a last layer on h_T (Elman 1990).

    The shared layer is one matrix [U | V | c] that acts on [h_(t-1); x_t; 1].

    Examples
    --------
    >>> network = RecurrentNetwork(n_steps=7, n_inputs=3, n_hidden=8)
    >>> network.n_parameters, network.input_size    # 8 (8 + 3 + 1) + (8 + 1), and 7 * 3
    (105, 21)
    >>> import numpy as np
    >>> network.predict(network.initialise(0, "glorot"), np.zeros((5, 21)))
    array([0., 0., 0., 0., 0.])
    """

    def shared(self) -> list[Layer | Activation]:
        return [Recurrent(self.n_inputs, self.n_hidden, self.hidden), Last(),
                Dense(self.n_hidden, 1)]


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
    >>> import numpy as np
    >>> network.predict(network.initialise(0, "glorot"), np.zeros((5, 21))).shape
    (5,)
    """

    width: int

    def __init__(self, n_steps: int, n_inputs: int, n_hidden: int, width: int = 3,
                 hidden: str | Activation = TANH, output: str | Activation = IDENTITY) -> None:
        self.width = check_whole("width", width)
        if width > check_whole("n_steps", n_steps):
            raise ValueError(f"width must be at most n_steps={n_steps}; got {width}")
        super().__init__(n_steps, n_inputs, n_hidden, hidden, output)

    @property
    def n_places(self) -> int:
        """m, where the shared layer is used."""
        return self.n_steps - self.width + 1

    def shared(self) -> list[Layer | Activation]:
        return [Conv1d(self.n_inputs, self.n_hidden, self.width), self.hidden, Flatten(),
                Dense(self.n_hidden * self.n_places, 1)]
