"""What of a figure is compared, and how differences are told."""

import json
from datetime import date
from functools import cache
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bookbuild.figures.comparison import THRESHOLD, distance_of
from bookbuild.figures.differences import PANELS, TOLERANCE, differences
from bookbuild.figures.drawn import drawn


def shown(draw, **settings):
    """Return what `draw(axes)` shows, drawn into two panels that share their axes."""
    figure, (left, right) = plt.subplots(1, 2, sharex=True, sharey=True)
    left.set_title("$\\bf{(a)}$ one layer", loc="left")
    right.set_title("$\\bf{(b)}$ two layers", loc="left")
    left.set(xlabel="epoch", ylabel="$\\mathrm{loss}$")
    draw(right, **settings)
    figure.draw_without_rendering()
    found = drawn(figure)
    plt.close(figure)
    return found


def told(before, after):
    return [difference.told for difference in differences(before, after)]


def losses(axes, last=0.19, label="validation"):
    axes.plot([1, 200, 400], [0.7, 0.4, last], "--", label=label)
    axes.set(xlim=(0, 400), ylim=(0, 1))


def test_a_median_is_told_before_and_after_in_words():
    assert told(shown(losses), shown(losses, last=0.16)) == [
        "(b) two layers, validation: loss at epoch 400: 0.16, was 0.19 (3% of the panel at most)"]
    assert told(shown(losses), shown(losses)) == []
    assert told(shown(losses), shown(losses, label="training"))[:2] == [
        "(b) two layers, validation is gone", "(b) two layers, training is new"]


@given(st.floats(-1.0, 2.0), st.floats(-1.0, 2.0))
def test_what_moves_counts_in_parts_of_the_panel(old, new):
    points = np.array([[0.0, 0.5], [1.0, 0.0]])
    side = {"label": "", "limits": [0.0, 2.0], "scale": "linear", "is_dates": False, "names": {}}
    panels = np.array(json.dumps({"panel": {"title": "", "x": side, "y": side}}))
    before, after = ({PANELS: panels, "panel/line": points + [[0, 0], [0, y]]} for y in (old, new))
    found = differences(before, after)
    if abs(new - old) / 2 > 1.01 * TOLERANCE:
        assert found[0].size == pytest.approx(abs(new - old) / 2)
    elif abs(new - old) / 2 < 0.99 * TOLERANCE:
        assert not found


