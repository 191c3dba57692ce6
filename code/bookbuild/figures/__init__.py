"""The figures as files: made again, compared with those that are kept, taken into lectures.

`origin` says what a figure is made from, `making` makes it, `manifest` keeps it, `comparison`
compares it with the kept one and `report` tells of that; `regenerating` puts them together.
"""

from bookbuild.run import arithmetic

__all__ = ["environment", "regenerating"]


def environment() -> dict[str, str]:
    """The variables with which figures are made."""
    # With the pad, the C library does not give large arrays back between epochs.
    return arithmetic() | {"MALLOC_TOP_PAD_": "67108864", "MPLBACKEND": "agg"}
