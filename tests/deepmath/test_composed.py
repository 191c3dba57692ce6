"""Networks of other layers: each pass against formulas and libraries that know nothing of it."""

import pickle
import re

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from deepmath import (
    ACTIVATIONS, BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY, Adam, Attention, Conv1d, Conv2d, Dense, EarlyStopping,
    Flatten, GlobalPool, GradientDescent, Last, LayerNorm, Momentum, Network, Places, Pool, Recurrent,
    Residual, Sequential, Steps, check_gradient, class_accuracy, default_rng, fit, softmax)
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

N, K = 5, 3
few = settings(max_examples=25, deadline=None)
stacks = st.sampled_from([(), (1,), (3,)])


def drawn(network, stack=(), own=False, n=N, seed=0):
    """Parameters of any size, points, and labels of K classes; or a data set for each network."""
    rng = default_rng(seed)
    theta = 0.5 * rng.normal(size=(*stack, network.n_parameters))
    data = stack if own else ()
    return (theta, rng.normal(size=(*data, n, *network.input_shape)),
            rng.integers(0, network.output_size, (*data, n)))


def agrees(network, stack=(), own=False):
    check = check_gradient(network, *drawn(network, stack, own), "softmax_cross_entropy", l2=0.1)
    assert check.relative_error < 1e-10 and not check.on_kink


# ------------------------------------------------------ every layer against the complex step

@st.composite
def convolutions(draw, n_axes):
    """A convolution of a size, stride and padding, and points of a shape that they fit."""
    numbers = st.integers(1, 3)
    size = tuple(draw(numbers) for _ in range(n_axes))
    stride, padding = draw(numbers), draw(st.integers(0, min(size) - 1))
    places = []
    for width in size:
        m = draw(numbers) + 1
        while stride * (m - 1) + width <= 2 * padding:
            m += 1
        places.append(stride * (m - 1) + width - 2 * padding)
    kind = {1: Conv1d, 2: Conv2d}[n_axes]
    return kind(draw(numbers), draw(numbers), size, stride, padding), tuple(places)


@few
@given(st.integers(1, 2).flatmap(convolutions), stacks, st.booleans(), st.sampled_from(["tanh", "relu"]),
       st.sampled_from(["max", "mean"]))
def test_convolutions_of_any_size_stride_and_padding(convolution, stack, own, hidden, kind):
    layer, places = convolution
    features = layer.n_outputs
    shape = (layer.n_inputs, *places)
    again = type(layer)(features, 2, 2, padding=1)
    for rest in ([GlobalPool(kind), Dense(features, K)],
                 [hidden, Pool(2, kind, stride=1), again, GlobalPool(), Dense(2, K)]):
        agrees(Sequential([layer, *rest], shape), stack, own)


@few
@given(st.integers(2, 6), st.integers(1, 3), stacks, st.booleans(), st.sampled_from(["tanh", "sigmoid"]))
def test_sequences_through_attention_recursion_and_normalised_residual_blocks(T, d, stack, own, hidden):
    block = [LayerNorm(4), Dense(4, 3), hidden, Residual([Dense(3, 3)]), Dense(3, 4)]
    for layers in ([Recurrent(d, 4, hidden), Last()],
                   [Attention(d, 2, 4), Residual(block), GlobalPool("max")],
                   [Dense(d, 2), Places(), Attention(2 + T, 2, 4, last=True), Residual(block)],
                   [Dense(d, 4), Attention(4, 2, 4, np.tri(T, k=1, dtype=bool), last=True)],
                   [Dense(d, 4), Attention(4, 2, 4, np.tri(T, dtype=bool)), Residual(block), Last()]):
        agrees(Sequential([*layers, Dense(4, K)], (d, T)), stack, own)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dense_layers_of_a_composition_are_a_network(name):
    plain, network = Network((3, 5, 4, K), name), Sequential(
        [Dense(3, 5), name, Dense(5, 4), ACTIVATIONS[name], Dense(4, K)], (3,))
    theta, X, y = drawn(network, (2,))
    for loss, targets in (("softmax_cross_entropy", y), ("mean_squared_error", np.eye(K)[y])):
        for ours, theirs in zip(network.loss_and_gradient(theta, X, targets, loss, 0.1),
                                plain.loss_and_gradient(theta, X, targets, loss, 0.1)):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-15)
    assert (network.initialise(3, "he") == plain.initialise(3, "he")).all()
    assert (network.weight_mask == plain.weight_mask).all()


