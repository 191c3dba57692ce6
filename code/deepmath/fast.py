"""The passes of `network`, several times faster: while training, nothing is allocated.

Four things make the difference at these sizes:

- every array is made once, and each numpy call writes into one (`out=`): a pass is a list of
  calls that are bound to their arrays beforehand;
- a row of ones below a layer's inputs lets one product, [W | b] [A; 1], add the bias, and
  one product, dZ [A; 1]^T, give dW and db;
- derivatives are read off the activations, so that no pre-activation is kept;
- of two numpy functions that do the same the quicker one is taken: `dot` for one network,
  where `matmul` takes twice as long to begin; a maximum with an array of zeros, which wider
  instructions compute than one with a number.
"""

import sys
from collections.abc import Callable
from functools import partial

import numpy as np

from deepmath.activations import IDENTITY, LEAK, LEAKY_RELU, RELU, SIGMOID, TANH, Activation
from deepmath.layers import layer_matrices
from deepmath.losses import BINARY_CROSS_ENTROPY, Loss
from deepmath.network import Network
from deepmath.objective import flat, for_loss

ZERO, MINUS = np.zeros(()), np.array(-1.0)
Call = Callable[[], object]
HAS_BLAS = sys.platform != "emscripten"         # numpy in a browser has loops of its own

# Each activation as two functions that write: (z, out, zeros) makes z its activation, with `out`
# to work in; (a, out) makes `out` the derivative, said in terms of the activation.


def relu(z: np.ndarray, out: np.ndarray, zeros: np.ndarray) -> None:
    np.maximum(z, zeros, out=z)


def relu_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.greater(a, ZERO, out=out)


def leaky_relu(z: np.ndarray, out: np.ndarray, zeros: np.ndarray) -> None:
    np.multiply(z, LEAK, out=out)
    np.maximum(z, out, out=z)


def leaky_relu_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.greater(a, ZERO, out=out)
    out *= 1.0 - LEAK
    out += LEAK


def sigmoid(z: np.ndarray, out: np.ndarray, zeros: np.ndarray) -> None:
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def sigmoid_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.subtract(1.0, a, out=out)
    out *= a


def tanh(z: np.ndarray, out: np.ndarray, zeros: np.ndarray) -> None:
    np.tanh(z, out=z)


def tanh_slope(a: np.ndarray, out: np.ndarray) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1.0, out, out=out)


IN_PLACE: dict[Activation, tuple[Callable[..., None] | None, Callable[..., None] | None]] = {
    RELU: (relu, relu_slope), LEAKY_RELU: (leaky_relu, leaky_relu_slope),
    SIGMOID: (sigmoid, sigmoid_slope), TANH: (tanh, tanh_slope), IDENTITY: (None, None),
}


def binary_cross_entropy(logits: np.ndarray, y: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the value and write the gradient: both are made of log(1 + exp(z))."""
    n = logits.shape[-1]
    softplus = np.copysign(logits, MINUS)
    np.exp(softplus, out=softplus)
    np.log1p(softplus, out=softplus)
    softplus += np.maximum(logits, ZERO)
    np.subtract(logits, softplus, out=gradient)
    np.exp(gradient, out=gradient)  # sigmoid(z)
    gradient -= y
    gradient /= n
    softplus -= logits * y
    return np.add.reduce(softplus, axis=-1) / n


def layer_calls(M: np.ndarray, dM: np.ndarray, activation: Activation, inputs: np.ndarray,
                outputs: np.ndarray, d_inputs: np.ndarray | None, d_outputs: np.ndarray,
                scratch: np.ndarray, zeros: np.ndarray) -> tuple[list[Call], list[Call]]:
    """Return one layer's two passes, as calls that read and write these arrays."""
    forward = products(M, inputs, outputs)
    backward = products(d_outputs, inputs.mT, dM)
    activate, slope = IN_PLACE[activation]
    if activate and slope:
        forward += [partial(activate, outputs, scratch, zeros)]
        backward = [partial(slope, outputs, scratch),
                    partial(np.multiply, d_outputs, scratch, d_outputs), *backward]
    if d_inputs is not None:
        backward += products(M[..., :-1].mT, d_outputs, d_inputs)
    return forward, backward


def products(A: np.ndarray, B: np.ndarray, out: np.ndarray) -> list[Call]:
    """Return the calls that write A B; columns times rows, of a stack, one after the other."""
    is_outer = A.shape[-1] == 1
    if not HAS_BLAS:
        return [partial(np.multiply if is_outer else np.matmul, A, B, out)]
    if out.ndim == 2:
        return [partial(A.dot, B, out)]
    if is_outer and A.ndim == B.ndim:
        return [call for parts in zip(A, B, out) for call in products(*parts)]
    return [partial(np.matmul, A, B, out)]


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
        zeros = np.zeros(len(buffers[0]))
        self.zeros = [zeros[:outputs.size].reshape(outputs.shape) for outputs in self.outputs]
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
        self.bound: dict[tuple[int, ...], tuple[Arrays, list[Call], list[Call]]] = {}

    def value(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Return the loss, of shape () or (S,)."""
        return self.loss.value(for_loss(self.loss, self.forward(X)[0].outputs[-1]), flat(Y))

    def value_and_gradient(self, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss and its gradient, in an array that the next call overwrites."""
        arrays, backward = self.forward(X)
        outputs, delta = (for_loss(self.loss, each[-1])
                          for each in (arrays.outputs, arrays.deltas))
        if self.loss is BINARY_CROSS_ENTROPY:
            value = binary_cross_entropy(outputs, flat(Y), delta)
        else:
            value = self.loss.value(outputs, flat(Y))
            delta[...] = self.loss.gradient(outputs, flat(Y))
        for call in backward:
            call()
        return value, self.gradient

    def forward(self, X: np.ndarray) -> tuple[Arrays, list[Call]]:
        """Take the points through the layers; return their arrays, and the way back."""
        if X.shape not in self.bound:
            self.bound[X.shape] = self.bind(X)
        arrays, forward, backward = self.bound[X.shape]
        arrays.load(X)
        for call in forward:
            call()
        return arrays, backward

    def bind(self, X: np.ndarray) -> tuple[Arrays, list[Call], list[Call]]:
        """Bind both passes to arrays for data of X's shape."""
        sizes, stack = self.network.sizes, self.theta.shape[:-1]
        key = stack, X.shape
        if key not in self.arrays:
            self.arrays[key] = Arrays(sizes, stack, X)
        arrays = self.arrays[key]
        passes = [layer_calls(*parts) for parts in zip(
            layer_matrices(self.theta, sizes), layer_matrices(self.gradient, sizes),
            self.network.activations, arrays.inputs, arrays.outputs,
            [None, *arrays.deltas], arrays.deltas, arrays.scratch, arrays.zeros)]
        return (arrays, [call for forward, _ in passes for call in forward],
                [call for _, backward in reversed(passes) for call in backward])
