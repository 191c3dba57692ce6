"""A sweep that is killed at any step on the file system loses no finished run and keeps no half."""

import random

import numpy as np

from deepmath.sweep import grid, sweep
from steps import forked

SEEDS, STACK = range(5), 2
SETTINGS = grid(width=[4, 8])
EXPECTED = [[np.random.default_rng([seed, width]).normal() for seed in SEEDS] for width in (4, 8)]


def test_a_sweep_killed_at_each_step(tmp_path, record_property):
    log = tmp_path / "log"

    def run(seeds, width):
        with open(log, "a") as stream:
            stream.write("".join(f"{width} {seed}\n" for seed in seeds))
        return {"value": np.array([np.random.default_rng([seed, width]).normal()
                                   for seed in seeds])}

    def swept(store):
        return [found["value"].tolist() for found in sweep(run, SEEDS, SETTINGS, stack=STACK,
                                                            store=store, progress=None)]

    def runs():
        return log.read_text().split("\n")[:-1] if log.exists() else []

    def killed(number, **options):
        """Kill a sweep in a new store, then resume it."""
        store = tmp_path / f"store-{number}"
        log.unlink(missing_ok=True)
        store.mkdir()
        steps = forked(lambda: swept(store) and None, within=store, **options)
        # Whatever has the name of a result is one.
        kept = [tuple(np.load(file)["0/rows/value"]) for file in store.rglob("*.npz")]
        assert all(any(set(values) <= set(row) for row in EXPECTED) for values in kept)
        before = runs()
        assert swept(store) == EXPECTED
        again = runs()[len(before):]
        assert sorted({*before, *again}) == sorted(f"{width} {seed}" for width in (4, 8)
                                                   for seed in SEEDS)
        assert len(again) == 10 - sum(map(len, kept))       # finished once, never run again
        assert len(set(before) & set(again)) <= STACK       # one stack was in the works
        return steps

    steps, rng = killed(0), random.Random(0)
    at_steps = [killed(step, fatal=step) for step in range(1, steps + 1)]
    assert steps > 60 and at_steps == [None] * steps
    moments = [killed(steps + number, fatal=rng.randint(1, steps), delay=rng.expovariate(1000))
               for number in range(1, 21)]
    record_property("sweeps killed", f"at each of {steps} steps, and {moments.count(None)} of "
                    f"{len(moments)} at any moment")
