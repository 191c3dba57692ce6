"""Figure: a network's computation graph, with the numbers of one forward and backward pass.

One row for each layer. A box is a transformation; an edge carries above it the quantity of
the forward pass and below it the gradient of the loss with respect to that quantity, which
has the same shape. A layer's parameters come in from below.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.random import default_rng

from deepmath.checks import check_finite
from deepmath.figures.boxes import (
    BACKWARD, BOX_HEIGHT, FORWARD, LINE, draw_arrow, draw_box, draw_matrix, draw_panel,
    entries, lines_of, sheet, width_of)
from deepmath.figures.style import WIDTH, styled
from deepmath.layers import views
from deepmath.losses import Loss, loss_function
from deepmath.network import Network

# Where a row's edges and boxes begin, in inches from the left; other lengths in inches.
IN, AFFINE, MIDDLE, SECOND, OUT, END = 0.15, 1.65, 3.15, 4.65, 5.85, WIDTH - 0.12
PANEL_END = END - 0.2
PARAMETER = 2.1        # the room for a matrix of parameters
GAP = 0.08             # between a line and numbers
APART = 0.035          # of the forward and the backward arrow, from their middle
ROW_GAP = 0.3
LEGEND = 0.34
MARGIN = 0.08          # below the last row

SEED = 31              # the first with one unit off in each hidden layer, and no zero in theta

SHORT_NAMES = {"relu": "ReLU", "leaky_relu": "leaky ReLU",
               "binary_cross_entropy": "cross-entropy", "mean_squared_error": "squared error"}


@dataclass(frozen=True)
class Quantity:
    """What an edge carries: a matrix and the loss's gradient with respect to it.

    Attributes
    ----------
    symbol : str
        In matplotlib's mathtext, without the dollars.
    value, gradient : arrays of one shape, (rows, columns)
    """

    symbol: str
    value: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Layer:
    """Z = W A + b and its activation: what comes in, the parameters, and Z."""

    inputs: Quantity
    weights: Quantity
    bias: Quantity
    z: Quantity
    activation: str


@dataclass(frozen=True)
class ComputationGraph:
    """One forward and backward pass.

    Attributes
    ----------
    layers : tuple of Layer
    outputs : Quantity
        The last activation, of shape (1, n). Under the identity it is the last z.
    y : array of shape (n,)
    loss_name : str
    loss : Quantity
        Of shape (1, 1), its gradient with respect to itself 1.
    """

    layers: tuple[Layer, ...]
    outputs: Quantity
    y: np.ndarray
    loss_name: str
    loss: Quantity


def compute(network: Network | None = None, theta: np.ndarray | None = None,
            X: np.ndarray | None = None, y: np.ndarray | None = None,
            loss: str | Loss = "binary_cross_entropy") -> ComputationGraph:
    """Pass points forward through a network, and the loss's gradient backward.

    Parameters
    ----------
    network : Network, optional
        With one output unit; left out, three layers of 3, 2 and 1 units.
    theta : array of shape (P,), optional
        Left out, normal numbers, rounded to one digit so that one can follow by hand.
    X : array of shape (n, d), optional
        Left out, a single point.
    y : array of shape (n,), optional
        Left out, 1 for each point.
    loss : str or Loss

    Raises
    ------
    ValueError
        If the network has several outputs, or a shape doesn't fit.

    Examples
    --------
    >>> result = compute(X=np.array([[1.0, -0.5]]))
    >>> [layer.weights.gradient.shape for layer in result.layers], result.loss.value.shape
    ([(3, 2), (2, 3), (1, 2)], (1, 1))
    """
    network = network or Network((2, 3, 2, 1), hidden="relu")
    if theta is None:
        theta = default_rng(SEED).normal(size=network.n_parameters).round(1)
    if X is None:
        X = np.linspace(1.0, -0.5, network.input_size)[None, :]
    theta, X, y = check(network, theta, X, y)
    loss = loss_function(loss)
    trace = network.forward(theta, X)
    output_gradient = loss.gradient(trace.output, y)
    deltas = network.deltas(theta, trace, output_gradient)
    parameters = views(theta, network.sizes)
    gradients = views(network.backward(theta, trace, output_gradient), network.sizes)
    layers = tuple(
        Layer(Quantity(f"A_{{{l - 1}}}", A, W.mT @ dZ), Quantity(f"W_{{{l}}}", W, dW),
              Quantity(f"b_{{{l}}}", b, db), Quantity(f"Z_{{{l}}}", Z, dZ), activation.name)
        for l, (A, Z, dZ, (W, b), (dW, db), activation) in enumerate(
            zip(trace.a, trace.z, deltas, parameters, gradients, network.activations), start=1))
    outputs = Quantity(f"A_{{{len(layers)}}}", trace.a[-1], output_gradient[None, :])
    value = Quantity(r"\mathcal{L}", np.reshape(loss.value(trace.output, y), (1, 1)),
                     np.ones((1, 1)))
    return ComputationGraph(layers, outputs, y, loss.name, value)


def check(network: Network, theta: np.ndarray, X: np.ndarray,
          y: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return theta, X and y, or raise ValueError if they don't fit the network."""
    if network.output_size != 1:
        raise ValueError(f"network must have one output unit; got sizes={network.sizes}")
    theta, X = check_finite("theta", theta), check_finite("X", X)
    if theta.shape != (network.n_parameters,):
        raise ValueError(f"theta must have the shape ({network.n_parameters},) of one network's "
                         f"parameters; got {theta.shape}")
    if X.ndim != 2 or X.shape[1] != network.input_size or not len(X):
        raise ValueError(f"X must have the shape (n, {network.input_size}), n at least 1; "
                         f"got {X.shape}")
    y = check_finite("y", np.ones(len(X)) if y is None else y)
    if y.shape != (len(X),):
        raise ValueError(f"y must have the shape ({len(X)},), one label a point; got {y.shape}")
    return theta, X, y


