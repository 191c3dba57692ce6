"""`book data` against a local server that serves the official layouts, well and badly."""

import errno
import hashlib
import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import layouts

from bookbuild import cli

from deepmath import smoke
from deepmath.smoke import fetching

NAPS = layouts.naps().encode("latin-1")
CLIMATE = layouts.geomet().encode("utf-8-sig")
FILES = {"/naps/2023.csv": NAPS, "/climate/3010000/2023": CLIMATE,
         "/page/2023.csv": b"<!DOCTYPE html><title>Maintenance</title>"}


class Handler(BaseHTTPRequestHandler):
    """Serves FILES, in ranges; the server's `breaks` says how often to hang up in the middle."""

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Range")))
        content = FILES.get(self.path)
        if content is None:
            return self.send_error(404)
        start, asked = 0, self.headers.get("Range")
        if asked and self.headers.get("If-Range") == self.server.tag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.server.tag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            self.wfile.write(content[start:start + 200])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.wfile.write(content[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.breaks, server.tag = [], 0, '"one"'
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def book(tmp_path, server, monkeypatch):
    """A book's folder whose sources are on the server; returns the function that runs `book`."""
    (tmp_path / "_quarto.yml").write_text("project:\n  type: book\n")
    (tmp_path / "data").mkdir()
    write_sources(tmp_path, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.chdir(tmp_path)
    return lambda *words: cli.main(["data", "made-up", "--years", "2023", *words])


def write_sources(folder, base, naps="/naps/{year}.csv"):
    (folder / "data" / "sources.toml").write_text(f"""
delay = 0.0
[sources.naps]
what = "hourly PM2.5"
address = "{base}{naps}"
file = "PM25_{{year}}.csv"
header = "H01"
licence = "a licence; attribution: somebody"
[sources.climate]
what = "daily climate"
address = "{base}/climate/{{climate}}/{{year}}"
file = "climate_{{climate}}_{{year}}.csv"
header = "LOCAL_DATE"
licence = "another licence"
[stations.made-up]
naps = "90130"
climate = "3010000"
""")


def test_a_station_is_fetched_told_and_read(book, tmp_path, server, capsys):
    assert book() == 0
    told = capsys.readouterr()
    assert "a licence; attribution: somebody" in told.out and "another licence" in told.out
    assert 'STATION = "made-up:90130"' in told.out
    assert "PM25_2023.csv: 0.0 MB" in told.err
    folder = tmp_path / "data" / "made-up"
    assert (folder / "PM25_2023.csv").read_bytes() == NAPS
    assert f"{hashlib.sha256(NAPS).hexdigest()}  PM25_2023.csv\n" in \
        (folder / "checksums.txt").read_text()
    assert sorted(p.name for p in folder.iterdir()) == [
        "PM25_2023.csv", "checksums.txt", "climate_3010000_2023.csv"]
    record = smoke.load("made-up:90130")
    assert len(record.table) == 3 and record.table.temperature.notna().sum() == 2


def test_what_is_complete_is_not_fetched_again(book, server, capsys):
    assert book() == 0 and len(server.requests) == 2
    assert book() == 0 and len(server.requests) == 2
    assert "complete already" in capsys.readouterr().err


def test_a_broken_connection_is_taken_up_where_it_broke(book, tmp_path, server):
    server.breaks = 2
    assert book() == 0
    assert [asked for path, asked in server.requests if "naps" in path] == \
        [None, "bytes=200-", "bytes=400-"]
    assert (tmp_path / "data/made-up/PM25_2023.csv").read_bytes() == NAPS


def test_a_download_that_keeps_breaking_goes_on_with_the_next_run(book, tmp_path, server, capsys):
    server.breaks = 3
    assert book() == 1
    told = capsys.readouterr().err
    assert "the connection broke 3 times; what came is kept: run the command again" in told
    folder = tmp_path / "data" / "made-up"
    assert not (folder / "PM25_2023.csv").exists()
    assert (folder / "PM25_2023.csv.part").stat().st_size == 600
    assert book() == 0
    assert server.requests[3][1] == "bytes=600-"
    assert (folder / "PM25_2023.csv").read_bytes() == NAPS


def test_a_file_that_changed_meanwhile_is_fetched_anew(book, tmp_path, server):
    server.breaks = 3
    assert book() == 1
    server.tag = '"two"'
    assert book() == 0
    assert (tmp_path / "data/made-up/PM25_2023.csv").read_bytes() == NAPS


def test_wrong_content_is_refused_and_not_kept(book, tmp_path, server, capsys):
    write_sources(tmp_path, f"http://127.0.0.1:{server.server_port}", "/page/{year}.csv")
    assert book() == 1
    told = capsys.readouterr().err
    assert "PM25_2023.csv: not fetched: expected hourly PM2.5, got '<!DOCTYPE html>" in told
    assert list((tmp_path / "data/made-up").iterdir()) == []


def test_a_year_that_is_not_there_is_told(book, tmp_path, capsys):
    assert cli.main(["data", "made-up", "--years", "1890"]) == 1
    told = capsys.readouterr().err
    assert "answers 404" in told and "/naps/1890.csv" in told
    assert told.count("\n") == 2           # the problem, and the count of problems


def test_no_network_is_one_line(book, tmp_path, capsys):
    with closed_port() as port:
        write_sources(tmp_path, f"http://127.0.0.1:{port}")
        assert book() == 1
    told = capsys.readouterr().err
    assert "cannot be reached" in told and "Traceback" not in told
    assert told.count("\n") == 2


@contextmanager
def closed_port():
    """A port at which nobody listens, as it is bound without listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_full_disk_is_one_line_and_leaves_no_half_file(book, tmp_path, monkeypatch, capsys):
    def full(response):
        yield b"H01"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "blocks", full)
    assert book() == 1
    told = capsys.readouterr().err
    assert "No space left on device" in told and told.count("\n") == 2
    assert not (tmp_path / "data/made-up/PM25_2023.csv").exists()


def test_a_file_that_was_changed_is_not_overwritten(book, tmp_path, capsys):
    assert book() == 0
    path = tmp_path / "data/made-up/PM25_2023.csv"
    path.write_text("mine")
    assert book() == 1
    assert "not what was fetched" in capsys.readouterr().err and path.read_text() == "mine"


@pytest.mark.parametrize("words, message", [
    (["nowhere", "--years", "2023"], "no station `nowhere`: known are made-up"),
    (["../up", "--naps", "1", "--years", "2023"], "no station `../up`")])
def test_an_unknown_station_is_told(book, capsys, words, message):
    assert cli.main(["data", *words]) == 1
    assert message in capsys.readouterr().err


def test_a_station_may_be_named_on_the_command_line(book, tmp_path):
    assert cli.main(["data", "other", "--naps", "90130", "--years", "2023"]) == 0
    assert (tmp_path / "data/other/PM25_2023.csv").exists()


@pytest.mark.parametrize("text", ["", "[sources.naps]\nwhat = 1", "delay = {", "delay = 'x'"])
def test_bad_sources_are_told(book, tmp_path, capsys, text):
    (tmp_path / "data/sources.toml").write_text(text)
    assert book() == 1
    assert "sources.toml: not a file of sources" in capsys.readouterr().err


@pytest.mark.parametrize("old, new", [("{year}", "{yeer}"), ("[stations.", "[[stations.")])
def test_sources_that_cannot_be_used_are_told(book, tmp_path, capsys, old, new):
    sources = tmp_path / "data/sources.toml"
    text = sources.read_text()
    assert old in text
    sources.write_text(text.replace(old, new).replace("[[stations.", "[[stations]]\n[elsewhere."))
    assert book() == 1
    assert "sources.toml: not a file of sources" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["2022-2019", "20", "last"])
def test_years_that_are_none(words, capsys):
    with pytest.raises(SystemExit):
        cli.main(["data", "x", "--years", words])
    assert "--years" in capsys.readouterr().err


def test_the_shipped_sources_can_be_read():
    delay, sources, stations = fetching.read_config(
        Path(__file__).parents[2] / "data" / "sources.toml")
    assert delay >= 1 and set(sources) == {"naps", "climate", "openaq"}
    assert sources["openaq"].daily and 0.1 <= sources["openaq"].delay < delay
    for source in sources.values():
        assert source.address.startswith("https://") and "{year}" in source.address
    assert all(set(station) <= set(sources) for station in stations.values())
