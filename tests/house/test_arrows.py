"""The arrows between the rooms, as pyproject.toml has them, and the doors by which rooms are entered.

A room's door is its `__init__`: others import what its `__all__` names, and nothing behind it.
"""

import ast
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


def exported(house, room):
    """What a room's door lets others have."""
    tree = ast.parse((house / room / "__init__.py").read_text(encoding="utf-8"))
    listed = [node.value for node in tree.body if isinstance(node, ast.Assign)
              and ast.unparse(node.targets[0]) == "__all__"]
    return set(ast.literal_eval(listed[0])) if listed else set()


def wrong_doors(house):
    """Imports of a room from outside that do not go by its door: files, lines, what."""
    doors = {room: exported(house, room) for room in ROOMS}
    for file in sorted(house.rglob("*.py")):
        here = file.relative_to(house).parts[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = ([(each.name, None) for each in node.names] if isinstance(node, ast.Import) else
                     [(node.module, each.name) for each in node.names]
                     if isinstance(node, ast.ImportFrom) and node.module else [])
            for module, name in names:
                first, _, inner = module.removeprefix("bookbuild.").partition(".")
                if not module.startswith("bookbuild.") or first not in ROOMS or first == here:
                    continue
                if inner or name not in doors[first]:
                    yield f"{file.relative_to(house)}:{node.lineno}: {ast.unparse(node)}"


def test_rooms_are_entered_by_their_doors():
    assert list(wrong_doors(ROOT / "code" / "bookbuild")) == []


def test_every_door_says_what_its_room_is_for():
    for room in ROOMS:
        tree = ast.parse((ROOT / "code" / "bookbuild" / room / "__init__.py").read_text("utf-8"))
        assert ast.get_docstring(tree), room


@pytest.mark.parametrize("file, line", [
    ("say/inner.py", "from bookbuild.print import page"),       # up
    ("quarto.py", "from bookbuild import preview"),             # between neighbours
    ("cli.py", "from bookbuild.run import inner"),              # not by the door
    ("cli.py", "import bookbuild.files.inner")])
def test_an_arrow_that_should_not_be_is_found(tmp_path, file, line):
    house = tmp_path / "bookbuild"
    house.mkdir()
    for name in [name for layer in LAYERS for name in re.findall(r"\w+", layer)]:
        if name in ROOMS:
            (house / name).mkdir(parents=True)
            (house / name / "__init__.py").touch()
            (house / name / "inner.py").touch()
        else:
            (house / f"{name}.py").touch()
    (house / "__init__.py").touch()
    (tmp_path / "deepmath").mkdir()
    (tmp_path / "deepmath" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    assert lint(tmp_path)[0] == 0 and not list(wrong_doors(house))
    (house / file).write_text(line + "\n")
    status, said = lint(tmp_path)
    assert status == 1 and "BROKEN" in said or list(wrong_doors(house)) == [f"{file}:1: {line}"]
