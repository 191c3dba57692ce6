"""The chapters with what they measure over many seeds cut short."""

import re

SHORTER = [("range(32)", "range(2)"), ("range(8)", "range(2)"),
           ("double_descent.compute(", "double_descent.compute(n_seeds=2, "),
           ("smoke_capacity.compute(record)", "smoke_capacity.compute(record, seeds=range(2))")]


def with_few_seeds(code: str) -> str:
    """What takes a minute, in seconds."""
    for many, few in SHORTER:
        code = code.replace(many, few)
    return re.sub(r"\bN_SEEDS = \d+", "N_SEEDS = 2", code)
