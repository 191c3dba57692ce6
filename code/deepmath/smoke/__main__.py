"""Judge all models on a station's record, and write the results down.

    python -m deepmath.smoke ../shared/data/alberta --out data/edmonton-woodcroft.json
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepmath.smoke.metrics import OBJECTIVE
from deepmath.smoke.pairs import Pairs, Split, make_pairs, rolling_splits, split_by_time
from deepmath.smoke.record import Record
from deepmath.smoke.results import Forecasts, Score, forecast_all, markdown, score_all
from deepmath.smoke.stations import load


def main(arguments: list[str] | None = None) -> int:
    """Print the table of scores, and write it with its provenance as JSON."""
    parser = argparse.ArgumentParser(prog="python -m deepmath.smoke",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("station", help="a folder with a station's files, or \"simulated\"")
    parser.add_argument("--out", type=Path, help="where to write (default: only print the table)")
    parser.add_argument("--seeds", type=int, default=32)
    args = parser.parse_args(arguments)
    if args.out and not args.out.parent.is_dir():
        parser.error(f"--out: there is no folder {args.out.parent}")
    if args.seeds < 1:
        parser.error(f"--seeds: at least 1; got {args.seeds}")

    def say(message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    try:
        record = load(args.station)
        pairs = make_pairs(record)
    except (OSError, ValueError) as error:
        say(str(error))
        return 1
    say(str(record))
    splits = [split_by_time(pairs)] if record.simulated else rolling_splits(pairs)
    forecasts = forecast_all(pairs, splits, range(args.seeds), say)
    scores = score_all(forecasts)
    print(markdown(scores))
    if args.out:
        written = json.dumps(describe(record, pairs, splits, forecasts, scores), indent=1,
                             ensure_ascii=False)
        part = args.out.with_name(args.out.name + ".part")
        part.write_text(written + "\n", encoding="utf-8")
        part.replace(args.out)
    return 0


def describe(record: Record, pairs: Pairs, splits: list[Split], forecasts: Forecasts,
             scores: list[Score]) -> dict[str, Any]:
    """Return results that can be shipped: counts, scores and provenance, not the record."""
    pm25 = record.table.pm25
    return {
        "station": record.station,
        "first_day": f"{record.table.index[0]:%Y-%m-%d}",
        "last_day": f"{record.table.index[-1]:%Y-%m-%d}",
        "valid_days": int(pm25.notna().sum()),
        "pairs": len(pairs),
        "days_at_or_above_objective": int((pm25 >= OBJECTIVE).sum()),
        "highest": [f"{pm25.idxmax():%Y-%m-%d}", round(float(pm25.max()), 1)],
        "median": round(float(pm25.median()), 1),
        "memory": round(float(np.log1p(pm25).corr(np.log1p(pm25.shift(1)))), 2),
        "training_days": [len(split.training) for split in splits],
        "training_until": [f"{pairs.days[split.training[-1]]:%Y-%m-%d}" for split in splits],
        "tested_days": len(forecasts.y),
        "penalties": forecasts.penalties,
        "first_tested_day": f"{forecasts.days[0]:%Y-%m-%d}",
        "notes": dict(record.notes),
        "sha256": record.checksums,
        "computed": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__,
                     "pandas": pd.__version__},
        "scores": [asdict(s) for s in scores],
    }


if __name__ == "__main__":
    sys.exit(main())
