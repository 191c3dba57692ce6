"""The arrows between the rooms, as pyproject.toml has them: an arrow that runs up fails."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "tool"]["importlinter"]["contracts"]
LAYERS = next(each["layers"] for each in CONTRACTS if each["type"] == "layers")
ROOMS = {name for layer in LAYERS for name in re.findall(r"\w+", layer)
         if (ROOT / "code" / "bookbuild" / name).is_dir()}


def lint(folder, *arguments):
    """Import-linter's verdict, and what it says, of the packages in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports_command; "
         "sys.exit(lint_imports_command())", "--no-cache", *arguments], text=True,
        capture_output=True, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)})
    return done.returncode, done.stdout + done.stderr


def test_the_arrows_are_kept():
    status, said = lint(ROOT / "code", str(ROOT / "pyproject.toml"))
    assert status == 0, said


def test_every_room_has_a_door():
    doors = {each["id"].removeprefix("door-") for each in CONTRACTS if each["type"] == "protected"}
    assert doors == ROOMS


@pytest.mark.parametrize("file, line", [
    ("say/inner.py", "from bookbuild.print import page"),       # up
    ("quarto.py", "from bookbuild import preview"),             # between neighbours
    ("cli.py", "from bookbuild.run import inner"),              # not by the door
    ("cli.py", "import bookbuild.files.inner")])
def test_an_arrow_that_should_not_be_is_found(tmp_path, file, line):
    house = tmp_path / "bookbuild"
    house.mkdir()
    for name in [name for layer in LAYERS for name in re.findall(r"\w+", layer)]:
        if any(each["id"] == f"door-{name}" for each in CONTRACTS):
            (house / name).mkdir(parents=True)
            (house / name / "__init__.py").touch()
            (house / name / "inner.py").touch()
        else:
            (house / f"{name}.py").touch()
    (house / "__init__.py").touch()
    (tmp_path / "deepmath").mkdir()
    (tmp_path / "deepmath" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    assert lint(tmp_path)[0] == 0
    (house / file).write_text(line + "\n")
    status, said = lint(tmp_path)
    assert status == 1 and "BROKEN" in said
