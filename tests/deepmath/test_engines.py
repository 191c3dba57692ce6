"""Which engine computes a training, and what the compiled one is held to beside the same numbers."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import deepmath
from deepmath import (
    Activation, Adam, DivergenceError, GradientDescent, Loss, Network, RecurrentNetwork, engines,
    fit, xor)
from deepmath.store import arithmetic
from deepmath.sweep import sweep

numba = pytest.mark.needs("numba")
NETWORK = Network((2, 6, 1), "tanh")
X, Y = xor(40, 0)
PACKAGE = Path(deepmath.__file__).parent


def train(engine="auto", network=NETWORK, **options):
    options = {"n_epochs": 20, "theta": network.initialise(0), "X": X, "y": Y} | options
    return fit(network, engine=engine, **options)


@pytest.fixture(autouse=True)
def no_word_of_the_environment(monkeypatch):
    monkeypatch.delenv("DEEPMATH_ENGINE", raising=False)


# --- which one

@pytest.fixture
def taken(monkeypatch):
    """The engine of each training, which numpy computes in any case."""
    names = []

    def computed(epochs):
        names.append("compiled")
        return by_numpy(epochs, readable=False)

    def noted(epochs, readable):
        names.append("readable" if readable else "fast")
        return by_numpy(epochs, readable)

    by_numpy = engines.by_numpy
    monkeypatch.setattr(engines, "by_numpy", noted)
    monkeypatch.setattr(engines, "load_compiled", lambda: SimpleNamespace(computed=computed))
    monkeypatch.setattr(engines, "find_spec", lambda name: name)
    return names


def test_auto_compiles_what_is_long_enough_to_repay_it(taken, monkeypatch):
    train()
    monkeypatch.setattr(engines, "WORTH_LOADING", 20 * 40 * 25)     # epochs, points, parameters
    train()
    train(n_epochs=19)
    train(theta=NETWORK.initialise_stack(range(2)), n_epochs=10)
    assert taken == ["fast", "compiled", "fast", "compiled"]


def test_in_a_sweep_each_network_decides_for_itself(taken, monkeypatch):
    def run(seeds, n_epochs):
        return {"theta": train(theta=NETWORK.initialise_stack(seeds), n_epochs=n_epochs).theta}

    monkeypatch.setattr(engines, "WORTH_IN_SWEEPS", 20 * 40 * 25)
    sweep(run, range(4), [{"n_epochs": 19}, {"n_epochs": 20}], stack=2)
    assert taken == ["fast", "fast", "compiled", "compiled"]


def test_the_environment_says_what_auto_takes(taken, monkeypatch):
    monkeypatch.setattr(engines, "WORTH_LOADING", 0)
    for told in ("fast", "readable", "compiled", ""):
        monkeypatch.setenv("DEEPMATH_ENGINE", told)
        train()
    train("fast")
    assert taken == ["fast", "readable", "compiled", "compiled", "fast"]
    monkeypatch.setenv("DEEPMATH_ENGINE", "quick")
    with pytest.raises(ValueError, match="DEEPMATH_ENGINE must be one of auto, compiled, fast, readable; got 'quick'"):
        train()


SOFTSIGN = Activation("softsign", lambda z: z / (1 + abs(z)), lambda z: (1 + abs(z)) ** -2)
HUBER = Loss("huber", lambda o, y: (np.sqrt(1 + (o - y) ** 2) - 1).mean(axis=-1),
             lambda o, y: (o - y) / np.sqrt(1 + (o - y) ** 2) / o.shape[-1])


class Slower(GradientDescent):
    pass


@pytest.mark.parametrize("options, message", [
    ({"network": Network((2, 6, 1), SOFTSIGN)}, "knows deepmath's activations alone; got 'softsign'"),
    ({"loss": HUBER}, "knows deepmath's losses alone; got 'huber'"),
    ({"optimiser": Slower(0.1)}, "knows deepmath's optimisers alone; got Slower"),
    ({"network": RecurrentNetwork(2, 1, 4)}, "trains a Network; got a RecurrentNetwork"),
])
def test_what_is_ones_own_is_not_compiled(options, message, taken, monkeypatch):
    monkeypatch.setattr(engines, "WORTH_LOADING", 0)
    train(**options)
    assert taken == ["fast"]
    with pytest.raises(ValueError, match=message):
        train("compiled", **options)


def test_without_numba(taken, monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    monkeypatch.setattr(engines, "WORTH_LOADING", 0)
    train()
    assert taken == ["fast"]
    with pytest.raises(ValueError, match=r"engine='compiled' needs numba: pip install "
                                         r"'deepmath-book\[compiled\]'"):
        train("compiled")


def test_nothing_of_numba_is_imported_unless_it_is_used():
    code = ("import sys, deepmath as d; X, y = d.xor(20, 0); n = d.Network((2, 3, 1));"
            "d.fit(n, n.initialise(0), X, y); print(*sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numba", "llvmlite", "deepmath.compiled"} & set(done.stdout.split())


def test_a_kept_sweep_knows_what_auto_takes(monkeypatch):
    told = [arithmetic()["engine"]]
    monkeypatch.setenv("DEEPMATH_ENGINE", "fast")
    told.append(arithmetic()["engine"])
    assert told == [f"numba {version('numba')}" if find_spec("numba") else "auto", "fast"]


# --- what goes wrong, and is told once

@pytest.fixture
def elsewhere(tmp_path):
    """Run code with a copy of the package and of its cache: what it said and printed."""
    shutil.copytree(PACKAGE, tmp_path / "deepmath", ignore=shutil.ignore_patterns("figures", "smoke"))

    def run(code, **environment):
        code = ("from deepmath import *; X, y = xor(40, 0); n = Network((2, 6, 1), 'tanh')\n"
                "go = lambda engine: fit(n, n.initialise(0), X, y, n_epochs=20, engine=engine).theta.sum()\n" + code)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                              env=os.environ | {"PYTHONPATH": str(tmp_path)} | environment)

    return run


TWICE = "print(*(abs(go('compiled') - go('readable')) < 1e-12 for _ in range(2)))"


@numba
def test_machine_code_is_kept_and_what_is_broken_of_it_told_once(elsewhere, tmp_path):
    train("compiled")
    kept = tmp_path / "deepmath" / "__pycache__"
    kept.mkdir(exist_ok=True)
    for file in (PACKAGE / "__pycache__").glob("loops*.nb?"):
        shutil.copy2(file, kept)
    hits = elsewhere("go('compiled')\nfrom deepmath.loops import train\n"
                     "print(train.stats.cache_hits.total(), train.stats.cache_misses.total())")
    assert (hits.stdout, hits.stderr) == ("1 0\n", "")
    for index in kept.glob("loops*.nbi"):
        index.write_bytes(b"no index of numba's")
    damaged = elsewhere(TWICE)
    assert damaged.stdout == "True True\n"
    assert damaged.stderr.count("training goes on with numpy") == 1 and f"in {kept} may go" in damaged.stderr


@numba
def test_no_place_for_machine_code_is_told_once(elsewhere):
    done = elsewhere(TWICE, NUMBA_CACHE_LOCATOR_CLASSES="UserProvidedCacheLocator")
    assert done.stdout == "True True\n" and done.stderr.count("goes on with numpy") == 1
    assert "cannot cache function 'train'" in done.stderr


def test_a_numba_that_does_not_know_this_python_is_told_once(elsewhere, tmp_path):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise ImportError('Numba needs Python 3.10 or less')")
    done = elsewhere(TWICE)
    assert done.stdout == "True True\n"
    assert done.stderr.count("training goes on with numpy: the compiled engine cannot be loaded "
                             "(ImportError: Numba needs Python 3.10 or less)") == 1


# --- numpy's, where it has no BLAS

@pytest.mark.parametrize("seeds", [None, 3])
def test_the_calls_for_a_browser_give_the_same(seeds, monkeypatch):
    network = Network((2, 5, 4, 1))
    theta = network.initialise(0) if seeds is None else network.initialise_stack(range(seeds))
    here = train("fast", network, theta=theta)
    monkeypatch.setattr("deepmath.fast.HAS_BLAS", False)
    assert train("fast", network, theta=theta).theta == pytest.approx(here.theta, rel=1e-12, abs=1e-12)


# --- the compiled one

@numba
@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no longer numbers to compare with")
@pytest.mark.parametrize("name, low, high", [("exp", -700, 700), ("exp", -1, 1), ("tanh", -20, 20),
                                             ("tanh", -1, 1), ("tanh", -1e-6, 1e-6), ("log1p", 0, 1),
                                             ("log1p", 0, 1e-9)])
def test_exponentials_are_right_to_the_last_digits(name, low, high, record_property):
    from deepmath import loops

    x = np.random.default_rng(0).uniform(low, high, 20_000)
    found = np.array([getattr(loops, name)(each) for each in x])
    exact = getattr(np, name)(x.astype(np.longdouble))
    error = float((abs(found - exact) / np.spacing(abs(found))).max())
    record_property(f"{name} from {low} to {high}", f"{error:.2f} units in the last place")
    assert error < 3


@numba
def test_exponentials_at_the_ends():
    from deepmath.loops import exp, log1p, tanh

    assert exp(0.0) == 1 and exp(-800.0) < 1e-300 and exp(800.0) > 1e300 and np.isnan(exp(np.nan))
    assert tanh(0.0) == 0 and tanh(400.0) == 1 and tanh(-400.0) == -1 and np.isnan(tanh(np.nan))
    assert log1p(0.0) == 0 and log1p(1.0) == pytest.approx(np.log(2), rel=1e-15)


@numba
def test_points_in_blocks_and_networks_on_threads_give_the_same(monkeypatch, record_property):
    from deepmath import compiled

    network = Network((3, 7, 5, 2), "leaky_relu")
    rng = np.random.default_rng(1)
    data = {"X": rng.normal(size=(700, 3)), "y": rng.integers(0, 2, (700, 2)), "l2": 0.01,
            "theta": network.initialise_stack(range(9)), "batch_size": 300, "n_epochs": 40,
            "optimiser": Adam(0.01), "validation": (rng.normal(size=(513, 3)), np.ones((513, 2)))}
    readable = train("readable", network, **data)
    monkeypatch.setattr(compiled, "THREAD", 1)
    for threads, group in ((1, 1e9), (2, 1e9), (20, 1e9), (1, 1e4), (2, 1e4)):
        monkeypatch.setattr(compiled, "n_processors", lambda n=threads: n)
        monkeypatch.setattr(compiled, "GROUP", group)       # of which an epoch is more, or less
        found = train("compiled", network, **data)
        assert found.theta == pytest.approx(readable.theta, rel=1e-12, abs=1e-12)
        assert found.history.validation_loss == pytest.approx(readable.history.validation_loss, rel=1e-12)
        record_property("largest difference of the compiled engine",
                        f"{abs(found.theta - readable.theta).max():.1e} of parameters up to {abs(readable.theta).max():.1f}")


@numba
def test_as_many_processors_as_it_was_told(monkeypatch):
    from deepmath.compiled import n_processors

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    assert n_processors() >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert n_processors() == 1


@numba
@pytest.mark.parametrize("hidden", ["relu", "tanh"])
def test_divergence_in_the_middle_of_a_group_of_epochs(hidden):
    said = []
    network = Network((2, 8, 1), hidden)
    for engine in ("readable", "compiled"):
        with pytest.raises(DivergenceError) as error:
            train(engine, network, theta=network.initialise_stack(range(3)), n_epochs=3000,
                  loss="mean_squared_error", optimiser=GradientDescent(1e3))
        said.append(str(error.value))
    assert "diverged in epoch" in said[0] and said[0] == said[1]


@numba
def test_a_watched_run_stops_where_it_is_told_and_no_epoch_later():
    rng = np.random.default_rng(3)
    result = train("compiled", n_epochs=100, batch_size=8, batch_seed=rng, on_epoch=lambda e, *_: e == 6)
    assert len(result.history.training_loss) == 7
    other = np.random.default_rng(3)
    again = train("readable", n_epochs=7, batch_size=8, batch_seed=other)
    assert result.theta == pytest.approx(again.theta, rel=1e-12) and rng.random() == other.random()


@numba
@pytest.mark.parametrize("seeds", [1, 32])
def test_an_interrupt_is_answered_between_groups_of_epochs(seeds):
    train("compiled")
    begun = threading.Event()

    class Telling(np.random.Generator):
        def permutation(self, n):
            begun.set()
            return super().permutation(n)

    def interrupt():
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    thetas = NETWORK.initialise_stack(range(seeds))
    with pytest.raises(KeyboardInterrupt):
        train("compiled", theta=thetas, n_epochs=10**9 // seeds, batch_size=8,
              batch_seed=Telling(np.random.PCG64(0)))


def of_a_worker(seeds):
    return {"theta": train("compiled", theta=NETWORK.initialise_stack(seeds)).theta}


@numba
def test_forks_threads_and_workers_use_it():
    expected = of_a_worker(range(8))["theta"]
    [by_processes] = sweep(of_a_worker, range(8), stack=2, n_jobs=2)
    assert (by_processes["theta"] == expected).all()
    found = []
    threads = [threading.Thread(target=lambda: found.append(of_a_worker(range(8))["theta"])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and all((each == expected).all() for each in found)
    if hasattr(os, "fork"):
        with warnings.catch_warnings(action="ignore"):      # of threads at a fork
            child = os.fork()
        if not child:
            os._exit(0 if (of_a_worker(range(8))["theta"] == expected).all() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
