"""Let the tests here share the made-up layouts and a station's files, made ones and real ones."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from real import Known, made, real


@pytest.fixture(scope="session", params=[
    "made", pytest.param("real", marks=pytest.mark.needs("station files"))])
def station(request, tmp_path_factory) -> Known:
    """A station's files and what is known of them; each test asks both where both are here."""
    return real() if request.param == "real" else made(tmp_path_factory.mktemp("data") / "made-up")
