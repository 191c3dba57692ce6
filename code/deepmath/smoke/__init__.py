"""The running example: wildfire smoke, and tomorrow's PM2.5 at a station.

From files to results, in the order in which data flow: `tables`, `openaq`, `naps` and `climate`
read; `record` makes one tidy table of them; `simulation` draws a record whose truth is known.
The only part of deepmath that needs pandas.
"""

from deepmath.smoke.record import Record, load, read_record
from deepmath.smoke.simulation import Law, SimulatedRecord, simulate
from deepmath.smoke.tables import RecordError

__all__ = [
    "Law", "Record", "RecordError", "SimulatedRecord", "load", "read_record", "simulate",
]
