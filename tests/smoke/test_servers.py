"""`book data` against servers that are wrong, busy, slow or hostile: the file, or one message."""

import errno
import gzip
import hashlib
import re
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from waiting import LIMIT

import layouts
from bookbuild import cli
from deepmath import smoke
from deepmath.smoke import fetching

GOOD = layouts.naps([layouts.naps_row(f"2023-{m:02d}-{d:02d}", range(d, d + 24))
                     for m in (1, 2, 3) for d in range(1, 29)]).encode()
CHANGED = GOOD.replace(b",731,", b",170,")
HALF = len(GOOD) // 2
ECHO = (b"<!DOCTYPE html><title>Maintenance</title>\n<p>H01, H02, H24 of /html are not here,\n"
        b"H01,H02\n</p>")


class Handler(BaseHTTPRequestHandler):
    """Answers as the first part of the path says; `server.asked` counts the requests."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with self.server.lock:
            self.server.asked.append((self.path, self.headers.get("Range")))
        self.close_connection = True
        getattr(self, self.path[1:].split("/")[0].split("?")[0])(self.headers.get("Range"))

    def send(self, body, status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length != "none":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def good(self, asked):
        self.send(GOOD, ETag='"a"')

    def missing(self, asked):
        self.send_error(404)

    def failing(self, asked):
        self.send_error(500)

    def busy_twice(self, asked):
        if len(self.server.asked) < 3:
            self.send(b"busy", 503, Retry_After="0")
        else:
            self.good(asked)

    def loop(self, asked):
        self.send(b"", 302, Location="/loop/again" if "again" not in self.path else "/loop")

    def other_host(self, asked):
        self.send(b"", 302, Location=f"http://localhost:{self.server.server_port}/good")

    def same_host(self, asked):
        self.send(b"", 302, Location="/good")

    def to_file(self, asked):
        self.send(b"", 302, Location="file:///etc/hostname")

    def to_ftp(self, asked):
        self.send(b"", 302, Location="ftp://127.0.0.1:9/x")

    def too_long(self, asked):
        self.send(GOOD, length=len(GOOD) + 5000, ETag='"a"')

    def too_short(self, asked):
        self.send(GOOD, length=HALF)

    def no_number(self, asked):
        self.send(GOOD, length="abc")

    def negative(self, asked):
        self.send(GOOD, length="-5")

    def no_length_half(self, asked):
        self.send(GOOD[:HALF], length="none")

    def no_length(self, asked):
        self.send(GOOD, length="none")

    def packed(self, asked):
        self.send(gzip.compress(GOOD), Content_Encoding="gzip")

    def bomb(self, asked):
        self.send(gzip.compress(GOOD + b"0" * 5_000_000))

    def endless(self, asked):
        self.send(GOOD, length="none")
        try:
            for _ in range(200):
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def page(self, asked):
        self.send(ECHO)

    def error_in_json(self, asked):
        self.send(b'{"code": "InvalidParameterValue", "description": "H01, LOCAL_DATE"}')

    def header_alone(self, asked):
        self.send((layouts.NAPS_PREAMBLE + layouts.NAPS_HEADER + "\n").encode())

    def other_layout(self, asked):
        self.send(layouts.geomet().encode())

    def slow(self, asked):
        self.server.released.wait(LIMIT)

    def piece(self, asked, content, first, tag='"a"', status=206):
        self.send(content[first:], status, ETag=tag,
                  Content_Range=f"bytes {first}-{len(content) - 1}/{len(content)}")

    def breaks(self):
        self.send(GOOD[:HALF], length=len(GOOD), ETag='"a"')

    def other_piece(self, asked):
        self.piece(asked, GOOD, HALF // 2) if asked else self.breaks()

    def other_tag(self, asked):
        self.piece(asked, CHANGED, HALF, '"b"') if asked else self.breaks()

    def other_length(self, asked):
        if not asked:
            return self.breaks()
        self.send(GOOD[HALF:], 206, ETag='"a"', Content_Range=f"bytes {HALF}-{HALF + 7}/999999")

    def piece_unasked(self, asked):
        self.piece(asked, GOOD, HALF) if len(self.server.asked) < 2 else self.good(asked)

    def well_behaved(self, asked):
        first = int(asked[6:-1]) if asked else 0
        if first >= len(GOOD):
            return self.send(b"", 416, Content_Range=f"bytes */{len(GOOD)}", ETag='"a"')
        self.piece(asked, GOOD, first, status=206 if first else 200)

    def garbage(self, asked):
        self.wfile.write(b"garbage garbage\r\n\r\n")

    def reset(self, asked):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def many_headers(self, asked):
        self.send(GOOD, **{f"X_{i}": "y" for i in range(300)})

    def long_header(self, asked):
        self.send(GOOD, X_A="y" * 100_000)

    def nothing(self, asked):
        self.send_response(204)
        self.end_headers()

    def empty(self, asked):
        self.send(b"")

    def odd_tag(self, asked):
        self.send(GOOD[:HALF], length=len(GOOD), ETag='"\x80\xff"')

    def day(self, asked):
        year, month, number = map(int, re.search(r"(\d{4})(\d\d)(\d\d)", self.path).groups())
        if number in (13, 17):
            return self.send_error(403 if number == 13 else 404)
        first = datetime(year, month, number, 8, tzinfo=UTC)
        rows = [layouts.archive_row(first + timedelta(hours=h), number) for h in range(24)]
        self.send(gzip.compress(layouts.table(layouts.ARCHIVE_HEADER, rows).encode()))

    def log_message(self, *_):
        pass

    def handle(self):
        with suppress(OSError):
            super().handle()


@pytest.fixture(scope="module")
def shared():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.lock, server.released = True, threading.Lock(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join(LIMIT)


@pytest.fixture
def server(shared):
    shared.asked = []
    return shared


SOURCES = """delay = 0.0
[sources.naps]
what = "hourly PM2.5"
address = "http://127.0.0.1:{port}/{path}"
file = "PM25_{{year}}.csv"
header = "H01"
licence = "a licence"
{more}
[sources.climate]
what = "daily climate"
address = "http://127.0.0.1:{port}/climate/{{climate}}/{{year}}"
file = "climate_{{climate}}_{{year}}.csv"
header = "LOCAL_DATE"
licence = "a licence"
[sources.openaq]
what = "OpenAQ's archive"
address = "http://127.0.0.1:{port}/day/{{openaq}}/{{year}}{{month:02d}}{{day:02d}}"
file = "location-{{openaq}}-{{year}}{{month:02d}}{{day:02d}}.csv.gz"
header = "sensors_id"
licence = "a licence"
[stations.made-up]
naps = "90130"
[stations.of-openaq]
openaq = "1"
"""


@pytest.fixture
def book(tmp_path, server, monkeypatch):
    """A book's folder; returns a function that runs `book data` against one kind of server."""
    (tmp_path / "_quarto.yml").write_text("project:\n  type: book\n")
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)

    def run(path="good", *words, more="", station="made-up"):
        (tmp_path / "data" / "sources.toml").write_text(
            SOURCES.format(port=server.server_port, path=path, more=more))
        return cli.main(["data", station, "--years", "2023", *words])
    return run


