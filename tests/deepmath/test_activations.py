"""Activations and their derivatives against exact arithmetic."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from deepmath import ACTIVATIONS, LEAKY_RELU, RELU, SIGMOID, TANH, Activation, activation
from hypothesis import given
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

POINTS = [0.0, 1e-300, 1e-12, 1e-3, 0.5, 1.0, 3.0, 19.0, 40.0, 300.0, 700.0]
POINTS += [-x for x in POINTS]
names = pytest.mark.parametrize("name", ACTIVATIONS)


def exactly(formula, x):
    """Evaluate a formula of x, exp(x) and exp(-x) with digits enough for tanh(1e-300)."""
    with localcontext() as context:
        context.prec = 640
        x = Decimal(x)
        return float(formula(x, x.exp(), (-x).exp()))


FORMULAS = {
    "relu": (lambda x, e, f: max(x, 0), lambda x, e, f: x > 0),
    "leaky_relu": (lambda x, e, f: x if x > 0 else x / 10,
                   lambda x, e, f: 1 if x > 0 else Decimal(1) / 10),
    "sigmoid": (lambda x, e, f: 1 / (1 + f), lambda x, e, f: 1 / ((1 + e) * (1 + f))),
    "tanh": (lambda x, e, f: (e - f) / (e + f), lambda x, e, f: 4 / (e + f) ** 2),
    "identity": (lambda x, e, f: x, lambda x, e, f: 1),
}


@names
def test_function_to_the_last_digits(name):
    expected = [exactly(FORMULAS[name][0], x) for x in POINTS]
    assert ACTIVATIONS[name](np.array(POINTS)) == pytest.approx(expected, rel=1e-14, abs=0)


@names
def test_derivative_to_the_last_digits(name):
    expected = [exactly(FORMULAS[name][1], x) for x in POINTS]
    assert ACTIVATIONS[name].derivative(np.array(POINTS)) == pytest.approx(
        expected, rel=1e-14, abs=0)


@names
def test_no_warning_and_no_overflow_up_to_1e4(name):
    z = np.concatenate([np.linspace(-1e4, 1e4, 20001), [-1e4, 1e4, -745.2, -709.8, 709.8]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a, slope = ACTIVATIONS[name](z), ACTIVATIONS[name].derivative(z)
    assert np.isfinite(a).all() and np.isfinite(slope).all()
    assert ((slope >= 0) & (slope <= 1)).all()


@names
@given(x=st.integers(-100, 100))
@pytest.mark.parametrize("kind", ["int8", "int64", "uint8", "float32", "float16", "bool"])
def test_whole_numbers_and_short_floats_are_computed_as_float64(name, kind, x):
    z = np.array([x]).astype(kind)
    for of in (ACTIVATIONS[name], ACTIVATIONS[name].derivative):
        assert of(z).dtype == np.float64 and of(z) == of(z.astype(float))


@names
@given(x=st.floats(-1e4, 1e4).filter(lambda x: abs(x) > 1e-9))
def test_complex_step_of_the_function_is_the_derivative(name, x):
    step = ACTIVATIONS[name].function(np.array([x + 1e-30j])).imag / 1e-30
    assert step == pytest.approx(ACTIVATIONS[name].derivative(np.array([x])), rel=1e-12)


def test_derivative_at_the_kink_is_the_one_from_the_left():
    assert RELU.derivative(np.array([0.0, -0.0])).tolist() == [0.0, 0.0]
    assert LEAKY_RELU.derivative(np.array([0.0, -0.0])) == pytest.approx([0.1, 0.1])


def test_symmetries():
    z = np.linspace(-20, 20, 401)
    assert SIGMOID(z) + SIGMOID(-z) == pytest.approx(np.ones_like(z))
    assert TANH(z) == pytest.approx(2 * SIGMOID(2 * z) - 1, abs=1e-15)


@names
def test_any_shape_passes_through(name):
    z = np.random.default_rng(0).normal(size=(2, 3, 4))
    assert ACTIVATIONS[name](z).shape == ACTIVATIONS[name].derivative(z).shape == z.shape


def test_choice_by_name_or_by_value():
    assert activation("relu") is RELU
    mine = Activation("square", lambda z: z * z, lambda z: 2 * z)
    assert activation(mine) is mine


@pytest.mark.parametrize("choice", ["rleu", "", None, 3])
def test_unknown_activation_lists_the_choices(choice):
    with pytest.raises(ValueError, match="hidden must be one of relu, leaky_relu, sigmoid"):
        activation(choice, "hidden")
