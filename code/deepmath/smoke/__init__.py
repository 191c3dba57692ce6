"""The running example: wildfire smoke, and tomorrow's PM2.5 at a station.

From files to results, in the order in which data flow: `tables`, `openaq`, `naps` and `climate`
read; `record` makes one tidy table of them; `simulation` draws a record whose truth is known;
`stations` finds either by name; `pairs` says what a forecast may see and splits the days by time;
`baselines` and `networks` forecast; `metrics` and `results` judge. The only part of deepmath that
needs pandas.
"""

# ruff: noqa: E402
from deepmath.checks import require

require("pandas", "smoke")      # before the modules below ask for it


from deepmath.smoke.baselines import BASELINES, climatology, persistence, ridge
from deepmath.smoke.metrics import (
    OBJECTIVE, block_samples, error_interval, expected_mae, interval, log_rmse, mae, per_day,
    rmse, skill, warnings_at)
from deepmath.smoke.networks import (
    NETWORKS, PENALTIES, Trained, best_penalty, train, tried_penalties)
from deepmath.smoke.pairs import (
    LAGS, Pairs, Scaler, Split, columns, make_pairs, rolling_splits, split_by_time)
from deepmath.smoke.record import Record, read_record
from deepmath.smoke.results import (
    Forecasts, Score, forecast_all, forecast_record, markdown, read_results, score_all)
from deepmath.smoke.simulation import Law, SimulatedRecord, simulate
from deepmath.smoke.stations import data_folder, load
from deepmath.smoke.tables import RecordError

__all__ = [
    "BASELINES", "LAGS", "NETWORKS", "OBJECTIVE", "PENALTIES", "Forecasts", "Law", "Pairs",
    "Record", "RecordError", "Scaler", "Score", "SimulatedRecord", "Split", "Trained",
    "best_penalty", "block_samples", "climatology", "columns", "data_folder", "error_interval",
    "expected_mae", "forecast_all", "forecast_record", "interval", "load", "log_rmse", "mae",
    "make_pairs", "markdown", "per_day", "persistence", "read_record", "read_results", "ridge",
    "rmse", "rolling_splits", "score_all", "simulate", "skill", "split_by_time", "train",
    "tried_penalties", "warnings_at",
]