def files(tmp_path):
    folder = tmp_path / "data" / "made-up"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("path", ["good", "busy_twice", "same_host", "no_length", "no_number",
                                  "negative", "other_tag", "other_piece", "piece_unasked",
                                  "well_behaved"])
def test_the_file_comes_whole(book, server, tmp_path, path):
    code = book(path)
    if path in ("other_tag", "other_piece"):        # each third attempt begins anew
        code = code and book(path) and book("well_behaved")
    assert code == 0
    folder = tmp_path / "data" / "made-up"
    assert files(tmp_path) == ["PM25_2023.csv", "checksums.txt"]
    assert (folder / "PM25_2023.csv").read_bytes() == GOOD
    assert len(smoke.load("made-up").table) == 87


@pytest.mark.parametrize("path, message", [
    ("missing", "answers 404"), ("failing", "the connection broke 3 times"),
    ("loop", "answers 302"), ("other_host", "127.0.0.1 sends on to http://localhost"),
    ("to_file", "answers 302.*file:///etc/hostname' is not allowed"), ("to_ftp", "sends on to ftp://"),
    ("too_long", "the connection broke 3 times"), ("too_short", "not fetched|broke 3 times"),
    ("no_length_half", "not fetched|broke 3 times"), ("page", "not fetched: expected hourly PM2.5"),
    ("error_in_json", "not fetched"), ("header_alone", "not fetched.*no row of data"),
    ("other_layout", "not fetched.*no column H01"), ("other_length", "broke 3 times"),
    ("garbage", "broke 3 times"), ("reset", "broke 3 times|cannot be reached"),
    ("many_headers", "broke 3 times"), ("long_header", "broke 3 times"),
    ("nothing", "not fetched|broke 3 times"), ("empty", "not fetched.*empty"),
    ("odd_tag", "broke 3 times")])
