"""The passes of `network`, several times faster: while training, nothing is allocated.

Three things make the difference at these sizes:

- every array is made once, and each numpy call writes into one (`out=`);
- a row of ones below a layer's inputs lets one product, [W | b] [A; 1], add the bias, and
  one product, dZ [A; 1]^T, give dW and db;
- derivatives are read off the activations, so that no pre-activation is kept.
"""

from collections.abc import Callable

import numpy as np

from deepmath.activations import IDENTITY, LEAK, LEAKY_RELU, RELU, SIGMOID, TANH, Activation
from deepmath.layers import layer_matrices
from deepmath.losses import BINARY_CROSS_ENTROPY, Loss
from deepmath.network import Network
from deepmath.objective import flat

ZERO = np.zeros(())
# Each activation as two functions that write: (z, out) makes z its activation, with `out` to
# work in; (a, out) makes `out` the derivative, said in terms of the activation.


def relu(z: np.ndarray, out: np.ndarray) -> None:
    np.maximum(z, ZERO, out=z)


def relu_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.greater(a, ZERO, out=out)


def leaky_relu(z: np.ndarray, out: np.ndarray) -> None:
    np.multiply(z, LEAK, out=out)
    np.maximum(z, out, out=z)


def leaky_relu_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.greater(a, ZERO, out=out)
    out *= 1.0 - LEAK
    out += LEAK


def sigmoid(z: np.ndarray, out: np.ndarray) -> None:
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def sigmoid_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.subtract(1.0, a, out=out)
    out *= a


def tanh(z: np.ndarray, out: np.ndarray) -> None:
    np.tanh(z, out=z)


def tanh_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1.0, out, out=out)


InPlace = Callable[[np.ndarray, np.ndarray], None]
IN_PLACE: dict[Activation, tuple[InPlace | None, InPlace | None]] = {
    RELU: (relu, relu_slope), LEAKY_RELU: (leaky_relu, leaky_relu_slope),
    SIGMOID: (sigmoid, sigmoid_slope), TANH: (tanh, tanh_slope), IDENTITY: (None, None),
}


