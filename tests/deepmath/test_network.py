"""The network: its parameters' layout, its forward pass, stacks, and what it refuses."""

from math import sqrt

import numpy as np
import pytest
from deepmath import ACTIVATIONS, Network, default_rng, views
from hypothesis import given
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

widths = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)


def point_by_point(network, theta, X):
    """Evaluate a network with sums of Python floats, one point and one unit at a time."""
    outputs = []
    for a in X.tolist():
        for (W, b), activation in zip(views(theta, network.sizes), network.activations):
            z = [sum(w * x for w, x in zip(row, a)) + bias
                 for row, (bias,) in zip(W.tolist(), b.tolist())]
            a = [float(activation(np.array(value))) for value in z]
        outputs.append(a)
    return np.array(outputs)


@given(sizes=widths, seed=st.integers(0, 99), hidden=st.sampled_from(sorted(ACTIVATIONS)),
       output=st.sampled_from(sorted(ACTIVATIONS)))
def test_forward_is_what_it_is_point_by_point(sizes, seed, hidden, output):
    network, rng = Network(sizes, hidden, output), default_rng(seed)
    theta, X = rng.normal(size=network.n_parameters), rng.normal(size=(6, sizes[0]))
    expected = point_by_point(network, theta, X)
    outputs = network.predict(theta, X)
    assert outputs.reshape(6, -1) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert outputs.shape == ((6,) if sizes[-1] == 1 else (6, sizes[-1]))


@given(sizes=widths, seed=st.integers(0, 99))
def test_layers_without_activation_collapse_to_one(sizes, seed):
    network, rng = Network(sizes, hidden="identity"), default_rng(seed)
    theta, X = rng.normal(size=network.n_parameters), rng.normal(size=(5, sizes[0]))
    A, c = np.eye(sizes[0]), np.zeros((sizes[0], 1))
    for W, b in views(theta, sizes):
        A, c = W @ A, W @ c + b
    assert network.forward(theta, X).a[-1] == pytest.approx(A @ X.T + c)


@given(sizes=widths, seed=st.integers(0, 99), own_data=st.booleans())
def test_a_stack_is_its_networks_one_by_one(sizes, seed, own_data):
    network, rng = Network(sizes, "tanh"), default_rng(seed)
    thetas = rng.normal(size=(3, network.n_parameters))
    X = rng.normal(size=(3, 7, sizes[0]) if own_data else (7, sizes[0]))
    stacked = network.forward(thetas, X)
    for s in range(3):
        single = network.forward(thetas[s], X[s] if own_data else X)
        for many, one in zip(stacked.z + stacked.a[1:], single.z + single.a[1:]):
            assert many[s] == pytest.approx(one, rel=1e-12, abs=1e-12)
        assert stacked.output[s] == pytest.approx(single.output, rel=1e-12, abs=1e-12)


def test_trace_holds_each_step_with_points_as_columns():
    network = Network((2, 3, 4, 1), "tanh", "sigmoid")
    theta, X = network.initialise(0), default_rng(1).normal(size=(9, 2))
    trace = network.forward(theta, X)
    assert [z.shape for z in trace.z] == [(3, 9), (4, 9), (1, 9)]
    assert [a.shape for a in trace.a] == [(2, 9), (3, 9), (4, 9), (1, 9)]
    assert (trace.inputs == X.T).all()
    assert (trace.a[2] == np.tanh(trace.z[1])).all()
    assert [r.shape for r in network.representations(theta, X)] == [(9, 3), (9, 4)]
    assert (network.representations(theta, X)[1] == trace.a[2].T).all()


@given(sizes=widths, stack=st.sampled_from([(), (3,)]))
def test_views_cover_theta_once_and_do_not_copy(sizes, stack):
    theta = np.zeros((*stack, Network(sizes).n_parameters))
    for (W, b), d, h in zip(views(theta, sizes), sizes, sizes[1:]):
        assert W.shape == (*stack, h, d) and b.shape == (*stack, h, 1)
        W += 1.0
        b += 1.0
    assert (theta == 1.0).all()


def test_weights_are_drawn_layer_by_layer_and_biases_are_zero():
    network, rng = Network((2, 8, 8, 1)), default_rng(7)
    for (W, b), shape in zip(views(network.initialise(7, scale=0.3), network.sizes),
                             [(8, 2), (8, 8), (1, 8)]):
        assert (W == rng.normal(0.0, 0.3, shape)).all()
        assert (b == 0).all()


