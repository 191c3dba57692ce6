"""The gate: each public function takes the same arrays, and refuses the same by name."""

import numpy as np
import pandas as pd
import pytest
from deepmath import (
    ACTIVATIONS, LOSSES, Adam, EarlyStopping, GradientDescent, Network, RecurrentNetwork,
    accuracy, check_gradient, fit, l2_penalty, linear_probe, smoke, views, xor)
from deepmath.arrays import real

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

NETWORK = Network((2, 3, 1), "tanh")
THETA = NETWORK.initialise(0)
X, Y = xor(12, 0)
OUTPUTS = NETWORK.predict(THETA, X)

# Each public function of arrays, as a function of one argument, and a value that it takes.
TAKES = {
    "fit X": (lambda v: fit(NETWORK, THETA, v, Y, n_epochs=1), X),
    "fit y": (lambda v: fit(NETWORK, THETA, X, v, n_epochs=1), Y),
    "fit theta": (lambda v: fit(NETWORK, v, X, Y, n_epochs=1), THETA),
    "fit validation X": (lambda v: fit(NETWORK, THETA, X, Y, n_epochs=1, validation=(v, Y)), X),
    "fit validation y": (lambda v: fit(NETWORK, THETA, X, Y, n_epochs=1, validation=(X, v)), Y),
    "predict X": (lambda v: NETWORK.predict(THETA, v), X),
    "predict theta": (lambda v: NETWORK.predict(v, X), THETA),
    "loss X": (lambda v: NETWORK.loss(THETA, v, Y), X),
    "loss y": (lambda v: NETWORK.loss(THETA, X, v), Y),
    "gradient theta": (lambda v: NETWORK.loss_and_gradient(v, X, Y), THETA),
    "gradient y": (lambda v: NETWORK.loss_and_gradient(THETA, X, v), Y),
    "backward output_gradient": (
        lambda v: NETWORK.backward(THETA, NETWORK.forward(THETA, X), v), OUTPUTS),
    "check_gradient X": (lambda v: check_gradient(NETWORK, THETA, v, Y), X),
    "check_gradient y": (lambda v: check_gradient(NETWORK, THETA, X, v), Y),
    "EarlyStopping theta": (EarlyStopping, THETA),
    "accuracy logits": (lambda v: accuracy(v, Y), OUTPUTS),
    "accuracy y": (lambda v: accuracy(OUTPUTS, v), Y),
    "l2_penalty weights": (lambda v: l2_penalty(v, 0.1), THETA),
    "views theta": (lambda v: views(v, (2, 3, 1)), THETA),
    "linear_probe train": (lambda v: linear_probe(v, Y, X, Y), X),
    "linear_probe train_labels": (lambda v: linear_probe(X, v, X, Y), Y),
    "linear_probe test": (lambda v: linear_probe(X, Y, v, Y), X),
    "linear_probe test_labels": (lambda v: linear_probe(X, Y, X, v), Y),
    **{f"{name} z": (ACTIVATIONS[name], OUTPUTS) for name in ACTIVATIONS},
    **{f"{name}' z": (ACTIVATIONS[name].derivative, OUTPUTS) for name in ACTIVATIONS},
    **{f"{name} outputs": (lambda v, loss=loss: loss.value(v, Y), OUTPUTS)
       for name, loss in LOSSES.items()},
    **{f"{name} y": (lambda v, loss=loss: loss.value(OUTPUTS, v), Y)
       for name, loss in LOSSES.items()},
    **{f"{name}' y": (lambda v, loss=loss: loss.gradient(OUTPUTS, v), Y)
       for name, loss in LOSSES.items()},
    **{f"{measure.__name__} forecast": (lambda v, measure=measure: measure(Y, v), OUTPUTS)
       for measure in (smoke.mae, smoke.rmse, smoke.per_day, smoke.warnings_at)},
    **{f"{measure.__name__} y": (lambda v, measure=measure: measure(v, OUTPUTS), Y)
       for measure in (smoke.mae, smoke.rmse, smoke.per_day, smoke.warnings_at)},
    "skill error": (lambda v: smoke.skill(v, 2.0), Y),
    "error_interval forecast": (lambda v: smoke.error_interval(Y, v, n_samples=5), OUTPUTS),
    "interval samples": (smoke.interval, OUTPUTS),
}
REFUSED = {
    "masked": lambda a: np.ma.array(a, mask=False),
    "a masked value": lambda a: np.ma.masked_less(a, np.sort(a, axis=None)[2]),
    "complex": lambda a: a + 1j,
    "dates": lambda a: np.zeros(a.shape, "datetime64[s]"),
    "spans": lambda a: np.zeros(a.shape, "timedelta64[s]"),
    "objects": lambda a: a.astype(object),
    "text": lambda a: a.astype(str),
}
COMPLEX_STEP = {"predict theta", "views theta", "l2_penalty weights",
                *(f"{name} z" for name in ACTIVATIONS), *(f"{name} outputs" for name in LOSSES)}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("function", TAKES)
def test_what_is_no_array_of_real_numbers_is_refused_by_name(function, what):
    take, value = TAKES[function]
    take(value)
    if what == "complex" and function in COMPLEX_STEP:
        take(value + 1e-30j)
        return
    with pytest.raises(ValueError, match=rf"^(validation )?{function.split()[-1]} ") as told:
        take(REFUSED[what](value))
    assert len(str(told.value)) < 200 and "\n" not in str(told.value)


