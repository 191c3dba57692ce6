"""The figures of the chapter on networks measure what they say, and refuse what makes no sense."""

import numpy as np
import pytest

from deepmath import BINARY_CROSS_ENTROPY, Network, figures, linear_probe, spirals, xor
from deepmath.leaves import photograph, specimens


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu"])
def test_norms_of_gradients_are_those_of_the_network(hidden):
    found = figures.gradient_norms.norms([0, 1], "plain", hidden, depth=3, width=6, n_points=20)
    network = Network((2, 6, 6, 6, 1), hidden=hidden)
    theta = network.initialise_stack([0, 1], figures.gradient_norms.SCHEMES[hidden])
    X, y = xor(20, 1000)
    trace = network.forward(theta, X)
    _, *dZ = network.deltas(theta, trace, BINARY_CROSS_ENTROPY.gradient(trace.output, y))
    size = np.array([np.linalg.norm(W.mT @ d, axis=(-2, -1))
                     for (W, _), d in zip(network.layers(theta)[1:], dZ)])
    np.testing.assert_allclose(found["norms"], (size / size[-1]).T, rtol=1e-12)


@pytest.mark.parametrize("kind", ["residual", "normalised", "both"])
def test_norms_of_gradients_agree_with_differences(kind):
    h, f = 1e-6, np.tanh
    found = figures.gradient_norms.norms([0], kind, "tanh", depth=3, width=3, n_points=8)
    network = figures.gradient_norms.deep_network(kind, 3, 3, "tanh")
    layers = network.by_layer(network.initialise(0, "glorot"))
    first, *blocks, last = [next(pair for pair in layer if pair[0].shape[-1] > 1) for layer in layers]
    X, y = xor(8, 1000)

    def N(a):
        return (a - a.mean(axis=0)) / np.sqrt(a.var(axis=0) + 1e-5)

    def loss(layer, change):
        A = f(first[0] @ X.T + first[1]) + (change if layer == 0 else 0.0)
        for l, (W, b) in enumerate(blocks, start=1):
            added = {"residual": A + f(W @ A + b), "normalised": f(N(W @ A + b)),
                     "both": A + f(W @ N(A) + b)}
            A = added[kind] + (change if l == layer else 0.0)
        return BINARY_CROSS_ENTROPY.value((last[0] @ A + last[1])[0], y)

    norms = [np.sqrt(sum(((loss(layer, h * unit) - loss(layer, -h * unit)) / (2 * h)) ** 2
                         for unit in np.eye(24).reshape(24, 3, 8))) for layer in range(3)]
    np.testing.assert_allclose(found["norms"][0], np.array(norms) / norms[-1], rtol=1e-5)


def test_the_bound_holds_for_sigmoids():
    found = figures.gradient_norms.compute(depth=6, width=8, seeds=range(20), n_points=30)
    assert (found.plain[0] <= found.bound * (1 + 1e-12)).all()


def test_random_layers_are_probed_as_the_spirals_are():
    found = figures.random_layers.compute((8,), n_seeds=4, n_epochs=2)
    of_spirals = figures.spirals.compute(n_seeds=4, n_epochs=2)
    assert found.plane == of_spirals.probe_accuracy[0, 0, 0]
    # the first layer of a network 2-8-8-1 is drawn first, and so is that of 2-8-1
    np.testing.assert_array_equal(found.probe_accuracy[0, 0], of_spirals.probe_accuracy[0, :, 1])


def test_clean_and_flipped_labels_are_told_apart():
    found = figures.overfitting.compute(n_epochs=4, n_seeds=3)
    network = figures.overfitting.large_network()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y, flips = figures.overfitting.noisy_xor(80, rng, 0.15)
        true = (X[:, 0] * X[:, 1] > 0).astype(float)
        assert np.array_equal(flips, y != true)
        right = (network.predict(found.theta[0, seed], X) > 0) == (y > 0.5)
        assert found.clean[0, -1, seed] == pytest.approx(right[~flips].mean())
        assert found.flipped[0, -1, seed] == pytest.approx(right[flips].mean())


def test_the_shortest_weights_fit_the_points():
    found = figures.double_descent.compute((3,), n_points=12, n_features=(6, 24), n_seeds=5)
    rng = np.random.default_rng(2)
    X, X_test = rng.normal(size=(12, 3)), rng.normal(size=(500, 3))
    y = figures.double_descent.target(X) + rng.normal(0.0, 0.5, 12)
    weights = rng.normal(size=(4, 24))
    weights /= np.linalg.norm(weights, axis=0)
    F, F_test = (np.maximum(0, np.column_stack([P, np.ones(len(P))]) @ weights)
                 for P in (X, X_test))
    v = np.linalg.pinv(F) @ y
    assert found.training_error[0, 1].max() < 1e-20 < 0.01 < found.training_error[0, 0].min()
    assert found.test_error[0, 1, 2] == pytest.approx(
        np.mean((F_test @ v - figures.double_descent.target(X_test)) ** 2), rel=1e-6)
    assert found.size[0, 1, 2] == pytest.approx(np.abs(v).sum(), rel=1e-6)