def test_points_on_a_kink_are_told_also_within_blocks():
    network = Sequential([Residual([Dense(2, 2), "relu"]), "relu", Dense(2, 2)], (2,))
    check = check_gradient(network, network.initialise(0), np.zeros((3, 2)), np.zeros(3),
                           "softmax_cross_entropy")
    assert check.on_kink == 2 * 3 + 2 * 3


# --------------------------------------------------------------- against libraries and formulas

def mean_cross_entropy(z, y):
    """Of logits (n, K), for autograd."""
    largest = anp.max(z, axis=1, keepdims=True)
    return anp.mean(anp.log(anp.sum(anp.exp(z - largest), axis=1)) + largest[:, 0]
                    - z[anp.arange(len(y)), y])


def cut(theta, network):
    """Each W (h, d) and b (h,), cut out of theta by hand."""
    found, start = [], 0
    for d, h in network.shapes:
        M = theta[start:start + h * (d + 1)].reshape((h, d + 1))
        found.append((M[:, :-1], M[:, -1]))
        start += h * (d + 1)
    return found


def is_that_of_autograd(network, outputs):
    """`outputs(parameters, X)` gives the logits (n, K) with autograd's numpy."""
    theta, X, y = drawn(network, n=4)

    def loss(theta):
        return mean_cross_entropy(outputs(cut(theta, network), X), y)

    value, gradient = network.loss_and_gradient(theta, X, y, "softmax_cross_entropy")
    assert np.isclose(value, loss(theta), rtol=1e-12)
    np.testing.assert_allclose(gradient, grad(loss)(theta), rtol=1e-10, atol=1e-13)


def slid(X, W, b, size):
    """Kernels over pictures (n, c, H, W) by the convolution of autograd and scipy."""
    from autograd.scipy.signal import convolve      # all of scipy: long for who collects tests

    kernels = W.reshape((len(W), *size, -1))
    return anp.stack([sum(convolve(X[:, c], kernels[h, ::-1, ::-1, c], axes=([1, 2], [0, 1]),
                                   mode="valid") for c in range(X.shape[1])) + b[h]
                      for h in range(len(W))], axis=1)


def test_a_convolutional_gradient_is_that_of_automatic_differentiation():
    network = Sequential([Conv2d(2, 3, (3, 2)), "tanh", Pool(2), Conv2d(3, 2, 2, stride=2), "tanh",
                          Pool((1, 2), "mean", stride=1), Flatten(), Dense(4, K)], (2, 10, 9))

    def outputs(parameters, X):
        (W, b), (V, c), (U, d) = parameters
        A = anp.tanh(slid(X, W, b, (3, 2)))                                     # 8 x 8
        A = anp.max(A.reshape((4, 3, 4, 2, 4, 2)), axis=(3, 5))                 # 4 x 4
        A = anp.tanh(slid(A, V, c, (2, 2))[:, :, ::2, ::2])                     # 2 x 2
        A = (A[:, :, :, :-1] + A[:, :, :, 1:]) / 2                              # 2 x 1
        return anp.dot(A.reshape((4, -1)), U.T) + d

    is_that_of_autograd(network, outputs)


