"""The chapter keeps its plan, and what its prose says is what its cells find."""

import ast
import io
import math
import re
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from bookbuild.source import Cell, split_source

from deepmath import Network, default_rng, figures, fit, xor

matplotlib.use("agg")

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "chapters" / "neural-networks.qmd").read_text(encoding="utf-8")
SOLUTIONS = (ROOT / "chapters" / "solutions.qmd").read_text(encoding="utf-8")
SECTIONS = [
    "Guiding examples", "Prerequisite anchors", "Networks as composed functions",
    "Affine maps and nonlinear activations", "Hidden layers and representation learning",
    "The chain rule and backpropagation", "Gradients through layers",
    "Capacity, expressiveness, and risk", "Convolutional and sequence viewpoints",
    "Training deep models", "Why depth can help", "A classification example",
    "Interactive exploration", "Limits and honesty", "Looking forward and outward",
    "Exercises and prompts"]
FIGURES = [
    f"fig-{name}" for name in """activations spirals random-layers computation-graph gradient-norms
    residual coin-tosses overfitting double-descent convolution memory attention optimisers initialisation sawtooth folds depth
    own-depth leaves leaf-learning leaf-layers leaf-units xor many-seeds
    units calibration confidence moved""".split()]
AFTER_FIGURES = ["what-trains", "flips", "best-rates", "leaf-shares", "sure-and-right"]      # print what a figure has measured
PARAMETERS = ["N_HIDDEN = 8", 'ACTIVATION = "relu"', "LEARNING_RATE = 0.05", "N_EPOCHS = 500"]


def cells(text):
    """Return the cells as (options, code)."""
    return [(piece.options, piece.code) for piece in split_source(text).pieces
            if isinstance(piece, Cell)]


CELLS = cells(CHAPTER)
LIVE = next(code for options, code in CELLS if options.get("label") == "fig-xor")


def run(code, names=None):
    """Run a cell among `names`; return its names and what it printed."""
    names = {} if names is None else names
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(code, names)
    matplotlib.pyplot.close("all")
    return names, printed.getvalue()


def live(**parameters):
    """Run the interactive cell with other parameters."""
    code = LIVE
    for name, value in parameters.items():
        code, n = re.subn(rf"^{name} = \S+", f"{name} = {value!r}", code, flags=re.MULTILINE)
        assert n == 1
    return run(code)


# ------------------------------------------------------------------------------- plan

def test_sections_stand_in_their_order():
    headings = re.findall(r"^## (.+?) \{#sec-[\w-]+\}$", CHAPTER, re.MULTILINE)
    assert headings == SECTIONS


def test_every_figure_says_what_was_measured_and_what_one_would_see():
    figures = {options["label"]: options for options, _ in CELLS
               if options.get("label", "").startswith("fig-")}
    assert list(figures) == FIGURES
    for options in [*figures.values(), *(o for o, c in CELLS if ".draw(" in c)]:
        assert len(options["fig-alt"]) > 80
    for options in figures.values():
        assert len(options["fig-cap"]) > 80


def test_every_exercise_has_a_solution():
    exercises = re.findall(r"\{#exr-([\w-]+)\}", CHAPTER)
    solved = re.findall(r"\{#sec-sol-([\w-]+)\}\n\nThis solves @exr-([\w-]+)[.,]", SOLUTIONS)
    assert len(exercises) >= 4
    assert solved == [(name, name) for name in exercises]


@pytest.mark.parametrize("chapter", sorted((ROOT / "chapters").glob("*.qmd")), ids=lambda p: p.stem)
def test_no_number_of_a_sentence_is_left_as_code(chapter):
    """A line that ends within an inline expression, behind its language, is shown and not run."""
    assert not re.findall(r"`\{\w+\}\s*\n.*", re.sub(r"^```.*$", "", chapter.read_text("utf-8"),
                                                     flags=re.MULTILINE))