def test_a_convolution_moves_with_its_input_and_another_map_does_not():
    found = figures.convolution.compute(shift=5)
    np.testing.assert_allclose(np.roll(found.convolved[0], 5), found.convolved[1], atol=1e-12)
    assert np.abs(np.roll(found.mixed[0], 5) - found.mixed[1]).max() > 0.5
    kernel = [found.signals[0] @ found.convolution[i] for i in range(24)]
    np.testing.assert_allclose(kernel, found.convolved[0])


def test_the_influence_of_the_start_is_a_derivative():
    size, gate, h = 0.8, 0.3, 1e-6
    found = figures.memory.influence(0, size, 6, 4, gate)
    rng = np.random.default_rng(0)
    U = size * np.linalg.qr(rng.normal(size=(4, 4)))[0]
    inputs = rng.normal(0.0, 0.1, (6, 4))

    def run(state):
        for x in inputs:
            state = (1 - gate) * state + gate * np.tanh(U @ state + x)
        return state

    J = np.array([(run(h * unit) - run(-h * unit)) / (2 * h) for unit in np.eye(4)])
    assert found[0] == 1 and found[-1] == pytest.approx(np.linalg.norm(J, 2), rel=1e-6)


def test_paths_go_down_and_the_plane_is_of_steep_and_flat_directions():
    found = figures.optimisers.compute(rates=(0.1,), n_seeds=1, n_epochs=1, n_steps=20)
    plane = figures.optimisers.Plane(*xor(120, 42))
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-10)
    steep = plane.directions[1] @ plane.hessian() @ plane.directions[1]
    flat = plane.directions[0] @ plane.hessian() @ plane.directions[0]
    assert steep == pytest.approx(found.curvature, rel=1e-3) and 15 < steep / flat < 60
    losses = [plane.network.loss(plane.origin + place @ plane.directions, plane.X, plane.y)
              for place in found.paths[0]]
    assert (np.diff(losses) < 0).all()


def test_a_run_that_diverges_counts_as_one():
    found = figures.optimisers.compute(rates=(1e60,), n_seeds=2, n_epochs=30, n_steps=1)
    assert (found.loss[0] == figures.optimisers.CAP).all() and (found.fresh_accuracy[0] == 0).all()


def test_confidence_falls_into_its_bins():
    sure = np.array([[[0.52, 0.58, 0.97], [0.51, 0.99, 1.0]]])
    right = np.array([[[True, False, True], [True, False, True]]])
    says, rights, share = figures.calibration.in_bins(sure, right, 5)
    np.testing.assert_allclose(says[0], [(0.52 + 0.58 + 0.51) / 3, np.nan, np.nan, np.nan,
                                         (0.97 + 0.99 + 1.0) / 3])
    np.testing.assert_allclose(rights[0], [2 / 3, np.nan, np.nan, np.nan, 2 / 3])
    np.testing.assert_allclose(share[0], [0.5, 0, 0, 0, 0.5])


def test_the_best_temperature_of_logits_that_are_doubled_is_twice_that():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (1, 20_000))
    y = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(float)
    one, two = (figures.calibration.best_temperature(each * logits, y[0])[0] for each in (1, 2))
    assert one == pytest.approx(1, rel=0.06) and two == pytest.approx(2, rel=0.06)


def leaf_network(n=40, seeds=(0,)):
    return figures.leaf_networks.train_stack(seeds, "convolutional", n)


