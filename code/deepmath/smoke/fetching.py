"""A station's official files, fetched into a folder: one a year, or of OpenAQ's archive one a day.

A file is written beside its name and takes it when it is whole and a table of the right layout.
What came of a broken download is kept, and the next attempt asks for the rest. `checksums.txt` in
the station's folder, in the form that `sha256sum -c` reads, says which files are complete. Only
one process may fetch into a folder at a time: who calls `fetch_station` sees to that.
"""

import http.client
import os
import re
import string
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deepmath.smoke.checksums import CHECKSUMS, checksums, sha256
from deepmath.smoke.record import LAYOUTS, layout_of
from deepmath.smoke.tables import RecordError, decoded, delimiter_of, first_rows, read_table

Tell = Callable[[str], None]
Place = dict[str, str | int]

BLOCK = 2**16
ATTEMPTS = 3
TIMEOUT = 30.0      # seconds without a byte
LONGEST_WAIT = 60.0     # seconds that a server may ask for
LARGEST = 500           # megabytes of a file
AGENT = "deepmath-book (book data)"
NAME = re.compile(r"[\w][\w.=-]{0,150}")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True)
class Source:
    """One kind of file: where it is, what it is called, how it is recognised.

    Attributes
    ----------
    what : str
    address, file : str
        Templates of {year}, the station's identifier, and {month} and {day} for a file a day.
    header : str
        With which a cell of the table's header begins.
    licence : str
    hosts : list of str
        To which the address may be redirected, beside its own.
    delay : float or None
        Seconds between two requests, where others than for all sources.
    """

    what: str
    address: str
    file: str
    header: str
    licence: str
    hosts: list[str] = field(default_factory=list)
    delay: float | None = None

    @property
    def daily(self) -> bool:
        """Is there a file a day? Then a day without one is a day without measurements."""
        return "{day" in self.address


