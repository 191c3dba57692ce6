"""The chapters with what they measure over many seeds cut short."""

import re

SHORTER = [*((f"range({many})", "range(2)") for many in (32, 8)),
           ("for seed in range(6)", "for seed in range(2)"),
           *((f"{name}.compute(", f"{name}.compute(n_seeds=2, ") for name in
             ("attention", "calibration", "confidence", "double_descent", "leaf_units", "memory",
              "moved", "residual")),
           ("coin_tosses.compute(", "coin_tosses.compute(n_tosses=2, "),
           ("gradient_norms.compute(", "gradient_norms.compute(seeds=range(2), "),
           ("leaf_learning.compute(", "leaf_learning.compute((10, 20, 40), n_seeds=2"),
           ("smoke_capacity.compute(record)", "smoke_capacity.compute(record, seeds=range(2))"),
           ("(kind, pairs, split, range(2))", "(kind, pairs, split, range(2), (0.1, 1.0))")]


def with_few_seeds(code: str) -> str:
    """What takes a minute, in seconds."""
    for many, few in SHORTER:
        code = code.replace(many, few)
    return re.sub(r"\b(N_SEEDS = |n_seeds=)\d+", r"\g<1>2", code)
