"""What a store goes by: code, setting and arithmetic, each told the same in any process."""

import random
import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmath import RELU, Adam, GradientDescent, Network, RecurrentNetwork, default_rng
from deepmath.store import arithmetic, digest
from deepmath.sweep import sweep


@dataclass
class Drawn:
    a: object
    b: object = 0


Pair = namedtuple("Pair", "a b")
Colour = Enum("Colour", "RED BLUE")
X = np.arange(6.0)
# No two are the same setting.
DIFFERENT = [
    None, True, 1, 1.0, 1 + 0j, "1", b"1", np.float64(1), np.float32(1), np.int64(1), -0.0, 0.0,
    np.nan, 10**30, "", (), [], {}, set(), frozenset(), (1, 2), [1, 2], [[1], 2], [1, [2]], {1: 2},
    {1, 2}, {"a": None}, Pair(1, 2), Drawn(1, 2), Drawn(1), range(2), range(3), "ab", ("a", "b"),
    ("ab",), PurePosixPath("1"), X, X.reshape(2, 3), X.astype("f4"), X.astype(">f8"), X[:5],
    X.astype(int), X.astype("M8[ns]"), X.astype("M8[D]"), np.array(["a", "b"]),
    np.array(["a", "b"], dtype=object), np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")]),
    np.array([(1, 2)], dtype=[("b", "i4"), ("a", "i4")]), Drawn, Adam, Adam(), Adam(0.01),
    GradientDescent(0.01), Network((2, 3, 1)), Network((2, 3, 1), "tanh"),
    RecurrentNetwork(1, 2, 3), RELU, digest, sweep, Pair]
OUTSIDE = """
import sys; sys.path.insert(0, {folder!r})
from test_store import DIFFERENT, digest
print(*(digest(value).hex() for value in DIFFERENT))
"""


def test_different_settings_have_different_digests():
    assert len(set(map(digest, DIFFERENT))) == len(DIFFERENT)


def test_every_process_finds_the_same_digests():
    code = OUTSIDE.format(folder=str(Path(__file__).parent))
    one, other = (subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed},
                                 check=True, capture_output=True, text=True).stdout
                  for seed in "12")
    assert one == other and len(one.split()) == len(DIFFERENT)


def test_memory_and_order_do_not_count():
    assert digest(X.reshape(2, 3)) == digest(np.asfortranarray(X.reshape(2, 3)))
    assert digest(np.arange(12.0)[::2]) == digest(np.arange(12.0)[::2].copy())
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    names = [f"name {i}" for i in range(50)]
    shuffled = random.Random(0).sample(names, 50)
    assert digest(set(names)) == digest(set(shuffled))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda parts: st.lists(parts, max_size=3) | st.tuples(parts, parts))


@given(plain, plain)
def test_digests_are_equal_where_the_written_values_are(a, b):
    assert (digest(a) == digest(b)) == (repr(a) == repr(b))


@pytest.mark.parametrize("value, word", [
    (default_rng(0), "Generator"), (lambda: 0, "lambda"), (partial(digest, 1), "partial"),
    (object(), "object"), (Colour.RED, "Colour"), (iter([1]), "list_iterator"),
    (np.ma.masked_array([1.0], [True]), "MaskedArray"), (np.array([object()]), "object"),
    (np.tanh, "ufunc"), (Drawn(Drawn(default_rng(0))), "Generator")])
def test_what_has_no_stable_form_is_refused_by_name(value, word, tmp_path):
    with pytest.raises(ValueError, match=f"the setting 'part' .*{word}.* has no stable form"):
        sweep(squares, range(3), [{"part": [value]}], store=tmp_path / "store")
    assert not (tmp_path / "store").exists()
    [found] = sweep(squares, range(3), [{"part": [value]}])     # without a store it may be anything
    assert found["x"].tolist() == [0, 1, 4]


def test_pairs_of_a_record_are_told_by_their_days():
    smoke = pytest.importorskip("deepmath.smoke")
    pairs = smoke.make_pairs(smoke.simulate(1))
    again = smoke.make_pairs(smoke.simulate(1))
    assert digest(pairs) == digest(again)
    assert digest(pairs) != digest(replace(pairs, days=pairs.days.shift(1, "D")))
    with pytest.raises(ValueError, match="DataFrame has no stable form"):
        digest(smoke.simulate(1).table)


RUNS = []


def squares(seeds, **setting):
    RUNS.append(list(seeds))
    return {"x": np.array(seeds) ** 2}


@pytest.mark.parametrize("variable", [
    "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "DEEPMATH_ENGINE"])
def test_a_result_of_another_arithmetic_is_not_taken(variable, tmp_path, monkeypatch):
    runs = []
    for value in ("", *["fast" if "ENGINE" in variable else "3"] * 2, ""):
        monkeypatch.setenv(variable, value)
        RUNS.clear()
        sweep(squares, range(3), store=tmp_path)
        runs.append(len(RUNS))
    assert runs == [1, 1, 0, 0]


ARITHMETIC = "from deepmath.store import arithmetic; print(arithmetic())"


def test_arithmetic_knows_the_instructions_that_numpy_may_use():
    dispatched = np.show_config(mode="dicts")["SIMD Extensions"].get("found")
    if not dispatched:
        pytest.skip("this processor has no instructions beyond numpy's baseline")

    def told(**environment):
        return subprocess.run([sys.executable, "-c", ARITHMETIC], env=environment, check=True,
                              capture_output=True, text=True).stdout

    assert told() == told()
    assert told() != told(NPY_DISABLE_CPU_FEATURES=dispatched[-1])
    assert arithmetic()["numpy"] == np.__version__


def test_results_of_workers_are_kept_apart_unless_they_compute_the_same():
    from deepmath.sweep import Execution, arithmetic_of

    others, same, cluster = (arithmetic_of(Execution(**how)) for how in (
        {"n_jobs": 2}, {"scheduler": "tcp://127.0.0.1:9"},
        {"scheduler": "tcp://127.0.0.1:9", "same_numbers": False}))
    assert others["OMP_NUM_THREADS"] == "1"
    assert same == others != cluster