def binary_cross_entropy(logits: np.ndarray, y: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the value and write the gradient: both are made of log(1 + exp(z))."""
    n = logits.shape[-1]
    softplus = np.logaddexp(ZERO, logits)
    np.subtract(logits, softplus, out=gradient)
    np.exp(gradient, out=gradient)  # sigmoid(z)
    gradient -= y
    gradient /= n
    softplus -= logits * y
    return softplus.sum(axis=-1) / n


class FastLayer:
    """One layer's parameters, and the arrays that its two passes read and write."""

    def __init__(self, M: np.ndarray, dM: np.ndarray, activation: Activation, inputs: np.ndarray,
                 outputs: np.ndarray, d_inputs: np.ndarray | None, d_outputs: np.ndarray,
                 scratch: np.ndarray) -> None:
        self.M, self.dM, self.W_T = M, dM, M[..., :-1].mT
        self.activate, self.slope = IN_PLACE[activation]
        self.inputs, self.inputs_T, self.outputs = inputs, inputs.mT, outputs
        self.d_inputs, self.d_outputs, self.scratch = d_inputs, d_outputs, scratch
        self.product = np.multiply if M.shape[-2] == 1 else np.matmul  # a column times a row

    def forward(self) -> None:
        np.matmul(self.M, self.inputs, out=self.outputs)
        if self.activate:
            self.activate(self.outputs, self.scratch)

    def backward(self) -> None:
        if self.slope:
            self.slope(self.outputs, self.scratch)
            self.d_outputs *= self.scratch
        np.matmul(self.d_outputs, self.inputs_T, out=self.dM)
        if self.d_inputs is not None:
            self.product(self.W_T, self.d_outputs, out=self.d_inputs)


Shapes = tuple[tuple[int, ...], tuple[int, ...]]     # of a stack, and of its data


class Arrays:
    """The arrays that a stack of networks needs for the passes over n points.

    The inputs of each layer are [A; 1], and the outputs a view into the next layer's inputs.
    Of the deltas only two are kept: layer l's is in buffer l mod 2, and until the delta of
    the layer below is written to the other one, that serves as scratch.
    """

    def __init__(self, sizes: tuple[int, ...], stack: tuple[int, ...],
                 X: np.ndarray) -> None:
        n = X.shape[-1]
        hidden = [np.ones((*stack, h + 1, n)) for h in sizes[1:-1]]
        last = np.empty((*stack, sizes[-1], n))
        self.inputs = [np.ones((*X.shape[:-2], sizes[0] + 1, n)), *hidden]
        self.outputs = [*[A[..., :-1, :] for A in hidden], last]
        buffers = [np.empty(max(outputs.size for outputs in self.outputs)) for _ in range(2)]
        self.deltas: list[np.ndarray] = []
        self.scratch: list[np.ndarray] = []
        for l, outputs in enumerate(self.outputs):
            for arrays, buffer in ((self.deltas, l % 2), (self.scratch, (l + 1) % 2)):
                arrays.append(buffers[buffer][:outputs.size].reshape(outputs.shape))
        self.flat_outputs, self.flat_delta = flat(last), flat(self.deltas[-1])
        self.X: np.ndarray | None = None

    def load(self, X: np.ndarray) -> None:
        """Copy the points in, unless they are the ones that are there."""
        if X is not self.X:
            self.inputs[0][..., :-1, :] = X
            self.X = X


class FastObjective:
    """An `Objective` that allocates nothing from call to call.

    `arrays` holds the `Arrays` by shape, and is handed to all chunks of a stack: they take
    turns with them, so that they stay in the processor's cache.
    """

    def __init__(self, network: Network, loss: Loss, theta: np.ndarray,
                 arrays: dict[Shapes, Arrays]) -> None:
        self.network, self.loss, self.theta, self.arrays = network, loss, theta, arrays
        self.gradient = np.empty_like(theta)
        self.bound: dict[tuple[int, ...], tuple[Arrays, list[FastLayer]]] = {}

    def value(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Return the loss, of shape () or (S,)."""
        return self.loss.value(self.forward(X)[0].flat_outputs, flat(Y))

    def value_and_gradient(self, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss and its gradient, in an array that the next call overwrites."""
        arrays, layers = self.forward(X)
        outputs, targets = arrays.flat_outputs, flat(Y)
        if self.loss is BINARY_CROSS_ENTROPY:
            value = binary_cross_entropy(outputs, targets, arrays.flat_delta)
        else:
            value = self.loss.value(outputs, targets)
            arrays.flat_delta[...] = self.loss.gradient(outputs, targets)
        for layer in reversed(layers):
            layer.backward()
        return value, self.gradient

    def forward(self, X: np.ndarray) -> tuple[Arrays, list[FastLayer]]:
        """Take the points through the layers, whose arrays then hold their outputs."""
        if X.shape not in self.bound:
            self.bound[X.shape] = self.bind(X)
        arrays, layers = self.bound[X.shape]
        arrays.load(X)
        for layer in layers:
            layer.forward()
        return arrays, layers

    def bind(self, X: np.ndarray) -> tuple[Arrays, list[FastLayer]]:
        """Bind the layers to arrays for data of X's shape."""
        sizes, stack = self.network.sizes, self.theta.shape[:-1]
        key = stack, X.shape
        if key not in self.arrays:
            self.arrays[key] = Arrays(sizes, stack, X)
        arrays = self.arrays[key]
        return arrays, [FastLayer(*parts) for parts in zip(
            layer_matrices(self.theta, sizes), layer_matrices(self.gradient, sizes),
            self.network.activations, arrays.inputs, arrays.outputs,
            [None, *arrays.deltas], arrays.deltas, arrays.scratch)]
