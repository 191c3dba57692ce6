"""The book's own figures under other kernels of linear algebra than those that made them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bookbuild.run import numeric_environment

ROOT = Path(__file__).parents[2]
# In place of AVX2 the instructions that every x86-64 processor has, in OpenBLAS and in numpy.
UNDER_SSE2 = """
import sys
from bookbuild.run import arithmetic
arithmetic.AVX2 = {"OPENBLAS_CORETYPE": "Prescott",
                   "NPY_DISABLE_CPU_FEATURES": f"X86_V3,AVX2,FMA3,{arithmetic.WIDER}"}
from bookbuild.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_figures_pass_under_other_kernels(tmp_path):
    if "OPENBLAS_CORETYPE" not in numeric_environment():
        pytest.skip("no processor with AVX2, whose kernels could be others")
    done = subprocess.run([sys.executable, "-c", UNDER_SSE2, "figures", "--check", "--force",
                           "optimisers", "spirals", "gradient-norms",
                           "--report", tmp_path / "report.html"],
                          cwd=ROOT, capture_output=True, text=True)
    found = dict(re.findall(r"^([\w-]+): ([a-z ]+)", done.stdout, re.MULTILINE))
    assert done.returncode == 0, done.stdout + done.stderr
    # Training at the largest rate magnifies rounding: the kernels were others indeed.
    assert found["optimisers"].strip() == "changed within its tolerance"
    assert {found["spirals"].strip(), found["gradient-norms"].strip()} <= {
        "same", "changed in pixels only"}
