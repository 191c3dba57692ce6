"""The interactive cell against known values, and the arithmetic below it."""

import re
from pathlib import Path

import numpy as np
import pytest

from deepmath import (ACTIVATIONS, Adam, GradientDescent, Momentum, Network, accuracy,
                      check_gradient, default_rng, fit, xor)

CHAPTER = Path(__file__).parents[2] / "chapters" / "neural-networks.qmd"


def train(units, activation, rate, n_epochs):
    rng = default_rng(42)
    X, y = xor(120, rng)
    network = Network((2, units, units, 1), hidden=activation)
    theta = network.initialise(rng, "normal", scale=0.5)
    result = fit(network, theta, X, y, optimiser=GradientDescent(rate), n_epochs=n_epochs)
    losses = result.history.training_loss
    return losses[0], losses[-1], accuracy(network.predict(result.theta, X), y)


@pytest.mark.parametrize("setting, first, last, right", [
    (("relu", 8, 0.05, 500), 0.697, 0.246, 0.91), (("relu", 8, 0.05, 2000), None, 0.056, 1.00),
    (("relu", 16, 0.05, 500), 0.786, 0.166, 0.99), (("tanh", 8, 0.05, 500), 0.692, 0.610, 0.69),
    (("relu", 8, 0.005, 500), None, 0.649, 0.61), (("tanh", 16, 0.05, 2000), None, 0.064, 0.99)])
def test_known_values(setting, first, last, right):
    activation, units, rate, n_epochs = setting
    begin, end, share = train(units, activation, rate, n_epochs)
    assert first is None or round(float(begin), 3) == first
    assert (round(float(end), 3), round(float(share), 2)) == (last, right)


def test_the_suggestions_say_what_happens():
    advice = CHAPTER.read_text(encoding="utf-8").split("## What to try")[1].split(":::")[0]
    base = {"N_HIDDEN": 8, "ACTIVATION": "relu", "LEARNING_RATE": 0.05, "N_EPOCHS": 500}
    setting, checked = dict(base), 0
    for item in re.split(r"^- ", advice, flags=re.MULTILINE)[1:]:
        setting = dict(base)
        for name, value, loss, share in re.findall(
                r"`(\w+) = ([^`]+)`|`final loss ([\d.]+), training accuracy ([\d.]+)`", item):
            if name:
                setting[name] = value.strip('"') if '"' in value else type(base[name])(value)
                continue
            _, last, right = train(setting["N_HIDDEN"], setting["ACTIVATION"],
                                   setting["LEARNING_RATE"], setting["N_EPOCHS"])
            assert (f"{last:.3f}", f"{right:.2f}") == (loss, share), item
            checked += 1
            setting = dict(base)
    assert checked >= 4


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "mean_squared_error"])
@pytest.mark.parametrize("method, bound", [("complex step", 1e-10), ("difference", 1e-6)])
def test_backpropagation_is_the_derivative(activation, loss, method, bound):
    X, y = xor(30, 1)
    network = Network((2, 5, 4, 1), hidden=activation)
    theta = network.initialise(3, "glorot")
    theta += 0.1 * default_rng(4).normal(size=theta.shape)
    assert check_gradient(network, theta, X, y, loss, method=method).relative_error < bound


@pytest.mark.parametrize("optimiser", [GradientDescent(0.1), Momentum(0.05), Adam(0.01)])
@pytest.mark.parametrize("engine", ["readable", "fast"])
def test_a_stack_equals_its_networks_one_by_one(optimiser, engine):
    X, y = xor(40, 0)
    network = Network((2, 6, 6, 1), hidden="tanh")
    stack = network.initialise_stack(range(5), "he")
    options = dict(optimiser=optimiser, n_epochs=20, batch_size=16, l2=0.01, engine=engine)
    together = fit(network, stack, X, y, **options).theta
    alone = np.stack([fit(network, theta, X, y, **options).theta for theta in stack])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="sizes"):
        Network((2, 0, 1))
    with pytest.raises(ValueError, match="hidden.*relu"):
        Network((2, 3, 1), hidden="swish")
    with pytest.raises(ValueError, match="learning_rate"):
        GradientDescent(-1.0)