def test_the_gradient_through_attention_is_that_of_automatic_differentiation():
    mask = np.tri(6, dtype=bool)
    network = Sequential([Attention(3, 2, 4, mask), LayerNorm(4), Residual([Dense(4, 4), "tanh"]),
                          Recurrent(4, 3), GlobalPool("max"), Dense(3, K)], (3, 6))

    def logits(parameters, x):              # of one point, a sequence (3, 6)
        (Wq, q), (Wk, k), (Wv, v), (g, s), (W, b), (U, c), (V, d) = parameters
        Q, L, A = (anp.dot(x.T, M.T) + m for M, m in ((Wq, q), (Wk, k), (Wv, v)))
        e = anp.exp(anp.dot(Q, L.T) / anp.sqrt(2.0)) * mask
        A = anp.dot(e / anp.sum(e, axis=1, keepdims=True), A)
        A = A - anp.mean(A, axis=1, keepdims=True)
        A = g[:, 0] * A / anp.sqrt(anp.mean(A**2, axis=1, keepdims=True) + 1e-5) + s
        A = A + anp.tanh(anp.dot(A, W.T) + b)
        h, states = anp.zeros(3), []
        for a in A:
            h = anp.tanh(anp.dot(U, anp.concatenate([h, a])) + c)
            states.append(h)
        return anp.dot(V, anp.max(anp.stack(states), axis=0)) + d

    is_that_of_autograd(network, lambda parameters, X: anp.stack(
        [logits(parameters, x) for x in X]))


@few
@given(st.integers(1, 2).flatmap(convolutions))
def test_a_convolution_is_the_correlation_of_scipy(convolution):
    from scipy.signal import correlate

    layer, places = convolution
    network = Sequential([layer, GlobalPool(), Dense(layer.n_outputs, 1)],
                         (layer.n_inputs, *places))
    theta, X, _ = drawn(network)
    (W, b), = network.by_layer(theta)[0]
    kernels, found = layer.kernels(W), network.representations(theta, X)[0]
    around = [(0, 0), (0, 0), *[(layer.padding, layer.padding)] * len(places)]
    strided = (slice(None, None, layer.stride),) * len(places)
    for x, z in zip(np.pad(X, around), found):
        for h, kernel in enumerate(kernels):
            expected = sum(correlate(x[c], kernel[..., c], "valid") for c in range(len(x)))
            np.testing.assert_allclose(z[h], expected[strided] + b[h], rtol=1e-10, atol=1e-12)


def test_pools_of_windows_are_those_of_a_loop():
    X = default_rng(0).normal(size=(2, 3, 7, 9))
    for kind, take in (("max", np.max), ("mean", np.mean)):
        network = Sequential([Pool((3, 5), kind, stride=2), Flatten(), Dense(27, 1)], (3, 7, 9))
        found = network.representations(network.initialise(0), X)[0]
        for i in range(3):
            for j in range(3):
                window = X[:, :, 2 * i:2 * i + 3, 2 * j:2 * j + 5]
                np.testing.assert_allclose(found[:, :, i, j], take(window, axis=(2, 3)))


def test_of_equal_maxima_the_first_gets_the_gradient():
    for pool in (Pool(2), GlobalPool("max")):
        _, kept = pool.forward([], np.zeros((1, 1, 2, 2, 1)))
        dA = pool.backward([], [], kept, np.ones((1, 1, *[1] * isinstance(pool, Pool) * 2, 1)), True)
        np.testing.assert_array_equal(dA[0, 0, :, :, 0], [[1, 0], [0, 0]])


def test_training_on_classes_is_that_of_scikit_learn():
    from sklearn.neural_network import MLPClassifier

    rng = default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.integers(0, K, 60)
    network = Network((4, 6, K), "tanh")
    theta = network.initialise(0)
    theirs = MLPClassifier((6,), "tanh", solver="sgd", momentum=0.0, alpha=0.6, batch_size=60,
                           learning_rate_init=0.5, shuffle=False, max_iter=1)
    theirs.partial_fit(X, y, classes=range(K))
    for (W, b), coef, intercept in zip(network.layers(theta), theirs.coefs_, theirs.intercepts_):
        coef[...], intercept[...] = W.T, b[:, 0]
    for _ in range(20):
        theirs.partial_fit(X, y)
    for engine in ("readable", "fast"):
        ours = fit(network, theta, X, y, "softmax_cross_entropy", GradientDescent(0.5), 20,
                   l2=0.6 / 60, engine=engine).theta
        for (W, b), coef, intercept in zip(network.layers(ours), theirs.coefs_, theirs.intercepts_):
            np.testing.assert_allclose(W, coef.T, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(b[:, 0], intercept, rtol=1e-10, atol=1e-12)
        probabilities = softmax(network.predict(ours, X))
        np.testing.assert_allclose(probabilities, theirs.predict_proba(X), rtol=1e-9)
        assert class_accuracy(network.predict(ours, X), y) == theirs.score(X, y)


# ------------------------------------------------------------------------------- softmax alone

@pytest.mark.parametrize("scale", [0.0, 1.0, 40.0, 1e4, 1e300])
def test_softmax_cross_entropy_is_that_of_scipy_however_large_the_logits(scale):
    from scipy.special import log_softmax

    rng = default_rng(0)
    z, y = scale * rng.normal(size=(2, 4, 50)), rng.integers(0, 4, 50)
    expected = -np.take_along_axis(log_softmax(z, axis=1), np.stack([y, y])[:, None], axis=1)
    np.testing.assert_allclose(SOFTMAX_CROSS_ENTROPY.value(z, y), expected[:, 0].mean(axis=1),
                               rtol=1e-13)
    gradient = SOFTMAX_CROSS_ENTROPY.gradient(z, y)
    assert (np.abs(gradient) <= 1 / 50).all()
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-16)


