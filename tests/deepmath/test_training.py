"""Training: the reference run, the optimisers, stacks, engines, and what goes wrong."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from deepmath import (
    ACTIVATIONS, Activation, Adam, DivergenceError, GradientDescent, Momentum, Network,
    accuracy, default_rng, fit, xor)
from deepmath.training import watched
from hypothesis import given, settings
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
COMPILED = pytest.param("compiled", marks=pytest.mark.needs("numba"))


# --- the reference run of the chapter's interactive cell

REFERENCE = [
    ("relu", 8, 0.05, 500, "0.697", "final loss 0.246, training accuracy 0.91"),
    ("relu", 8, 0.05, 2000, "0.697", "final loss 0.056, training accuracy 1.00"),
    ("relu", 16, 0.05, 500, "0.786", "final loss 0.166, training accuracy 0.99"),
    ("tanh", 8, 0.05, 500, "0.692", "final loss 0.610, training accuracy 0.69"),
    ("relu", 8, 0.005, 500, "0.697", "final loss 0.649, training accuracy 0.61"),
    ("tanh", 16, 0.05, 2000, "0.816", "final loss 0.064, training accuracy 0.99"),
]


@pytest.mark.parametrize("engine", ["fast", "readable", COMPILED])
@pytest.mark.parametrize("hidden, width, rate, n_epochs, first, line", REFERENCE)
def test_reference_run(engine, hidden, width, rate, n_epochs, first, line):
    rng = default_rng(42)
    X, y = xor(120, rng)
    network = Network((2, width, width, 1), hidden)
    theta = network.initialise(rng, scale=0.5)
    result = fit(network, theta, X, y, optimiser=GradientDescent(rate), n_epochs=n_epochs,
                 engine=engine)
    losses = result.history.training_loss
    share = accuracy(network.predict(result.theta, X), y)
    assert f"{losses[0]:.3f}" == first
    assert f"final loss {losses[-1]:.3f}, training accuracy {share:.2f}" == line


# --- stacks and engines

losses = st.sampled_from(["binary_cross_entropy", "mean_squared_error"])
optimisers = st.sampled_from([GradientDescent(0.1), Momentum(0.05, 0.8), Adam(0.01)])
runs = st.fixed_dictionaries({
    "loss": losses, "optimiser": optimisers, "n_epochs": st.integers(1, 12),
    "batch_size": st.sampled_from([None, 1, 7, 10, 30]), "batch_seed": st.integers(0, 9),
    "l2": st.sampled_from([0.0, 0.01]),
})
networks = st.builds(
    Network, st.sampled_from([(2, 1), (2, 5, 1), (2, 4, 3, 1), (2, 3, 2), (2, 3, 3, 3, 4)]),
    st.sampled_from(sorted(ACTIVATIONS)), st.sampled_from(["identity", "tanh"]))


def data(network, seed, stack=()):
    rng, k = default_rng(seed), network.sizes[-1]
    X = rng.uniform(-1, 1, (*stack, 30, 2))
    return X, rng.integers(0, 2, (*stack, 30) if k == 1 else (*stack, 30, k)).astype(float)


def assert_same(one, other):
    for a, b in [(one.theta, other.theta),
                 (one.history.training_loss, other.history.training_loss),
                 (one.history.validation_loss, other.history.validation_loss)]:
        assert a == pytest.approx(b, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("engine", ["fast", "readable", COMPILED])
@given(network=networks, run=runs, seed=st.integers(0, 99), own_data=st.booleans(),
       chunk_bytes=st.sampled_from([1, 9000, 2**21]))
@settings(max_examples=25, deadline=None)
def test_a_stack_is_its_networks_one_by_one(network, run, seed, own_data, engine, chunk_bytes):
    X, y = data(network, seed, (5,) if own_data else ())
    validation = data(network, seed + 1)
    thetas = network.initialise_stack(range(seed, seed + 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deepmath.engines.CHUNK_BYTES", chunk_bytes)
        stacked = fit(network, thetas, X, y, validation=validation, engine=engine, **run)
    assert stacked.theta.shape == thetas.shape
    for s in range(5):
        own = (X[s], y[s]) if own_data else (X, y)
        single = fit(network, thetas[s], *own, validation=validation, engine=engine, **run)
        assert_same(single, replace(stacked, theta=stacked.theta[s], history=replace(
            stacked.history, training_loss=stacked.history.training_loss[:, s],
            validation_loss=stacked.history.validation_loss[:, s])))


@pytest.mark.parametrize("engine", ["fast", COMPILED])
@given(network=networks, run=runs, seed=st.integers(0, 99), stack=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_engines_agree(engine, network, run, seed, stack):
    theta = network.initialise_stack(range(seed, seed + 3)) if stack else network.initialise(seed)
    arguments = {"validation": data(network, seed + 1), **run}
    one, readable = (fit(network, theta, *data(network, seed), engine=each, **arguments)
                     for each in (engine, "readable"))
    assert_same(one, readable)


@pytest.mark.parametrize("hidden", ["relu", "tanh"])
@pytest.mark.parametrize("engine", ["fast", COMPILED])
def test_the_engines_agree_after_a_whole_training(engine, hidden):
    network = Network((2, 8, 8, 1), hidden)
    thetas, (X, y) = network.initialise_stack(range(4)), xor(120, 42)
    one, readable = (fit(network, thetas, X, y, validation=xor(60, 1), n_epochs=500,
                         engine=each) for each in (engine, "readable"))
    assert_same(one, readable)


def test_an_activation_of_ones_own_trains():
    softsign = Activation("softsign", lambda z: z / (1 + abs(z)), lambda z: (1 + abs(z)) ** -2)
    network, (X, y) = Network((2, 6, 1), softsign), xor(60, 0)
    result = fit(network, network.initialise(0), X, y, optimiser=GradientDescent(1.0))
    assert result.history.training_loss[-1] < 0.5 * result.history.training_loss[0]


# --- the optimisers, against their papers and against scikit-learn

GRADIENTS = [3.0, -1.0, 0.5, 0.0, 2.0]


def moved_by(optimiser):
    """Return theta after each of the gradients, from theta = 1 on."""
    theta = np.array([1.0])
    state, path = optimiser.start(theta), []
    for t, g in enumerate(GRADIENTS, start=1):
        optimiser.step(theta, np.array([g]), state, t)
        path.append(theta[0])
    return path


def test_gradient_descent():
    assert moved_by(GradientDescent(0.1)) == pytest.approx([0.7, 0.8, 0.75, 0.75, 0.55])


def test_momentum():
    theta, v, expected = 1.0, 0.0, []
    for g in GRADIENTS:
        v = 0.9 * v - 0.1 * g
        theta = theta + v
        expected.append(theta)
    assert moved_by(Momentum(0.1, 0.9)) == pytest.approx(expected)


def test_adam_is_algorithm_1_of_kingma_and_ba():
    alpha, beta_1, beta_2, epsilon = 0.1, 0.8, 0.95, 1e-3
    theta, m, v, t, expected = 1.0, 0.0, 0.0, 0, []
    for g in GRADIENTS:
        t = t + 1
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat = m / (1 - beta_1**t)
        v_hat = v / (1 - beta_2**t)
        theta = theta - alpha * m_hat / (v_hat**0.5 + epsilon)
        expected.append(theta)
    assert moved_by(Adam(alpha, beta_1, beta_2, epsilon)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_training_is_that_of_scikit_learn(momentum):
    from sklearn.neural_network import MLPClassifier

    (X, y), network = xor(120, 3), Network((2, 6, 5, 1), "tanh")
    with warnings.catch_warnings(action="ignore"):
        theirs = MLPClassifier((6, 5), "tanh", solver="sgd", batch_size=120, alpha=0.12 * 120,
                               learning_rate_init=0.2, momentum=momentum, max_iter=200,
                               nesterovs_momentum=False, shuffle=False, tol=0.0,
                               n_iter_no_change=999, warm_start=True)
        theirs.partial_fit(X, y, classes=[0.0, 1.0])
        theta = np.concatenate([np.hstack([W.T, b[:, None]]).ravel() for W, b in
                                zip(theirs.coefs_, theirs.intercepts_)])
        theirs.fit(X, y)
    optimiser = Momentum(0.2, momentum) if momentum else GradientDescent(0.2)
    result = fit(network, theta, X, y, optimiser=optimiser, n_epochs=200, l2=0.12)
    trained = np.concatenate([np.hstack([W.T, b[:, None]]).ravel() for W, b in
                              zip(theirs.coefs_, theirs.intercepts_)])
    assert result.theta == pytest.approx(trained, rel=1e-9, abs=1e-9)


# --- what fit records, and when

NETWORK = Network((2, 4, 1), "tanh")
THETA = NETWORK.initialise(0)
X, Y = xor(30, 0)


def test_losses_are_those_before_the_update():
    validation = xor(20, 1)
    steps = []
    result = fit(NETWORK, THETA, X, Y, n_epochs=3, l2=0.1, validation=validation,
                 on_epoch=lambda epoch, theta, *losses: steps.append((epoch, theta, *losses)))
    before = [THETA, *[theta for _, theta, *_ in steps[:-1]]]
    assert [epoch for epoch, *_ in steps] == [0, 1, 2]
    assert (steps[-1][1] == result.theta).all()
    for name, (points, y), recorded in [
            ("training", (X, Y), result.history.training_loss),
            ("validation", validation, result.history.validation_loss)]:
        expected = [NETWORK.loss(theta, points, y) for theta in before]
        assert recorded == pytest.approx(expected, rel=1e-12), name
    assert [losses for _, _, *losses in steps] == np.column_stack(
        [result.history.training_loss, result.history.validation_loss]).tolist()


def test_a_mini_batch_epoch_by_hand():
    theta, order, expected = THETA.copy(), default_rng(5).permutation(30), 0.0
    for batch in (order[:12], order[12:24], order[24:]):
        value, gradient = NETWORK.loss_and_gradient(theta, X[batch], Y[batch])
        theta, expected = theta - 0.3 * gradient, expected + value * len(batch) / 30
    result = fit(NETWORK, THETA, X, Y, optimiser=GradientDescent(0.3), n_epochs=1,
                 batch_size=12, batch_seed=5)
    assert result.theta == pytest.approx(theta, rel=1e-12)
    assert result.history.training_loss == pytest.approx([expected], rel=1e-12)


def test_the_penalty_pulls_on_weights_and_not_on_biases():
    result = fit(NETWORK, THETA, X, Y, optimiser=GradientDescent(0.1), n_epochs=1, l2=0.5)
    _, gradient = NETWORK.loss_and_gradient(THETA, X, Y, l2=0.5)
    assert result.theta == pytest.approx(THETA - 0.1 * gradient, rel=1e-12)


def test_no_validation_no_validation_loss():
    result = fit(NETWORK, THETA, X, Y, n_epochs=2)
    assert result.history.validation_loss is None
    assert result.history.training_loss.shape == (2,)


def test_on_epoch_stops_the_training():
    result = fit(NETWORK, THETA, X, Y, n_epochs=100, on_epoch=lambda epoch, *_: epoch == 6)
    assert len(result.history.training_loss) == 7
    assert (result.theta == fit(NETWORK, THETA, X, Y, n_epochs=7).theta).all()


class InGroups:
    """A watcher that lets more and more epochs pass, and keeps all that it is told."""

    def __init__(self, *_):
        self.group, self.epochs, self.losses, self.checked = 1, [], [], []

    def __call__(self, first, theta, training_losses, validation_losses):
        self.epochs.append((first, len(training_losses)))
        self.theta, self.group = theta, self.group + 1
        self.losses.extend(training_losses)
        self.checked.extend(validation_losses)


@pytest.mark.parametrize("engine", ["fast", COMPILED])
def test_a_watcher_may_take_epochs_in_groups(engine):
    network, data, seen = Network((2, 4, 1)), xor(30, 1), []
    thetas = network.initialise_stack(range(3))
    with watched(lambda *training: seen.append(InGroups()) or seen[-1]):
        result = fit(network, thetas, *data, n_epochs=8, validation=data, engine=engine)
        fit(network, thetas, *data, n_epochs=4, validation=data, engine=engine,
            on_epoch=lambda *_: None)
        with pytest.raises(DivergenceError):
            fit(network, thetas, *data, "mean_squared_error", GradientDescent(1e200),
                validation=data, engine=engine)
    assert seen[0].epochs == [(0, 1), (1, 2), (3, 3), (6, 2)] and (seen[0].theta == result.theta).all()
    np.testing.assert_array_equal(seen[0].losses, result.history.training_loss)
    np.testing.assert_array_equal(seen[0].checked, result.history.validation_loss)
    assert seen[1].epochs == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert np.isfinite(seen[2].losses[0]).all() and not np.isfinite(seen[2].losses[-1]).all()


def test_neither_arguments_nor_later_runs_are_touched():
    before = THETA.copy(), X.copy(), Y.copy()
    optimiser = Adam(0.1)
    first = fit(NETWORK, THETA, X, Y, optimiser=optimiser, n_epochs=5, batch_size=7)
    second = fit(NETWORK, THETA, X, Y, optimiser=optimiser, n_epochs=5, batch_size=7)
    assert (first.theta == second.theta).all()
    assert all((a == b).all() for a, b in zip(before, (THETA, X, Y)))


def test_on_epoch_owns_its_theta():
    kept = []
    fit(NETWORK, THETA, X, Y, n_epochs=2, on_epoch=lambda e, theta, *_: kept.append(theta))
    kept[0][...] = 1e6
    assert (kept[1] == fit(NETWORK, THETA, X, Y, n_epochs=2).theta).all()


# --- what goes wrong

@pytest.mark.parametrize("engine", ["fast", "readable", COMPILED])
@pytest.mark.parametrize("hidden", ["relu", "leaky_relu", "identity"])
def test_divergence_names_the_epoch_and_the_rate(engine, hidden):
    network = Network((2, 8, 1), hidden)
    with pytest.raises(DivergenceError, match=r"diverged in epoch (\d+): .*; lower the learning "
                                              r"rate \(.*learning_rate=1000000.0\)") as error:
        fit(network, network.initialise(0), X, Y, "mean_squared_error", GradientDescent(1e6),
            n_epochs=500, engine=engine)
    assert isinstance(error.value, ValueError) and isinstance(error.value, ArithmeticError)


def test_divergence_of_the_last_update_and_of_one_network_of_a_stack():
    network = Network((1, 1), "identity")
    thetas, ones = np.array([[0.0, 0.0], [1e200, 0.0]]), np.ones((3, 1))
    with pytest.raises(DivergenceError, match="diverged in epoch 0"):
        fit(network, thetas, ones, np.ones(3), "mean_squared_error", n_epochs=5)
    with pytest.raises(DivergenceError, match="diverged in epoch 0"):
        fit(network, thetas[0], ones, np.ones(3), "mean_squared_error",
            GradientDescent(1e308), n_epochs=1)


def test_a_warning_of_on_epoch_is_not_swallowed():
    with pytest.raises(RuntimeWarning, match="divide by zero"):
        fit(NETWORK, THETA, X, Y, on_epoch=lambda *_: bool(np.ones(1) / np.zeros(1)))


NAN = float("nan")


@pytest.mark.parametrize("changes, message", [
    ({"X": np.where(X > 0.9, NAN, X)}, "X must hold finite numbers; it holds NaN"),
    ({"y": np.full(30, NAN)}, "y must hold finite numbers"),
    ({"theta": np.full(17, NAN)}, "theta must hold finite numbers"),
    ({"theta": THETA[:-1]}, r"theta must have the shape \(17,\) or \(S, 17\); got \(16,\)"),
    ({"X": X[:, :1]}, r"X must have the shape \(n, 2\); got \(30, 1\)"),
    ({"X": X[:0], "y": Y[:0]}, r"X must have the shape \(n, 2\); got \(0, 2\)"),
    ({"y": Y[:-1]}, r"y must have the shape \(30,\); got \(29,\)"),
    ({"y": 2 * Y - 1}, "y must hold labels from 0 to 1 for binary_cross_entropy; got .* -1 to 1"),
    ({"loss": "hinge"}, "loss must be one of binary_cross_entropy, mean_squared_error"),
    ({"network": Network((2, 4, 1), "tanh", "sigmoid")}, "output must be 'identity' for binary"),
    ({"optimiser": 0.05}, r"optimiser must be a GradientDescent, Momentum or Adam.*; got 0.05"),
    ({"n_epochs": 0}, "n_epochs must be a whole number, at least 1; got 0"),
    ({"n_epochs": 1.5}, "n_epochs must be a whole number, at least 1; got 1.5"),
    ({"batch_size": 0}, "batch_size must be a whole number, at least 1; got 0"),
    ({"batch_seed": -1}, "batch_seed must be a whole number, at least 0; got -1"),
    ({"l2": -0.1}, "l2 must be a number, zero or more; got -0.1"),
    ({"validation": (X[:, :1], Y)}, r"validation X must have the shape \(n, 2\)"),
    ({"validation": (X, Y + 1)}, "validation y must hold labels from 0 to 1"),
    ({"engine": "slow"}, "engine must be one of auto, compiled, fast, readable; got 'slow'"),
])
def test_bad_arguments(changes, message):
    good = {"network": NETWORK, "theta": THETA, "X": X, "y": Y, "n_epochs": 2}
    with pytest.raises(ValueError, match=message):
        fit(**{**good, **changes})


@pytest.mark.parametrize("make", [GradientDescent, Momentum, Adam])
@pytest.mark.parametrize("rate", [-0.05, 0.0, NAN, float("inf"), "0.1", None])
def test_a_rate_that_is_not_positive(make, rate):
    with pytest.raises(ValueError, match="learning_rate must be a positive number; got"):
        make(rate)


@pytest.mark.parametrize("make, message", [
    (lambda: Momentum(0.1, 1.0), "momentum must be a number from 0 to below 1; got 1.0"),
    (lambda: Adam(beta1=-0.1), "beta1 must be a number from 0 to below 1; got -0.1"),
    (lambda: Adam(beta2=1.0), "beta2 must be a number from 0 to below 1; got 1.0"),
    (lambda: Adam(epsilon=0.0), "epsilon must be a positive number; got 0.0"),
])
def test_other_settings_of_optimisers(make, message):
    with pytest.raises(ValueError, match=message):
        make()
