"""The chapter on smoke: its plan, and that its prose says what its cells find."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from bookbuild.source import Cell, split_source

from deepmath import figures, smoke
from deepmath.figures import style
from deepmath.smoke.results import span

matplotlib.use("agg")

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "chapters" / "smoke.qmd").read_text(encoding="utf-8")
SOLUTIONS = (ROOT / "chapters" / "smoke-solutions.qmd").read_text(encoding="utf-8")
RESULTS = ROOT / "data" / "edmonton-woodcroft.json"
NAMES = ["smoke-record", "smoke-models", "smoke-forecast", "smoke-capacity"]


def cells(text):
    """Return the cells as (options, code)."""
    return [(piece.options, piece.code) for piece in split_source(text).pieces
            if isinstance(piece, Cell)]


def run(text, change=lambda code: code):
    """Run all cells of a chapter; return their names and what each printed."""
    names, printed = {}, {}
    for number, (options, code) in enumerate(cells(text)):
        if not options.get("eval", True):
            continue
        out = io.StringIO()
        with redirect_stdout(out):
            exec(change(code), names)
        plt.close("all")
        printed[options.get("label", number)] = out.getvalue()
    return names, printed


def with_few_seeds(code):
    """Four seeds in place of 32, two in place of eight, and few widths in the figure."""
    code = code.replace("range(8)", "range(2)").replace("range(32)", "range(4)")
    return code.replace("smoke_capacity.compute(record)",
                        "smoke_capacity.compute(record, widths=(1, 2, 8, 16, 32, 128), "
                        "seeds=range(3))").replace("widths[4]", "widths[3]")


@pytest.fixture(scope="module")
def chapter():
    return run(CHAPTER, with_few_seeds)


# ------------------------------------------------------------------------------------ plan

def test_figures_have_captions_and_alternatives_and_are_registered():
    shown = {options["label"]: options for options, _ in cells(CHAPTER)
             if options.get("label", "").startswith("fig-")}
    assert list(shown) == [f"fig-{name}" for name in NAMES]
    for options in shown.values():
        assert len(options["fig-cap"]) > 80 and len(options["fig-alt"]) > 80
    assert set(NAMES) <= figures.FIGURES.keys()


def test_every_exercise_has_a_solution_that_computes():
    exercises = re.findall(r"\{#exr-([\w-]+)\}", CHAPTER)
    solved = re.findall(r"\{#sec-sol-([\w-]+)\}\n\nThis solves @exr-([\w-]+)[.,]", SOLUTIONS)
    assert len(exercises) == 7 and solved == [(name, name) for name in exercises]
    assert len(cells(SOLUTIONS)) == 1 + len(exercises)


def test_the_simulated_record_is_called_simulated_wherever_it_is_shown(chapter):
    _, printed = chapter
    assert "simulated record" in printed["record"]
    record = {options.get("label"): options for options, _ in cells(CHAPTER)}
    assert "simulated" in record["fig-smoke-record"]["fig-cap"]


LIVE = {options["label"]: code for options, code in cells(CHAPTER) if not options.get("eval", True)}


@pytest.mark.parametrize("label", LIVE)
def test_a_live_cell_draws_its_figure(label):
    exec(re.sub(r"N_SEEDS = \d", "N_SEEDS = 1", LIVE[label]), {})
    [number] = plt.get_fignums()
    assert plt.figure(number).axes
    plt.close("all")


@pytest.mark.parametrize("label, setting, told", [
    ("other-years", "SEED = -1", "seed must be a whole number, at least 0; got -1"),
    ("other-years", "N_DAYS = 0", "n_days must be a whole number, at least 1; got 0"),
    ("other-models", "N_SEEDS = 0", "seeds must be at least one; got none"),
    ("other-models", "PENALTY = -0.1", "l2 must be a number, zero or more; got -0.1"),
    ("other-forecast", "N_DAYS = 2.5", "n_days must be a whole number, at least 1; got 2.5"),
    ("other-capacity", "N_TRAINING = 3", "n_training must be a whole number, at least 30; got 3"),
    ("other-capacity", "N_HIDDEN = 0", "each of widths must be a whole number, at least 1; got 0"),
    ("other-capacity", "N_SEEDS = 0", "seeds must be different from each other, and at least one")])
def test_a_live_cell_refuses_what_is_out_of_range_by_name(label, setting, told):
    name = setting.split()[0]
    with pytest.raises(ValueError, match=re.escape(told)):
        exec(re.sub(rf"^{name} = \S+", setting, LIVE[label], flags=re.MULTILINE), {})


# ------------------------------------------------------------------------- what is claimed

def test_no_future_value_reaches_a_past_forecast(chapter):
    told = chapter[1]["leakage"].splitlines()
    assert len(told) == 6 and all("past unchanged: True" in line for line in told)
    assert [line.split()[0] for line in told if "future changed: False" in line] == ["climatology"]


def test_gradients_of_the_four_networks_are_right(chapter):
    assert chapter[1]["networks"].count("exact to 1e-12: True") == 4


def test_each_network_chooses_its_penalty_among_the_same(chapter):
    tried = re.findall(r"(\w+) +l2 = +(\S+): validation MAE (\S+)", chapter[1]["penalty"])
    for kind in smoke.NETWORKS:
        errors = {float(l2): float(mae) for name, l2, mae in tried if name == kind}
        assert list(errors) == list(smoke.PENALTIES)
        assert errors[chapter[0]["penalties"][kind]] == min(errors.values())
    assert chapter[0]["forecasts"].penalties == {
        kind: [l2] for kind, l2 in chapter[0]["penalties"].items()}


def test_width_hardly_matters_once_there_is_a_penalty(chapter):
    names, _ = chapter
    pairs, split = names["pairs"], names["split"]
    errors = [np.median(smoke.mae(pairs.y[split.validation], smoke.train(
        "dense", pairs, split, range(3), n_hidden=h).forecast[:, split.validation]))
        for h in (4, 8, 16)]
    assert max(errors) < 1.02 * min(errors)


def test_networks_are_ahead_of_ridge_by_a_hair_and_warn_less_than_persistence(chapter):
    scores = chapter[0]["scores"]
    ridge, persistence = scores["ridge on lags and weather"], scores["persistence"]
    assert scores["climatology"].mae > 1.5 * persistence.mae
    attention = scores["attention network"]
    assert -0.05 < ridge.mae - attention.mae <= 0.01        # "is not ahead"
    scatter = {kind: np.ptp(scores[f"{kind} network"].mae_quartiles) for kind in smoke.NETWORKS}
    assert scatter["attention"] == max(scatter.values())    # "its seeds differ the most"
    for kind in smoke.NETWORKS:
        network = scores[f"{kind} network"]
        if network is not attention:
            assert 0 < ridge.mae - network.mae < 0.1
            assert abs(network.to_ridge[1]) < 0.05          # "ends near zero for these three"
        assert network.hits < persistence.hits
        assert network.false_alarms < persistence.false_alarms
        assert network.rmse > ridge.rmse                    # "all four are behind"
        low, high = network.mae_interval
        assert high - low > 10 * (network.mae_quartiles[1] - network.mae_quartiles[0])
    assert ridge.hits < persistence.hits
    lead = chapter[0]["lead"]
    assert 0.5 < (lead > 0).mean() < 1 and -lead.min() > 5      # "nearer ... on"; "further off"


def test_the_order_of_expected_errors(chapter):
    names, _ = chapter
    expected, best = names["expected"], names["best"]
    ridge = expected["ridge on lags and weather"]
    *networks, attention = (expected[f"{kind} network"] for kind in smoke.NETWORKS)
    assert best < min(networks) and max(networks) < ridge < attention < expected["persistence"]
    to_gain = expected["persistence"] - best
    gained = names["gained"]
    assert gained["ridge on lags and weather"] > gained["seasonal persistence"] > 0.5
    assert gained["recurrent network"] == max(gained.values()) < 1
    assert to_gain < 0.1 * expected["persistence"]
    assert expected["recurrent network"] == min(networks)


def test_smoke_is_seen_one_day_late(chapter):
    names, _ = chapter
    shown = figures.smoke_forecast.compute(names["record"], names["forecasts"])
    jump = int(np.nanargmax(np.diff(np.log(shown.pm25)))) + 1
    for forecast in (shown.persistence, shown.ridge, np.median(shown.network, axis=0)):
        assert forecast[jump] < 15 < 60 < forecast[jump + 1]
    assert shown.pm25[jump] > shown.quantiles[1, jump]      # the band does not include it


def test_overfitting_starts_earlier_the_wider_the_network(chapter):
    capacity = chapter[0]["capacity"]
    turn = dict(zip(capacity.widths, capacity.turn))
    assert turn[1] > turn[16] > turn[128] and turn[128] < 10 and turn[1] > 3 * turn[128]
    training = np.median(capacity.training[:, -1], axis=-1)
    validation = np.median(capacity.validation[:, -1], axis=-1)
    assert (np.diff(training) < 0).all() and training[-1] < 0.02
    assert validation[-1] > capacity.persistence > validation[0]
    best = np.median(capacity.validation.min(axis=1), axis=-1)
    assert np.ptp(best) < 0.005                              # the stars lie level
    assert capacity.ridge < best.min() < best.max() < capacity.persistence


def test_days_are_what_is_missing(chapter):
    capacity = chapter[0]["capacity"]
    training, validation, best = (np.median(a, axis=-1) for a in (
        capacity.training_by_days, capacity.validation_by_days, capacity.best_by_days))
    assert training[0] < training[-1] < validation[-1] < validation[0]
    assert best[0] > capacity.persistence > best[-1]
    assert (best[np.array(capacity.n_days) <= 240] > capacity.persistence).all()    # "up to 240"
    assert capacity.n_days[0] < chapter[0]["peak"] == 120 < capacity.n_days[-1]


# ------------------------------------------------------------------------- the real record

def test_shipped_results_say_what_the_chapter_says_of_them():
    results, scores = smoke.read_results(RESULTS)
    assert (results["valid_days"], results["pairs"]) == (404, 385)
    assert results["days_at_or_above_objective"] == 63
    assert results["highest"] == ["2023-05-20", 296.4]
    assert {"computed", "versions", "sha256"} <= results.keys() and len(results["sha256"]) == 3
    by_model = {score.model: score for score in scores}
    seasonal, lags, weather, persistence = (by_model[name] for name in (
        "seasonal persistence", "ridge on lags", "ridge on lags and weather", "persistence"))
    dense, recurrent, convolutional, attention = (by_model[f"{kind} network"] for kind in smoke.NETWORKS)
    order = sorted(scores, key=lambda score: score.mae)
    assert order[:3] == [seasonal, lags, recurrent] and recurrent.skill > 0
    assert abs(weather.mae - persistence.mae) < 0.02        # "is where persistence is"
    assert abs(convolutional.mae - persistence.mae) < 0.02  # "so is the convolutional network"
    assert 0.02 < attention.mae - persistence.mae < 0.05    # "slightly behind"
    assert dense.mae > attention.mae and dense.mae == max(each.mae for each in (dense, weather, persistence)) > persistence.mae
    assert abs(recurrent.rmse - min(score.rmse for score in scores)) < 0.1
    ahead = {score.model for score in scores if score is not weather and score.to_ridge[1] < 0}
    assert ahead == {seasonal.model, lags.model, recurrent.model}
    assert dense.hits > weather.hits > persistence.hits > seasonal.hits
    assert results["first_tested_day"].startswith("2023-07") and results["training_days"][0] < 100
    assert all(len(chosen) == 5 and set(chosen) <= set(smoke.PENALTIES)
               for chosen in results["penalties"].values())


OLD = re.compile(r"\b(408|389) (valid )?(days|pairs)|\b64 days (at|of)|\b289\b|\b8\.29\b|\b14\.88\b|"
                 r"(as|by) (the|its) beginning")


@pytest.mark.parametrize("file", ["chapters/smoke.qmd", "chapters/smoke-solutions.qmd", "README.md",
                                  "index.qmd", "data/README.md", "data/edmonton-woodcroft.json",
                                  *(f"code/deepmath/smoke/{name}.py" for name in (
                                      "openaq", "hours", "record", "naps"))])
def test_no_number_is_left_of_hours_that_were_named_by_their_beginning(file):
    assert not OLD.search((ROOT / file).read_text(encoding="utf-8"))


@pytest.fixture
def results_of(station, request):
    """A station's results and their number of seeds: shipped with the book, or written here."""
    if station.name == "Edmonton Woodcroft":
        return RESULTS, 32
    return request.getfixturevalue("written")[0], 2


