"""The passes of `network`, several times faster: while training, nothing is allocated.

Three things make the difference at these sizes:

- every array is made once, and each numpy call writes into one (`out=`);
- a row of ones below a layer's inputs lets one product, [W | b] [A; 1], add the bias, and
  one product, dZ [A; 1]^T, give dW and db;
- derivatives are read off the activations, so that no pre-activation is kept.
"""

import numpy as np

from deepmath.activations import IDENTITY, LEAK, LEAKY_RELU, RELU, SIGMOID, TANH
from deepmath.losses import BINARY_CROSS_ENTROPY, Loss
from deepmath.network import Network, layer_matrices

# Each activation as two functions that write: (z, out) makes z its activation, with `out` to
# work in; (a, out) makes `out` the derivative, said in terms of the activation.


def relu(z, out):
    np.maximum(z, 0.0, out=z)


def relu_slope(a, out):
    np.greater(a, 0.0, out=out)


def leaky_relu(z, out):
    np.multiply(z, LEAK, out=out)
    np.maximum(z, out, out=z)


def leaky_relu_slope(a, out):
    np.greater(a, 0.0, out=out)
    out *= 1.0 - LEAK
    out += LEAK


def sigmoid(z, out):
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def sigmoid_slope(a, out):
    np.subtract(1.0, a, out=out)
    out *= a


def tanh(z, out):
    np.tanh(z, out=z)


def tanh_slope(a, out):
    np.multiply(a, a, out=out)
    np.subtract(1.0, out, out=out)


IN_PLACE = {
    RELU: (relu, relu_slope), LEAKY_RELU: (leaky_relu, leaky_relu_slope),
    SIGMOID: (sigmoid, sigmoid_slope), TANH: (tanh, tanh_slope), IDENTITY: (None, None),
}


def binary_cross_entropy(logits, y):
    """Value and gradient together, since both are made of exp(-|z|)."""
    n, e = logits.shape[-1], np.exp(-np.abs(logits))
    value = np.maximum(logits, 0.0)
    value -= logits * y
    value += np.log1p(e)
    p = np.maximum(e, logits > 0.0)
    e += 1.0
    p /= e
    p -= y
    p /= n
    return value.sum(axis=-1) / n, p


class FastLayer:
    """One layer's parameters and the arrays that its two passes read and write."""

    def __init__(self, M, dM, activation, inputs, outputs, d_inputs, d_outputs, scratch):
        self.M, self.dM, self.W_T = M, dM, M[..., :-1].mT
        self.apply, self.slope = IN_PLACE[activation]
        self.inputs, self.inputs_T, self.outputs = inputs, inputs.mT, outputs
        self.d_inputs, self.d_outputs, self.scratch = d_inputs, d_outputs, scratch
        self.product = np.multiply if M.shape[-2] == 1 else np.matmul  # a column times a row

    def forward(self):
        np.matmul(self.M, self.inputs, out=self.outputs)
        if self.apply:
            self.apply(self.outputs, self.scratch)

    def backward(self):
        if self.slope:
            self.slope(self.outputs, self.scratch)
            self.d_outputs *= self.scratch
        np.matmul(self.d_outputs, self.inputs_T, out=self.dM)
        if self.d_inputs is not None:
            self.product(self.W_T, self.d_outputs, out=self.d_inputs)


class FastObjective:
    """The loss of a network, or of a stack, and its gradient, at parameters moved in place.

    `arrays` holds the working arrays by shape; chunks of one stack share it, and stay in the
    processor's cache by that.
    """

    def __init__(self, network: Network, loss: Loss, theta: np.ndarray, arrays: dict):
        self.network, self.loss, self.theta, self.arrays = network, loss, theta, arrays
        self.gradient = np.empty_like(theta)
        self.layers = {}

    def value(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the loss, of shape () or (S,)."""
        outputs = self.forward(X)[-1].outputs
        return self.loss.value(flat(outputs), flat(columns(y, outputs)))

    def value_and_gradient(self, X: np.ndarray, y: np.ndarray):
        """Return the loss, and its gradient in an array that the next call overwrites."""
        layers = self.forward(X)
        z, y = flat(layers[-1].outputs), flat(columns(y, layers[-1].outputs))
        if self.loss is BINARY_CROSS_ENTROPY:
            value, d_outputs = binary_cross_entropy(z, y)
        else:
            value, d_outputs = self.loss.value(z, y), self.loss.gradient(z, y)
        flat(layers[-1].d_outputs)[...] = d_outputs
        for layer in reversed(layers):
            layer.backward()
        return value, self.gradient

    def forward(self, X):
        layers = self.layers.get(X.shape) or self.layers.setdefault(X.shape, self.build(X.shape))
        layers[0].inputs[..., :-1, :] = X.mT
        for layer in layers:
            layer.forward()
        return layers

    def build(self, shape):
        """Lay the layers' arrays out for data of one shape, (n, d) or (S, n, d)."""
        sizes, stack = self.network.sizes, self.theta.shape[:-1]
        key = stack, shape
        if key not in self.arrays:
            self.arrays[key] = working_arrays(sizes, stack, shape)
        inputs, outputs, deltas, scratch = self.arrays[key]
        return [FastLayer(*arrays) for arrays in zip(
            layer_matrices(self.theta, sizes), layer_matrices(self.gradient, sizes),
            self.network.activations, inputs, outputs, [None, *deltas], deltas, scratch)]


def working_arrays(sizes, stack, shape):
    """Make [A; 1] of every layer, and two buffers in which the deltas take turns.

    Layer l's delta is in buffer l mod 2. The other one is free until the delta of the layer
    below is written to it, and serves as scratch.
    """
    n = shape[-2]
    hidden = [np.ones((*stack, h + 1, n)) for h in sizes[1:-1]]
    inputs = [np.ones((*shape[:-2], sizes[0] + 1, n)), *hidden]
    outputs = [A[..., :-1, :] for A in hidden] + [np.empty((*stack, sizes[-1], n))]
    buffers = [np.empty(outputs_size(stack, max(sizes[1:]), n)) for _ in range(2)]

    def take(buffer, h):
        return buffer[:outputs_size(stack, h, n)].reshape(*stack, h, n)

    deltas = [take(buffers[l % 2], h) for l, h in enumerate(sizes[1:])]
    scratch = [take(buffers[(l + 1) % 2], h) for l, h in enumerate(sizes[1:])]
    return inputs, outputs, deltas, scratch


def outputs_size(stack, h, n):
    return int(np.prod(stack, dtype=int)) * h * n


def columns(y, outputs):
    return y[..., None, :] if outputs.shape[-2] == 1 else y.mT


def flat(a):
    return a.reshape(*a.shape[:-2], -1)
