"""A linear probe: how well a line (a plane, ...) separates two classes in a representation.

The probe is a logistic regression on the representation of some points; its accuracy on
other points measures how linearly separable the representation is (Alain and Bengio 2016).
"""

import numpy as np

from deepmath.activations import sigmoid
from deepmath.checks import check_finite, check_positive, check_shape
from deepmath.losses import accuracy, binary_cross_entropy

MAX_STEPS = 100


def linear_probe(train: np.ndarray, train_labels: np.ndarray, test: np.ndarray,
                 test_labels: np.ndarray, l2: float = 1e-3) -> np.ndarray:
    """Fit a logistic regression on `train` and return its accuracy on `test`.

    Features are standardised with the mean and deviation of `train`, so that the penalty
    means the same on every representation.

    Parameters
    ----------
    train, test : arrays of shape (n, h), (m, h), or (S, n, h), (S, m, h) for a stack
    train_labels, test_labels : arrays of shape (n,), (m,), of 0 and 1
    l2 : float
        The loss is the mean cross-entropy + (l2 / 2) ||weights||^2, the intercept free.

    Returns
    -------
    accuracy : array of shape () or (S,)

    Raises
    ------
    ValueError
        If a number is not finite, shapes don't fit, or `train_labels` holds one class only.

    Examples
    --------
    >>> from deepmath import xor
    >>> X, y = xor(300, 0)
    >>> X_held, y_held = xor(1000, 1)
    >>> print(f"{linear_probe(X, y, X_held, y_held):.1f}")
    0.6
    >>> lifted, lifted_held = (np.column_stack([P, P[:, 0] * P[:, 1]]) for P in (X, X_held))
    >>> print(f"{linear_probe(lifted, y, lifted_held, y_held):.1f}")
    1.0
    """
    train, test = check_finite("train", train), check_finite("test", test)
    if train.ndim < 2:
        raise ValueError(f"train must have the shape (n, h), or (S, n, h); got {train.shape}")
    stack, (n, h) = train.shape[:-2], train.shape[-2:]
    check_shape("train", train, ("n", h), stack)
    check_shape("test", test, ("n", h), stack)
    if stack:
        return np.array([linear_probe(a, train_labels, b, test_labels, l2)
                         for a, b in zip(train, test)])
    train_labels = check_shape("train_labels", check_finite("train_labels", train_labels), (n,))
    test_labels = check_shape("test_labels", check_finite("test_labels", test_labels),
                              test.shape[:1])
    centre, spread = train.mean(axis=0), train.std(axis=0)
    spread[spread == 0] = 1.0
    weights = logistic_regression((train - centre) / spread, train_labels, l2)
    return accuracy(with_intercept((test - centre) / spread) @ weights, test_labels)


def logistic_regression(X: np.ndarray, y: np.ndarray, l2: float) -> np.ndarray:
    """Return weights and, last, the intercept, (h + 1,), by Newton's method.

    Iteratively reweighted least squares (Bishop 2006, section 4.3.3), with steps halved
    until the loss falls; stops where the gradient is zero to rounding.
    """
    check_positive("l2", l2)
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError(f"train_labels must hold both classes, 0 and 1; got {np.unique(y)}")
    A = with_intercept(X)
    penalty = np.append(np.full(X.shape[1], l2), 0.0)

    def loss(w: np.ndarray) -> np.ndarray:
        return binary_cross_entropy(A @ w, y) + 0.5 * (penalty * w**2).sum()

    w = np.zeros(A.shape[1])
    for _ in range(MAX_STEPS):
        p = sigmoid(A @ w)
        gradient = A.T @ (p - y) / len(y) + penalty * w
        if np.abs(gradient).max() < 1e-12:
            break
        hessian = A.T @ ((p * (1 - p))[:, None] * A) / len(y) + np.diag(penalty)
        newton = np.linalg.solve(hessian, gradient)
        step = 1.0
        while loss(w - step * newton) > loss(w) and step > 1e-6:
            step /= 2
        w = w - step * newton
    return w


def with_intercept(X: np.ndarray) -> np.ndarray:
    """Return [X | 1]."""
    return np.column_stack([X, np.ones(len(X))])
