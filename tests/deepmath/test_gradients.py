"""Backpropagation against differences, complex steps, and HIPS autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from deepmath import (
    ACTIVATIONS, LOSSES, Activation, ConvolutionalNetwork, Network, RecurrentNetwork,
    check_gradient, default_rng, views)

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

every_hidden = pytest.mark.parametrize("hidden", ACTIVATIONS)
loss_and_output = pytest.mark.parametrize("loss, output", [
    (loss, output) for loss in LOSSES for output in ("identity", "sigmoid", "tanh")
    if (loss, output) != ("binary_cross_entropy", "sigmoid")])     # which takes logits
one_output_and_two = pytest.mark.parametrize("sizes", [(2, 5, 4, 1), (3, 5, 4, 2)])


def setting(hidden, output="identity", sizes=(3, 5, 4, 2), stack=()):
    network, rng = Network(sizes, hidden, output), default_rng(5)
    theta = rng.normal(size=(*stack, network.n_parameters))
    X, y = rng.normal(size=(11, sizes[0])), rng.integers(0, 2, (11, sizes[-1])).astype(float)
    return network, theta, X, y[:, 0] if sizes[-1] == 1 else y


@loss_and_output
@every_hidden
@one_output_and_two
def test_against_the_complex_step(loss, hidden, output, sizes):
    check = check_gradient(*setting(hidden, output, sizes), loss, l2=0.01, method="complex step")
    assert check.relative_error < 1e-10


@loss_and_output
@every_hidden
@one_output_and_two
def test_against_differences(loss, hidden, output, sizes):
    check = check_gradient(*setting(hidden, output, sizes), loss, l2=0.01, method="difference")
    assert check.relative_error < 1e-6


AUTOGRAD_ACTIVATIONS = {
    "relu": lambda z: anp.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.1 * z),
    "sigmoid": lambda z: 0.5 * (1 + anp.tanh(0.5 * z)),
    "tanh": anp.tanh,
    "identity": lambda z: z,
}
AUTOGRAD_LOSSES = {
    "binary_cross_entropy": lambda z, y: anp.mean(anp.logaddexp(0.0, z) - y * z),
    "mean_squared_error": lambda z, y: anp.mean((z - y) ** 2),
}


@loss_and_output
@every_hidden
def test_against_automatic_differentiation(loss, hidden, output):
    network, theta, X, y = setting(hidden, output)
    layers = [(W.copy(), b[:, 0].copy()) for W, b in views(theta, network.sizes)]

    def objective(layers):
        a = X
        for i, (W, b) in enumerate(layers):
            name = output if i == len(layers) - 1 else hidden
            a = AUTOGRAD_ACTIVATIONS[name](anp.dot(a, W.T) + b)
        penalty = sum(anp.sum(W**2) for W, _ in layers)
        return AUTOGRAD_LOSSES[loss](a, y) + 0.05 * penalty

    _, gradient = network.loss_and_gradient(theta, X, y, loss, l2=0.1)
    for (dW, db), (expected_W, expected_b) in zip(views(gradient, network.sizes),
                                                  autograd.grad(objective)(layers)):
        assert dW == pytest.approx(expected_W, rel=1e-10, abs=1e-12)
        assert db[:, 0] == pytest.approx(expected_b, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid"])
@pytest.mark.parametrize("network", [
    lambda hidden: Network((3, 5, 4, 1), hidden),
    lambda hidden: RecurrentNetwork(n_steps=5, n_inputs=2, n_hidden=4, hidden=hidden),
    lambda hidden: ConvolutionalNetwork(n_steps=5, n_inputs=2, n_hidden=4, hidden=hidden)],
    ids=["dense", "recurrent", "convolutional"])
def test_no_digit_is_lost_where_units_are_saturated(network, hidden):
    network = network(hidden)
    for seed in range(12):      # 1 - tanh^2 would lose seven digits in some of them
        rng = default_rng(seed)
        theta = rng.uniform(-4, 4, network.n_parameters)
        X, y = 2 * rng.normal(size=(7, network.input_size)), rng.normal(size=7)
        check = check_gradient(network, theta, X, y, "mean_squared_error")
        assert check.relative_error < 1e-12


def test_the_complex_step_is_finite_however_far_a_sigmoid_is_saturated():
    network, y = Network((1, 1, 1), "sigmoid"), np.ones(1)
    for scale in (1.0, 700.0, 720.0, 1e4):
        for sign in (-1, 1):
            theta = np.array([sign * scale, 0.1, 1.0, 0.3])
            check = check_gradient(network, theta, np.ones((1, 1)), y, "mean_squared_error")
            assert np.isfinite(check.independent).all() and check.relative_error < 1e-12


@pytest.mark.parametrize("sizes", [(2, 1), (1, 1), (2, 7, 1), (2, 3, 3, 3, 3, 1), (4, 6, 3)])
def test_any_depth_and_width(sizes):
    check = check_gradient(*setting("tanh", sizes=sizes))
    assert check.relative_error < 1e-10


def test_a_stack_is_checked_network_by_network():
    check = check_gradient(*setting("relu", stack=(3,)), n_directions=5)
    assert check.independent.shape == (5, 3)
    assert check.relative_error < 1e-10


def test_gradient_of_a_stack_with_its_own_data():
    network, rng = Network((2, 4, 1)), default_rng(0)
    thetas, X = rng.normal(size=(3, network.n_parameters)), rng.normal(size=(3, 8, 2))
    y = rng.integers(0, 2, (3, 8)).astype(float)
    values, gradients = network.loss_and_gradient(thetas, X, y)
    for s in range(3):
        value, gradient = network.loss_and_gradient(thetas[s], X[s], y[s])
        assert values[s] == pytest.approx(value, rel=1e-12)
        assert gradients[s] == pytest.approx(gradient, rel=1e-12, abs=1e-14)


def test_deltas_are_derivatives_by_the_pre_activations():
    network, theta, X, _ = setting("tanh", sizes=(2, 4, 3, 1))
    trace = network.forward(theta, X)
    deltas = network.deltas(theta, trace, np.ones(11))  # of the sum of the outputs
    for l, (_, b) in enumerate(views(theta, network.sizes)):
        shifted = theta.astype(complex)
        views(shifted, network.sizes)[l][1][...] += np.eye(len(b))[:, :1] * 1e-30j
        step = network.predict(shifted, X).imag / 1e-30  # unit 0's bias shifts its z alone
        assert deltas[l].shape == trace.z[l].shape
        assert deltas[l][0] == pytest.approx(step, rel=1e-12, abs=1e-14)


def test_backward_takes_the_gradient_in_either_shape():
    network, theta, X, y = setting("relu", sizes=(2, 4, 1))
    trace = network.forward(theta, X)
    flat = network.backward(theta, trace, trace.output - y)
    assert (flat == network.backward(theta, trace, (trace.output - y)[None, :])).all()


def test_as_many_points_as_outputs_are_no_puzzle():
    network, rng = Network((2, 4, 3)), np.random.default_rng(0)
    theta, X = network.initialise(0), rng.normal(size=(3, 2))
    trace = network.forward(theta, X)
    slope = rng.normal(size=(3, 3))                      # of the loss sum(slope * output)
    found = network.backward(theta, trace, slope)
    for j in range(0, len(theta), 5):
        step = np.zeros(len(theta), complex)
        step[j] = 1e-30j
        expected = (slope * network.predict(theta + step, X)).sum().imag / 1e-30
        assert found[j] == pytest.approx(expected, rel=1e-10, abs=1e-12)
    with pytest.raises(ValueError, match=r"shape \(3, 3\) of the output.*got \(1, 20\)"):
        network.backward(theta, trace, np.ones((1, 20)))


@pytest.mark.parametrize("method", ["complex step", "difference"])
def test_a_wrong_derivative_is_caught(method):
    wrong = Activation("wrong", np.tanh, lambda z: 1 - 0.999 * np.tanh(z) ** 2)
    check = check_gradient(*setting(wrong), method=method)
    assert 1e-5 < check.relative_error < 1e-2


def test_a_point_on_a_kink_is_told():
    network = Network((1, 2, 1))
    check = check_gradient(network, network.initialise(0), np.zeros((1, 1)), np.ones(1))
    assert check.on_kink == 2
    assert "2 pre-activations lie on a kink" in str(check)


def test_it_prints_its_relative_error():
    check = check_gradient(*setting("tanh"), method="difference", n_directions=3)
    assert repr(check) == (f"relative error {check.relative_error:.1e} against the difference "
                           "in 3 directions")


@pytest.mark.parametrize("arguments, message", [
    ({"method": "guess"}, "method must be one of complex step, difference; got 'guess'"),
    ({"n_directions": 0}, "n_directions must be a whole number, at least 1; got 0"),
    ({"seed": "x"}, "seed must be a whole number, at least 0"),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_gradient(*setting("relu"), **arguments)