@styled
def draw(result: ComputationGraph) -> Figure:
    """Draw the graph, a row for each layer, as high as its matrices ask."""
    heights = [row_height(layer) for layer in result.layers]
    has_loss_row = result.layers[-1].activation != "identity"
    ends = np.cumsum([0.0, *heights])       # `sum` rounds otherwise from Python 3.12 on
    height = LEGEND + ends[-1] + (2 * edge_height(None) if has_loss_row else MARGIN - ROW_GAP)
    figure, axes = sheet(height)
    draw_legend(axes, height - LEGEND / 2)
    tops = height - LEGEND - ends
    middles = [top - edge_height(layer) for top, layer in zip(tops, [*result.layers, None])]
    draw_pair(axes, [(IN, middles[0]), (AFFINE, middles[0])])
    for l, layer in enumerate(result.layers, start=1):
        draw_layer(axes, l, layer, middles[l - 1], len(result.y))
        if l < len(result.layers) or has_loss_row:
            draw_activation(axes, l, layer, middles[l - 1])
            draw_return(axes, l, middles[l - 1], tops[l] + ROW_GAP / 2, middles[l])
    if has_loss_row:
        draw_carried(axes, IN, AFFINE, middles[-1], result.outputs)
        draw_loss(axes, result, AFFINE, middles[-1])
    else:
        draw_loss(axes, result, SECOND, middles[-2])
    return figure


def edge_height(layer: Layer | None) -> float:
    """Return the room above a row's edges, and the same below; None is a loss's own row."""
    lines = max(lines_of(layer.inputs.value), lines_of(layer.z.value)) if layer else 2
    return lines * LINE + 2 * GAP


def panel_height(layer: Layer) -> float:
    """Return the height of the panel with a layer's parameters."""
    return lines_of(layer.weights.value) * LINE + 2 * GAP


def row_height(layer: Layer) -> float:
    """Return the height of a layer's row with the gap below it."""
    return 2 * edge_height(layer) + panel_height(layer) + ROW_GAP


def draw_legend(axes: Axes, y: float) -> None:
    """Say what the two kinds of arrow mean."""
    for x, text, style, direction in (
            (IN, "forward: the quantity itself", FORWARD, 1),
            (WIDTH / 2 - 0.1, r"backward: $\mathrm{d}M = \partial\mathcal{L}/\partial M$, "
             "of the same shape", BACKWARD, -1)):
        draw_arrow(axes, [(x, y), (x + 0.4, y)][::direction], style)
        axes.text(x + 0.5, y, text, va="center_baseline", color=style["color"])


def draw_pair(axes: Axes, points: list[tuple[float, float]]) -> None:
    """Draw an edge along a polyline to the right: one arrow forward, and one back below it."""
    path = np.array(points)
    draw_arrow(axes, path + (0, APART), FORWARD)
    draw_arrow(axes, path[::-1] - (0, APART), BACKWARD)


