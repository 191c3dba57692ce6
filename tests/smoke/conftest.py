"""Let the tests here share the made-up layouts and a station's files, made ones and real ones."""

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from real import Known, made, real

from deepmath.smoke.__main__ import main


@pytest.fixture(scope="session", params=[
    "made", pytest.param("real", marks=pytest.mark.needs("station files"))])
def station(request, tmp_path_factory) -> Known:
    """A station's files and what is known of them; each test asks both where both are here."""
    return real() if request.param == "real" else made(tmp_path_factory.mktemp("data") / "made-up")


@pytest.fixture(scope="session")
def written(station, tmp_path_factory) -> tuple[Path, str]:
    """The results of a station's record from two seeds, as a file, and what was printed."""
    out = tmp_path_factory.mktemp("results") / "results.json"
    with redirect_stdout(io.StringIO()) as printed:
        assert main([str(station.folder.resolve()), "--out", str(out), "--seeds", "2"]) == 0
    return out, printed.getvalue()