@pytest.mark.parametrize("scheme, deviation", [
    ("normal", 0.5), ("he", sqrt(2 / 400)), ("glorot", sqrt(2 / 700))])
def test_deviation_of_each_scheme(scheme, deviation):
    (W, _), = views(Network((400, 300)).initialise(0, scheme), (400, 300))
    assert W.mean() == pytest.approx(0.0, abs=5 * deviation / sqrt(W.size))
    assert W.std() == pytest.approx(deviation, rel=5 / sqrt(2 * W.size))


def test_a_stack_starts_where_its_seeds_start():
    network = Network((2, 3, 1))
    thetas = network.initialise_stack([4, 5], "he")
    assert (thetas == [network.initialise(4, "he"), network.initialise(5, "he")]).all()


def test_loss_is_the_loss_of_loss_and_gradient():
    network, rng = Network((2, 4, 2)), default_rng(0)
    thetas, X, y = (rng.normal(size=s) for s in [(3, network.n_parameters), (9, 2), (9, 2)])
    value, gradient = network.loss_and_gradient(thetas, X, y, "mean_squared_error", l2=0.1)
    assert (network.loss(thetas, X, y, "mean_squared_error", l2=0.1) == value).all()
    errors = ((network.predict(thetas, X) - y) ** 2).mean(axis=(1, 2))
    squares = sum((W**2).sum(axis=(1, 2)) for W, _ in views(thetas, network.sizes))
    assert value == pytest.approx(errors + 0.05 * squares)
    assert gradient.shape == thetas.shape


@pytest.mark.parametrize("sizes", [(2, 0, 1), (2, -3, 1), (2, 2.5, 1), (2, True, 1), (2, "8", 1)])
def test_a_width_below_one_is_refused(sizes):
    with pytest.raises(ValueError, match=r"sizes=.* must be a whole number, at least 1; got"):
        Network(sizes)


@pytest.mark.parametrize("sizes", [(), (2,), 8, "281", None])
def test_sizes_need_an_input_and_an_output(sizes):
    with pytest.raises(ValueError, match="sizes must hold the widths of the input"):
        Network(sizes)


@pytest.mark.parametrize("argument", ["hidden", "output"])
def test_an_unknown_activation_names_its_argument(argument):
    with pytest.raises(ValueError, match=f"{argument} must be one of relu, .*; got 'softsign'"):
        Network((2, 3, 1), **{argument: "softsign"})


X, THETA = np.zeros((5, 2)), np.zeros(13)


@pytest.mark.parametrize("theta, X, message", [
    (THETA, np.full((5, 2), np.nan), "X must hold finite numbers; it holds NaN"),
    (THETA, np.full((5, 2), np.inf), "X must hold finite numbers"),
    (THETA, [["a", "b"]], "X must be an array of real numbers"),
    (THETA, np.zeros((5, 3)), r"X must have the shape \(n, 2\); got \(5, 3\)"),
    (THETA, np.zeros(2), r"X must have the shape \(n, 2\); got \(2,\)"),
    (THETA, np.zeros((0, 2)), r"X must have the shape \(n, 2\); got \(0, 2\)"),
    (THETA, np.zeros((3, 5, 2)), r"X must have the shape \(n, 2\); got \(3, 5, 2\)"),
    (np.zeros((4, 13)), np.zeros((3, 5, 2)), r"X must .* \(n, 2\) or \(4, n, 2\); got \(3, 5"),
    (np.zeros(12), X, r"theta must have the shape \(13,\) or \(S, 13\); got \(12,\)"),
])
def test_points_and_parameters_that_do_not_fit(theta, X, message):
    with pytest.raises(ValueError, match=message):
        Network((2, 3, 1)).predict(theta, X)


@pytest.mark.parametrize("y", [np.zeros(4), np.zeros((5, 1)), np.zeros((3, 5)), 1.0])
def test_targets_that_do_not_fit(y):
    with pytest.raises(ValueError, match=r"y must have the shape \(5,\); got"):
        Network((2, 3, 1)).loss_and_gradient(THETA, X, y)


@pytest.mark.parametrize("arguments, message", [
    ({"scheme": "uniform"}, "scheme must be one of normal, he, glorot; got 'uniform'"),
    ({"scale": 0.0}, "scale must be a positive number; got 0.0"),
    ({"scale": float("nan")}, "scale must be a positive number; got nan"),
    ({"seed": -1}, "seed must be a whole number, at least 0; got -1"),
    ({"seed": None}, "seed must be a whole number"),
])
def test_initialisation_names_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        Network((2, 3, 1)).initialise(**{"seed": 0, **arguments})
