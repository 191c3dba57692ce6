"""A sweep gives the same numbers wherever it runs, and what was run once is not run again."""

import os
import signal
import socket
import subprocess
import sys
import tracemalloc
import types
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmath import GradientDescent, Network, default_rng, fit, places, store, xor
from deepmath.figures import depth, smoke_capacity
from deepmath.places import Pace
from deepmath.sweep import executing, grid, sweep
from waiting import LIMIT, until

# A module of runs for other processes: each writes down what it does; where HALT is set, none
# ends once so many are written down.
RUNS = '''
import os, signal, sys
from pathlib import Path
import numpy as np
from deepmath.sweep import grid, sweep

def run(seeds, log, width):
    with open(log, "a") as stream:
        stream.write("".join(f"{width} {seed}\\n" for seed in seeds))
    if "HALT" in os.environ and len(Path(log).read_text().splitlines()) >= int(os.environ["HALT"]):
        signal.pause()
    return {"value": np.array([np.random.default_rng([seed, width]).normal() for seed in seeds])}

if __name__ == "__main__":
    import runs
    store, log, *jobs = sys.argv[1:]
    settings = grid(log=[log], width=[4, 8])
    values = sweep(runs.run, range(12), settings, stack=2, store=store, n_jobs=int(jobs[0]))
    print(*(value for result in values for value in result["value"]))
'''
EXPECTED = [default_rng([seed, width]).normal() for width in (4, 8) for seed in range(12)]


def train(seeds, width):
    X, y = xor(40, 0)
    network = Network((2, width, 1))
    result = fit(network, network.initialise_stack(seeds), X, y,
                 optimiser=GradientDescent(0.1), n_epochs=5)
    return {"theta": result.theta, "loss": result.history.training_loss.T}


@pytest.fixture
def runs(tmp_path, monkeypatch):
    (tmp_path / "runs.py").write_text(RUNS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sys.modules.pop("runs", None)
    import runs
    yield runs
    sys.modules.pop("runs", None)


def command(tmp_path, n_jobs=1):
    return [sys.executable, str(tmp_path / "runs.py"), str(tmp_path / "store"),
            str(tmp_path / "log"), str(n_jobs)]


def test_a_sweep_is_the_runs_one_by_one():
    settings_ = grid(width=[3, 5])
    found = sweep(train, range(5), settings_, stack=2)
    for setting, arrays in zip(settings_, found, strict=True):
        for seed in range(5):
            alone = train([seed], **setting)
            for name, array in arrays.items():
                np.testing.assert_array_equal(array[seed], alone[name][0])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=12, unique=True), st.integers(1, 13))
def test_rows_are_in_the_order_of_the_seeds_whatever_the_stack(seeds, stack):
    [found] = sweep(lambda some: {"seed": np.array(some)}, seeds, stack=stack)
    np.testing.assert_array_equal(found["seed"], seeds)


@pytest.mark.parametrize("figure, names, arguments", [
    (depth, ("training_loss", "validation_loss", "validation_accuracy", "X"), {}),
    (smoke_capacity, ("training", "validation", "best_by_days"),
     {"widths": (2,), "n_days": (240,)})])
def test_figures_do_not_depend_on_the_processes(figure, names, arguments):
    here = figure.compute(seeds=range(10), n_epochs=5, **arguments)
    with executing(n_jobs=2):
        there = figure.compute(seeds=range(10), n_epochs=5, **arguments)
    for name in names:
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(25)), st.sampled_from([None, 4, 100]), st.integers(0, 24))
def test_a_reduction_gets_the_rows_in_order_in_blocks_of_one_size(seeds, stack, n_kept):
    seeds, blocks = list(seeds), []
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as store:
        patch.setattr("deepmath.sweep.BLOCK", 10)
        sweep(itself, seeds[n_kept:], grid(twice=[1]), 3, store=store, progress=None)
        sizes = sweep(itself, seeds, grid(twice=[1, 1]), stack, progress=None, store=store,
                      reduce=lambda so_far, rows: (
                          blocks.append(rows["seed"].tolist()) or [*(so_far or []), len(blocks[-1])]))
    assert sizes == [[10, 10, 5]] * 2
    assert [seed for block in blocks for seed in block] == [*seeds, *seeds]


def itself(seeds, twice=1):
    return {"seed": np.array(seeds)}


def test_a_reduction_holds_no_more_rows_however_many_there_are():
    def rows(seeds):
        return {"x": np.ones((len(seeds), 100))}

    def count(so_far, arrays):
        return (so_far or 0) + len(arrays["x"])

    def peak(n):
        tracemalloc.start()
        assert sweep(rows, range(n), stack=500, reduce=count) == [n]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(100_000) < 1.2 * peak(10_000)


