"""What a run does to its libraries ends with it; tried on this Python, as pages have the same code."""

import builtins
import importlib.util
import math
import os
import statistics
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import deepmath
from deepmath import training

SOURCE = Path(__file__).parents[2] / "code" / "bookbuild" / "live" / "worker" / "state.py"


@pytest.fixture(scope="module")
def state():
    spec = importlib.util.spec_from_file_location("_state", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.State()


@pytest.mark.parametrize("code", [
    "import deepmath\ndeepmath.default_rng = 3",
    "import deepmath\ndeepmath._mine = 3",
    "import deepmath\ndel deepmath.fit",
    "from deepmath import Network\nNetwork.predict = lambda *rest: 0",
    "from deepmath import Network\nNetwork.__call__ = 3\nNetwork.more = 4",
    "import builtins\nbuiltins.print = len\nbuiltins.more = 3",
    "import numpy as np\nnp.mean = np.median\nnp.random.default_rng = 3\nnp.more = 1",
    "import math\nmath.pi = 3",
    "import statistics\nstatistics.mean = 3",
    "import matplotlib.axes as axes\naxes.Axes.plot = print",
    "import matplotlib as m\nm.rcParams['lines.linewidth'] = 9",
    "import numpy as np\nnp.set_printoptions(precision=2)\nnp.seterr(all='raise')",
    "import warnings\nwarnings.simplefilter('error')",
    "import os, sys\nos.environ['X'] = '1'\nsys.path.insert(0, '/x')\nos.chdir('/')",
    "import sys\nsys.setrecursionlimit(5000)\nsys.exit = print",
    "from deepmath import training\ntraining.__all__ = []",
])
def test_what_a_run_changes_is_put_back(state, code):
    def seen():
        return (deepmath.default_rng, vars(deepmath).copy(), dict(vars(deepmath.Network)), dict(vars(builtins)),
                np.mean, np.random.default_rng, hasattr(np, "more"), math.pi, statistics.mean,
                sys.modules["matplotlib.axes"].Axes.plot, sys.modules["matplotlib"].rcParams["lines.linewidth"],
                np.get_printoptions(), np.geterr(), list(warnings.filters), os.environ.get('X'), list(sys.path),
                os.getcwd(), sys.getrecursionlimit(), sys.exit, dict(vars(training)))

    before = seen()
    state.begin(code)
    try:
        exec(code, {})
        assert seen() != before
    finally:
        state.restore(code)
    assert seen() == before


def test_a_module_that_a_run_imports_and_changes_is_imported_anew(state):
    code = "import colorsys\ncolorsys.rgb_to_hsv = 3"
    sys.modules.pop("colorsys", None)       # as some test before may have imported it
    state = type(state)()
    state.begin(code)
    exec(code, {})
    state.restore(code)
    import colorsys
    assert callable(colorsys.rgb_to_hsv)


def test_chance_is_new_in_each_run(state):
    drawn = []
    for _ in range(2):
        state.begin("")
        drawn.append(np.random.random())
        np.random.seed(0)
        state.restore("")
    assert drawn[0] != drawn[1]