class FetchError(Exception):
    """A file that could not be fetched; `path` is the file, or what else is to be mended."""

    def __init__(self, path: str | Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class Broken(Exception):
    """The connection ended before the file did, or the server is busy; seconds to wait."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class NoSuchFile(FetchError):
    """The server has no file at the address."""


def fetch_station(station: str, years: Iterable[int], identifiers: dict[str, str], config: Path,
                  folder: Path, tell: Tell, progress: Tell) -> list[str]:
    """Fetch the files of a station; those that are complete are not fetched again.

    Parameters
    ----------
    station : str
        A name that the file of sources knows, or a new one.
    years : iterable of int
    identifiers : dict
        The station's identifiers that go before those of the file, by the kind of source. OpenAQ
        and NAPS take each other's place, since a record is of one of them.
    config : Path
        The file of sources, such as `data/sources.toml`.
    folder : Path
        Where the files go; it is made where it is missing.
    tell, progress : callable
        Told of each file, and of how far it is.

    Returns
    -------
    list of str
        Licences of the sources, and last the station as `smoke.load` takes it.

    Raises
    ------
    FetchError
        If the station is unknown, or a file cannot be had whole; what came of it is kept.
    """
    delay, sources, stations = read_config(config)
    known = identified(station, identifiers, stations, config)
    wanted = [(source, *filled(source, {**known, **place}, config))
              for kind, source in sources.items() if kind in known
              for place in places(source, years)]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    counts = {"complete already": 0, "fetched": 0, "days without a file": 0}
    pause = 0.0
    for source, name, address in wanted:
        path = folder / name
        if is_complete(path):
            counts["complete already"] += 1
            if not source.daily:
                tell(f"{path.name}: complete already")
            continue
        time.sleep(pause)
        pause = delay if source.delay is None else source.delay
        try:
            fetch(address, path, source, progress if source.daily else tell, progress)
            counts["fetched"] += 1
        except NoSuchFile:
            if not source.daily:
                raise
            counts["days without a file"] += 1
    if any(source.daily for source, *_ in wanted):
        tell(f"{station}: " + ", ".join(f"{times} {what}" for what, times in counts.items()))
        if not counts["complete already"] + counts["fetched"]:
            raise FetchError(folder, "no day of these years has a file")
    licences = dict.fromkeys(f"{source.what}: {source.licence}" for source, *_ in wanted)
    return [*licences, f"{station}:{known['naps']}" if "naps" in known else station]


def identified(station: str, identifiers: dict[str, str], stations: dict[str, dict[str, str]],
               config: Path) -> dict[str, str]:
    """Return a station's identifiers, or raise FetchError if they are none."""
    known = dict(stations.get(station, {}))
    for one, other in (("naps", "openaq"), ("openaq", "naps")):
        if one in identifiers:
            known.pop(other, None)
    known |= identifiers
    if not NAME.fullmatch(station) or not known:
        raise FetchError(config, f"no station `{station}`: known are {', '.join(stations)}; name "
                         "another by --naps or --openaq, and --climate")
    if {"naps", "openaq"} <= known.keys():
        raise FetchError(config, f"`{station}` is of NAPS and of OpenAQ: name one of them")
    for kind, identifier in known.items():
        if not IDENTIFIER.fullmatch(str(identifier)):
            raise FetchError(config, f"{kind}: an identifier is of letters and digits, such as "
                             f"90130; got {str(identifier)[:60]!r}")
    return known


def places(source: Source, years: Iterable[int]) -> Iterator[Place]:
    """Yield what stands for each file in a source's templates."""
    for year in years:
        if not source.daily:
            yield {"year": year}
            continue
        day, last = date(year, 1, 1), min(date(year, 12, 31), date.today() - timedelta(days=1))
        while day <= last:
            yield {"year": day.year, "month": day.month, "day": day.day}
            day += timedelta(days=1)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a refusal of the file system into a FetchError."""
    try:
        yield
    except OSError as error:
        raise FetchError(error.filename or path, f"cannot write here: {error.strerror}") from None


def read_config(path: Path) -> tuple[float, dict[str, Source], dict[str, dict[str, str]]]:
    """Return the delay, the sources and the stations, or say what is wrong with the file."""
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = {name: Source(**source) for name, source in config["sources"].items()}
        stations = config.get("stations", {})
        if not all(isinstance(each, dict) for each in (stations, *dict(stations).values())):
            raise ValueError("a station is a table, [stations.NAME]")
        return float(config["delay"]), sources, stations
    except OSError as error:
        raise FetchError(path, f"cannot read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FetchError(path, f"not a file of sources: {error}") from None


def filled(source: Source, place: Place, config: Path) -> tuple[str, str]:
    """The name of a file of a source, and its address."""
    try:
        for template in (source.file, source.address):
            asked = {name for _, name, _, _ in string.Formatter().parse(template) if name}
            if not asked <= place.keys():
                raise KeyError(*sorted(asked - place.keys())[:1])
        name, address = source.file.format(**place), source.address.format(**place)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise FetchError(config, f"not a file of sources: its templates ask for {error}, "
                                 f"and there are {', '.join(place)}") from None
    if not NAME.fullmatch(name) or name == CHECKSUMS:
        raise FetchError(config, f"not a file of sources: {name[:80]!r} is no file's name in the "
                                 "station's folder")
    if urlsplit(address).scheme not in ("https", "http") or not urlsplit(address).hostname:
        raise FetchError(config, f"not a file of sources: {address[:80]!r} is no address of http")
    return name, address


def fetch(address: str, path: Path, source: Source, tell: Tell, progress: Tell) -> None:
    """Fetch a file whole, or raise FetchError; a connection that breaks is taken up again."""
    part = path.with_name(path.name + ".part")
    for attempt in range(ATTEMPTS):
        try:
            with writing(part):
                told = receive(address, part, path.name, source, progress)
                check_content(part, path.name, source, address, told)
            break
        except Broken as broken:
            last = attempt + 1 == ATTEMPTS
            tell(f"{path.name}: {broken}" + ("" if last else ", going on"))
            time.sleep(0 if last else broken.wait)
    else:
        raise FetchError(path, f"the connection broke {ATTEMPTS} times; what came is "
                                 "kept: run the command again to go on")
    with writing(path):     # the checksum first: without it the file would be taken for another's
        entries = complete_files(path.parent) | {path.name: sha256(part)}
        new = path.with_name(CHECKSUMS + ".part")
        new.write_text("".join(f"{known}  {name}\n" for name, known in sorted(entries.items())),
                       encoding="utf-8")
        os.replace(new, path.with_name(CHECKSUMS))
        os.replace(part, path)
        tag_of(part).unlink(missing_ok=True)
    tell(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


def check_content(part: Path, name: str, source: Source, address: str, told_length: bool) -> None:
    """Raise FetchError, and drop what came, unless it is a table of the source's layout.

    A page that says that something went wrong may hold any word; it has no header with rows of as
    many cells below it. Where the server did not tell the length, a last line without an end says
    that the connection ended early.
    """
    try:
        text = decoded(name, part.read_bytes())
        is_header = LAYOUTS[layout_of(Path(name), text)]
        delimiter = delimiter_of(text, is_header) or ","
        header = next(filter(is_header, first_rows(text, delimiter)))
        if not any(cell.strip().startswith(source.header) for cell in header):
            raise RecordError(name, f"no column {source.header}")
        if not told_length and not text.endswith(("\n", "\r")):
            raise Broken("the connection ended in the middle of a line")
        read_table(name, text, is_header)
    except (RecordError, StopIteration) as error:
        beginning = " ".join(part.read_bytes()[:60].decode("utf-8", "replace").split())
        part.unlink()
        tag_of(part).unlink(missing_ok=True)
        reason = f" ({str(error).removeprefix(name)[:120].lstrip(':0123456789 ')})"
        raise FetchError(part.with_name(name), f"not fetched: expected {source.what}, got "
                         f"{beginning!r} from {address}{reason}") from None


def tag_of(part: Path) -> Path:
    """Where the tag of a file in parts is kept, by which its server knows the same file again."""
    return part.with_name(part.name + ".tag")


def receive(address: str, part: Path, name: str, source: Source, progress: Tell) -> bool:
    """Write an address's content to `part`, or what it lacks; raise Broken if it ends early.

    Returns whether the server told the length.
    """
    tag_file = tag_of(part)
    request = urllib.request.Request(address, headers={"User-Agent": AGENT,
                                                       "Accept-Encoding": "identity"})
    tag = tag_file.read_text(encoding="latin-1") if tag_file.exists() else ""
    have = part.stat().st_size if part.exists() and is_tag(tag) else 0
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag)
    try:
        with connected(request, name, source) as response:
            if response.status == 416:
                return whole_already(response, part, have)
            goes_on = continues(response, part, have, tag)
            new_tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
            if new_tag and is_tag(new_tag):
                tag_file.write_text(new_tag, encoding="utf-8")
            else:
                tag_file.unlink(missing_ok=True)
            length = response.headers.get("Content-Length") or ""
            with part.open("ab" if goes_on else "wb") as file:
                whole = file.tell() + int(length) if length.isdecimal() else None
                for block in blocks(response):
                    file.write(block)
                    progress(progress_line(name, file.tell(), whole))
                    if file.tell() > LARGEST * 2**20:
                        raise too_large(part, name)
                if whole is not None and file.tell() < whole:
                    raise Broken(f"the connection broke after {file.tell()} of {whole} bytes")
            return whole is not None
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise Broken(f"the connection broke ({type(error).__name__})") from None


def is_tag(text: str) -> bool:
    """Is a text one that can be sent back to the server?"""
    return text.isascii() and text.isprintable() and bool(text)


def too_large(part: Path, name: str) -> FetchError:
    """Drop what came of a file that does not end, and return the error."""
    part.unlink()
    tag_of(part).unlink(missing_ok=True)
    return FetchError(name, f"not fetched: larger than {LARGEST} MB, as no station's file is")


def continues(response: http.client.HTTPResponse, part: Path, have: int, tag: str) -> bool:
    """Tell whether an answer goes on where the part ends; raise Broken if it is another piece."""
    if response.status == 200:
        return False
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", f"bytes {have}-0/*"))
    start = int(found[1]) if found and found[1] else -1
    length, whole = response.headers.get("Content-Length", ""), found[3] if found else "*"
    fits = not (length.isdecimal() and whole.isdecimal()) or start + int(length) == int(whole)
    if (response.status != 206 or not have or start != have or not fits
            or response.headers.get("ETag", tag) != tag):
        tag_of(part).unlink(missing_ok=True)        # so that the next attempt begins anew
        raise Broken("the server sent another piece than was asked for")
    return True


def whole_already(response: http.client.HTTPResponse, part: Path, have: int) -> bool:
    """Return True where there is no more to come; else raise Broken, and begin anew."""
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found and found[3] == str(have):
        return True
    tag_of(part).unlink(missing_ok=True)
    raise Broken("the server's file has changed")


class SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects to hosts that the source names, and to no others."""

    def __init__(self, name: str, allowed: set[str | None]) -> None:
        self.name, self.allowed = name, allowed

    def redirect_request(self, req: urllib.request.Request, fp: Any, code: int, msg: str,
                         headers: Any, newurl: str) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.hostname not in self.allowed or new.scheme not in ("https", old.scheme):
            raise FetchError(self.name, f"{old.hostname} sends on to {new.scheme}://"
                             f"{new.hostname}, which the file of sources does not name: if it is "
                             "right, add it to the source as hosts = [\"...\"]")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def connected(request: urllib.request.Request, name: str,
              source: Source) -> http.client.HTTPResponse:
    """Open a request, or raise FetchError where there is no such file or no way to it."""
    host = urlsplit(request.full_url).hostname
    opener = urllib.request.build_opener(SameHost(name, {host, *source.hosts}))
    try:
        return opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return error        # type: ignore[return-value]    # it has what is read of an answer
        if error.code >= 500 or error.code == 429:
            wait = error.headers.get("Retry-After", "")
            raise Broken(f"{host} answers {error.code} {error.reason}",
                         min(float(wait), LONGEST_WAIT) if wait.isdecimal() else 0.0) from None
        refusal = NoSuchFile if error.code in (403, 404, 410) else FetchError
        raise refusal(name, f"{host} answers {error.code} {error.reason}: there may be no such "
                            f"file ({request.full_url})") from None
    except urllib.error.URLError as error:
        raise FetchError(name, f"{host} cannot be reached ({error.reason}): is there "
                                 "a network? Nothing was replaced") from None
    except ValueError as error:
        raise FetchError(name, f"no address: {error}") from None


def blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the content in blocks."""
    while block := response.read1(BLOCK):
        yield block


def complete_files(folder: Path) -> dict[str, str]:
    """What `checksums.txt` in a folder says, or raise FetchError where it cannot be read."""
    try:
        return checksums(folder)
    except RecordError as error:
        raise FetchError(f"{error.path}:{error.line}", error.message) from None


def is_complete(path: Path) -> bool:
    """Tell whether a file is here as it came; raise FetchError if it was changed since."""
    known = complete_files(path.parent).get(path.name)
    if not path.exists():
        return False
    if known != sha256(path):
        raise FetchError(path, "this file is not what was fetched: move it away to "
                                 "fetch it again")
    return True


def progress_line(name: str, done: int, whole: int | None) -> str:
    """How far a file is."""
    of = f" of {whole / 1e6:.1f}" if whole else ""
    return f"{name}: {done / 1e6:.1f}{of} MB"
