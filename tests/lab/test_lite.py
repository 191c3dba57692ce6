"""`book render --lite`: notebooks in JupyterLite, from the book's own folder alone."""

import hashlib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bookbuild.lab import lite
from bookbuild.say import BookError


def test_what_is_missing_is_told_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(lite, "find_spec", lambda name: None if name == "jupyterlite_core" else True)
    with pytest.raises(BookError) as caught:
        lite.check_lite(None)
    assert {problem.message for problem in caught.value.problems} == {
        "--lite needs jupyterlite-core: pip install 'deepmath-book[lite]'",
        "--lite needs --runtime DIR: `book runtime DIR` fills the folder"}
    monkeypatch.setattr(lite, "find_spec", lambda name: True)
    lite.check_lite(Path(".runtime"))


def test_every_wheel_lies_beside_pyodide_and_is_on_its_list(tmp_path, monkeypatch):
    runtime, site = tmp_path / "runtime", tmp_path / "site"
    names = ("pyodide.js", "numpy-2.4.3-cp314-cp314-pyemscripten_2026_0_wasm32.whl")
    wheel = tmp_path / "ipython_like-1.0-py3-none-any.whl"
    runtime.mkdir()
    for file in (*(runtime / name for name in names), wheel):
        file.write_bytes(file.name.encode())
    monkeypatch.setattr(lite, "read_list", lambda: {
        "info": {"python": "3.14.0"}, "files": [{"name": name} for name in names]})
    found = lite.fill(site, runtime, [wheel], b"package")
    assert found == ["deepmath", "ipython-like", "numpy"]
    listed = json.loads((site / "pyodide-lock.json").read_text())
    assert listed["info"] == {"python": "3.14.0"} and sorted(listed["packages"]) == found
    for entry in listed["packages"].values():
        content = (site / entry["file_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert {"pyodide.js", "pyodide.mjs"} < {path.name for path in site.iterdir()}
    told = json.dumps(lite.settings(SimpleNamespace(book={"title": "A book"}), found))
    assert not re.search(r"https?:|//", told) and '"disablePyPIFallback": true' in told


def test_a_command_that_fails_is_told_in_a_line(tmp_path):
    with pytest.raises(BookError, match="pip failed: ValueError: no such wheel"):
        lite.ran("pip", [sys.executable, "-c", "raise ValueError('no such wheel')"], tmp_path)
