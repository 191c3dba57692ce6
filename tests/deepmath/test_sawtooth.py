"""The sawtooth networks against the composed tent map in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from deepmath import folded_sawtooth, shallow_sawtooth
from deepmath.sawtooth import count_pieces, tent
from hypothesis import given
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

every_k = pytest.mark.parametrize("k", range(1, 9))
dyadic = st.integers(0, 2**20).map(lambda i: Fraction(i, 2**20))


def composed_tent(x, k):
    for _ in range(k):
        x = 2 * x if x <= Fraction(1, 2) else 2 - 2 * x
    return x


@given(k=st.integers(1, 8), points=st.lists(dyadic, min_size=1, max_size=20))
def test_both_networks_are_the_composed_tent_exactly(k, points):
    X = np.array(points, dtype=float)[:, None]
    expected = [float(composed_tent(x, k)) for x in points]
    for network, theta in (folded_sawtooth(k), shallow_sawtooth(k)):
        assert network.predict(theta, X).tolist() == expected


@every_k
def test_both_networks_agree_on_all_of_the_interval(k):
    X = np.random.default_rng(k).random((2000, 1))
    (deep, theta), (shallow, theta_shallow) = folded_sawtooth(k), shallow_sawtooth(k)
    assert deep.predict(theta, X) == pytest.approx(
        shallow.predict(theta_shallow, X), rel=0, abs=4**k * 1e-15)


@every_k
def test_k_layers_of_two_units_make_two_to_the_k_pieces(k):
    network, theta = folded_sawtooth(k)
    assert network.sizes == (1, *[2] * k, 1)
    x = np.arange(2**12 + 1) / 2**12
    assert count_pieces(x, network.predict(theta, x[:, None])) == 2**k


@every_k
def test_the_shallow_one_has_a_unit_a_piece(k):
    network, theta = shallow_sawtooth(k)
    assert network.sizes == (1, 2**k, 1)
    x = np.arange(2**12 + 1) / 2**12
    assert count_pieces(x, network.predict(theta, x[:, None])) == 2**k


@given(seed=st.integers(0, 999), m=st.integers(1, 6))
def test_one_hidden_layer_of_m_units_has_at_most_m_bends(seed, m):
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.choice(np.arange(1, 256), m, replace=False)) / 256
    x = np.arange(257) / 256
    f = np.maximum(0, np.outer(rng.choice([-1.0, 1.0], m), x).T - knots) @ rng.normal(size=m)
    assert count_pieces(x, f) <= m + 1


def test_tent_in_the_middle_and_at_the_ends():
    assert tent(np.array([0.0, 0.25, 0.5, 0.75, 1.0])).tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]


@pytest.mark.parametrize("make", [folded_sawtooth, shallow_sawtooth])
@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_k_is_a_whole_number_of_folds(make, k):
    with pytest.raises(ValueError, match="k must be a whole number, at least 1; got"):
        make(k)