def test_what_is_no_such_file_is_told_and_takes_no_name(book, server, tmp_path, capsys, path,
                                                        message):
    code = book(path)
    told = capsys.readouterr().err
    assert code == 1 and re.search(message, told) and "Traceback" not in told
    assert not {"PM25_2023.csv", "checksums.txt"} & set(files(tmp_path))
    assert len(server.asked) <= 12


def test_what_a_folder_says_of_its_files_is_told_where_it_cannot_be_read(book, tmp_path, capsys):
    assert book() == 0
    folder = tmp_path / "data" / "made-up"
    (folder / "checksums.txt").write_bytes(b"\xff\xfe damaged\n")
    assert book() == 1
    assert "checksums.txt:1: expected a SHA-256" in capsys.readouterr().err
    (folder / "checksums.txt").unlink()
    (folder / "PM25_2023.csv").unlink()
    for damaged in (b"\xff\n", b'"a"\nX: y', b""):      # what is known of a part is no longer known
        (folder / "PM25_2023.csv.part").write_bytes(GOOD[:100])
        (folder / "PM25_2023.csv.part.tag").write_bytes(damaged)
        assert book("well_behaved") == 0
        assert (folder / "PM25_2023.csv").read_bytes() == GOOD
        (folder / "PM25_2023.csv").unlink()


def test_a_busy_server_is_asked_three_times(book, server):
    assert book("failing") == 1 and len(server.asked) == 3


def test_a_redirect_to_a_host_that_the_source_names_is_followed(book, tmp_path):
    assert book("other_host", more='hosts = ["localhost"]') == 0
    assert (tmp_path / "data/made-up/PM25_2023.csv").read_bytes() == GOOD


def test_packed_content_is_read(book):
    assert book("packed") == 0 and len(smoke.load("made-up").table) == 87


@pytest.mark.parametrize("path", ["endless", "bomb"])
def test_a_file_without_end_is_refused(book, tmp_path, capsys, monkeypatch, path):
    monkeypatch.setattr(fetching, "LARGEST", 2)
    monkeypatch.setattr("deepmath.smoke.tables.LARGEST", 2 * 2**20)
    assert book(path) == 1
    assert re.search("larger than 2 MB|more than 2 MB", capsys.readouterr().err)
    assert files(tmp_path) == []


def test_a_server_that_is_silent_is_left(book, monkeypatch, capsys):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.05)
    assert book("slow") == 1
    assert re.search("broke 3 times|cannot be reached", capsys.readouterr().err)


# ----------------------------------------------------------------------------- no dead ends

@pytest.mark.parametrize("tag", ['"a"', '"another"', None])
def test_a_part_that_is_whole_already_is_no_dead_end(book, tmp_path, tag):
    (folder := tmp_path / "data" / "made-up").mkdir()
    (folder / "PM25_2023.csv.part").write_bytes(GOOD)
    if tag:
        (folder / "PM25_2023.csv.part.tag").write_text(tag)
    assert book("well_behaved") == 0
    assert (folder / "PM25_2023.csv").read_bytes() == GOOD
    assert files(tmp_path) == ["PM25_2023.csv", "checksums.txt"]


def test_a_part_that_is_longer_than_the_file_begins_anew(book, tmp_path):
    (folder := tmp_path / "data" / "made-up").mkdir()
    (folder / "PM25_2023.csv.part").write_bytes(GOOD + b"more")
    (folder / "PM25_2023.csv.part.tag").write_text('"a"')
    assert book("well_behaved") == 0
    assert (folder / "PM25_2023.csv").read_bytes() == GOOD