def test_every_equation_is_labelled():
    assert CHAPTER.count("\n$$ {#eq-") * 2 == len(re.findall(r"^\$\$", CHAPTER, re.MULTILINE))
    assert SOLUTIONS.count("\n$$ {#eq-") * 2 == len(re.findall(r"^\$\$", SOLUTIONS, re.MULTILINE))


# --------------------------------------------------------------------- interactive cell

def test_the_interactive_cell_is_short_and_calls_only_deepmath():
    lines = LIVE.splitlines()
    assert len(lines) < 25
    assert [line.split("  # ")[0] for line in lines[:4]] == PARAMETERS
    assert all("  # " in line for line in lines[:4])
    imported = [node for node in ast.walk(ast.parse(LIVE))
                if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [node.module for node in imported] == ["deepmath"]


ADVICE = re.search(r"## What to try\n(.*?)\n:::", CHAPTER, re.DOTALL)[1]


def claims():
    """Return each suggestion's settings and the line that it says the cell prints."""
    found = []
    for item in re.split(r"^- ", ADVICE, flags=re.MULTILINE)[1:]:
        settings = {}
        for span in re.findall(r"`([^`]+)`", item):
            if span.startswith("final loss"):
                found.append((settings, span))
                settings = {}
            else:
                name, value = span.split(" = ")
                settings[name] = ast.literal_eval(value)
    return found


@pytest.mark.parametrize("settings, promised", claims(), ids=str)
def test_suggestions_say_what_the_cell_prints(settings, promised):
    assert live(**settings)[1] == promised + "\n"


def test_there_are_four_suggestions():
    assert len(re.findall(r"^- \*\*", ADVICE, re.MULTILINE)) == 4
    assert len(claims()) >= 4


OTHER_DATA = re.search(r"## Other data\n(.*?)\n:::", CHAPTER, re.DOTALL)[1]


def other_claims():
    """Return each setting of other data, as calls and assignments, and the line it is to print."""
    return [(re.findall(r"`([^`]+)`", setting), promised) for setting, promised in re.findall(
        r"\[([^]]+)\]\{\.try\}.*?`(final loss[^`]+)`", OTHER_DATA, re.DOTALL)]


@pytest.mark.parametrize("settings, promised", other_claims(), ids=str)
def test_other_data_give_what_the_text_says(settings, promised):
    call, *rest = settings
    code = LIVE.replace("xor(120, rng)", call).replace("fit, xor", f"fit, {call.partition('(')[0]}")
    for setting in rest:
        code, n = re.subn(rf"^{setting.partition(' ')[0]} = \S+", setting, code, flags=re.MULTILINE)
        assert n == 1
    assert run(code)[1] == promised + "\n"


def test_a_large_network_learns_noise_by_heart():
    rng = default_rng(42)
    X, y = xor(120, rng, noise=0.2)
    network = Network((2, 64, 64, 1))
    theta = network.initialise(rng, "normal", scale=0.5)
    loss = fit(network, theta, X, y, n_epochs=400,
               validation=xor(400, 20_011, noise=0.2)).history.validation_loss
    assert 150 < loss.argmin() < 250
    assert (np.diff(loss[250::50]) > 0).all()


@pytest.mark.parametrize("settings, right", [
    ({"N_HIDDEN": 4}, 0), ({"ACTIVATION": "tanh"}, 0), ({"N_HIDDEN": 16}, 1)])
def test_the_lower_right_quadrant(settings, right):
    names, _ = live(**settings)
    X, y = names["X"], names["y"]
    corner = (X[:, 0] > 0) & (X[:, 1] < 0)
    predicted = names["network"].predict(names["result"].theta, X) > 0
    share = (predicted == (y > 0.5))[corner].mean()
    assert share == 0 if right == 0 else share > 0.9


# ------------------------------------------------------- what the prose says in words

def kept(name):
    """The arrays of a figure's file, which another test compares with what the code makes."""
    return np.load(ROOT / "figures" / "numbers" / f"{name}.npz")

@pytest.fixture(scope="module")
def chapter():
    """The names of all cells that run, but figures, in order, with 8 seeds in place of the many."""
    names, printed = {}, {}
    for options, code in CELLS:
        label = options.get("label", "")
        if options.get("eval", True) and ".draw(" not in code and label not in AFTER_FIGURES:
            few = re.sub(r"range\((?:32|16)\)", "range(8)", code)
            names, printed[label] = run(few, names)
        elif label == "fig-activations":
            exec("from deepmath import figures", names)
    return names, printed


def test_no_line_separates_the_first_example(chapter):
    names, printed = chapter
    assert 0.4 < np.median(names["line"]) < 0.6
    assert "accuracy on fresh points: 1.0" in printed["xor-by-hand"]


def test_code_in_the_chapter_agrees_with_the_package(chapter):
    _, printed = chapter
    assert "as in deepmath: True" in printed["forward-pass"]
    assert "below 1e-12: True" in printed["collapse"]
    assert "same gradient: True" in printed["backward-pass"]
    assert "same as sliding the kernel: True" in printed["toeplitz"]


def test_spare_units_make_the_search_easier(chapter):
    found = chapter[0]["found"]
    assert (found[4] < 0.9).sum() > (found[16] < 0.9).sum() == 0


def test_a_gradient_costs_at_most_three_forward_passes(chapter):
    ratios = re.findall(r"gradient / forward = ([\d.]+)", chapter[1]["cost"])
    assert len(ratios) == 4 and all(2 < float(ratio) <= 3 for ratio in ratios)


def test_the_difference_quotient_loses_digits_and_most_at_kinks(chapter):
    errors = re.findall(r"(\w+) +complex step: error (\S+) +difference: error (\S+)",
                        chapter[1]["gradient-check"])
    exact = {name: float(value) for name, value, _ in errors}
    usual = {name: float(value) for name, _, value in errors}
    assert max(exact.values()) < 1e-14 < 1e-11 < min(usual.values())
    assert usual["relu"] > 1000 * max(usual["sigmoid"], usual["tanh"])


def test_coin_tosses_are_learned_by_heart():
    found = kept("coin-tosses")
    learned = np.median(found["learned"], axis=1)
    assert found["learned"][-1].min() == 1 and learned[0] < 0.7 and (np.diff(learned) > 0).all()
    assert np.abs(np.median(found["next_toss"], axis=1) - 0.5).max() < 0.05     # "about one half"


def test_the_capacity_bound_is_no_forecast(chapter):
    assert chapter[0]["hand_bound"] > math.log(2)


def test_two_factors_make_the_bound_too_large(chapter):
    names, _ = chapter
    bound, norms, slopes = (names[each] for each in ("bound", "by_norm", "by_slope"))
    size = [np.linalg.norm(each, axis=(-2, -1)) for each in names["dZ"]]
    assert np.allclose(bound, norms * slopes * size[0] / size[9])
    assert np.median(norms) > 100 > 2 > np.median(slopes) > 1           # "nearly all of it"
    assert 1.7 < np.median(norms) ** (1 / 9) < 2.3                      # "about twice"


def test_sigmoids_shrink_gradients_and_rectifiers_with_residuals_blow_them_up():
    norms = kept("gradient-norms")
    sigmoid, tanh, relu = np.median(norms["plain"][:, 0], axis=-1)
    guess = 4.0 ** -29
    assert guess == pytest.approx(3e-18, rel=0.2) and 0.05 < sigmoid / guess < 0.2
    assert min(tanh, relu) > 0.3
    sigmoid, tanh, relu = np.median(norms["residual"][:, 0], axis=-1)
    assert 1 < sigmoid < 1.5 < 50 < tanh < 100 < 2**14.5 < 3e5 < relu < 3e6
    sigmoid, tanh, relu = np.median(norms["normalised"][:, 0], axis=-1)
    assert 1e-13 < sigmoid < 1e-11 and 20 < tanh < 60 and 0.3 < relu < 3
    assert (np.abs(np.median(norms["both"][:, 0], axis=-1) - 33) < 10).all()   # "all three"
    assert 1e-10 < np.median(norms["bound"][0]) < 1e-8


def test_thirty_layers_train_where_they_are_residual_and_normalised():
    found = kept("residual")
    assert list(found["kinds"]) == list(figures.gradient_norms.KINDS)
    assert found["loss"].shape == (4, 3, 50, 32) and list(found["depths"]) == [3, 10, 30]
    three, ten, thirty = np.median(found["loss"][:, :, -1], axis=-1).T
    coin = math.log(2)
    assert three.max() < 2e-3 and ten.argsort().tolist() == [3, 0, 1, 2]   # "the second best"
    assert thirty[3] < 0.1 < 0.4 < thirty[0] < coin                     # "a little better"
    assert abs(thirty[2] / coin - 1) < 0.01 and 0.5 < thirty[1] < 3     # "back to that of a coin"
    assert 0.5 < (found["loss"][3, 2, -1] < 0.3).mean() < 1             # "most but not all"
    assert np.median(found["loss"][1, 2, 0]) > 1e4                      # "more than ten thousand"


@pytest.mark.parametrize("kind", figures.gradient_norms.KINDS)
def test_each_kind_has_its_best_rate(kind):
    assert figures.residual.best_rate(kind, 3) == figures.residual.CHOSEN[kind][0]


def test_width_lets_random_layers_separate_the_spirals_and_biases_are_needed():
    layers = kept("random-layers")
    zero, random, trained = np.median(layers["probe_accuracy"], axis=-1)
    assert np.abs(zero - 0.55).max() < 0.03
    np.testing.assert_allclose(random, [0.55, 0.58, 0.7, 0.9, 1.0, 1.0], atol=0.03)
    assert (trained[1:] > random[1:] + 0.15)[:2].all() and trained[2] > 0.9 and trained[3] > 0.99


def test_overfitting_is_the_learning_of_flips():
    found = kept("overfitting")
    loss, held = np.median(found["validation_loss"], axis=-1)
    best = loss.argmin()
    assert 5 < best < 20 and loss[best] == pytest.approx(0.53, abs=0.01)
    assert loss[-1] > 2 * math.log(2) and held[-1] == pytest.approx(0.55, abs=0.01)
    (clean, clean_held), (flips, flips_held) = (
        np.median(found[each], axis=-1) for each in ("clean", "flipped"))
    assert clean[best] > 0.93 and flips[best] < 0.15 and clean[-1] > 0.97 and flips[-1] > 0.6
    assert clean_held[-1] > 0.93 and flips_held[-1] < 0.2
    assert (clean[2:best] > flips[2:best] + 0.3).all()                  # "first"


def test_the_second_descent_and_the_size_of_the_weights():
    found = kept("double-descent")
    m = found["n_features"]
    test, size = (np.median(found[each], axis=-1) for each in ("test_error", "size"))
    classical = test[:, m < 80].min(axis=1)
    assert test[1, -1] < classical[1] and test[0, -1] > classical[0]
    np.testing.assert_allclose(classical, [0.17, 0.79], atol=0.03)
    np.testing.assert_allclose(test[:, -1], [1.1, 0.42], atol=0.05)
    for error, weights in zip(test, size):
        assert 80 <= m[error.argmax()] <= 90 and 80 <= m[weights.argmax()] <= 90
        assert error.max() > 70 * error[m < 80].min() and weights[-1] < weights.max() / 8
    assert (found["training_error"][:, m > 90] < 1e-15).all()


def test_the_start_is_forgotten_or_blown_up_unless_a_gate_keeps_it():
    memory = kept("memory")
    half, one, more = np.median(memory["plain"][:, -1], axis=-1)
    assert half < 1e-15 and one == pytest.approx(0.1, rel=0.2) and 100 < more < 1000
    assert (memory["plain"] <= memory["bound"][..., None] * (1 + 1e-9)).all()
    gated = np.median(memory["gated"], axis=-1)
    assert 0.1 < gated.min() and gated.max() < 10


def test_no_rate_suits_all_optimisers():
    found = kept("optimisers")
    descent, momentum, adam = np.median(found["loss"], axis=-1)
    rate = {value: place for place, value in enumerate(found["rates"])}
    for slow, fast in ((0.003, 0.03), (0.01, 0.1)):                     # a factor of ten
        assert momentum[rate[slow]] == pytest.approx(descent[rate[fast]], rel=0.1)
    assert momentum[rate[0.3]] < adam[rate[0.01]] < momentum[rate[0.01]]
    assert adam.min() < momentum.min() < descent.min()
    assert momentum[rate[1.0]] > 0.3 < adam[rate[1.0]] and descent.argmin() == rate[1.0]
    best = [np.median(right[loss.argmin()]) for right, loss in
            zip(found["fresh_accuracy"], (descent, momentum, adam))]
    assert np.ptp(best) < 0.01                                          # "equally good"
    noisy, smooth = found["noisy_path"], found["paths"][0]
    assert np.ptp(noisy[25:, 1]) > 3 * np.ptp(smooth[25:, 1])           # "not come to rest"


def test_mean_squares_follow_the_prediction():
    found = kept("initialisation")
    last = np.median(found["mean_square"][:, -1], axis=-1)
    ratio = last / found["predicted"][:, -1]
    assert (0.2 < ratio).all() and (ratio < 1).all()                    # "somewhat below"
    assert found["predicted"][2, -1] == pytest.approx(2.0**20, rel=0.15)


def test_convolution_needs_fewer_leaves_and_does_not_turn():
    found = kept("leaf-learning")
    assert found["n_leaves"].tolist() == [10, 100, 1000]
    conv, connected = np.median(found["accuracy"], axis=-1)
    assert conv[0] < 0.45 and connected[0] < 0.45 and conv[2] > 0.8 and connected[2] < 0.6
    assert (found["accuracy"][0, 2] > found["accuracy"][1, 2]).all()     # "for each of the 32 seeds"
    assert found["accuracy"].shape[-1] == 32
    turns, shifts = list(found["turns"]), list(found["shifts"])
    upright, at_60, at_120 = (np.median(found["turned"][0], axis=-1)[turns.index(each)]
                              for each in (0, 60, 120))
    assert turns[2] == 60 and turns[4] == 120 and shifts[3] == 6        # as the text counts them
    assert upright > 0.9 > at_120 > 0.75 and at_60 < 0.45
    margin, lobes = (np.median(found[each], axis=-1) for each in ("margin", "lobes"))
    assert margin.min() > 0.85 and margin[0] - margin[2] < 0.1 and lobes[2] < 0.5
    moved = np.median(found["shifted"], axis=-1)[:, 3]
    assert moved[0] > 0.55 and moved[1] < 0.25
    known, new = np.median(found["sure"], axis=-1)
    assert abs(known - conv[2]) < 0.05 and 0.7 < new < known            # "near its accuracy"


def test_leaves_of_three_lobes_that_are_turned_are_named_as_leaves_of_five():
    from deepmath.figures.leaf_learning import turned_by
    from deepmath.figures.leaf_networks import points, probabilities, train_stack
    from deepmath.leaves import photograph, specimens
    drawn = turned_by(specimens(60, 5, species=(0, 1)), 60)
    thetas = train_stack((0, 1, 2, 3), "convolutional", 1000)
    named = probabilities("convolutional", thetas, points(photograph(drawn))).argmax(axis=-1)
    assert (named >= 2).mean() > 0.8 < (named % 2 == drawn.species).mean()


def test_training_turns_units_from_the_blade_to_edges():
    found = kept("leaf-units")
    maps = list(found["maps"])
    assert maps == ["edges, one way", "edges", "veins", "tips", "blade"]
    before, after = (np.bincount(each.reshape(5, -1).argmax(axis=0), minlength=5) / each[0].size
                     for each in found["first"])
    assert before[4] > 0.5 > after[4] and after[0] > 0.5 > before[0]
    assert after[2] + after[3] < 0.05                                   # "Hardly a unit"
    veins = np.median(found["second"][:, 2].reshape(2, -1), axis=1)
    assert 0 < veins[1] - veins[0] < 0.1                                # "A little."
    side = [np.mean(each.reshape(5, -1).argmax(axis=0) == 0) for each in found["second"]]
    assert min(side) > 0.5                                              # "most follow, as before"
    largest = np.median(found["largest"].reshape(2, 2, -1), axis=-1)
    assert (largest[1] > 1.5 * largest[0]).all() and largest.max() < 0.5
    covered = found["covered"]
    assert covered[0].max() == covered.max() > 0.3                      # "the middle of the blade"
    assert all(4 <= each <= 9 for each in np.unravel_index(covered[0].argmax(), covered[0].shape))


def test_confidence_is_not_calibration():
    found = kept("calibration")
    right, sure = (np.median(found[each], axis=-1) for each in ("accuracy", "sure"))
    assert sure[0, 0] - right[0, 0] > 0.1                               # "far too sure"
    assert abs(sure[1, 0] - right[1, 0]) < 0.03                         # "nearly agree"
    gap = found["right"] - found["says"]
    assert (gap[0, 0, 1:] < 0).all() and gap[0, 1, 3] > 0.05 and gap[0, 1, -1] < -0.05
    assert (gap[1, :, 4] > 0.05).all() and (gap[1, :, -1] < -0.05).all()
    loss = np.median(found["loss"], axis=-1)
    assert loss[0, 1] < loss[0, 0] / 2                                  # "more than half"
    np.testing.assert_array_equal(found["accuracy"][:, 0], found["accuracy"][:, 1])
    assert 0.6 < found["share"][0, 0, -1] < 0.72


def test_confidence_grows_with_distance():
    found = kept("confidence")
    held = np.median(found["by_distance"][1], axis=-1)
    assert held[0] < 0.7 and held[-1] > 0.99 and (np.diff(held[3:]) > 0).all()
    assert found["distance"][-1] > 4 * math.sqrt(2) and np.median(found["map"][0]) > 0.999


def test_moved_points_are_told_wrongly_and_surely():
    found = kept("moved")
    accuracy, confidence = (np.median(found[name], axis=-1) for name in ("accuracy", "confidence"))
    assert found["angles"][-1] == 45 and np.abs(accuracy[:, -1] - 0.5).max() < 0.03     # "of a coin"
    assert np.abs(confidence[:, -1] - confidence[:, 0]).max() < 0.05                    # "no warning"
    random, steepest = (np.median(found[name][:, 0] - found[name][:, 3], axis=-1)
                        for name in ("random", "steepest"))
    assert found["pushes"][3] == 0.1 and random.max() < 0.04                            # "little"
    assert (steepest > 3 * random).all()                                                # "several"


def test_the_textbook_loss_breaks_and_the_stable_one_does_not(chapter):
    lines = chapter[1]["stable-loss"].splitlines()
    assert [("inf" in line) for line in lines] == [False, False, False, True, True]
    assert lines[-1].endswith("stable 800") and lines[1].endswith("stable 4.248e-18")


def test_depth_against_width(chapter):
    _, printed = chapter
    assert printed["folds-by-hand"].count("accuracy 1.0") == 2
    assert "  20 hidden units" in printed["folds-by-hand"]
    folds = kept("folds")
    exact, deep, wide = folds["n_parameters"]
    assert exact < deep == wide                 # "at the same number of parameters"
    right = folds["predicted"] == folds["labels"]
    exact, deep, wide = right.mean(axis=-1)
    assert (exact == 1).sum() == (wide == 1).sum() == 0 and 0 < (deep == 1).mean() < 0.5
    assert np.median(deep) > np.median(wide)
    teeth = np.split(np.arange(64), np.flatnonzero(np.diff(folds["labels"])) + 1)[1::2]
    found = [right[2][:, tooth].all(axis=-1).sum() for tooth in teeth]
    assert found[1:3] == [32, 32] and max(found[0], found[3]) < 10      # "seldom"


@pytest.mark.parametrize("k, m", [(2, 1), (3, 6), (10, 64)])
def test_the_bound_of_the_depth_theorem_is_not_beaten(k, m):
    from deepmath import Network, default_rng
    x = np.arange(2**k + 1) / 2**k
    labels = np.arange(2**k + 1) % 2
    network = Network((1, m, 1), hidden="relu")
    thetas = default_rng(0).normal(size=(200, network.n_parameters))
    wrong = ((network.predict(thetas, x[:, None]) > 0.5) != labels).sum(axis=1)
    assert wrong.min() >= (2**k - m - 1) / 2


def test_the_units_of_the_cell_start_at_the_origin_and_spread():
    units, (names, _) = kept("units"), live(N_EPOCHS=500)
    middle = len(units["side"]) // 2
    assert not units["first"][0, :, middle, middle].any()
    assert not units["second"][0, :, middle, middle].any()
    network, X, y = (names[each] for each in ("network", "X", "y"))
    trained = names["result"].theta
    at = list(units["epochs"]).index(500)
    assert units["accuracy"][at] == ((network.predict(trained, X) > 0) == (y > 0.5)).mean()
    places = np.stack(np.meshgrid(units["side"], units["side"]), axis=-1).reshape(-1, 2)
    first, second, _ = network.forward(trained, places).z
    np.testing.assert_allclose(units["first"][at].reshape(8, -1), first, atol=1e-6)
    assert len({column.tobytes() for column in (np.vstack([first, second]) > 0).T}) == \
        units["n_regions"][at] > 2 * units["n_regions"][0]


def test_directions_hold_over_seeds():
    found = kept("many-seeds")
    usual, wide, tanh = found["loss"][[0, 2, 3]]
    assert (tanh > usual).sum() > 24 and (wide < usual).sum() > 24
    assert (tanh >= found["one"][3, 0]).sum() < 3
    told = ["0.246", "0.517", "0.166", "0.610", "0.649"]        # of seed 42, by the cell itself
    assert [f"{loss:.3f}" for loss in found["one"][:, 0]] == told


def test_on_unbiased_random_layers_a_probe_cannot_do_better_than_five_ninths():
    """The best odd, positively homogeneous logit has one sign a ray: counted over the rays."""
    from deepmath import spirals
    X, y = spirals(200_000, 0, noise=0.0)
    ray = np.floor(np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi) * 360).astype(int) % 360
    ones = np.array([y[ray == each].mean() for each in range(360)])
    share = np.bincount(ray, minlength=360) / len(y)
    both = np.abs(ones - 0.5) < 0.25
    right = np.where(both, 0.5, np.maximum(ones, 1 - ones))
    assert (share * right).sum() == pytest.approx(5 / 9, abs=0.005)
    assert both.mean() == pytest.approx(0.8, abs=0.01)                  # "in eight of ten"


