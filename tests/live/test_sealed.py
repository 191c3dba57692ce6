"""What is kept for live cells is shipped as it was made, or made anew."""

import sys

from bookbuild.live.packing import PACKED, pack
from bookbuild.live.sealed import is_whole, seal
from bookbuild.live.scripts import make_editor

NPM = """#!/bin/sh
echo once >> {runs}
/bin/mkdir -p node_modules/.bin
printf '#!/bin/sh\\nfor o; do case $o in --outfile=*) echo made > ${{o#--outfile=}};; esac; done\\n' \
    > node_modules/.bin/esbuild
/bin/chmod 755 node_modules/.bin/esbuild
"""
NODE = """#!/bin/sh
echo once >> {runs}
echo python > "$4/python.bin"
echo packages > "$4/packages.bin"
echo rest > "$4/rest.bin"
"""


def program(monkeypatch, tmp_path, name, text):
    """Let `name` be a program of ours, and the only one; returns the file that counts its runs."""
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    (tmp_path / "bin").mkdir()
    file, runs = tmp_path / "bin" / name, tmp_path / "runs"
    file.write_text(text.format(runs=runs))
    file.chmod(0o755)
    return runs


def test_a_file_is_whole_as_long_as_it_is_as_it_was_made(tmp_path):
    (file := tmp_path / "a").write_text("as it was")
    assert not is_whole(file)
    seal(file)
    assert is_whole(file)
    file.write_text("as it  was")
    assert not is_whole(file)
    file.unlink()
    assert not is_whole(file)


def test_a_damaged_editor_is_made_anew(monkeypatch, tmp_path):
    runs = program(monkeypatch, tmp_path, "npm", NPM)
    said = []
    for damaged in (False, True, False):
        editor = make_editor(tmp_path, said.append)
        assert editor.read_text() == "made\n"
        if damaged:
            editor.write_text("madx\n")
    assert runs.read_text() == 2 * "once\n"


def test_a_damaged_pack_is_made_anew(monkeypatch, tmp_path):
    runs = program(monkeypatch, tmp_path, "node", NODE)
    for damaged in (None, *PACKED, None):
        packs = pack(tmp_path, tmp_path, b"", lambda words: None)
        assert (packs / "python.bin").read_text() == "python\n"
        if damaged:
            (packs / damaged).write_text("damage\n")
    assert runs.read_text() == 4 * "once\n"
