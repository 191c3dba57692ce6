"""Networks with shared weights: gradients, and the dense networks that they are cases of."""

from dataclasses import fields

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from deepmath import (
    Adam, AnyNetwork, ConvolutionalNetwork, EarlyStopping, Network, RecurrentNetwork,
    check_gradient, default_rng, fit, views)

T, D, H, N = 6, 3, 4, 25
NETWORKS = [
    RecurrentNetwork(n_steps=T, n_inputs=D, n_hidden=H),
    RecurrentNetwork(n_steps=1, n_inputs=D, n_hidden=H),
    ConvolutionalNetwork(n_steps=T, n_inputs=D, n_hidden=H, hidden="relu"),
    ConvolutionalNetwork(n_steps=T, n_inputs=D, n_hidden=H, width=T),
    ConvolutionalNetwork(n_steps=T, n_inputs=D, n_hidden=H, width=1, output="sigmoid"),
]
kinds = pytest.mark.parametrize("network", NETWORKS, ids=lambda n: type(n).__name__)


def data(network, seed=0):
    rng = default_rng(seed)
    return rng.normal(size=(N, network.input_size)), rng.normal(size=N)


@kinds
def test_a_network_for_sequences_says_its_own_shape_and_no_other(network):
    X, _ = data(network)
    assert isinstance(network, AnyNetwork) and not isinstance(network, Network)
    assert not hasattr(network, "sizes")
    assert network.input_size == X.shape[1] == network.n_steps * D and network.output_size == 1
    assert network.predict(network.initialise_stack(range(2)), X).shape == (2, N)
    told = {each.name: getattr(network, each.name) for each in fields(network) if each.repr}
    again = type(network)(**told)
    assert again == network and repr(again) == repr(network)
    assert again != type(network)(**told | {"n_hidden": H + 1})


@kinds
@pytest.mark.parametrize("method, tolerance", [("complex step", 1e-13), ("difference", 1e-6)])
def test_gradients_agree_with_a_derivative_found_without_them(network, method, tolerance):
    X, y = data(network)
    for theta in (network.initialise(1, "glorot"), network.initialise_stack(range(3), "glorot")):
        check = check_gradient(network, theta, X, y, "mean_squared_error", 0.1, method)
        assert check.relative_error < tolerance and not check.on_kink


def test_the_recurrent_gradient_is_that_of_automatic_differentiation():
    network = NETWORKS[0]
    X, y = data(network)
    theta = network.initialise(3, "glorot")

    def loss(theta):
        W = theta[:H * (H + D + 1)].reshape(H, H + D + 1)
        U, V, c = W[:, :H], W[:, H:-1], W[:, -1:]
        w, b = theta[-H - 1:-1], theta[-1]
        h = anp.zeros((H, N))
        for t in range(T):
            h = anp.tanh(U @ h + V @ X[:, t * D:(t + 1) * D].T + c)
        return anp.mean((w @ h + b - y) ** 2)

    value, gradient = network.loss_and_gradient(theta, X, y, "mean_squared_error")
    assert np.isclose(value, loss(theta), rtol=1e-13)
    np.testing.assert_allclose(gradient, grad(loss)(theta), rtol=1e-10, atol=1e-13)


def test_the_convolutional_gradient_is_that_of_automatic_differentiation():
    network = ConvolutionalNetwork(n_steps=T, n_inputs=D, n_hidden=H, width=2)
    X, y = data(network)
    theta = network.initialise(3, "glorot")
    places, cut = T - 1, H * (2 * D + 1)

    def loss(theta):
        W, w = theta[:cut].reshape(H, 2 * D + 1), theta[cut:-1].reshape(H, places)
        output = theta[-1]
        for i in range(places):
            found = anp.tanh(W[:, :-1] @ X[:, i * D:(i + 2) * D].T + W[:, -1:])
            output = output + w[:, i] @ found
        return anp.mean((output - y) ** 2)

    value, gradient = network.loss_and_gradient(theta, X, y, "mean_squared_error")
    assert np.isclose(value, loss(theta), rtol=1e-13)
    np.testing.assert_allclose(gradient, grad(loss)(theta), rtol=1e-10, atol=1e-13)