def test_random_layers_do_not_untangle_the_spirals(chapter):
    from deepmath import figures
    zero, random, trained = np.median(
        figures.spirals.compute(n_seeds=16).probe_accuracy, axis=1)
    assert np.ptp(zero) < 0.05
    assert random[1] > zero[1] + 0.05 and random[2] < random[1] + 0.05
    assert trained[2] > 0.99 and trained[1] > random[1]


# -------------------------------------------------------------------------- solutions

def test_solutions_run_and_confirm_what_they_say():
    names, printed = {}, ""
    for _, code in cells(SOLUTIONS):
        names, text = run(code, names)
        printed += text
    assert "same outputs: True" in printed and "inside: 2" in printed
    best = float(re.search(r"best of all lines tried: ([\d.]+)", printed)[1])
    assert best == pytest.approx(2 / 3, abs=2e-3)
    assert "gradient / p: [1. 2. 1. 0. 0. 0. 1. 0. 1.]" in printed
    (slope, free), (centred_slope, centred) = re.findall(
        r"mean slope ([\d.]+), first / last hidden layer (\S+)", printed)
    assert float(slope) < float(centred_slope) == 0.25 and max(float(free), float(centred)) < 0.01
    learned, fresh = map(float, re.search(
        r"learned [\d.]+, measured ([\d.]+); fresh [\d.]+, measured ([\d.]+)", printed).groups())
    conv, two = np.median(kept("leaf-learning")["accuracy"], axis=-1)[:, 2]
    assert learned > fresh + 0.1 and two < fresh - 0.05 < fresh + 0.05 < conv
    assert "from z = 36.74 on" in printed and "up to z = -709" in printed
    assert "257 parameters, forward 192 n, backward 256 n" in printed
    assert "881 parameters, forward 816 n, backward 1600 n" in printed
    before, after = re.search(r"before ([\d.]+), after ([\d.]+)", printed).groups()
    assert float(after) == pytest.approx(float(before), rel=0.05)
    backward, complex_step = re.search(r"backward ([\d.]+), complex step ([\d.]+)",
                                       printed).groups()
    assert backward == complex_step
    assert re.findall(r"(\w+) +first: unchanged by the shuffle: (\w+)", printed) == [
        ("Attention", "True"), ("Places", "False")]
    clean, flipped = map(float, re.search(r"clean ([\d.]+), flipped ([\d.]+), length", printed).groups())
    others = re.findall(r"l2 = [\d.]+: clean ([\d.]+), flipped ([\d.]+)", printed)
    assert max(clean, flipped) < 0.65 and min(float(each) for each, _ in others) > 0.8
    assert max(float(each) for _, each in others) < 0.5
    measured = float(re.search(r"measured: median (\d+) of", printed)[1])
    assert measured == pytest.approx(1 + 8 + 8, abs=2)                  # "one bend for each unit"
    power = int(re.search(r"for the sawtooth of \$2\^\{(\d+)\}\$ pieces\?", CHAPTER)[1])
    told = re.search(r"\$m \\ge (\d+)\$ units per layer: at least (\d+) units, against the (\d+) of",
                     SOLUTIONS)
    least = next(m for m in range(1, 2**power) if (m + 1)**2 >= 2**power)
    assert list(map(int, told.groups())) == [least, 2 * least, 2 * power]


@pytest.mark.parametrize("pair", [0, 1])
def test_the_rates_of_the_depth_figure_favour_the_wide_networks(pair):
    wide, rate = (each[2 * pair] for each in (figures.depth.ARCHITECTURES, figures.depth.CHOSEN))
    assert figures.depth.CHOSEN[2 * pair + 1] == rate
    assert figures.depth.best_rate(wide, seeds=range(4 if pair else 16)) == rate


def test_depth_helps_at_equal_numbers_of_parameters():
    depth = kept("depth")
    small_wide, small_deep, wide, deep = depth["validation_loss"][:, -1]
    assert len(deep) == 32 and (small_deep < small_wide).sum() > 20 < (deep < wide).sum()
    small, other, *large = depth["n_parameters"]
    assert abs(small - other) < 10 and large == [881, 881]
    assert np.ptp(deep) > np.ptp(wide) and np.ptp(small_deep) > 2 * np.ptp(small_wide)
    final = np.median(depth["validation_loss"], axis=-1)
    assert (final[:, -50:-25].mean(axis=1) > final[:, -25:].mean(axis=1)).all()   # not finished
