"""A station's record by its name, wherever it is from."""

import os
from pathlib import Path

from deepmath.smoke.checksums import checksums
from deepmath.smoke.hours import note
from deepmath.smoke.record import Record, read_record
from deepmath.smoke.simulation import simulate
from deepmath.smoke.tables import RecordError

FOLDER_VARIABLE = "DEEPMATH_DATA"


def load(station: str | Path, folder: str | Path | None = None) -> Record:
    """Return the record of a station that `data/` has, or the simulated one.

    Parameters
    ----------
    station : str or Path
        "simulated"; or the name of a folder in `data/` that holds the station's files; or the
        path of such a folder. A name ending in ":90130" picks that station from NAPS files.
        What `checksums.txt` in the folder says of its files must be true of them.
    folder : str, Path or None
        Where to look for the name; by default what the environment variable DEEPMATH_DATA
        names, or else the next folder `data` upwards of the working directory.

    Returns
    -------
    Record

    Raises
    ------
    RecordError
        If there is no such folder, or a file in it was changed or cannot be used.

    Examples
    --------
    >>> record = load("simulated")
    >>> record.station, list(record.table.columns[:3])
    ('simulated', ['station', 'pm25', 'valid_hours'])
    """
    if str(station) == "simulated":
        return simulate()
    name, _, naps_station = str(station).partition(":")
    place = Path(folder or os.environ.get(FOLDER_VARIABLE) or data_folder()) / name
    if not place.is_dir() and Path(name).is_dir():
        place = Path(name)
    files = sorted(p for p in place.glob("*")
                   if p.suffix.lower() in (".csv", ".gz")) if name else []
    if not files:
        raise RecordError(place, "no .csv or .csv.gz file of a station here: fetch some with "
                          "`book data`, or choose \"simulated\"")
    record = read_record(files, naps_station or None)
    expected = checksums(place)
    for name, digest in record.checksums.items():
        if expected.get(name, digest) != digest:
            raise RecordError(place / name, "this file is not what was fetched (checksums.txt): "
                              "move it away and fetch it again")
    note(record.notes, "files that checksums.txt knows and that are not here",
         len(expected.keys() - record.checksums.keys()))
    return record


def data_folder() -> Path:
    """Return the next folder `data` upwards of the working directory.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> data_folder().name
    'data'
    """
    here = Path.cwd()
    return next((p / "data" for p in (here, *here.parents) if (p / "data").is_dir()), Path("data"))