@pytest.mark.parametrize("function", sorted(TAKES.keys() - {"views theta"}))
def test_other_real_numbers_give_what_float64_gives(function):
    take, value = TAKES[function]
    whole = np.round(value).astype(float)
    if "labels" in function or function.endswith(" y"):
        whole = value
    for kind in ("float32", "int64", "int8"):
        one, other = take(whole.astype(kind)), take(whole)
        for a, b in zip(arrays_of(one), arrays_of(other), strict=True):
            np.testing.assert_array_equal(a, b)


def arrays_of(result):
    """The arrays in what a function returns."""
    if hasattr(result, "history"):
        return [result.theta, result.history.training_loss]
    if hasattr(result, "before"):
        return [result.before]
    if hasattr(result, "independent"):
        return [result.backpropagated, result.independent]
    if hasattr(result, "hits"):
        return [result.hits, result.false_alarms]
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("loss", [
    lambda y: NETWORK.loss(THETA, X, y), lambda y: NETWORK.loss_and_gradient(THETA, X, y),
    lambda y: check_gradient(NETWORK, THETA, X, y), lambda y: accuracy(OUTPUTS, y),
    lambda y: fit(NETWORK, THETA, X, y, n_epochs=1),
    lambda y: LOSSES["binary_cross_entropy"].value(OUTPUTS, y),
    lambda y: LOSSES["binary_cross_entropy"].gradient(OUTPUTS, y)])
@pytest.mark.parametrize("labels, message", [
    (Y[:, None], "^y must have the shape"), (Y[:-1], "^y must have the shape"),
    (2 * Y - 1, "^y must hold labels from 0 to 1"), (Y + 1, "^y must hold labels"),
    (255 * Y, "^y must hold labels"), (np.stack([Y] * 3), "^y must have the shape")])
def test_shapes_and_labels_are_checked_by_all_as_by_fit(loss, labels, message):
    with pytest.raises(ValueError, match=message):
        loss(labels)


def test_a_stack_is_judged_on_shared_labels_and_not_on_a_column():
    outputs = NETWORK.predict(NETWORK.initialise_stack(range(12)), X)
    assert accuracy(outputs, Y).tolist() == [float(accuracy(each, Y)) for each in outputs]
    with pytest.raises(ValueError, match="y must have the shape"):
        accuracy(outputs, Y[:, None])      # 12 networks, 12 points: numpy would stretch it
    with pytest.raises(ValueError, match="at least one point"):
        accuracy(np.empty(0), np.empty(0))


@pytest.mark.parametrize("network", [Network((2, 3, 1), output="sigmoid"),
                                     RecurrentNetwork(2, 1, 3, output="sigmoid")])
def test_a_sigmoid_output_does_not_fit_a_loss_of_logits(network):
    theta = network.initialise(0)
    for measure in (network.loss, network.loss_and_gradient,
                    lambda *data: check_gradient(network, *data),
                    lambda *data: fit(network, *data, n_epochs=1)):
        with pytest.raises(ValueError, match="output must be 'identity'"):
            measure(theta, X, Y)


@pytest.mark.parametrize("validation", [(X,), (), (X, Y, Y), X, "ab", 5])
def test_a_validation_set_is_a_pair(validation):
    with pytest.raises(ValueError, match=r"^validation must be a pair \(X, y\) or None; got"):
        fit(NETWORK, THETA, X, Y, n_epochs=1, validation=validation)


@pytest.mark.parametrize("optimiser", [GradientDescent, Adam, "adam", None])
def test_an_optimisers_class_is_no_optimiser(optimiser):
    with pytest.raises(ValueError, match="optimiser must be a GradientDescent, Momentum or Adam"):
        fit(NETWORK, THETA, X, Y, n_epochs=1, optimiser=optimiser)


@pytest.mark.parametrize("engine", ["fast", "readable"])
def test_a_callback_that_changes_the_data_changes_no_training(engine):
    points, labels = X.copy(), Y.copy()

    def change(epoch, theta, training_loss, validation_loss):
        points[...], labels[...], theta[...] = 9.0, 0.0, 1e9

    plain = fit(NETWORK, THETA, X, Y, n_epochs=5, engine=engine)
    told = fit(NETWORK, THETA, points, labels, n_epochs=5, engine=engine, on_epoch=change)
    assert np.array_equal(plain.theta, told.theta)


def test_tables_are_arrays_too_unless_something_is_missing():
    assert np.array_equal(real("X", pd.DataFrame(X)), X)
    with pytest.raises(ValueError, match="^X must"):
        real("X", pd.DataFrame(X).astype("Float64").mask(pd.DataFrame(X) > 0.5).astype(object))
    with pytest.raises(ValueError, match="^X is masked"):
        real("X", [np.ma.array([1.0, 2.0], mask=[True, False])])
    with pytest.raises(ValueError, match="^X must be an array of numbers; got"):
        real("X", [[1, 2], [3]])


def test_views_are_only_of_what_they_can_be_written_to():
    for theta in ([0.0] * 13, np.arange(13), np.zeros(12), np.float64(3)):
        with pytest.raises(ValueError, match="^theta must"):
            views(theta, (2, 3, 1))