def test_results_are_those_of_the_files(station, results_of):
    file, n_seeds = results_of
    record = smoke.load(station.folder.name, station.folder.parent)
    results, scores = smoke.read_results(file)
    assert results["sha256"] == record.checksums
    pairs = smoke.make_pairs(record)
    splits = smoke.rolling_splits(pairs)
    test = np.concatenate([split.test for split in splits])
    by_model = {score.model: score for score in scores}
    for name, baseline in smoke.BASELINES.items():
        forecast = np.concatenate([baseline(pairs, s)[s.test] for s in splits])
        assert np.isclose(smoke.mae(pairs.y[test], forecast), by_model[name].mae, rtol=1e-6)
    dense = np.concatenate([
        smoke.train("dense", pairs, s, range(n_seeds), l2=l2).forecast[:, s.test]
        for s, l2 in zip(splits, results["penalties"]["dense"], strict=True)], axis=1)
    assert np.isclose(np.median(smoke.mae(pairs.y[test], dense)), by_model["dense network"].mae,
                      rtol=1e-3)


def test_all_cells_run_on_a_stations_record(station, monkeypatch):
    monkeypatch.setenv("DEEPMATH_DATA", str(station.folder.parent.resolve()))

    def change(code):
        return with_few_seeds(code).replace('"simulated"', f'"{station.folder.name}"').replace(
            "range(8)", "range(2)")

    names, printed = run(CHAPTER, change)
    assert printed["record"].startswith(f"{station.name}: record of {station.valid_days} valid days")
    assert names["expected"] == {} and np.isnan(names["best"])


