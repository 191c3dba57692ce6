"""What an import of deepmath brings with it: numpy, and nothing else."""

import subprocess
import sys

import deepmath

IMPORT = """
import sys
import numpy, numpy.random
before = set(sys.modules)
import deepmath
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - set(sys.stdlib_module_names)))
"""


def test_import_needs_numpy_alone_and_does_nothing():
    run = subprocess.run([sys.executable, "-W", "error", "-c", IMPORT], check=True,
                         capture_output=True, text=True)
    assert set(run.stdout.split()) <= {"deepmath", "numpy"}
    assert run.stderr == ""


def test_every_name_that_it_offers_exists():
    assert all(hasattr(deepmath, name) for name in deepmath.__all__)
    assert len(deepmath.__all__) == len(set(deepmath.__all__))