def test_tasks_take_about_a_second_by_what_the_last_ones_took():
    pace = Pace(10**6)
    pace.n_places = 100
    sizes = []
    for _ in range(6):
        sizes.append(pace.next())
        pace.took(sizes[-1], sizes[-1] * 1e-3)
    assert sizes == [8, 64, 512, 1000, 1000, 1000]
    pace.took(1000, 100.0)
    assert pace.next() == 10
    while pace.left > 0:
        last = pace.next()
    assert last == 8


def test_short_calls_of_many_settings_are_kept_in_few_files(runs, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(Path, "read_bytes", lambda path, real=Path.read_bytes: (
        read.append(path) or real(path)))
    store.content_of.cache_clear()
    options = {"settings": [{"log": str(tmp_path / "log"), "width": width} for width in range(300)],
               "store": tmp_path / "store", "progress": None}
    found = sweep(runs.run, range(3), **options)
    assert len(list((tmp_path / "store").rglob("*.npz"))) < 30
    assert len(read) == len(set(read))                      # each source once
    logged = (tmp_path / "log").read_text()
    again = sweep(runs.run, range(3), **options)
    assert (tmp_path / "log").read_text() == logged
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one["value"], other["value"])


def test_the_store_serves_more_seeds_and_other_stacks(runs, tmp_path):
    log = tmp_path / "log"
    options = {"settings": grid(log=[str(log)], width=[4]), "store": tmp_path / "store"}
    [few] = sweep(runs.run, range(6), stack=4, **options)
    [more] = sweep(runs.run, range(9), stack=2, **options)
    assert sorted(log.read_text().split()[1::2], key=int) == [str(seed) for seed in range(9)]
    np.testing.assert_array_equal(more["value"][:6], few["value"])


def test_a_damaged_file_is_run_again(runs, tmp_path):
    options = {"settings": grid(log=[str(tmp_path / "log")], width=[4]),
               "store": tmp_path / "store"}
    [before] = sweep(runs.run, range(4), stack=2, **options)
    file = sorted((tmp_path / "store").rglob("*.npz"))[0]
    file.write_bytes(file.read_bytes()[:50])
    [after] = sweep(runs.run, range(4), stack=2, **options)
    np.testing.assert_array_equal(before["value"], after["value"])
    assert len((tmp_path / "log").read_text().split()) == 2 * (4 + 2)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_killed_and_resumed_nothing_is_lost_or_run_twice(runs, tmp_path, n_jobs, record_property):
    log, kills = tmp_path / "log", 3
    log.touch()
    for _ in range(kills):
        halt = len(log.read_text().splitlines()) + 6
        process = subprocess.Popen(command(tmp_path, n_jobs), start_new_session=True,
                                   stderr=subprocess.DEVNULL,
                                   env={**os.environ, "HALT": str(halt)})
        until(lambda halt=halt: len(log.read_text().splitlines()) >= halt, "six more runs",
              end=process.poll)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    resumed = subprocess.run(command(tmp_path, n_jobs), capture_output=True, text=True, check=True)
    np.testing.assert_array_equal([float(word) for word in resumed.stdout.split()], EXPECTED)
    lines = log.read_text().splitlines()
    record_property(f"sweep killed, {n_jobs} processes",
                    f"{kills} times; of 24 runs lost {24 - len(set(lines))}, in the works when "
                    f"killed and run again {len(lines) - 24}")
    # A stack (two seeds) that a process was at work on when killed may be there again.
    assert len(set(lines)) == 24 and len(lines) <= 24 + 2 * n_jobs * kills
    logged = len(lines)
    subprocess.run(command(tmp_path, n_jobs), check=True, capture_output=True)
    assert len(log.read_text().splitlines()) == logged


def test_two_processes_share_the_work(runs, tmp_path):
    both = [subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True)
            for _ in range(2)]
    for process in both:
        np.testing.assert_array_equal(
            [float(word) for word in process.communicate()[0].split()], EXPECTED)
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 24


WITH_LITTLE_ROOM = '''
import resource, sys
import numpy as np
from deepmath.sweep import sweep

def run(seeds):
    if seeds[0] == 4:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    return {"x": np.ones((len(seeds), 1000))}

sweep(run, range(8), stack=2, store=sys.argv[1])
'''