# --------------------------------------------------------------------- solutions, figures

def test_solutions_find_what_they_say():
    names, printed = run(SOLUTIONS, lambda code: code.replace("range(6)", "range(3)"))
    told = "".join(printed.values())
    formula, measured = map(float, re.search(r"formula (\S+); of ridge\D+([\d.]+)", told).groups())
    assert abs(formula - measured) < 0.05
    median, mean = (tuple(map(float, re.search(
        rf"^{name} +absolute error (\S+), root of the squared error (\S+)$", told,
        re.MULTILINE).groups())) for name in ("median", "mean"))
    assert median[0] < mean[0] and mean[1] < median[1]
    widths = [float(width) for width in re.findall(r"width (\S+)", told)]
    assert len(widths) == 4 and widths[0] < min(widths[1:])
    assert told.count("as in deepmath: True") == 4
    honest, leaky = map(float, re.search(r"honest (\S+), with both leaks (\S+)", told).groups())
    assert leaky < honest < 1.05 * leaky
    dropped = names["dropped"]
    assert max(dropped.values()) < 1.02 * min(dropped.values())


def test_intervals_are_written_with_true_minus_signs():
    assert span((-0.05, 0.01)) == "−0.05 to +0.01"


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_drawn_the_same_each_time_from_a_small_record(name):
    record = smoke.simulate(2, 1)
    module = figures.FIGURES[name]
    few = {"smoke-capacity": {"widths": (1, 2), "n_days": (60,), "seeds": range(2), "n_epochs": 3},
           "smoke-models": {"seeds": range(2)}, "smoke-forecast": {"seeds": range(2), "l2": 0.1}}
    result = module.compute(record, **few.get(name, {}))
    one, two = (style.render(module.draw(result), "svg") for _ in range(2))
    plt.close("all")
    assert one == two and len(one) > 5000