@given(st.floats(-700, 700), st.integers(0, 1))
def test_two_classes_are_binary_cross_entropy(z, y):
    one, two = np.array([z]), np.array([[0.0], [z]])
    for ours, theirs in ((SOFTMAX_CROSS_ENTROPY.value(two, [y]), BINARY_CROSS_ENTROPY.value(one, [y])),
                         (SOFTMAX_CROSS_ENTROPY.gradient(two, [y])[1], BINARY_CROSS_ENTROPY.gradient(one, [y]))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


# --------------------------------------------------------------------------- fit, as for Network

PICTURES = Sequential([Conv2d(1, 3, 3, padding=1), "relu", Pool(2), LayerNorm(3), Residual([Dense(3, 3), "tanh"]),
                       GlobalPool(), Dense(3, K)], (1, 6, 4))


@pytest.mark.parametrize("optimiser", [GradientDescent(0.3), Momentum(0.1), Adam(0.01)])
def test_a_stack_trains_as_its_networks_do_alone(optimiser):
    theta = PICTURES.initialise_stack(range(3), "he")
    for own in (False, True):
        _, X, y = drawn(PICTURES, (3,), own, n=20)
        options = {"loss": "softmax_cross_entropy", "optimiser": optimiser, "n_epochs": 6,
                   "batch_size": 8, "l2": 0.01}
        together = fit(PICTURES, theta, X, y, validation=(X, y), **options)
        for s in range(3):
            data = (X[s], y[s]) if own else (X, y)
            alone = fit(PICTURES, theta[s], *data, validation=data, **options)
            np.testing.assert_allclose(alone.theta, together.theta[s], rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(alone.history.validation_loss,
                                       together.history.validation_loss[:, s], rtol=1e-10)
        assert (together.history.training_loss[-1] < together.history.training_loss[0]).all()


def test_early_stopping_keeps_the_best_of_each_network():
    theta = PICTURES.initialise_stack(range(2), "he")
    (_, X, y), (_, held, held_y) = drawn(PICTURES, n=12), drawn(PICTURES, n=30, seed=1)
    stopping = EarlyStopping(theta, patience=3)
    result = fit(PICTURES, theta, X, y, "softmax_cross_entropy", Adam(0.05), 60,
                 validation=(held, held_y), on_epoch=stopping)
    losses = result.history.validation_loss
    assert len(losses) < 60
    np.testing.assert_array_equal(stopping.epoch, losses.argmin(axis=0))
    np.testing.assert_allclose(PICTURES.loss(stopping.theta, held, held_y, "softmax_cross_entropy"),
                               losses.min(axis=0), rtol=1e-12)


def test_numpy_trains_it_and_the_compiled_engine_says_that_it_does_not(monkeypatch):
    theta, X, y = drawn(PICTURES)
    options = {"loss": "softmax_cross_entropy", "n_epochs": 3}
    monkeypatch.setattr("deepmath.engines.WORTH_LOADING", 0)
    for engine in ("auto", "fast"):
        np.testing.assert_array_equal(
            fit(PICTURES, theta, X, y, engine=engine, **options).theta,
            fit(PICTURES, theta, X, y, engine="readable", **options).theta)
    with pytest.raises(ValueError, match="engine='compiled' trains a Network; got a Sequential"):
        fit(PICTURES, theta, X, y, engine="compiled", **options)
    network = Network((2, 3, K))
    with pytest.raises(ValueError, match="engine='compiled' knows losses of single outputs alone"):
        fit(network, network.initialise(0), np.ones((4, 2)), np.ones(4), engine="compiled", **options)


def test_gains_are_one_at_first_and_not_penalised():
    network = Sequential([LayerNorm(3), Dense(3, 2)], (3,))
    [[(g, b)], [(W, _)]] = network.by_layer(network.initialise(0, "he"))
    assert (g == 1).all() and (b == 0).all() and W.std() > 0
    np.testing.assert_array_equal(network.weight_mask, [0] * 6 + [1, 1, 1, 0] * 2)


def test_a_description_is_equal_to_itself_and_can_be_read():
    network = Sequential([Flatten(), Steps(3), Recurrent(1, 2), Residual(["relu"]), Last(), Dense(2, 1)], (3,))
    assert repr(network) == ("Sequential([Flatten(), Steps(n_steps=3), Recurrent(1, 2, hidden='tanh'), "
                             "Residual(['relu']), Last(), Dense(n_inputs=2, n_outputs=1)], input_shape=(3,))")
    assert pickle.loads(pickle.dumps(PICTURES)) == PICTURES
    again = Sequential(PICTURES.chain.layers, (1, 6, 4))
    assert again == PICTURES and again != Sequential(PICTURES.chain.layers, (1, 4, 6))
    assert Attention(1, 1, 1, np.tri(3, dtype=bool)) != Attention(1, 1, 1, np.tri(4, dtype=bool))


def test_steps_turn_rows_into_sequences():
    X = np.arange(6.0)[None]                        # x_1 = (0, 1), x_2 = (2, 3), x_3 = (4, 5)
    network = Sequential([Steps(3), Last(), Dense(2, 1)], (6,))
    steps, last, _ = network.representations(network.initialise(0), X)
    np.testing.assert_array_equal(steps[0], [[0, 2, 4], [1, 3, 5]])
    np.testing.assert_array_equal(last[0], [4, 5])


# ------------------------------------------------------------------------------ looked into

def test_what_layers_make_is_there_for_each_network_and_point():
    network = Sequential([Pool(2), Conv2d(1, 2, 2), Flatten(), Dense(8, K)], (1, 6, 6))
    theta, X, _ = drawn(network, (3,))
    found = network.representations(theta, X)
    assert [each.shape for each in found] == [(3, N, 1, 3, 3), (3, N, 2, 2, 2), (3, N, 8), (3, N, K)]
    for s in range(3):
        for ours, alone in zip(found, network.representations(theta[s], X)):
            np.testing.assert_allclose(ours[s], alone, rtol=1e-12)


@pytest.mark.parametrize("own", [False, True])
def test_a_prediction_is_that_of_all_points_and_networks_at_once(own, monkeypatch):
    monkeypatch.setattr("deepmath.composed.sequential.PREDICT_BYTES", 8 * 3 * PICTURES.n_activations)
    theta, X, _ = drawn(PICTURES, (2,), own, n=7)
    whole = PICTURES.forward(theta, X).output
    np.testing.assert_allclose(PICTURES.predict(theta, X), whole, rtol=1e-12)
    for s in range(2):
        alone = PICTURES.predict(theta[s], X[s] if own else X)
        np.testing.assert_allclose(alone, whole[s], rtol=1e-12)


def test_the_gradient_on_its_way_is_that_of_a_network():
    plain, network = Network((3, 5, 4, K), "tanh"), Sequential(
        [Steps(3), Flatten(), Dense(3, 5), "tanh", Dense(5, 4), "tanh", Dense(4, K)], (3,))
    theta, X, y = drawn(network, (2,))
    dA = SOFTMAX_CROSS_ENTROPY.gradient(plain.forward(theta, X).a[-1], y)
    expected = plain.deltas(theta, plain.forward(theta, X), dA)
    found = network.deltas(theta, network.forward(theta, X), dA)
    assert len(found) == 7 and found[0].shape == (2, 1, 3, N)
    for ours, theirs in zip(found[2::2], expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-16)
    norms = network.gradient_norms(theta, X, y, "softmax_cross_entropy")
    np.testing.assert_allclose(norms[2::2], [np.linalg.norm(each, axis=(-2, -1)) for each in expected],
                               rtol=1e-12)
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-12)


def test_attention_weights_are_those_by_which_values_are_added():
    mask = np.tri(6, dtype=bool)
    network = Sequential([Attention(3, 2, 4, mask), Residual([Attention(4, 2, 4)]), Last(), Dense(4, K)],
                         (3, 6))
    theta, X, _ = drawn(network, (2,))
    masked, free = network.attention(theta, X)
    assert masked.shape == free.shape == (2, N, 6, 6)
    np.testing.assert_allclose(masked.sum(axis=-1), 1.0, rtol=1e-14)
    assert ((masked > 0) == mask).all()
    W, b = network.by_layer(theta)[0][2]
    values = W[:, None] @ X + b[:, None]
    np.testing.assert_allclose(network.representations(theta, X)[0], values @ masked.mT, rtol=1e-12)
    np.testing.assert_allclose(network.attention(theta[1], X)[0], masked[1], rtol=1e-13)


# ------------------------------------------------------------------------------------ bad input

def sequential(*layers, shape=(1, 32, 32)):
    return lambda: Sequential(layers, shape)


def labelled(y, network=PICTURES):
    return lambda: network.loss(np.zeros(network.n_parameters), np.zeros((2, *network.input_shape)), y,
                                "softmax_cross_entropy")


@pytest.mark.parametrize("make, message", [
    (sequential(Conv2d(1, 8, 40)), "layers[0]: size must be at most (32, 32), the places that come in; got (40, 40)"),
    (sequential(Conv2d(1, 8, 5, stride=2)), "layers[0]: stride must divide (27, 27), the places (32, 32) less size "
                                            "(5, 5), so that none is left over; got 2"),
    (sequential(Pool(3)), "stride must divide (29, 29)"),
    (sequential(Conv2d(3, 8, 5)), "layers[0]: n_inputs must be 1, the features of what comes in, of shape (1, 32, 32); "
                                  "got 3"),
    (sequential(Conv2d(1, 8, 5), "relu", Conv2d(4, 8, 5)), "layers[2]: n_inputs must be 8"),
    (sequential(Residual(["relu", Conv2d(1, 2, 3)])), "layers must keep the shape (1, 32, 32)"),
    (sequential(Conv1d(1, 8, 5)), "must have the shape (c, T) of a point; got (1, 32, 32)"),
    (sequential(Attention(1, 2, 3)), "must have the shape (c, T) of a point"),
    (sequential(LayerNorm(4)), "n_inputs must be 1"),
    (sequential(Last()), "must have the shape (c, T)"),
    (sequential(Flatten(), GlobalPool()), "must have places, as in (c, T) or (c, H, W); got (1024,)"),
    (sequential(Flatten(), Pool(2)), "must have the shape (c, T) or (c, H, W) of a point; got (1024,)"),
    (sequential(Pool(2), Flatten()), "layers must hold one with weights"),
    (sequential(Conv2d(1, 2, 5)), "layers must end in a vector for each point"),
    (sequential(Steps(5), Flatten(), shape=(21,)), "n_steps must divide the length of the row"),
    (sequential("sine"), "layers[0] must be one of relu"),
    (sequential(Dense), "layers[0] must be a layer, an activation or its name; got <class"),
    (sequential(Dense(1, 1), shape=32), "input_shape must be (d,), (d, T) or (d, H, W); got 32"),
    (sequential(Dense(1, 1), shape=(0,)), "each length in input_shape=(0,) must be a whole number, at least 1; got 0"),
    (lambda: Sequential("relu", (3,)), "layers must be a list of layers"),
    (lambda: Residual([]), "layers must hold at least one layer; got none"),
    (lambda: Conv2d(1, 8, (5, 5, 5)), "size must be a whole number, or a tuple of 2; got (5, 5, 5)"),
    (lambda: Conv2d(1, 8, 0), "size must be a whole number, at least 1; got 0"),
    (lambda: Conv2d(1, 8, 5, padding=5), "padding must be below the size, 5, or a window would hold zeros alone; got 5"),
    (lambda: Conv2d(1, 8, 5, stride=0), "stride must be a whole number, at least 1; got 0"),
    (lambda: Dense(3, 2.0), "n_outputs must be a whole number, at least 1; got 2.0"),
    (lambda: Pool(2, "sum"), "kind must be one of max, mean; got 'sum'"),
    (lambda: Pool((2, 3)), "stride must be a whole number, at least 1, where size is (2, 3); got None"),
    (lambda: LayerNorm(1), "n_inputs must be a whole number, at least 2; got 1"),
    (lambda: LayerNorm(3, 0.0), "epsilon must be a positive number; got 0.0"),
    (lambda: Recurrent(2, 3, "cosine"), "hidden must be one of relu"),
    (lambda: Attention(2, 2, 2, [[True]]), "mask must let some place look at two at least"),
    (lambda: Attention(2, 2, 2, np.eye(3, dtype=bool)), "mask must let some place look at two at least"),
    (lambda: Attention(2, 2, 2, np.tri(3, k=-1, dtype=bool)), "mask must let each place look at one at least; row 0 is "
                                                              "all False"),
    (lambda: Attention(2, 2, 2, np.ones((2, 2))), "mask must be an array of booleans, of the shape (T, T)"),
    (lambda: Attention(2, 2, 2, [[True, False], [True]]), "mask must be an array of booleans, of the shape (T, T)"),
    (lambda: Attention(2, 2, 2, np.ma.array(np.ones((2, 2), bool), mask=np.eye(2))), "mask must be an array of booleans"),
    (lambda: Attention(2, 2, 2, np.ones((0, 0), bool)), "mask must let some place look at two at least"),
    (lambda: Attention(2, 2, 2, np.ones((2, 3), bool)), "mask must be an array of booleans, of the shape (T, T)"),
    (sequential(Attention(2, 2, 2), Last(), shape=(2, 1)), "must have at least 2 places"),
    (sequential(Attention(2, 2, 2, np.tri(3, dtype=bool)), Last(), shape=(2, 4)), "mask must have the shape (4, 4)"),
    (labelled([0, 3]), "y must hold whole numbers from 0 to 2, one for each output, for softmax_cross_entropy; got 3"),
    (labelled([0, 0.5]), "got 0.5"), (labelled([0, -1]), "got -1"), (labelled([0, np.nan]), "y must hold finite"),
    (labelled([0, 1, 2]), "y must have the shape (2,); got (3,)"),
    (labelled([[1], [0]]), "y must have the shape (2,); got (2, 1)"),
    (labelled([0, 0], Sequential([Dense(2, 1)], (2,))), "softmax_cross_entropy needs a network with at least 2 outputs, "
                                                       "one a class; got 1"),
    (lambda: SOFTMAX_CROSS_ENTROPY.value(np.zeros((1, 5)), np.zeros(5)), "of at least K = 2 classes; got (1, 5)"),
    (lambda: SOFTMAX_CROSS_ENTROPY.gradient(np.zeros(5), np.zeros(5)), "of at least K = 2 classes; got (5,)"),
    (lambda: class_accuracy(np.zeros((5, 3)), np.zeros((5, 1))), "y must have the shape (5,)"),
    (lambda: PICTURES.predict(np.zeros(PICTURES.n_parameters), np.zeros((5, 6, 4))), "X must have the shape "
                                                                                    "(n, 1, 6, 4); got (5, 6, 4)"),
    (lambda: PICTURES.predict(np.zeros(3), np.zeros((5, 1, 6, 4))), "theta must have the shape"),
])
def test_errors_name_argument_and_range(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
