"""Losses against exact arithmetic, and their gradients against complex steps."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from deepmath import BINARY_CROSS_ENTROPY, LOSSES, MEAN_SQUARED_ERROR, accuracy, l2_penalty
from deepmath.losses import loss_function
from hypothesis import given
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")


def cross_entropy_of_definition(z, y):
    """-y log p - (1 - y) log(1 - p), with digits enough for p = 1 - exp(-700)."""
    with localcontext() as context:
        context.prec = 330
        p = 1 / (1 + (-Decimal(z)).exp())
        return float(-p.ln() if y else -(1 - p).ln())


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("z", [0.0, 1e-9, 0.3, 2.0, 36.0, 50.0, 700.0])
def test_cross_entropy_is_exact_on_both_sides(z, y):
    for logit in (z, -z):
        value = BINARY_CROSS_ENTROPY.value(np.array([logit]), np.array([float(y)]))
        assert value == pytest.approx(cross_entropy_of_definition(logit, y), rel=1e-14, abs=0)


def test_cross_entropy_far_out_is_the_logit_or_nothing():
    z = np.array([1e4])  # log(1 + exp(-1e4)) is below the smallest double
    assert BINARY_CROSS_ENTROPY.value(z, np.zeros(1)) == 1e4
    assert BINARY_CROSS_ENTROPY.value(-z, np.ones(1)) == 1e4
    assert BINARY_CROSS_ENTROPY.value(z, np.ones(1)) == 0
    assert BINARY_CROSS_ENTROPY.value(-z, np.zeros(1)) == 0


def test_cross_entropy_of_a_soft_label():
    z, y, p = np.array([0.7]), np.array([0.25]), 1 / (1 + np.exp(-0.7))
    expected = -0.25 * np.log(p) - 0.75 * np.log(1 - p)
    assert BINARY_CROSS_ENTROPY.value(z, y) == pytest.approx(expected)


def test_no_warning_up_to_1e4():
    z = np.linspace(-1e4, 1e4, 4001)
    y = np.arange(4001) % 2.0
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite(BINARY_CROSS_ENTROPY.value(z, y))
        assert (np.abs(BINARY_CROSS_ENTROPY.gradient(z, y)) <= 1 / 4001).all()


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=1))
def test_mean_squared_error_in_fractions(pairs):
    expected = sum(Fraction((a - b) ** 2) for a, b in pairs) / len(pairs)
    outputs, y = np.array(pairs, dtype=float).T
    assert MEAN_SQUARED_ERROR.value(outputs, y) == pytest.approx(float(expected))


@pytest.mark.parametrize("name", LOSSES)
@given(z=st.floats(-30, 30).filter(lambda z: abs(z) > 1e-9), y=st.floats(0, 1))
def test_gradient_is_the_complex_step_of_the_value(name, z, y):
    loss, outputs, targets = LOSSES[name], np.array([z, 0.5, -1.0]), np.array([y, 0.0, 1.0])
    step = loss.value(outputs + np.array([1e-30j, 0, 0]), targets).imag / 1e-30
    assert step == pytest.approx(loss.gradient(outputs, targets)[0], rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("name", LOSSES)
def test_a_stack_of_outputs_gives_a_loss_each(name):
    rng = np.random.default_rng(0)
    outputs, y = rng.normal(size=(4, 9)), rng.integers(0, 2, 9).astype(float)
    values, gradients = LOSSES[name].value(outputs, y), LOSSES[name].gradient(outputs, y)
    assert values.shape == (4,) and gradients.shape == (4, 9)
    for value, gradient, z in zip(values, gradients, outputs):
        assert value == LOSSES[name].value(z, y)
        assert (gradient == LOSSES[name].gradient(z, y)).all()


def test_l2_penalty_and_its_gradient():
    value, gradient = l2_penalty(np.array([[3.0, 4.0], [0.0, 2.0]]), 0.1)
    assert value == pytest.approx([1.25, 0.2])
    assert gradient == pytest.approx(np.array([[0.3, 0.4], [0.0, 0.2]]))


def test_accuracy_counts_the_right_side_of_zero():
    logits = np.array([[-2.0, 3.0, 0.5, -0.1], [2.0, -3.0, -0.5, 0.1]])
    assert accuracy(logits, np.array([0.0, 1.0, 0.0, 0.0])).tolist() == [0.75, 0.25]


def test_unknown_loss_lists_the_choices():
    with pytest.raises(ValueError, match="loss must be one of binary_cross_entropy, mean_squ"):
        loss_function("hinge")
