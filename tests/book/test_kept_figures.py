"""The figures that the repository keeps are what its code makes, on any processor with AVX2."""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bookbuild.run.arithmetic import AVX2, NUMPY, ONE_THREAD, numeric_environment

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ("import numpy, numpy._core._multiarray_umath as m;"
            "print(sorted(name for name, has in m.__cpu_features__.items() if has))")


def environment(**others):
    return os.environ | {"PYTHONPATH": str(ROOT / "code")} | others


@pytest.mark.skipif(not AVX2.items() <= numeric_environment().items(), reason="this processor has no AVX2")
def test_numpy_uses_no_wider_instructions():
    features = subprocess.run([sys.executable, "-c", FEATURES], env=environment(**numeric_environment()),
                              capture_output=True, text=True, check=True).stdout
    assert "'AVX2'" in features and "'AVX512_SKX'" not in features and "'X86_V4'" not in features


def test_a_processor_without_avx2_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("bookbuild.run.arithmetic.PROCESSORS", tmp_path / "cpuinfo")
    assert not AVX2.keys() & numeric_environment().keys()
    (tmp_path / "cpuinfo").write_text("flags : fpu sse4_2 avx\n")
    assert not AVX2.keys() & numeric_environment().keys()
    (tmp_path / "cpuinfo").write_text("flags : fpu avx avx2\n")
    assert AVX2.items() <= numeric_environment().items()


def test_quarto_by_itself_gets_what_suits_every_processor():
    lines = (ROOT / "_environment").read_text().splitlines()
    given = dict(line.split("=") for line in lines if not line.startswith("#"))
    assert given | {"OPENBLAS_CORETYPE": "Haswell"} == ONE_THREAD | NUMPY | AVX2


LONG = """
import sys
from deepmath import Network, engines, fit, xor
engines.WORTH_LOADING = 0
network = Network((2, 3, 1))
fit(network, network.initialise(0), *xor(20, 0), n_epochs=2)
print("numba" in sys.modules)
"""


def test_the_books_numbers_are_numpys_where_numba_is_installed():
    printed = subprocess.run([sys.executable, "-c", LONG], env=environment(**numeric_environment()),
                             capture_output=True, text=True, check=True).stdout
    assert printed == "False\n"


def test_every_kept_figure_is_made_again(tmp_path):
    for name in ("code", "figures"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "_quarto.yml", tmp_path)
    done = subprocess.run([sys.executable, "-m", "bookbuild.cli", "figures", "--check", "--force"],
                          cwd=tmp_path, capture_output=True, text=True,
                          env=environment(PYTHONPATH=str(tmp_path / "code")))
    assert done.returncode == 0, done.stderr
    states = dict(re.findall(r"^([\w-]+): (same|changed.*)$", done.stdout, re.MULTILINE))
    assert states.keys() == {path.stem for path in (ROOT / "figures").glob("*.svg")}
    if platform.machine() == "x86_64":
        assert set(states.values()) == {"same"}
