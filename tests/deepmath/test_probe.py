"""The linear probe against scikit-learn's logistic regression."""

import numpy as np
import pytest
from deepmath import default_rng, linear_probe
from deepmath.probe import logistic_regression
from hypothesis import given, settings
from hypothesis import strategies as st

# Not what other tests have left open, which is collected now or then.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")


def two_clouds(n, h, distance, rng):
    y = (np.arange(n) % 2).astype(float)
    return rng.normal(size=(n, h)) * np.exp(rng.normal(size=h)) + distance * y[:, None], y


@given(seed=st.integers(0, 999), h=st.integers(1, 8), distance=st.sampled_from([0.0, 0.5, 3, 50]))
@settings(max_examples=30, deadline=None)
def test_weights_are_those_of_scikit_learn(seed, h, distance):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    X, y = two_clouds(80, h, distance, default_rng(seed))
    X = StandardScaler().fit_transform(X)
    l2 = 1e-2
    theirs = LogisticRegression(C=1 / (len(y) * l2), tol=1e-12, max_iter=10_000,
                                solver="newton-cholesky").fit(X, y)
    *weights, intercept = logistic_regression(X, y, l2)
    assert weights == pytest.approx(theirs.coef_[0], rel=1e-6, abs=1e-7)
    assert intercept == pytest.approx(theirs.intercept_[0], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("distance", [0.0, 0.7, 2.0, 40.0])
def test_accuracy_is_that_of_scikit_learn(distance):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = default_rng(0)
    (train, y_train), (test, y_test) = (two_clouds(200, 4, distance, rng) for _ in range(2))
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1 / (200 * 1e-3), tol=1e-10))
    theirs.fit(train, y_train)
    assert linear_probe(train, y_train, test, y_test) == theirs.score(test, y_test)


def test_separable_classes_are_separated():
    X = np.linspace(-1, 1, 40)[:, None]
    y = (X[:, 0] > 0).astype(float)
    assert linear_probe(X, y, X, y, l2=1e-8) == 1.0


def test_a_stack_and_units_that_never_fire():
    rng = default_rng(0)
    train, test = (np.maximum(rng.normal(size=(3, 50, 4)), 0) for _ in range(2))
    train[1, :, 2] = test[1, :, 2] = 0.0
    y, y_test = rng.integers(0, 2, (2, 50)).astype(float)
    stacked = linear_probe(train, y, test, y_test)
    assert stacked.shape == (3,)
    assert stacked.tolist() == [linear_probe(a, y, b, y_test) for a, b in zip(train, test)]


@pytest.mark.parametrize("changes, message", [
    ({"train": np.full((4, 2), np.nan)}, "train must hold finite numbers"),
    ({"test": np.full((4, 2), np.inf)}, "test must hold finite numbers"),
    ({"train_labels": np.zeros(4)}, "train_labels must hold both classes, 0 and 1"),
    ({"train_labels": np.array([-1.0, 1, 1, -1])}, "train_labels must hold both classes"),
    ({"train_labels": np.array([0.0, 1])}, r"train_labels must have the shape \(4,\); got \(2,"),
    ({"test_labels": np.array([0.0, 1])}, r"test_labels must have the shape \(4,\); got \(2,\)"),
    ({"test": np.zeros((4, 3))}, r"test must have the shape \(n, 2\); got \(4, 3\)"),
    ({"l2": 0.0}, "l2 must be a positive number; got 0.0"),
])
def test_bad_arguments(changes, message):
    good = {"train": np.eye(4, 2), "train_labels": np.array([0.0, 1, 1, 0]),
            "test": np.eye(4, 2), "test_labels": np.array([0.0, 1, 1, 0])}
    with pytest.raises(ValueError, match=message):
        linear_probe(**{**good, **changes})