def test_a_store_that_cannot_be_written_keeps_what_it_has(tmp_path):
    (tmp_path / "little.py").write_text(WITH_LITTLE_ROOM)
    command = [sys.executable, tmp_path / "little.py", tmp_path / "store"]
    done = subprocess.run([*command, "9000"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.strip().endswith("File too large")
    assert not list((tmp_path / "store").rglob("*.part"))
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "store").rglob("*.npz")}
    assert len(files) == 2
    subprocess.run([*command, "-1"], check=True)
    assert len(list((tmp_path / "store").rglob("*.npz"))) == 4
    assert {file: file.stat().st_mtime_ns for file in files} == files


def test_an_error_names_its_setting_and_keeps_the_rest(runs, tmp_path):
    def fails(seeds, rate):
        if 3 in seeds:
            raise ArithmeticError("diverged")
        return {"x": np.array(seeds)}

    with pytest.raises(ArithmeticError) as caught:
        sweep(fails, range(6), grid(rate=[0.5]), stack=1, store=tmp_path / "store")
    assert "fails with {'rate': 0.5}, seeds [3]" in caught.value.__notes__[0]
    assert len(list((tmp_path / "store").rglob("*.npz"))) == 3


@pytest.mark.parametrize("arguments, message", [
    ({"seeds": []}, "at least one"), ({"seeds": [1, 1]}, "different"),
    ({"seeds": [-1]}, "at least 0"), ({"seeds": [1], "stack": 0}, "stack"),
    ({"seeds": [1, 2], "run": lambda seeds: {"x": np.zeros(3)}}, "a row for each of 2 seeds")])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        sweep(**{"run": lambda seeds: {"x": np.array(seeds)}, **arguments})


def test_no_scheduler(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("deepmath.places.PATIENCE", 1.0)
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        sweep(train, range(2), grid(width=[3]), scheduler="tcp://127.0.0.1:9")


def test_a_server_that_is_no_scheduler(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("deepmath.places.PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"no Dask scheduler answers at {address}"):
            sweep(train, range(2), grid(width=[3]), scheduler=address)


def test_what_is_wrong_with_a_cluster_is_said_in_a_line(monkeypatch, capsys):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("deepmath.places.PATIENCE", 2.0)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")      # so the worker, of this process, works aside
    absent = types.ModuleType("absent")
    exec("def run(seeds): return {'x': seeds}", absent.__dict__)
    monkeypatch.setitem(sys.modules, "absent", absent)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster:
        how = {"scheduler": cluster.scheduler_address, "progress": None}
        with pytest.raises(ConnectionError, match="no worker is at .*: start one"):
            sweep(train, range(2), grid(width=[3]), **how)
        assert capsys.readouterr().err.splitlines()[-1].startswith("waiting for a worker at ")
        monkeypatch.setattr("deepmath.places.PATIENCE", LIMIT)      # of which none is needed now
        cluster.scale(1)
        [found] = sweep(train, range(20), grid(width=[3]), **how)
        [here] = sweep(train, range(20), grid(width=[3]))
        np.testing.assert_array_equal(found["theta"], here["theta"])
        with pytest.raises(ModuleNotFoundError, match="lacks the module 'absent' of the run: put"):
            sweep(absent.run, range(2), **how)
        real = places.arithmetic()
        monkeypatch.setattr(places, "arithmetic", lambda: {**real, "numpy": "1.0"})
        with pytest.raises(RuntimeError, match="the same numbers .*numpy: .* there, 1.0 here.*; same_"):
            sweep(train, range(2), grid(width=[3]), **how)
        assert sweep(itself, range(2), same_numbers=False, **how)[0]["seed"].tolist() == [0, 1]
        monkeypatch.setattr(places, "arithmetic", lambda: real)
        with pytest.raises(ConnectionError, match="the Dask scheduler at .* is gone"):
            sweep(train, range(10**6), grid(width=[3]), **how | {
                "progress": lambda done, total: cluster.close()})


def test_a_cluster_that_loses_a_worker(runs, tmp_path):
    distributed = pytest.importorskip("distributed")
    log = tmp_path / "log"
    killed = []

    def kill_one(done, total):
        if done >= total // 2 and not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    settings_ = grid(log=[str(log)], width=[4, 8])
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1,
                                  dashboard_address=None) as cluster:
        found = sweep(runs.run, range(12), settings_, stack=2, store=tmp_path / "store",
                      scheduler=cluster.scheduler_address, progress=kill_one)
        assert killed
        np.testing.assert_array_equal(np.concatenate([r["value"] for r in found]), EXPECTED)
        logged = log.read_text().splitlines()
        assert len(set(logged)) == 24
        again = sweep(runs.run, range(12), settings_, stack=2, store=tmp_path / "store",
                      scheduler=cluster.scheduler_address)
    np.testing.assert_array_equal(again[1]["value"], found[1]["value"])
    assert log.read_text().splitlines() == logged
