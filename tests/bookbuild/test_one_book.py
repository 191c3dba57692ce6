"""Our own book is the same book under Quarto and under the built-in press."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bookbuild.quarto import find_quarto

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))
from agreement import differences, facts_of  # noqa: E402

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".book", "_book", ".quarto", "__pycache__")


@pytest.mark.skipif(find_quarto() is None, reason="no Quarto on PATH or in QUARTO_PATH")
def test_both_presses_print_one_book(tmp_path, capsys):
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent),
                                                   os.environ["PATH"]])}
    facts = []
    for name, command in (("quarto", [find_quarto(), "render", "--to", "html"]),
                          ("press", [sys.executable, "-m", "bookbuild.cli", "render", "--engine",
                                     "builtin", "--to", "html"])):
        shutil.copytree(ROOT, tmp_path / name, ignore=LEFT_OUT)
        subprocess.run(command, cwd=tmp_path / name, env=env, check=True)
        facts.append(facts_of(tmp_path / name / "_book"))
    with capsys.disabled():
        print("\nAgreement with Quarto, this book:")
        report = differences(*facts, tmp_path)
    assert not report, report
