"""The runtime's files come out of a large wheel in parts, and each is checked."""

import os
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bookbuild.live import gather_runtime, runtime
from bookbuild.live.parts import sha256
from bookbuild.say import BookError

CONTENTS = {"a.js": b"first", "b.whl": b"second" * 100}
FILLING = bytes(5_000_000)


class Host(SimpleHTTPRequestHandler):
    """A host of packages, which gives parts of files unless told otherwise."""

    gives_parts, sent = True, 0

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(os.path.getsize(self.translate_path(self.path))))
        if self.gives_parts:
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def do_GET(self):
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        with open(self.translate_path(self.path), "rb") as file:
            part = file.read()[first:last + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)
        Host.sent += len(part)

    def log_message(self, *_):
        pass


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel on a host, of which the runtime takes two files."""
    (tmp_path / "host").mkdir()
    with zipfile.ZipFile(tmp_path / "host" / "large.whl", "w") as archive:
        archive.writestr("in/c.bin", FILLING)
        for name, content in CONTENTS.items():
            archive.writestr(f"in/{name}", content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=tmp_path / "host"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(Host, "sent", 0)
    monkeypatch.setattr(runtime, "read_list", lambda: {
        "registry": "large==1", "folder": "in/",
        "wheel": f"http://127.0.0.1:{server.server_port}/large.whl",
        "files": [{"name": name, "size": len(content), "sha256": sha256(content)}
                  for name, content in CONTENTS.items()]})
    yield tmp_path / "host" / "large.whl"
    server.shutdown()


def test_only_what_is_missing_is_fetched(wheel, tmp_path):
    said = []
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.js").write_bytes(CONTENTS["a.js"])
    gather_runtime(tmp_path / "there", said.append)
    assert (tmp_path / "there" / "b.whl").read_bytes() == CONTENTS["b.whl"]
    assert len(said) == 1 and "1 file," in said[0]
    assert Host.sent < len(FILLING)
    gather_runtime(tmp_path / "there", said.append)
    assert len(said) == 1


def test_of_a_host_without_parts_the_whole_is_taken(wheel, tmp_path, monkeypatch):
    monkeypatch.setattr(Host, "gives_parts", False)
    monkeypatch.setattr(runtime, "take_from_whole", partial(runtime.take, wheel))
    said = []
    gather_runtime(tmp_path / "there", said.append)
    assert {path.name for path in (tmp_path / "there").iterdir()} == {*CONTENTS}
    assert "the host does not give parts of files" in said[1]


def test_another_file_is_refused_by_name(wheel, tmp_path, monkeypatch):
    listed = runtime.read_list()
    listed["files"][0]["sha256"] = sha256(b"another")
    monkeypatch.setattr(runtime, "read_list", lambda: listed)
    with pytest.raises(BookError, match=r"a\.js.*checksum differs"):
        gather_runtime(tmp_path / "there", lambda words: None)
