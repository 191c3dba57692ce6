"""Where the real station files are, if they are anywhere; they are no part of the project."""

import os
from pathlib import Path

import pytest

PLACES = [os.environ.get("DEEPMATH_REAL_DATA", ""),
          Path(__file__).parents[2] / ".." / "shared" / "data" / "alberta"]
FOLDER = next((Path(p) for p in PLACES if p and Path(p).is_dir()), None)
needs_real_files = pytest.mark.skipif(
    FOLDER is None, reason="the Edmonton Woodcroft files are not here (DEEPMATH_REAL_DATA)")