def test_networks_of_leaves_have_as_many_parameters():
    convolutional, connected = map(figures.leaf_networks.network, figures.leaf_networks.KINDS)
    assert abs(convolutional.n_parameters - connected.n_parameters) <= 3
    assert connected.point_shapes[2] == (2,)
    X = figures.leaf_networks.points(photograph(specimens(5, 0)))
    np.testing.assert_allclose(X.mean(axis=(2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=(2, 3)), 1)


def test_layers_at_every_pixel_are_those_of_the_network():
    theta, X = leaf_network()[0], figures.leaf_networks.points(photograph(specimens(6, 1)))
    first, second = figures.leaf_networks.everywhere(theta, X)
    own = figures.leaf_networks.network("convolutional").representations(theta, X)
    np.testing.assert_allclose(np.moveaxis(first[:, ::2, ::2], -1, 1), own[1], atol=1e-12)
    np.testing.assert_allclose(np.moveaxis(second[:, ::6, ::6], -1, 1), own[4], atol=1e-12)


def test_responses_at_every_pixel_are_shifted_with_the_picture():
    leaf = figures.leaf_layers.compute(leaf=3)
    moved = figures.leaf_layers.compute(leaf=3, right=2.0, down=1.0)
    inner = slice(9, -9)
    rolled = np.roll(leaf.first, (1, 2), axis=(1, 2))[:, inner, inner]
    found = moved.first[:, inner, inner]                    # but for the noise, and the light
    for one, other in zip(rolled, found):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


def test_a_stack_of_one_is_that_network_of_a_larger_one():
    np.testing.assert_allclose(leaf_network()[0], leaf_network(seeds=(1, 0))[1], atol=1e-9)


def test_accuracies_of_leaves_are_shares_of_leaves():
    found = figures.leaf_learning.compute((6,), n_seeds=2, turns=(0, 60), shifts=(0, 8), n_fresh=8)
    assert found.accuracy.shape == (2, 1, 2)
    for values, n in ((found.accuracy, 8), (found.turned, 4), (found.shifted, 4),
                      (found.lobes, 4), (found.margin, 4)):
        np.testing.assert_allclose(values * n, np.round(values * n))
        assert 0 <= values.min() and values.max() <= 1
    assert (found.turned[0] <= np.minimum(found.lobes, found.margin)).all()
    assert (np.diff(found.above, axis=1) <= 0).all() and (found.above[2, 0] == 1).all()
    drawn = specimens(8, 0)
    assert set(figures.leaf_learning.turned_by(drawn, 60).turn) == {-60, 60}
    np.testing.assert_allclose(
        np.linalg.norm(figures.leaf_learning.shifted_by(drawn, 3).shift, axis=1), 3)


def test_a_unit_that_follows_a_map_is_told_by_its_correlation():
    maps = np.random.default_rng(0).normal(size=(3, 4, 9, 9))
    units = np.stack([2 * maps[0] + 1, maps[1] - maps[2], maps[0] + maps[1], 0 * maps[0]], axis=-1)
    one = figures.leaf_units.correlation(units, [maps[0]])
    expected = [abs(np.corrcoef(units[..., i].ravel(), maps[0].ravel())[0, 1]) for i in range(3)]
    np.testing.assert_allclose(one, [*expected, 0], atol=1e-12)
    two = figures.leaf_units.correlation(units, [maps[1], maps[2]])
    assert two[1] == pytest.approx(1) and two[3] == 0


def test_covering_the_ground_costs_nothing_and_covering_the_leaf_does():
    leaves, thetas = photograph(specimens(4, 1)), leaf_network(200)
    falls = figures.leaf_units.covered(thetas, leaves)
    corner, middle = abs(falls[:, 0, 0]), abs(falls[:, 5:9, 5:9]).max(axis=(1, 2))
    assert (corner < middle).all() and middle.max() > 0.05


def test_mean_squares_start_with_the_inputs_and_follow_the_formula():
    found = figures.initialisation.compute(factors=(0.5, 1.0), depth=4, width=256, n_seeds=8)
    np.testing.assert_allclose(found.mean_square.mean(axis=-1), found.predicted, rtol=0.1)
    # a layer of 2000 units, by the formula of its own: half of the variance of a normal number
    wide = figures.initialisation.compute(factors=(1.0,), depth=1, width=2000, n_seeds=1)
    assert wide.mean_square[0, 1, 0] == pytest.approx(wide.mean_square[0, 0, 0], rel=0.02)


@pytest.mark.parametrize("figure, setting, told", [
    ("random_layers", {"n_seeds": 0}, "n_seeds must be a whole number, at least 1; got 0"),
    ("random_layers", {"widths": ()}, "widths must name at least one"),
    ("gradient_norms", {"depth": 1}, "depth must be a whole number, at least 2; got 1"),
    ("gradient_norms", {"width": 2.5}, "width must be a whole number"),
    ("residual", {"depths": (3, 1)}, "each of depths must be a whole number, at least 2; got 1"),
    ("residual", {"n_epochs": 0}, "n_epochs must be a whole number, at least 1; got 0"),
    ("overfitting", {"l2": -1}, "l2 must be a number, zero or more; got -1"),
    ("overfitting", {"flipped": 0.5}, "flipped must be a number above 0 and below 0.5; got 0.5"),
    ("double_descent", {"noise": "much"}, "noise must be a number, zero or more; got 'much'"),
    ("double_descent", {"n_inputs": (1,)}, "each of n_inputs must be a whole number, at least 2"),
    ("convolution", {"shift": -1}, "shift must be a whole number, at least 0; got -1"),
    ("memory", {"gate": 0}, "gate must be a number above 0 and at most 1; got 0"),
    ("memory", {"gate": 1.5}, "gate must be a number above 0 and at most 1; got 1.5"),
    ("attention", {"lengths": (2, 9)}, "each of lengths must be a whole number, at least 3; got 2"),
    ("attention", {"shown": 4}, "shown must be one of the lengths (3, 5, 9, 17); got 4"),
    ("attention", {"n_points": 0}, "n_points must be a whole number, at least 1; got 0"),
    ("optimisers", {"batch_size": 0}, "batch_size must be a whole number, at least 1; got 0"),
    ("optimisers", {"rates": (0,)}, "each of rates must be a positive number; got 0"),
    ("initialisation", {"factors": (-1,)}, "each of factors must be a positive number; got -1"),
    ("leaves", {"n_leaves": 0}, "n_leaves must be a whole number, at least 1; got 0"),
    ("leaf_learning", {"n_leaves": ()}, "n_leaves must name at least one number of leaves"),
    ("leaf_learning", {"n_leaves": (1001,)}, "each of n_leaves must be at most 1000; got 1001"),
    ("leaf_learning", {"turns": (-1,)}, "each of turns must be a number, zero or more; got -1"),
    ("leaf_learning", {"n_fresh": 1}, "n_fresh must be a whole number, at least 2; got 1"),
    ("leaf_layers", {"species": 5}, "species must name some of 0 to 4"),
    ("leaf_layers", {"turn": "far"}, "turn must be a number; got 'far'"),
    ("leaf_units", {"n_leaves": 7}, "n_leaves must be a whole number, at least 8; got 7"),
    ("calibration", {"n_bins": 0}, "n_bins must be a whole number, at least 1; got 0"),
    ("confidence", {"limit": 0}, "limit must be a positive number; got 0"),
    ("units", {"epochs": (5, 2)}, "epochs must be numbers of updates in growing order"),
    ("units", {"n_hidden": 0}, "n_hidden must be a whole number, at least 1; got 0"),
    ("coin_tosses", {"n_points": 0}, "n_points must be a whole number, at least 1; got 0"),
    ("coin_tosses", {"widths": (0,)}, "each of widths must be a whole number, at least 1; got 0"),
    ("folds", {"n_folds": 6}, "n_folds must be at most 5; got 6"),
    ("folds", {"n_seeds": 0}, "n_seeds must be a whole number, at least 1; got 0"),
    ("many_seeds", {"n_seeds": 43}, "n_seeds must be at most 42; got 43"),
    ("many_seeds", {"n_epochs": 0}, "n_epochs must be a whole number, at least 1; got 0"),
    ("moved", {"angles": (-5,)}, "each of angles must be a number of degrees from 0 to 360; got -5"),
    ("moved", {"pushes": (-1,)}, "each of pushes must be a number, zero or more; got -1"),
    ("depth", {"learning_rates": (0.1,)}, "learning_rates must be one for each of 4"),
    ("depth", {"seeds": ()}, "seeds and architectures must name at least one each")])
def test_what_makes_no_sense_is_refused_by_name(figure, setting, told):
    with pytest.raises(ValueError, match=told.replace("(", r"\(").replace(")", r"\)")):
        getattr(figures, figure).compute(**setting)


def test_the_steepest_direction_is_that_of_the_logit_s_gradient():
    X, y = xor(20, 3)
    network = figures.overfitting.large_network()
    _, theta = figures.overfitting.trained(0.01, 5, 2)
    found = figures.moved.directions(network, theta, X, y)
    steps = [network.predict(theta, X + 1e-6 * axis) - network.predict(theta, X - 1e-6 * axis)
             for axis in np.eye(2)]
    slope = np.stack(steps, axis=-1) * np.where(y > 0.5, -1.0, 1.0)[:, None]
    np.testing.assert_allclose(found, slope / np.linalg.norm(slope, axis=-1, keepdims=True),
                               atol=1e-6)


def test_spirals_reach_nine_tenths_of_their_turns():
    X, y = spirals(20_000, 0, turns=1.0, noise=0.0)
    arm = X[y == 0]
    angle = np.unwrap(np.sort(np.arctan2(arm[:, 1], arm[:, 0]) % (2 * np.pi)))
    assert angle[-1] - angle[0] == pytest.approx(0.9 * 2 * np.pi, rel=0.01)
    assert linear_probe(X[:300], y[:300], X, y) < 0.6
