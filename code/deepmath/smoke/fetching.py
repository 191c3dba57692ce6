"""A station's official files, fetched year by year into a folder.

A file is written beside its name and takes it when it is whole and of the right layout. What
came of a broken download is kept, and the next attempt asks for the rest. `checksums.txt` in the
station's folder, in the form that `sha256sum -c` reads, says which files are complete.
"""

import hashlib
import http.client
import os
import re
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

Tell = Callable[[str], None]

CHECKSUMS = "checksums.txt"
BLOCK = 2**16
HEADER_WITHIN = 2**14
ATTEMPTS = 3
TIMEOUT = 30.0      # seconds without a byte
AGENT = "deepmath-book (book data)"


@dataclass(frozen=True)
class Source:
    """One kind of file: where it is, what it is called, how it is recognised."""

    what: str
    address: str
    file: str
    header: str
    licence: str


class FetchError(Exception):
    """A file that could not be fetched; `path` is the file, or what else is to be mended."""

    def __init__(self, path: str | Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class Broken(Exception):
    """The connection ended before the file did."""


def fetch_station(station: str, years: Iterable[int], identifiers: dict[str, str], config: Path,
                  folder: Path, tell: Tell, progress: Tell) -> list[str]:
    """Fetch the files of a station; those that are complete are not fetched again.

    Parameters
    ----------
    station : str
        A name that the file of sources knows, or a new one.
    years : iterable of int
    identifiers : dict
        The station's identifiers that go before those of the file, by the kind of source.
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
    known = stations.get(station, {}) | identifiers
    if not re.fullmatch(r"\w[\w.-]*", station) or not known:
        raise FetchError(config, f"no station `{station}`: known are {', '.join(stations)}; name "
                         "another by --naps and --climate")
    wanted = [(sources[kind], *filled(sources[kind], {**known, "year": year}, config))
              for kind in known if kind in sources for year in years]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    pause = 0.0
    for source, name, address in wanted:
        path = folder / name
        if is_complete(path):
            tell(f"{path.name}: complete already")
            continue
        time.sleep(pause)
        fetch(address, path, source, tell, progress)
        pause = delay
    licences = dict.fromkeys(f"{source.what}: {source.licence}" for source, *_ in wanted)
    return [*licences, f"{station}:{known['naps']}" if "naps" in known else station]


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


def filled(source: Source, place: dict[str, str | int], config: Path) -> tuple[str, str]:
    """The name of a file of a source, and its address."""
    try:
        return source.file.format(**place), source.address.format(**place)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise FetchError(config, f"not a file of sources: its templates ask for {error}, "
                                 f"and there are {', '.join(place)}") from None


def fetch(address: str, path: Path, source: Source, tell: Tell, progress: Tell) -> None:
    """Fetch a file whole, or raise FetchError; a connection that breaks is taken up again."""
    part = path.with_name(path.name + ".part")
    for attempt in range(ATTEMPTS):
        try:
            with writing(part):
                receive(address, part, path.name, progress)
            break
        except Broken as broken:
            tell(f"{path.name}: {broken}" + (", going on" if attempt + 1 < ATTEMPTS else ""))
    else:
        raise FetchError(path, f"the connection broke {ATTEMPTS} times; what came is "
                                 "kept: run the command again to go on")
    with writing(path):
        with part.open("rb") as file:
            beginning = file.read(HEADER_WITHIN)
        if source.header.encode() not in beginning:
            part.unlink()
            first = " ".join(beginning[:60].decode("utf-8", "replace").split())
            raise FetchError(path, f"not fetched: expected {source.what}, got "
                                     f"{first!r} from {address}")
        checksum = sha256(part)
        os.replace(part, path)
        (folder := path.parent).joinpath(CHECKSUMS).write_text("".join(
            f"{known}  {name}\n" for name, known in sorted(
                (checksums(folder) | {path.name: checksum}).items())))
    tell(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


def receive(address: str, part: Path, name: str, progress: Tell) -> None:
    """Write an address's content to `part`, or what it lacks; raise Broken if it ends early."""
    tag_file = part.with_name(part.name + ".tag")
    request = urllib.request.Request(address, headers={"User-Agent": AGENT})
    if part.exists() and tag_file.exists():
        request.add_header("Range", f"bytes={part.stat().st_size}-")
        request.add_header("If-Range", tag_file.read_text())
    try:
        with connected(request, name) as response:
            goes_on = response.status == 206
            tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
            tag_file.write_text(tag) if tag else tag_file.unlink(missing_ok=True)
            length = response.headers.get("Content-Length")
            with part.open("ab" if goes_on else "wb") as file:
                whole = file.tell() + int(length) if length else None
                for block in blocks(response):
                    file.write(block)
                    progress(progress_line(name, file.tell(), whole))
                if whole is not None and file.tell() < whole:
                    raise Broken(f"the connection broke after {file.tell()} of {whole} bytes")
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise Broken(f"the connection broke ({type(error).__name__})") from None
    tag_file.unlink(missing_ok=True)


def connected(request: urllib.request.Request, name: str) -> http.client.HTTPResponse:
    """Open a request, or raise FetchError where there is no such file or no way to it."""
    host = urlsplit(request.full_url).netloc
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        raise FetchError(name, f"{host} answers {error.code} {error.reason}: there "
                                 f"may be no such file ({request.full_url})") from None
    except urllib.error.URLError as error:
        raise FetchError(name, f"{host} cannot be reached ({error.reason}): is there "
                                 "a network? Nothing was replaced") from None


def blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the content in blocks."""
    while block := response.read1(BLOCK):
        yield block


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each complete file of a folder, by its name."""
    try:
        lines = (folder / CHECKSUMS).read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {name: known for known, _, name in (line.partition("  ") for line in lines)}


def is_complete(path: Path) -> bool:
    """Tell whether a file is here as it came; raise FetchError if it was changed since."""
    known = checksums(path.parent).get(path.name)
    if not path.exists():
        return False
    if known != sha256(path):
        raise FetchError(path, "this file is not what was fetched: move it away to "
                                 "fetch it again")
    return True


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def progress_line(name: str, done: int, whole: int | None) -> str:
    """How far a file is."""
    of = f" of {whole / 1e6:.1f}" if whole else ""
    return f"{name}: {done / 1e6:.1f}{of} MB"
