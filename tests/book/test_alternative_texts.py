"""The numbers of alternative texts are those of the figures, rounded as the words have them."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
TEXTS = {label: text for chapter in ("neural-networks", "smoke") for label, text in re.findall(
    r'#\| label: fig-([\w-]+)\n(?:#\| (?!fig-alt).*\n)*#\| fig-alt: "(.*)"',
    (ROOT / "chapters" / f"{chapter}.qmd").read_text(encoding="utf-8"))}


def mid(values):
    return np.median(values, axis=-1)


def over_units(values):
    """Medians over seeds and units, (2, maps)."""
    return np.median(values.reshape(*values.shape[:2], -1), axis=-1)


# Words of an alternative text, and their numbers, of the arrays that are kept of the figure.
SAID = [
    ("random-layers", "from 0.55 through 0.7 at 8 units and nearly 0.9 at 16 to 1 at 32",
     lambda f: [(at := mid(f["probe_accuracy"][1]))[0], at[2], 8, at[3], 16, at[4], 32]),
    ("random-layers", "through 0.77 at 4 units and 0.9 at 8 to 1 at 16",
     lambda f: [(at := mid(f["probe_accuracy"][2]))[1], 4, at[2], 8, at[3], 16]),
    ("coin-tosses", "from 0.56 over 0.65, 0.8 and 0.95 to 1.0", lambda f: mid(f["learned"])),
    ("coin-tosses", "between 0.35 and 0.75",
     lambda f: [f["next_toss"].min(), f["next_toss"].max()]),
    ("double-descent", "with five inputs to 0.4, below its first valley of 0.8",
     lambda f: [(error := mid(f["test_error"][1]))[-1], error[:9].min()]),
    ("double-descent", "with two inputs to about 1, well above its first valley of 0.2",
     lambda f: [(error := mid(f["test_error"][0]))[-1], error[:9].min()]),
    ("leaf-learning", "from 0.35 to 0.69 and 0.85, the fully connected from 0.31 to 0.45 and 0.52",
     lambda f: mid(f["accuracy"]).ravel()),
    ("leaf-learning", "0.92 and 0.63, to 0.35 and 0.12 at 60",
     lambda f: [*(at := mid(f["turned"]))[:, 0], *at[:, 2], f["turns"][2]]),
    ("leaf-learning", "to 0.83 and 0.57 at 120 degrees and fall again to 0.3 and 0.2 at 180",
     lambda f: [*(at := mid(f["turned"]))[:, 4], f["turns"][4], *at[:, 6], f["turns"][6]]),
    ("leaf-learning", "from 0.89 to 0.6 at eight pixels, the other from 0.57 to 0.2",
     lambda f: mid(f["shifted"])[:, [0, -1]].ravel()),
    ("leaf-learning", "above 0.66, of the fifth species above 0.81, of those named rightly above 0.94",
     lambda f: [np.interp(-0.5, -mid(f["above"][i]), f["levels"]) for i in (1, 2, 0)]),
    ("leaf-units", "the blade falls from 0.69 to 0.23, with the veins from 0.58 to 0.21",
     lambda f: [*(at := over_units(f["first"]))[:, 4], *at[:, 2]]),
    ("leaf-units", "from 0.44 to 0.30, with edges of one direction it rises from 0.35 to 0.42",
     lambda f: [*(at := over_units(f["first"]))[:, 1], *at[:, 0]]),
    ("leaf-units", "stays at 0.2. Layer 2: edges of one direction fall from 0.59 to 0.48",
     lambda f: [over_units(f["first"])[1, 3], 2, *over_units(f["second"])[:, 0]]),
    ("leaf-units", "lobes rise from 0.15 to 0.33, teeth from 0.13 to 0.35",
     lambda f: over_units(f["largest"]).T.ravel()),
    ("many-seeds", "8 ReLU units lie around 0.24, 4 units around 0.44",
     lambda f: [8, mid(f["loss"])[0], 4, mid(f["loss"])[1]]),
    ("many-seeds", "16 units around 0.13, 8 tanh units around 0.39",
     lambda f: [16, mid(f["loss"])[2], 8, mid(f["loss"])[3]]),
    ("many-seeds", "at 0.61, and the small rate around 0.64",
     lambda f: [f["one"][3, 0], mid(f["loss"])[4]]),
    ("many-seeds", "around 0.93 for 8 units, 0.82 for 4, 0.96 for 16, 0.88 for tanh",
     lambda f: [(fresh := mid(f["fresh_accuracy"]))[0], 8, fresh[1], 4, fresh[2], 16, fresh[3]]),
    ("many-seeds", "at 0.65, and 0.68 for", lambda f: [f["one"][3, 1], mid(f["fresh_accuracy"])[4]]),
    ("calibration", "at confidence 0.99 it is at 0.8",
     lambda f: [f["says"][0, 0, -1], f["right"][0, 0, -1]]),
    ("confidence", "from 0.65 at the origin", lambda f: [mid(f["by_distance"])[1, 0]]),
    ("moved", "fall from 0.87 and 0.91 to 0.5",
     lambda f: [*mid(f["accuracy"])[:, 0], mid(f["accuracy"])[0, -1]]),
    ("moved", "at 0.93, with one near 0.78 and at the end 0.75",
     lambda f: [(sure := mid(f["confidence"]))[0, 0], sure[1, 2], sure[1, -1]]),
    ("moved", "to 0.8 and 0.87; with the steepest directions fast, to 0.6 and 0.67",
     lambda f: [*mid(f["random"])[:, -1], *mid(f["steepest"])[:, -1]]),
    ("smoke-models", "with about 6.6; all others lie between 3.4 and 3.8",
     lambda f: [f["seen"][0], f["seen"][1:].min(), f["seen"][1:].max()]),
    ("smoke-models", "persistence lies far right at 4.1", lambda f: f["expected.1"]),
    ("smoke-models", "regressions follow near 3.9", lambda f: f["expected.3"]),
    ("smoke-models", "a dashed line at 3.8", lambda f: [f["best"]]),
    ("smoke-capacity", "training loss falls from 0.11", lambda f: mid(f["training"])[:1, -1]),
    ("smoke-capacity", "rises from 0.13 to 0.17",
     lambda f: [(end := mid(f["validation"])[:, -1])[0], end.max()]),
    ("smoke-capacity", "stays level at 0.13", lambda f: [mid(f["validation"].min(axis=1)).max()]),
    ("smoke-capacity", "after a peak at 120 days",
     lambda f: [f["n_days"][mid(f["validation_by_days"]).argmax()]]),
]


@pytest.mark.parametrize("figure, words, values", SAID, ids=lambda each: each[:40] if isinstance(each, str) else "")
def test_a_number_is_that_of_the_figure(figure, words, values):
    assert words in TEXTS[figure]
    found = values(np.load(ROOT / "figures" / "numbers" / f"{figure}.npz"))
    for said, value in zip(re.findall(r"\d+(?:\.\d+)?", words), found, strict=True):
        assert abs(value - float(said)) <= 0.6 * 10.0 ** -len(said.partition(".")[2]), said
