"""Pairs, splits, forecasts and their judgement: nothing looks ahead, and the sums are right."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmath import smoke
from deepmath.smoke.__main__ import main
from deepmath.smoke.baselines import ridge_weights

MODELS = {**smoke.BASELINES, **{
    kind: lambda pairs, split, kind=kind: smoke.train(
        kind, pairs, split, range(2), n_hidden=4, n_epochs=4).forecast
    for kind in smoke.NETWORKS}}


@pytest.fixture(scope="module")
def record():
    return smoke.simulate(3, 5)


@pytest.fixture(scope="module")
def pairs(record):
    return smoke.make_pairs(record)


# ------------------------------------------------------------------------------ simulation

def test_a_seed_gives_one_record_and_another_gives_another():
    a, b, c = smoke.simulate(1, 3), smoke.simulate(1, 3), smoke.simulate(1, 4)
    assert a.table.equals(b.table) and not a.table.equals(c.table)
    assert a.simulated and "simulated" in str(a)


def test_the_simulated_station_has_the_features_that_it_is_said_to_have():
    tables = [smoke.simulate(8, seed).table for seed in range(6)]
    pm25 = pd.concat([table.pm25 for table in tables])
    high = [(t.pm25 >= smoke.OBJECTIVE).groupby(t.index.year).sum() for t in tables]
    assert 6 < pm25.median() < 9                                  # µg/m³, a clean town
    assert 4 < np.mean(high) < 20 and np.min(high) <= 2 and np.max(high) > 30
    highest = [table.pm25.max() for table in tables]
    assert min(highest) > 100 and np.median(highest) < 450
    log = np.log1p(pm25)
    assert 0.7 < log.corr(log.shift(1)) < 0.9
    assert 0.01 < pm25.isna().mean() < 0.1
    summer = pm25[pm25.index.month.isin([6, 7, 8])]
    assert (summer >= smoke.OBJECTIVE).mean() > (pm25 >= smoke.OBJECTIVE).mean()
    assert pm25[pm25.index.month == 1].median() > summer.median()
    background = log[(pm25 < 15) & pm25.index.month.isin([4, 10])]
    assert abs(background.skew()) < 0.5                           # lognormal, nearly
    for table in tables:
        assert (table.gust.isna() == table.gust_censored).all() and table.gust.min() >= 31


def test_no_forecast_is_expected_to_err_less_than_the_median_of_the_truth(record, pairs):
    split = smoke.split_by_time(pairs)
    days = pairs.days[split.test]
    draws = record.tomorrows(days, 400)
    best = smoke.expected_mae(draws, np.median(draws, axis=1))
    for name, model in MODELS.items():
        assert (smoke.expected_mae(draws, model(pairs, split)[..., split.test]) >= best).all(), name
    again = np.median(record.tomorrows(days, 400, seed=1), axis=1)
    assert best <= smoke.expected_mae(draws, again) < 1.02 * best


def test_what_was_measured_looks_like_one_of_the_draws(record, pairs):
    draws = record.tomorrows(pairs.days, 300)
    rank = (draws < pairs.y[:, None]).mean(axis=1)
    assert abs(rank.mean() - 0.5) < 0.04 and abs(rank.std() - 12**-0.5) < 0.03
    with pytest.raises(ValueError, match="first day"):
        record.tomorrows(record.table.index[:1])


# ----------------------------------------------------------------------- pairs and splits

def test_pairs_are_pasts_and_the_days_after(record, pairs):
    pm25 = record.table.pm25
    for i in (0, 17, len(pairs) - 1):
        day = pairs.days[i]
        assert pairs.y[i] == pm25[day]
        assert np.isclose(pairs.today[i], pm25[day - pd.Timedelta(days=1)])
        past = np.log1p(pm25.reindex(pd.date_range(day - pd.Timedelta(days=7), periods=7)))
        np.testing.assert_allclose(pairs.X[i, :, 0], past)


def test_a_stations_record_has_the_pairs_that_were_counted(station):
    record = smoke.load(station.folder.name, station.folder.parent)
    assert len(smoke.make_pairs(record)) == station.pairs > 300


@pytest.mark.parametrize("make", [
    lambda pairs: [smoke.split_by_time(pairs)], lambda pairs: smoke.rolling_splits(pairs, 4)])
def test_splits_go_forward_in_time_with_a_gap(pairs, make):
    splits = make(pairs)
    for split in splits:
        parts = [pairs.days[part] for part in (split.training, split.validation, split.test)]
        for earlier, later in zip(parts, parts[1:]):
            assert (later[0] - earlier[-1]).days > smoke.LAGS      # no day is seen by both
        assert min(map(len, parts)) > 30
    test = np.concatenate([split.test for split in splits])
    assert (np.diff(test) == 1).all() and test[-1] == len(pairs) - 1


def test_a_record_of_20_days_is_told(record):
    short = replace(record, table=record.table[:20])
    with pytest.raises(smoke.RecordError, match="pairs of neighbouring valid days.*at least 100"):
        smoke.make_pairs(short)


@pytest.mark.parametrize("name", MODELS)
def test_a_future_value_cannot_change_a_past_forecast(record, name):
    pairs = smoke.make_pairs(record)
    split = smoke.split_by_time(pairs)
    before = MODELS[name](pairs, split)
    middle = split.test[len(split.test) // 2]
    table = record.table.copy()
    after = table.index >= pairs.days[middle]
    numbers = ["pm25", "temperature", "precipitation", "humidity", "gust"]
    table.loc[after, numbers] = table.loc[after, numbers] * 3 + 50
    changed = smoke.make_pairs(replace(record, table=table))
    assert changed.days.equals(pairs.days) and not np.allclose(changed.y, pairs.y)
    past = np.concatenate([split.training, split.validation, split.test[split.test <= middle]])
    np.testing.assert_array_equal(MODELS[name](changed, split)[..., past], before[..., past])


def test_scaling_is_learned_from_training_days_alone(pairs):
    split = smoke.split_by_time(pairs)
    scaler = smoke.Scaler.fit(pairs, split.training)
    X = scaler.inputs(pairs)[split.training].reshape(-1, len(pairs.names))
    known = np.isfinite(pairs.X[split.training].reshape(X.shape))
    assert np.allclose([X[k, i].mean() for i, k in enumerate(known.T)], 0, atol=1e-9)
    assert np.allclose([X[k, i].std() for i, k in enumerate(known.T)], 1)
    np.testing.assert_allclose(scaler.pm25(pairs, scaler.target(pairs)), pairs.y, atol=1e-9)
    half = smoke.Scaler.fit(pairs, split.training[:120])
    assert not half.inputs(pairs, ("season, sine", "season, cosine")).any()


def test_a_record_without_weather_is_forecast_all_the_same(record):
    bare = replace(record, table=record.table[["station", "pm25", "valid_hours"]])
    pairs = smoke.make_pairs(bare)
    assert pairs.names == ("log PM2.5", "season, cosine", "season, sine")
    forecasts = smoke.forecast_all(pairs, [smoke.split_by_time(pairs)], range(2))
    assert all(np.isfinite(f).all() for f in forecasts.by_model.values())


def test_one_kind_of_network_is_forecast_as_among_the_others(record):
    alone, among = (smoke.forecast_record(record, range(1), l2=1.0, networks=kinds)
                    for kinds in (["dense"], ["convolutional", "dense"]))
    assert [*alone.by_model] == [*smoke.BASELINES, "dense network"]
    assert [*alone.penalties] == ["dense"]
    np.testing.assert_array_equal(alone.by_model["dense network"], among.by_model["dense network"])
    with pytest.raises(ValueError, match="each of networks must be .*dense.*; got 'thick'"):
        smoke.forecast_record(record, range(1), l2=1.0, networks=["thick"])


# ---------------------------------------------------------------------- baselines, networks

def test_ridge_is_that_of_scikit_learn():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    X, z = rng.normal(size=(50, 4)), rng.normal(size=50)
    expected = Ridge(alpha=3.0, fit_intercept=False).fit(X, z).coef_
    np.testing.assert_allclose(ridge_weights(X, z, 3.0), expected, rtol=1e-10)


def test_persistence_is_today_and_climatology_knows_only_the_season(pairs):
    split = smoke.split_by_time(pairs)
    np.testing.assert_array_equal(smoke.persistence(pairs, split), pairs.today)
    season = smoke.climatology(pairs, split)
    by_day = pd.Series(season.round(9)).groupby(pairs.days.day_of_year).nunique()
    assert by_day.max() == 1
    assert 3 < season.min() < season.max() < 15


@pytest.mark.parametrize("kind", smoke.NETWORKS)
def test_networks_beat_persistence_in_the_simulated_world(record, pairs, kind):
    split = smoke.split_by_time(pairs)
    trained = smoke.train(kind, pairs, split, range(3))
    draws = record.tomorrows(pairs.days[split.test], 200)
    errors = smoke.expected_mae(draws, trained.forecast[:, split.test])
    assert (errors < smoke.expected_mae(draws, pairs.today[split.test])).all()
    assert (trained.epoch < len(trained.history.training_loss)).all()


def test_an_unknown_network_is_told(pairs):
    with pytest.raises(ValueError, match="kind must be one of dense, recurrent, convolutional"):
        smoke.train("transformer", pairs, smoke.split_by_time(pairs))


# -------------------------------------------------------------------------------- metrics

def test_scores_by_hand():
    y = np.array([10.0, 30.0, 29.0, 5.0])
    forecast = np.array([[12.0, 26.0, 29.0, 31.0], y])
    np.testing.assert_allclose(smoke.mae(y, forecast), [8.0, 0.0])
    np.testing.assert_allclose(smoke.rmse(y, forecast), [np.sqrt((4 + 16 + 676) / 4), 0.0])
    np.testing.assert_allclose(smoke.skill(smoke.mae(y, forecast), 10.0), [0.2, 1.0])
    warned = smoke.warnings_at(y, forecast)
    assert warned.days == 2
    np.testing.assert_allclose(warned.hits, [1, 2])
    np.testing.assert_allclose(warned.hit_rate, [0.5, 1.0])
    np.testing.assert_allclose(warned.false_alarm_ratio, [0.5, 0.0])
    calm = smoke.warnings_at(y / 10, forecast / 10)
    assert calm.days == 0
    assert np.isnan(calm.hit_rate).all() and np.isnan(calm.false_alarm_ratio).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 10))
def test_bootstrap_samples_are_runs_of_neighbours(n, length, seed):
    samples = smoke.block_samples(n, length, 20, seed)
    assert samples.shape == (20, n) and samples.min() >= 0 and samples.max() < n
    inside = np.arange(1, n) % min(length, n) != 0
    assert (np.diff(samples, axis=1)[:, inside] == 1).all()


def test_the_bootstrap_covers_the_mean_of_dependent_errors_more_often_than_single_days_do():
    rng = np.random.default_rng(0)
    covered = np.zeros(2)
    for trial in range(150):
        noise = rng.normal(size=300)
        error = np.zeros(300)
        for i in range(1, 300):
            error[i] = 0.8 * error[i - 1] + noise[i]
        for j, length in enumerate((20, 1)):
            samples = smoke.block_samples(300, length, 200, trial)
            low, high = smoke.interval(error[samples].mean(axis=1))
            covered[j] += low <= 0 <= high
    blocks, days = covered / 150
    assert blocks > 0.8 > 0.65 > days


def test_expected_error_by_hand():
    draws = np.array([[0.0, 4.0], [1.0, 1.0]])
    np.testing.assert_allclose(smoke.expected_mae(draws, np.array([[2.0, 1.0], [0.0, 2.0]])),
                               [1.0, 1.5])


# ---------------------------------------------------------------------------- the command

def test_results_of_a_station_are_written_with_their_provenance(station, written):
    out, printed = written
    results, scores = smoke.read_results(out)
    assert (results["valid_days"], results["pairs"]) == (station.valid_days, station.pairs)
    assert results["days_at_or_above_objective"] == station.at_or_above
    assert results["highest"] == [station.highest_day, round(station.highest, 1)]
    assert {len(sha) for sha in results["sha256"].values()} == {64}
    assert [s.model for s in scores][:2] == ["climatology", "persistence"]
    assert smoke.markdown(scores) in printed
    json.loads(out.read_text())


def test_a_station_that_is_not_there_is_told_in_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "no .csv" in told and told.count("\n") == 1


@pytest.mark.parametrize("validation, test", [(0.2, 0.0), (0.0, 0.2), (0.5, 0.6), (-0.1, 0.2)])
def test_shares_that_leave_nothing(validation, test):
    with pytest.raises(ValueError, match="validation|test"):
        smoke.split_by_time(smoke.make_pairs(smoke.simulate()), validation, test)


@pytest.mark.parametrize("options, told", [
    (["--out", "nowhere/x.json"], "there is no folder nowhere"), (["--seeds", "0"], "at least 1")])
def test_a_command_that_cannot_end_well_does_not_begin(capsys, options, told):
    with pytest.raises(SystemExit) as end:
        main(["simulated", *options])
    assert end.value.code == 2 and told in capsys.readouterr().err
