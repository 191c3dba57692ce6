"""What `book doctor` says where things are missing."""

import os
import subprocess
import sys

import pytest

from bookbuild import doctor


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
    monkeypatch.setattr(doctor, "NEEDED", ("numpy", "no-such-package"))
    finding = doctor.packages()
    assert finding.needed and "no-such-package" in finding.found
    assert finding.command == "pip install -r requirements.txt"
