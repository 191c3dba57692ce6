"""Our own book is the same book under Quarto and under the built-in press."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bookbuild.quarto import find_quarto

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))
from agreement import differences, facts_of  # noqa: E402

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".book", "_book", ".quarto", ".runtime",
                                  "__pycache__")
# On Quarto's page a formula's number stands beside the formula, on ours within it.
NUMBER_BESIDE = re.compile(r"\$\$\([\w.]+\)")
FORMULA_ALONE = re.compile(r"\$\$.*?\$\$")
# Quarto gives the light and the dark style sheet one id; neither is part of the text.
STYLE_SHEETS = {"quarto-bootstrap", "quarto-text-highlighting-styles"}


def comparable(facts: dict) -> dict:
    facts = json.loads(NUMBER_BESIDE.sub("$$", json.dumps(facts)))
    for page in facts["facts"].values():
        page["paragraphs"] = [each for each in page["paragraphs"]
                              if not FORMULA_ALONE.fullmatch(each["text"])]
        page["duplicates"] = [each for each in page["duplicates"] if each["id"] not in STYLE_SHEETS]
    return facts


@pytest.mark.skipif(find_quarto() is None, reason="no Quarto on PATH or in QUARTO_PATH")
def test_both_presses_print_one_book(tmp_path, record_property):
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent),
                                                   os.environ["PATH"]])}
    facts = []
    for name, command in (("quarto", [find_quarto(), "render", "--to", "html"]),
                          ("press", [sys.executable, "-m", "bookbuild.cli", "render", "--engine",
                                     "builtin", "--to", "html"])):
        shutil.copytree(ROOT, tmp_path / name, ignore=LEFT_OUT)
        subprocess.run(command, cwd=tmp_path / name, env=env, check=True)
        facts.append(comparable(facts_of(tmp_path / name / "_book")))
    report, agreement = differences(*facts, tmp_path)
    record_property("agreement with Quarto, this book", agreement)
    assert not report, report
