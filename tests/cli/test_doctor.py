"""What `book doctor` says where things are missing."""

import os
import subprocess
import sys

import pytest

from bookbuild import cli, doctor


def report(path, **environment):
    done = subprocess.run([sys.executable, "-m", "bookbuild.cli", "doctor"], capture_output=True,
                          text=True, env={**os.environ, "PATH": str(path), **environment})
    return done.returncode, done.stdout


def test_a_bare_machine_renders_with_the_built_in_press(tmp_path, monkeypatch):
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    status, said = report(tmp_path)
    assert status == 0
    assert len(said.splitlines()) < 40
    for words in ("--  Quarto", "requirements-quarto.txt", "ok  press      built-in",
                  "--  Chromium", "apt install chromium", "--  Node", "ok  fonts"):
        assert words in said


@pytest.mark.parametrize("told, line, press", [
    ("1.10.19", "ok  Quarto     1.10.19", "Quarto, as it was found"),
    ("1.5.57", "too old for HTML and PDF", "Quarto, as it was found"),
    ("1.8.1", "too old for the PDF", "Quarto, as it was found")])
def test_quarto_on_the_path_is_used(tmp_path, monkeypatch, told, line, press):
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    program = tmp_path / "quarto"
    program.write_text(f"#!/bin/sh\necho {told}\n")
    program.chmod(0o755)
    status, said = report(f"{tmp_path}:/bin")
    assert status == 0 and line in said and press in said


def test_a_quarto_that_is_named_but_missing_is_told(tmp_path):
    status, said = report(tmp_path, QUARTO_PATH=str(tmp_path / "gone"))
    assert status == 1 and "no Quarto at" in said and "--engine builtin" in said


def test_a_missing_package_fails(monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda name: [
        "numpy>=2", 'no-such-package>=1; extra == "book"', 'no-such-either; extra == "lab"'])
    finding = doctor.packages()
    assert finding.needed and finding.found == "without no-such-package"
    assert finding.command == "pip install -r requirements.txt"


# Python started without its packages: as in an environment that holds nothing but the book.
BARE = """
import sys, importlib.metadata as metadata
gone = {names!r}
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
found = metadata.version
def version(name):
    if gone.get(name.lower()) or name in gone.values():
        raise metadata.PackageNotFoundError(name)
    return found(name)
metadata.version = version
from bookbuild.cli import main
sys.exit(main({arguments!r}))
"""
GONE = {"yaml": "pyyaml", "typst": "typst", "pypandoc": "pypandoc_binary", "nbclient": "nbclient",
        "numpy": "numpy", "jupyter_client": "jupyter-client", "watchfiles": "watchfiles",
        "pandas": "pandas", "matplotlib": "matplotlib", "joblib": "joblib", "filelock": "filelock",
        "ipykernel": "ipykernel", "nbformat": "nbformat"}


def without(names, *arguments, folder):
    """What a command says and exits with where packages are missing."""
    done = subprocess.run([sys.executable, "-c", BARE.format(names=names, arguments=list(arguments))],
                          capture_output=True, text=True, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_the_doctor_needs_no_package(tmp_path):
    status, said = without(GONE, "doctor", folder=tmp_path)
    assert status == 1 and "Traceback" not in said
    assert all(name in said for name in GONE.values())
    assert "pip install -r requirements.txt" in said


@pytest.mark.parametrize("command", [["render"], ["check"], ["preview", "--no-browser"],
                                     ["figures"], ["notebook", "one.qmd"]])
def test_every_command_says_in_one_line_which_package_is_missing(tmp_path, command):
    (tmp_path / "_quarto.yml").write_text("project:\n  type: book\nbook:\n  title: A\n"
                                          "  chapters: [index.qmd]\n")
    (tmp_path / "index.qmd").write_text("# A\n\n```{python}\n1\n```\n")
    (tmp_path / "one.qmd").write_text("# B\n")
    status, said = without(GONE, *command, folder=tmp_path)
    assert status == 1
    first, last = said.strip().splitlines()
    assert first.startswith("book: without ") and "pyyaml" in first
    assert first.endswith("pip install -r requirements.txt") and last == (
        "book: 1 problem; nothing was replaced")


@pytest.mark.parametrize("command", [["render"], ["preview"], ["figures"], ["lab"],
                                     ["notebook", "one.qmd"]])
def test_windows_is_told_of_wsl(monkeypatch, capsys, command):
    monkeypatch.setattr(cli, "WINDOWS", True)
    assert cli.main(command) == 1
    first, last = capsys.readouterr().err.strip().splitlines()
    assert first.startswith(f"book: `book {command[0]}` runs on Linux and macOS; on Windows")
    assert "wsl --install" in first and last == "book: 1 problem; nothing was replaced"


LACKING = """
import asyncio, multiprocessing, subprocess, sys        # which look for these with care
for module in ("fcntl", "_posixsubprocess", "pwd", "grp", "termios", "pty", "syslog"):
    sys.modules[module] = None
from bookbuild.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command, status", [(["check"], 0), (["doctor"], 0), (["figures", "-h"], 0),
                                             (["data", "nowhere", "--years", "2019"], 1)])
def test_what_runs_on_windows_needs_no_module_of_posix(tmp_path, command, status):
    (tmp_path / "_quarto.yml").write_text("project:\n  type: book\nbook:\n  title: A\n"
                                          "  author: B\n  chapters: [index.qmd]\n")
    (tmp_path / "index.qmd").write_text("# A\n\n```{python}\n1\n```\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LACKING, *command], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == status and "mistake of the press" not in done.stderr, done.stderr