KINDS = {
    "curve": lambda axes, v: axes.plot([0, 1, 2], [0, v, 1]),
    "points": lambda axes, v: axes.scatter([0, 1, 2], [0, v, 1]),
    "colours of points": lambda axes, v: axes.scatter([0, 1, 2], [0, 1, 2], c=[0, v, 1]),
    "band": lambda axes, v: axes.fill_between([0, 1, 2], [0, 0, 0], [1, v, 1]),
    "bars": lambda axes, v: axes.bar(["one", "two"], [1, v]),
    "lines across": lambda axes, v: axes.hlines([1, 2], [0, 0], [1, v]),
    "a level": lambda axes, v: axes.axhline(v),
    "a slope": lambda axes, v: axes.axline((0, 0), slope=v),
    "two points": lambda axes, v: axes.axline((0, 0), (1, v)),
    "an image": lambda axes, v: axes.imshow([[0, v], [1, 1]]),
    "cells": lambda axes, v: axes.pcolormesh([[0, v], [1, 1]]),
    "levels": lambda axes, v: axes.contour([[0, 1], [1, 2]], levels=[v]),
    "an error": lambda axes, v: axes.errorbar([0, 1], [0, 1], yerr=[0.1, v]),
    "a word": lambda axes, v: axes.annotate(f"{v:.1f}", (0, 0)),
    "a name along an axis": lambda axes, v: axes.set_xticks([0, 1], ["ridge", f"network {v:.1f}"]),
    "a date": lambda axes, v: axes.plot([date(2021, 1, 1), date(2021, 1, int(10 * v))], [0, 1]),
    "limits": lambda axes, v: axes.set_ylim(0, v),
    "a scale": lambda axes, v: axes.set_yscale("log" if v > 0.55 else "linear"),
    "an inset": lambda axes, v: axes.inset_axes([0.5, 0.5, 0.4, 0.4]).plot([0, v]),
    "a legend": lambda axes, v: axes.plot([0, 1], label=f"{v:.1f}") and axes.legend(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mark_is_compared(kind):
    before, again, after = (shown(KINDS[kind], v=v) for v in (0.5, 0.5, 0.6))
    assert told(before, again) == []
    assert told(before, after)


def networks(axes, strays=0, shift=0.0):
    curves = np.linspace(0.2, 0.4, 64)[:, None] * [1.0, 0.5] + shift
    curves[-1, :] += 0.3 * strays
    axes.plot(curves.T, alpha=0.3)
    axes.plot(np.full(64, 0.5), curves[:, 0], "o", markersize=2)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def test_one_network_in_64_does_not_decide_but_medians_do():
    assert told(shown(networks), shown(networks, strays=1)) == []
    assert {"(b) two layers, median of 64 lines: loss at epoch 1: 0.16, was 0.15 "
            "(1% of the panel at most)", "(b) two layers, lower quartile of 64 points: loss at "
            "epoch 0.5: 0.26, was 0.25 (1% of the panel at most)"} < set(
                told(shown(networks), shown(networks, shift=0.01)))


def test_points_are_told_by_names_dates_and_both_coordinates():
    def models(axes, error):
        axes.plot([error, 5.0], [0, 1], "o")
        axes.set_yticks([0, 1], ["ridge", "network"])
        axes.set(xlim=(0, 10))

    def days(axes, value):
        axes.plot([date(2021, 7, 3), date(2021, 7, 4)], [value, 1.0])
        axes.set(ylim=(0, 10))

    def point(axes, at):
        axes.plot([at], [at], "o")
        axes.set(xlim=(0, 1), ylim=(0, 1))

    def numbers(draw, *values):
        return [shown(draw, **{name: value}) for value in values
                for name in [draw.__code__.co_varnames[1]]]

    assert told(*numbers(models, 4.0, 3.0)) == [
        "(b) two layers, line: epoch at ridge: 3, was 4 (10% of the panel at most)"]
    assert told(*numbers(days, 2.0, 3.0)) == [
        "(b) two layers, line: loss at epoch 2021-07-03: 3, was 2 (10% of the panel at most)"]
    assert told(*numbers(point, 0.25, 0.5)) == [
        "(b) two layers, line: (0.5, 0.5), was (0.25, 0.25) (25% of the panel at most)"]


def test_what_is_far_outside_a_panel_does_not_count():
    def diverging(axes, end):
        axes.plot([0, 1, 2], [0.1, 0.2, end])
        axes.set(ylim=(0, 1))

    assert told(shown(diverging, end=1e9), shown(diverging, end=2e9)) == []
    assert told(shown(diverging, end=1e9), shown(diverging, end=0.9))
    assert told(shown(diverging, end=1.0), shown(diverging, end=np.nan))


@cache
def picture(draw=lambda axes: None, height=3.0, colour="tab:blue", moved=0):
    """Return a PNG of 700 pixels: a curve, and an image of 30 x 30 cells."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, height))
    left.plot(np.sin(np.arange(50.0)), color=colour)
    right.imshow(np.roll(np.random.default_rng(0).random((30, 30)), moved, axis=1))
    draw(left)
    content = BytesIO()
    figure.savefig(content, dpi=100)
    plt.close(figure)
    return content.getvalue()


def moved_by(pixels, png):
    """Return the picture with all that it shows moved to the right."""
    content = BytesIO()
    image = Image.open(BytesIO(png)).convert("RGB")
    Image.fromarray(np.roll(np.asarray(image), pixels, axis=1)).save(content, "png")
    return content.getvalue()


def test_edges_may_be_a_pixel_or_two_elsewhere():
    assert distance_of(picture(), picture()) == 0
    assert distance_of(picture(), moved_by(2, picture())) == 0
    assert distance_of(picture(), moved_by(8, picture())) > THRESHOLD
    assert distance_of(picture(), picture(height=3.01)) == np.inf


@pytest.mark.parametrize("change", [
    {"colour": "tab:purple"}, {"colour": "white"}, {"moved": 1},
    {"draw": lambda axes: axes.axhline(0.5, color="black")},
])
def test_another_colour_and_what_is_there_or_not_is_another_picture(change):
    assert distance_of(picture(), picture(**change)) > THRESHOLD
    assert distance_of(picture(**change), picture()) > THRESHOLD
