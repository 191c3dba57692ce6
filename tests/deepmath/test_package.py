"""What deepmath brings with it: numpy, and the rest only where it is asked for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import deepmath

README = Path(__file__).parents[2] / "README.md"
OTHERS = ("distributed", "filelock", "joblib", "matplotlib", "pandas")
IMPORT = """
import sys
import numpy, numpy.random
before = set(sys.modules)
import deepmath
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - set(sys.stdlib_module_names)))
"""
RUN = """
import numpy as np
def run(seeds):
    return {"x": np.array(seeds) ** 2}
"""


def python(code, without=(), **options):
    """Run code where some packages are not installed."""
    absent = f"import sys; sys.modules.update(dict.fromkeys({list(without)}))\n"
    return subprocess.run([sys.executable, "-W", "error", "-c", absent + code],
                          capture_output=True, text=True, **options)


def test_import_needs_numpy_alone_and_does_nothing():
    run = python(IMPORT)
    assert set(run.stdout.split()) <= {"deepmath", "numpy"}
    assert (run.returncode, run.stderr) == (0, "")


def test_the_snippet_of_the_readme_needs_numpy_alone():
    section = README.read_text(encoding="utf-8").split("## The mathematics as a package")[1]
    snippet = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    run = python(snippet, OTHERS)
    assert run.stderr == "" and [float(word) for word in run.stdout.split()]


@pytest.mark.parametrize("code, package, extra", [
    ("from deepmath import figures", "matplotlib", "figures"),
    ("import deepmath.figures.style", "matplotlib", "figures"),
    ("from deepmath import smoke", "pandas", "smoke"),
    ("from deepmath.smoke.record import read_record", "pandas", "smoke"),
    ("from deepmath.figures import smoke_record", "pandas", "smoke"),
    ("sweep(run, range(3), stack=1, n_jobs=2)", "joblib", "cluster"),
    ("sweep(run, range(3), scheduler='tcp://127.0.0.1:9')", "distributed", "cluster"),
    ("sweep(run, range(3), store='store')", "filelock", "cluster")])
def test_what_is_missing_is_told_with_its_extra(code, package, extra, tmp_path):
    run = python(f"from deepmath.sweep import sweep\n{RUN}\n{code}", [package], cwd=tmp_path)
    assert run.stderr.splitlines()[-1] == (
        f"ImportError: this part of deepmath needs {package}: pip install 'deepmath-book[{extra}]'")
    assert not list(tmp_path.iterdir())


def test_a_sweep_with_a_store_needs_filelock_alone(tmp_path):
    (tmp_path / "runs.py").write_text(RUN)
    code = ("import runs\nfrom deepmath.sweep import sweep\n"
            "print(sweep(runs.run, range(4), store='store')[0]['x'].tolist())")
    for _ in range(2):
        run = python(code, set(OTHERS) - {"filelock"}, cwd=tmp_path)
        assert (run.stdout, run.stderr) == ("[0, 1, 4, 9]\n", "")
    assert len(list((tmp_path / "store").rglob("*.npz"))) == 1


def test_a_figure_loads_its_own_module_and_no_other():
    run = python("""
from deepmath import figures
def loaded():
    print(*sorted(name for name in sys.modules if name.startswith("deepmath.figures.")),
          "pandas" in sys.modules)
loaded()
assert {"depth", "boundary", "FIGURES"} <= set(dir(figures)) and not hasattr(figures, "missing")
loaded()
figures.activations.compute
loaded()
assert figures.FIGURES["activations"] is figures.activations
loaded()
""")
    before = "deepmath.figures.register False\n"
    after = "deepmath.figures.activations deepmath.figures.register deepmath.figures.style False\n"
    assert (run.stdout, run.stderr) == (2 * before + 2 * after, "")


def test_the_register_of_figures_gives_modules_by_name():
    from deepmath.figures import FIGURES

    assert len(FIGURES) == len(dict(FIGURES)) == len(set(FIGURES.names.values()))
    assert dict(FIGURES)["computation-graph"].__name__ == "deepmath.figures.graph"
    assert all(callable(module.compute) and callable(module.draw)
               for module in FIGURES.values())
    with pytest.raises(ImportError, match="cannot import name 'missing'"):
        from deepmath.figures import missing  # noqa: F401


def test_every_name_that_it_offers_exists():
    assert all(hasattr(deepmath, name) for name in deepmath.__all__)
    assert len(deepmath.__all__) == len(set(deepmath.__all__))
    assert re.fullmatch(r"\d+\.\d+\.\d+", deepmath.__version__)