def test_a_window_as_wide_as_the_sequence_is_a_dense_network():
    network = ConvolutionalNetwork(n_steps=T, n_inputs=D, n_hidden=H, width=T)
    dense = Network((T * D, H, 1), hidden="tanh")
    X, _ = data(network)
    theta = network.initialise(0)
    np.testing.assert_allclose(network.predict(theta, X), dense.predict(theta, X), rtol=1e-13)


def test_one_time_is_a_dense_network_that_starts_from_zero():
    network = NETWORKS[1]
    X, _ = data(network)
    theta = network.initialise(0)
    dense = Network((D, H, 1), hidden="tanh")
    own = np.zeros(dense.n_parameters)
    (W, b), (W_last, b_last) = network.layers(theta)
    (V, c), (last, d) = views(own, dense.sizes)
    V[...], c[...], last[...], d[...] = W[:, H:], b, W_last, b_last
    np.testing.assert_allclose(network.predict(theta, X), dense.predict(own, X), rtol=1e-13)


@kinds
def test_a_stack_trains_as_its_networks_do_alone(network):
    X, y = data(network)
    theta = network.initialise_stack(range(3), "glorot")
    settings = {"loss": "mean_squared_error", "optimiser": Adam(0.01), "n_epochs": 10,
                "batch_size": 8, "validation": (X, y), "l2": 0.01}
    together = fit(network, theta, X, y, **settings)
    for own, one in zip(theta, together.theta):
        np.testing.assert_allclose(fit(network, own, X, y, **settings).theta, one, atol=1e-12)
    assert (together.history.training_loss[-1] < together.history.training_loss[0]).all()


@pytest.mark.parametrize("make, word", [
    (lambda: ConvolutionalNetwork(n_steps=3, n_inputs=1, n_hidden=2, width=4), "width"),
    (lambda: RecurrentNetwork(n_steps=0, n_inputs=1, n_hidden=2), "n_steps"),
    (lambda: RecurrentNetwork(n_steps=2, n_inputs=1, n_hidden=2, hidden="cosine"), "hidden"),
    (lambda: NETWORKS[0].predict(np.zeros(NETWORKS[0].n_parameters), np.zeros((5, 4))), "X"),
    (lambda: NETWORKS[0].predict(np.zeros(7), np.zeros((5, T * D))), "theta")])
def test_errors_name_the_argument(make, word):
    with pytest.raises(ValueError, match=word):
        make()


def test_early_stopping_keeps_the_parameters_of_the_lowest_validation_loss():
    rng = default_rng(0)
    X, y = rng.normal(size=(20, 5)), rng.normal(size=20)
    held = rng.normal(size=(50, 5)), rng.normal(size=50)
    network = Network((5, 32, 1), "tanh")
    theta = network.initialise_stack(range(4), "glorot")
    stopping = EarlyStopping(theta, patience=15)
    result = fit(network, theta, X, y, "mean_squared_error", Adam(0.02), 400, validation=held,
                 on_epoch=stopping)
    losses = result.history.validation_loss
    assert len(losses) < 400
    np.testing.assert_array_equal(stopping.epoch, losses.argmin(axis=0))
    np.testing.assert_allclose(
        network.loss(stopping.theta, *held, "mean_squared_error"), losses.min(axis=0), rtol=1e-12)


def test_early_stopping_asks_for_validation_data():
    network = Network((2, 2, 1))
    theta = network.initialise(0)
    with pytest.raises(ValueError, match="validation"):
        fit(network, theta, np.ones((3, 2)), np.ones(3), on_epoch=EarlyStopping(theta))
