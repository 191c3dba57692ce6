"""Data sets: the rule by which each is labelled, and that a seed gives it again."""

import numpy as np
import pytest
from deepmath import checkerboard, circles, default_rng, matching_days, own_points, spirals, xor
from hypothesis import given
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

every_data_set = pytest.mark.parametrize("make", [xor, circles, spirals, checkerboard])


@every_data_set
def test_shapes_labels_and_repetition(make):
    X, y = make(101, 3)
    assert X.shape == (101, 2) and y.shape == (101,)
    assert set(y) == {0.0, 1.0} and X.dtype == y.dtype == float
    again, other = make(101, default_rng(3)), make(101, 4)
    assert (X == again[0]).all() and (y == again[1]).all()
    assert (X != other[0]).any()


@every_data_set
def test_a_generator_is_used_and_global_state_is_not(make):
    before = np.random.get_state()[1].copy()
    rng = default_rng(0)
    assert (make(5, rng)[0] != make(5, rng)[0]).any()
    assert (np.random.get_state()[1] == before).all()


def test_xor_is_uniform_points_and_the_sign_of_their_product():
    X, y = xor(120, 42)
    assert (X == default_rng(42).uniform(-1, 1, (120, 2))).all()
    assert (y == (np.sign(X[:, 0]) == np.sign(X[:, 1]))).all()


@given(turns=st.floats(0.25, 4), seed=st.integers(0, 99))
def test_spirals_without_noise_lie_on_their_arms(turns, seed):
    X, y = spirals(60, seed, turns=turns, noise=0.0)
    radius, angle = np.hypot(*X.T), np.arctan2(X[:, 1], X[:, 0])
    assert ((radius > 0.0999) & (radius < 1.0001)).all()
    off = angle - 2 * np.pi * turns * radius - np.pi * y
    assert np.cos(off) == pytest.approx(np.ones(60))
    assert y.sum() == 30


def test_noise_displaces_the_spirals_by_its_deviation():
    (X, _), (clean, _) = spirals(4000, 0, noise=0.05), spirals(4000, 0, noise=0.0)
    assert (X - clean).std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("make", [xor, circles, checkerboard])
def test_noise_displaces_points_and_leaves_their_labels(make):
    (X, y), (clean, labels) = make(4000, 0, noise=0.1), make(4000, 0)
    assert (X - clean).std() == pytest.approx(0.1, rel=0.05) and (y == labels).all()
    with pytest.raises(ValueError, match="noise"):
        make(4, 0, noise=-0.1)


def test_circles_are_a_disc_and_a_ring_evenly_filled():
    X, y = circles(8000, 1)
    radius = np.hypot(*X.T)
    assert radius[y == 1].max() <= 0.4 and 0.6 <= radius[y == 0].min() and radius.max() <= 1.0
    # Of a uniform disc a quarter lies within half its radius.
    assert (radius[y == 1] < 0.2).mean() == pytest.approx(0.25, abs=0.03)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.integers(0, 1)), min_size=1))
def test_own_points_are_what_was_given(rows):
    X, y = own_points(rows)
    assert [(*point, label) for point, label in zip(X.tolist(), y.tolist())] == rows


@pytest.mark.parametrize("rows, said", [
    ([], "at least one"), ([(1, 2)], "rows"), ([(0, 0, 2)], "0 or 1; got 2"),
    ([(0, float("nan"), 1)], "finite")])
def test_rows_that_are_no_points_are_refused(rows, said):
    with pytest.raises(ValueError, match=said):
        own_points(rows)


@given(folds=st.integers(0, 4), seed=st.integers(0, 99))
def test_checkerboard_alternates_like_a_cosine_of_both_coordinates(folds, seed):
    X, y = checkerboard(50, seed, folds)
    waves = np.cos(np.pi / 2 * 2**folds * X) if folds else X
    assert (y == (waves[:, 0] * waves[:, 1] > 0)).all()


def test_no_fold_is_xor():
    assert (checkerboard(100, 0, folds=0)[1] == xor(100, 0)[1]).all()


def test_label_noise_flips_its_share():
    (X, y), (same, clean) = checkerboard(4000, 0, label_noise=0.1), checkerboard(4000, 0)
    assert (X == same).all()
    assert (y != clean).mean() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("call, message", [
    (lambda: xor(0, 1), "n_points must be a whole number, at least 1; got 0"),
    (lambda: xor(2.5, 1), "n_points must be a whole number"),
    (lambda: xor(5, "a"), "seed must be a whole number, at least 0; got 'a'"),
    (lambda: spirals(5, 1, turns=0), "turns must be a positive number; got 0"),
    (lambda: spirals(5, 1, noise=-0.1), "noise must be a number, zero or more; got -0.1"),
    (lambda: spirals(5, 1, noise=float("nan")), "noise must be a number, zero or more; got nan"),
    (lambda: checkerboard(5, 1, folds=-1), "folds must be a whole number, at least 0; got -1"),
    (lambda: checkerboard(5, 1, label_noise=0.5), "label_noise must be a number from 0 to below"),
])
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(st.integers(1, 40), st.integers(3, 12), st.integers(2, 6), st.integers(0, 99))
def test_the_last_day_has_the_key_of_one_earlier_day_and_its_value_is_asked_for(n, T, k, seed):
    X, y = matching_days(n, T, seed, k)
    keys, values = X[:, :-1], X[:, -1]
    assert X.shape == (n, k + 1, T) and not values[:, -1].any()
    np.testing.assert_allclose((keys**2).mean(axis=1), 1)
    same = (keys[:, :, :-1] == keys[:, :, -1:]).all(axis=1)
    assert (same.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(values[:, :-1][same], 2 * y - 1)


def test_each_earlier_day_is_as_likely_to_match():
    X, y = matching_days(4000, 5, 0)
    where = (X[:, :-1, :-1] == X[:, :-1, -1:]).all(axis=1).mean(axis=0)
    assert np.abs(where - 0.25).max() < 0.03 and abs(y.mean() - 0.5) < 0.03
    with pytest.raises(ValueError, match="n_days must be a whole number, at least 3; got 2"):
        matching_days(10, 2, 0)
