"""Early stopping: keep the parameters with the lowest validation loss (Prechelt 1998)."""

import numpy as np

from deepmath.arrays import real
from deepmath.checks import check_whole


class EarlyStopping:
    """An `on_epoch` for `fit` that keeps the best parameters, of each network by itself.

    `fit` tells an epoch's validation loss, which is of the parameters before it, together with
    the parameters after it; so those of the epoch before are remembered. The parameters after
    the very last update have no validation loss, and are never the best.

    Parameters
    ----------
    theta : array of shape (P,) or (S, P)
        Where training starts.
    patience : int
        Training stops when no network has improved for so many epochs.

    Attributes
    ----------
    theta : array of shape (P,) or (S, P)
        The best parameters so far; at first those with which training starts.
    loss, epoch : arrays of shape () or (S,)
        Their validation loss, and after how many epochs they were reached.

    Examples
    --------
    >>> from deepmath import Network, fit, xor
    >>> network = Network((2, 8, 1))
    >>> theta = network.initialise(0)
    >>> stopping = EarlyStopping(theta, patience=5)
    >>> result = fit(network, theta, *xor(40, 1), validation=xor(40, 2), on_epoch=stopping)
    >>> losses = result.history.validation_loss
    >>> int(stopping.epoch) == int(losses.argmin()), stopping.theta.shape
    (True, (33,))
    """

    def __init__(self, theta: np.ndarray, patience: int = 20):
        self.patience = check_whole("patience", patience)
        self.before = real("theta", theta).copy()
        self.theta = self.before.copy()
        self.loss = np.full(self.before.shape[:-1], np.inf)
        self.epoch = np.zeros(self.before.shape[:-1], dtype=int)

    def __call__(self, epoch: int, theta: np.ndarray, training_loss: np.ndarray,
                 validation_loss: np.ndarray | None) -> bool:
        if validation_loss is None:
            raise ValueError("early stopping needs validation data: fit(..., validation=(X, y))")
        better = validation_loss < self.loss
        self.loss = np.where(better, validation_loss, self.loss)
        self.epoch = np.where(better, epoch, self.epoch)
        self.theta = np.where(better[..., None], self.before, self.theta)
        self.before = theta
        return bool((epoch - self.epoch >= self.patience).all())