def draw_carried(axes: Axes, left: float, right: float, y: float, carried: Quantity) -> None:
    """Write what an edge carries: the value above it, the gradient below it."""
    offset = GAP + lines_of(carried.value) * LINE / 2
    for symbol, matrix, height, style in (
            (carried.symbol, carried.value, y + offset, FORWARD),
            (gradient_symbol(carried.symbol), carried.gradient, y - offset, BACKWARD)):
        room = right - left - 2 * GAP
        start = (left + right - width_of(entries(matrix, room))) / 2
        draw_matrix(axes, start, height, symbol, matrix, room, style["color"])


def gradient_symbol(symbol: str) -> str:
    """Return dM for M."""
    return rf"\mathrm{{d}}{symbol}"


def draw_layer(axes: Axes, l: int, layer: Layer, y: float, n_points: int) -> None:
    """Draw a layer's affine map, what comes into and out of it, and its parameters."""
    ones = r"\,\mathbf{1}^\top" if n_points > 1 else ""
    draw_carried(axes, IN, AFFINE, y, layer.inputs)
    draw_box(axes, AFFINE, MIDDLE, y, "affine",
             f"$Z_{{{l}}} = W_{{{l}}} A_{{{l - 1}}} + b_{{{l}}}{ones}$")
    draw_pair(axes, [(MIDDLE, y), (SECOND, y)])
    draw_carried(axes, MIDDLE, SECOND, y, layer.z)
    draw_parameters(axes, layer, y)


def draw_parameters(axes: Axes, layer: Layer, y: float) -> None:
    """Draw a panel with the parameters and their gradients, joined to the affine map above."""
    top = y - edge_height(layer)
    bottom = top - panel_height(layer)
    draw_panel(axes, IN, PANEL_END, bottom, top)
    x, box = (AFFINE + MIDDLE) / 2, y - BOX_HEIGHT / 2
    draw_arrow(axes, [(x - APART, top), (x - APART, box)], FORWARD)
    draw_arrow(axes, [(x + APART, box), (x + APART, top)], BACKWARD)
    parameters = (layer.weights, layer.bias)
    items = [(q.symbol, q.value, FORWARD) for q in parameters]
    items += [(gradient_symbol(q.symbol), q.gradient, BACKWARD) for q in parameters]
    widths = [width_of(entries(matrix, PARAMETER)) for _, matrix, _ in items]
    gap = (PANEL_END - IN - np.cumsum(widths)[-1]) / (len(items) + 1)
    left = IN + gap
    for (symbol, matrix, style), width in zip(items, widths):
        draw_matrix(axes, left, (top + bottom) / 2, symbol, matrix, PARAMETER, style["color"])
        left += width + gap


def draw_activation(axes: Axes, l: int, layer: Layer, y: float) -> None:
    """Draw an activation's box."""
    name = SHORT_NAMES.get(layer.activation, layer.activation)
    draw_box(axes, SECOND, OUT, y, name, rf"$A_{{{l}}} = \varphi_{{{l}}}(Z_{{{l}}})$")


def draw_return(axes: Axes, l: int, y: float, turn: float, next_y: float) -> None:
    """Draw the edge from an activation, around, to the beginning of the next row."""
    forward, back = (
        [(OUT, y + d), (END + d, y + d), (END + d, turn - d), (IN + d, turn - d),
         (IN + d, next_y + d), (AFFINE, next_y + d)] for d in (APART, -APART))
    draw_arrow(axes, forward, FORWARD)
    draw_arrow(axes, back[::-1], BACKWARD)
    for symbol, baseline, style in ((f"A_{{{l}}}", y + GAP, FORWARD),
                                    (gradient_symbol(f"A_{{{l}}}"), y - GAP - 0.13, BACKWARD)):
        axes.text((OUT + END) / 2, baseline, f"${symbol}$", ha="center", size=10,
                  color=style["color"])


def draw_loss(axes: Axes, result: ComputationGraph, left: float, y: float) -> None:
    """Draw the loss's box and the edge out of it."""
    l, right = len(result.layers), left + OUT - SECOND
    symbol = "Z" if result.layers[-1].activation == "identity" else "A"
    label = f"y = {result.y[0]:g}" if len(result.y) == 1 else f"n = {len(result.y)}"
    draw_box(axes, left, right, y, SHORT_NAMES.get(result.loss_name, result.loss_name),
             rf"$\mathcal{{L}}({symbol}_{{{l}}}, y),\ {label}$")
    draw_pair(axes, [(right, y), (right + END - OUT, y)])
    draw_carried(axes, right, right + END - OUT, y, result.loss)
