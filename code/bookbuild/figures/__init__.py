"""The figures as files: made again, compared with those that are kept, taken into lectures.

`origin` says what a figure is made from, `making` makes it, `records` keeps it, `comparison`
compares it with the kept one and `report` tells of that; `regenerating` puts them together.
"""

import os

from bookbuild.run import numeric_environment

__all__ = ["environment", "run"]


def run(args) -> int:
    """`book figures`."""
    os.environ.update(environment())
    from bookbuild.figures import regenerating      # with numpy, which reads the environment once

    return regenerating.run(args)


def environment() -> dict[str, str]:
    """The variables with which figures are made."""
    # With the pad, the C library does not give large arrays back between epochs.
    return numeric_environment() | {"MALLOC_TOP_PAD_": "67108864", "MPLBACKEND": "agg"}