@pytest.mark.parametrize("step", ["write_text", "first replace", "second replace"])
def test_a_disk_that_is_full_at_the_end_is_no_dead_end(book, tmp_path, monkeypatch, capsys, step):
    replace, write_text, calls = fetching.os.replace, Path.write_text, []

    def full(*arguments, **options):
        calls.append(arguments)
        if len(calls) == (2 if step == "second replace" else 1):
            raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))
        return replace(*arguments, **options)

    def full_text(path, *arguments, **options):
        if path.name == "checksums.txt.part":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write_text(path, *arguments, **options)

    with monkeypatch.context() as patched:
        if step == "write_text":
            patched.setattr(Path, "write_text", full_text)
        else:
            patched.setattr(fetching.os, "replace", full)
        assert book("well_behaved") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert book("well_behaved") == 0
    assert len(smoke.load("made-up").table) == 87


def test_two_at_once_leave_one_whole_file(book, server, tmp_path):
    book("missing")
    (tmp_path / "data" / "sources.toml").write_text(SOURCES.format(
        port=server.server_port, path="well_behaved", more=""))
    server.asked.clear()
    both = [subprocess.Popen([sys.executable, "-m", "bookbuild.cli", "data", "made-up",
                              "--years", "2023"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    told = [each.communicate(timeout=LIMIT)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], told
    assert len(server.asked) == 1           # the other waited, and found it complete
    assert (tmp_path / "data/made-up/PM25_2023.csv").read_bytes() == GOOD


# ------------------------------------------------------------------------------------- names

@pytest.mark.parametrize("words", [
    ["--climate", "../../evil"], ["--climate", "/../evil"], ["--climate", "30 12"],
    ["--climate", "é"], ["--climate", "a\r\nX: y"], ["--naps", "9&limit=1"],
    ["--climate", "a" * 300], ["--naps", "{year.__class__}"], ["--naps", ""],
    ["--openaq", "../x"], ["--climate", "."]])
def test_an_identifier_is_of_letters_and_digits(book, server, tmp_path, capsys, words):
    assert book("good", *words) == 1
    told = capsys.readouterr().err
    assert "an identifier is of letters and digits" in told and "Traceback" not in told
    assert server.asked == [] and not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("file", ["../PM25_{year}.csv", "/tmp/x", "a/b.csv", ".hidden", "",
                                  "checksums.txt", "x" * 300, "{year.__class__}", "a\\b"])
def test_no_template_leads_out_of_the_folder(book, server, tmp_path, capsys, file):
    (tmp_path / "data" / "sources.toml").write_text(SOURCES.format(
        port=server.server_port, path="good", more="").replace(
        'file = "PM25_{year}.csv"', f"file = '{file}'"))
    assert cli.main(["data", "made-up", "--years", "2023"]) == 1
    assert "sources.toml: not a file of sources" in capsys.readouterr().err
    assert server.asked == []


@pytest.mark.parametrize("address", ["file:///etc/{year}", "ftp://x/{year}", "{year}", "http:///x"])
def test_an_address_is_one_of_http(book, server, tmp_path, capsys, address):
    text = SOURCES.format(port=server.server_port, path="good", more="")
    (tmp_path / "data" / "sources.toml").write_text(re.sub(
        r'address = ".*good"', f'address = "{address}"', text))
    assert cli.main(["data", "made-up", "--years", "2023"]) == 1
    assert "is no address of http" in capsys.readouterr().err


# ------------------------------------------------------------------------- the archive, by days

def test_the_archive_is_fetched_day_by_day_and_read(book, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetching, "date", type("Then", (date,), {
        "today": classmethod(lambda cls: cls(2023, 2, 4))}))
    assert book(station="of-openaq") == 0
    told = capsys.readouterr()
    assert "32 fetched, 2 days without a file" in told.err
    assert 'STATION = "of-openaq"' in told.out and len(server.asked) == 34
    record = smoke.load("of-openaq")
    assert record.station == "Made Up" and record.table.pm25.notna().sum() == 32
    assert record.table.pm25["2023-01-31"] == 31
    server.asked.clear()
    assert book(station="of-openaq") == 0       # the days without a file may have one by now
    assert len(server.asked) == 2
    assert "32 complete already" in capsys.readouterr().err


def test_a_station_is_of_one_network(book, tmp_path, capsys):
    assert book("good", "--openaq", "1", "--naps", "90130") == 1
    assert "of NAPS and of OpenAQ: name one of them" in capsys.readouterr().err


def test_checksums_are_those_of_sha256sum(book, tmp_path):
    assert book() == 0
    assert (tmp_path / "data/made-up/checksums.txt").read_text() == \
        f"{hashlib.sha256(GOOD).hexdigest()}  PM25_2023.csv\n"
