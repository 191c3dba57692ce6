"""Each layout that is handed out, and each way in which official files are known to differ."""

import gzip
import hashlib
import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

import layouts
from deepmath.smoke import RecordError, load, read_record
from deepmath.smoke.dates import day_of, last_year


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read(folder, text, encoding="utf-8", station=None):
    return read_record([write(folder, "a.csv", text, encoding)], station)


def days(n, first="2023-01-01"):
    return [f"{date.fromisoformat(first) + timedelta(days=i)}" for i in range(n)]


# ------------------------------------------------------------------------------------ OpenAQ

@pytest.mark.parametrize("layout", layouts.ROWS)
@pytest.mark.parametrize("offset", [-7, 5.75, -2.5])
def test_each_layout_of_openaq_names_an_hour_by_its_end(tmp_path, layout, offset):
    header, row = layouts.ROWS[layout]
    first = datetime(2023, 1, 1, 1, tzinfo=UTC) - timedelta(hours=offset)    # 01:00 on the clock
    rows = [row(first + timedelta(hours=h), 5 + h // 24, offset) for h in range(72)]
    record = read(tmp_path, layouts.table(header, rows))
    assert record.station == "Made Up"
    assert list(record.table.index.strftime("%m-%d")) == ["01-01", "01-02", "01-03"]
    assert list(record.table.pm25) == [5, 6, 7] and list(record.table.valid_hours) == [24] * 3


def test_midnight_belongs_to_the_day_that_ends(tmp_path):
    rows = [layouts.archive_row(utc, 3) for utc in layouts.openaq_hours(23)]
    midnight = layouts.archive_row(layouts.openaq_hours(24)[-1], 27)
    assert "2023-01-02T00:00:00-07:00" in midnight
    table = read(tmp_path, layouts.table(layouts.ARCHIVE_HEADER, [*rows, midnight])).table
    assert list(table.pm25) == [4] and list(table.valid_hours) == [24]


@pytest.mark.parametrize("written", ["-02:-30", "-02:30", "-0230"])
def test_newfoundland_is_read(tmp_path, written):
    rows = [layouts.openaq_row(datetime(2023, 6, 1, 3, tzinfo=UTC) + timedelta(hours=h), h, -2.5)
            for h in range(48)]
    table = read(tmp_path, layouts.openaq(rows).replace("-02:30'", f"{written}'")).table
    # 00:30 on the clock ends the hour that began at 23:30 of the day before
    assert list(table.valid_hours) == [1, 24, 23]
    assert table.pm25.iloc[1] == np.mean(np.arange(1, 25))


@pytest.mark.parametrize("change", [
    lambda text: text.replace("+00:00'", "Z'"), lambda text: text.replace("+00:00'", ".000Z'"),
    lambda text: text.replace("'utc'", '""utc""').replace("'local'", '""local""').replace(
        "': '", '"": ""'), lambda text: text.replace("µg/m³", "ug/m³"),
    lambda text: text.replace(":00+00:00'", "+00:00'").replace(":00-07:00'", "-07:00'", 50),
    lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n", "\r")])
def test_ways_of_writing_that_mean_the_same(tmp_path, change):
    plain = read(tmp_path, layouts.openaq()).table
    changed = change(layouts.openaq())
    if '""utc""' in changed:
        changed = re.sub(r"\"\{\"\"utc\"\": ?'?\"*", '"{""utc"": ""', layouts.openaq().replace(
            "'", '""').replace('"{""latitude"": 53.5, ""longitude"": -113.5}"', '""'))
    assert read(tmp_path, changed).table.equals(plain)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    plain = read(tmp_path, layouts.openaq()).table
    assert read(tmp_path, layouts.openaq(), encoding).table.equals(plain)


def test_a_year_of_daily_files_of_the_archive_is_one_record(tmp_path):
    files = []
    for number in range(3):
        first = datetime(2023, 1, 1 + number, 8, tzinfo=UTC)
        rows = [layouts.archive_row(first + timedelta(hours=h), 5 + number) for h in range(24)]
        rows += [layouts.archive_row(first, 30, parameter="o3", unit="ppm", sensor=9)]
        path = tmp_path / f"location-1-2023010{number + 1}.csv.gz"
        path.write_bytes(gzip.compress(layouts.table(layouts.ARCHIVE_HEADER, rows).encode()))
        files.append(path)
    record = read_record(files)
    assert list(record.table.pm25) == [5, 6, 7]
    assert record.notes["rows of other parameters, left out"] == 3
    with pytest.raises(RecordError, match="no row of pm25; the parameters are o3"):
        read(tmp_path, layouts.table(layouts.ARCHIVE_HEADER, rows[-1:]))


def test_of_two_sensors_the_one_with_more_hours_is_taken_day_by_day(tmp_path):
    hours = layouts.openaq_hours(48)
    rows = [layouts.archive_row(utc, 4, sensor=1) for utc in hours[:24]]
    rows += [layouts.archive_row(utc, 9, sensor=2) for utc in hours[12:]]
    record = read(tmp_path, layouts.table(layouts.ARCHIVE_HEADER, rows))
    assert list(record.table.pm25) == [4, 9]
    assert record.notes["hours of a second sensor, left out"] == 12


def test_a_local_time_that_is_utc_is_told_where_no_land_keeps_it(tmp_path):
    rows = [layouts.archive_row(utc, 4, 0) for utc in layouts.openaq_hours(48)]
    told = read(tmp_path, layouts.table(layouts.ARCHIVE_HEADER, rows)).notes
    assert any(what.startswith("hours whose local time is UTC, at -113.5°") for what in told)
    in_london = [layouts.archive_row(utc, 4, 0, longitude="-0.1") for utc in layouts.openaq_hours(48)]
    assert "UTC" not in str(read(tmp_path, layouts.table(layouts.ARCHIVE_HEADER, in_london)))


# ------------------------------------------------------------------------ hours of several readings

@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30])
def test_readings_are_averaged_to_hours_first(tmp_path, minutes):
    first = datetime(2023, 6, 1, 6, tzinfo=UTC)         # local midnight
    rows = [layouts.openaq_row(first + timedelta(minutes=minutes * (i + 1)), i * minutes // 60, -6)
            for i in range(48 * 60 // minutes)]
    table = read(tmp_path, layouts.openaq(rows)).table
    assert list(table.valid_hours) == [24, 24]
    assert list(table.pm25) == [np.mean(np.arange(24)), np.mean(np.arange(24, 48))]


def test_18_quarter_hours_are_not_18_hours(tmp_path):
    first = datetime(2023, 6, 1, 6, tzinfo=UTC)
    quarters = [first + timedelta(minutes=15 * (i + 1)) for i in range(24 * 4)]
    with pytest.raises(RecordError, match="no day has 18 valid hours"):
        read(tmp_path, layouts.openaq([layouts.openaq_row(utc, 5, -6) for utc in quarters[:18]]))
    for dropped, valid in ((1, 24), (2, 0)):            # three of four readings, two of four
        kept = [utc for i, utc in enumerate(quarters) if i % 4 >= dropped]
        whole = [utc + timedelta(days=1) for utc in quarters]
        record = read(tmp_path, layouts.openaq([
            layouts.openaq_row(utc, 5, -6) for utc in [*kept, *whole]]))
        assert list(record.table.valid_hours) == [valid, 24]
        assert record.notes["hours with fewer than three quarters of their readings, missing"] == \
            (0 if valid else 24)


def test_hours_that_come_a_little_late_are_hours(tmp_path):
    rng = np.random.default_rng(0)
    rows = [layouts.openaq_row(utc + timedelta(seconds=int(rng.integers(0, 40))), 5)
            for utc in layouts.openaq_hours(48)]
    assert list(read(tmp_path, layouts.openaq(rows)).table.valid_hours) == [24, 24]


def test_two_readings_of_an_hourly_sensor_in_one_hour_are_told(tmp_path):
    hours = layouts.openaq_hours(48)
    rows = [layouts.openaq_row(utc, 5) for utc in hours]
    rows.append(layouts.openaq_row(hours[30] - timedelta(minutes=20), 9))
    record = read(tmp_path, layouts.openaq(rows))
    assert list(record.table.valid_hours) == [24, 24]
    assert record.table.pm25.iloc[1] == round((23 * 5 + 7) / 24, 6)
    assert record.notes["hours with two readings of an hourly sensor, averaged"] == 1


# -------------------------------------------------------------------------------------- dates

@pytest.mark.parametrize("cell", ["2023-01-31", "20230131", "2023-01-31 00:00:00",
                                  "2023-01-31T00:00:00", "2023-01-31T00:00"])
def test_days_as_the_layouts_write_them(cell):
    assert day_of(cell) == date(2023, 1, 31)


@pytest.mark.parametrize("cell, cause", [
    ("12/01/2023", "looks like a spreadsheet's day/month"), ("1/12/23", "spreadsheet's day/month"),
    ("12-01-2023", "spreadsheet's day/month"), ("12.01.2023", "spreadsheet's day/month"),
    ("2023/01/12", "other signs"), ("44927", "a spreadsheet's count of days"),
    ("Jan 01, 2023", "a date in words"), ("1 janvier 2023", "a date in words"),
    ("2023-31-01", "no day of the calendar"), ("20231301", "no day of the calendar"),
    ("2023-02-29", "no day of the calendar"), ("2023-1-2", "lacks a zero"),
    ("2023-01-02 12:00", "says more than a day"), ("2023-01-02Z", "says more than a day"),
    ("2023-01", "without a day"), ("2023", "without a day"), ("", ""), ("today", ""), ("now", ""),
    ("0003-01-01", "lies outside 1950"), ("9999-01-01", "lies outside 1950"),
    ("1949-12-31", "lies outside 1950"), (f"{last_year() + 1}-01-01", "lies outside 1950"),
    ("2023-01-31 05:00:00", ""), ("\u0662\u0660\u0662\u0663-01-31", "")])
@pytest.mark.parametrize("layout", ["naps", "geomet", "bulk"])
def test_no_date_is_guessed(tmp_path, layout, cell, cause):
    cell_in_file = f'"{cell}"' if "," in cell else cell
    row = {"naps": lambda: layouts.naps([*[layouts.naps_row(day, [4] * 24) for day in days(2)],
                                         layouts.naps_row(cell_in_file, [4] * 24)]),
           "geomet": lambda: layouts.geomet().replace("2023-01-03 00:00:00", cell_in_file),
           "bulk": lambda: layouts.bulk().replace('"2023-01-03"', f'"{cell}"')}[layout]()
    files = [write(tmp_path, "a.csv", row)]
    if layout != "naps":
        files.append(write(tmp_path, "pm.csv", layouts.naps()))
    line, column = (11, "Date") if layout == "naps" else (4, "LOCAL_DATE|Date/Time")
    with pytest.raises(RecordError, match=rf"a.csv:{line}: column ({column}).*{cause}"):
        read_record(files)


@pytest.mark.parametrize("year", ["1949", "0003", str(last_year() + 1)])
def test_years_of_hours_that_nobody_measured(tmp_path, year):
    text = layouts.openaq().replace("2023-01-02T05", f"{year}-01-02T05")
    with pytest.raises(RecordError, match=rf"a.csv:\d+: column date: the year {int(year)} lies"):
        read(tmp_path, text)


# --------------------------------------------------------------------------------------- NAPS

def test_a_station_is_its_number(tmp_path):
    one = write(tmp_path, "PM25_2022.csv", layouts.naps(
        [layouts.naps_row(day, [4] * 24, station="090130") for day in days(3, "2022-12-29")]
    ).replace("Edmonton", "EDMONTON"))
    rows = [layouts.naps_row(day, [5] * 24) for day in days(3)]
    other = write(tmp_path, "PM25_2023.csv", layouts.naps(
        [*rows[:2], rows[2].replace("Edmonton", "Edmonton - Centre-ville")]))
    for station in (None, "90130", "090130"):
        record = read_record([one, other], station)
        assert record.table.pm25.notna().sum() == 6
        assert record.station == "Edmonton - Centre-ville 90130"


def test_an_instrument_that_is_replaced_loses_no_day(tmp_path):
    rows = [layouts.naps_row(day, [10] * 24, method="706") for day in days(20)]
    rows += [layouts.naps_row(day, [20] * 24, method="731") for day in days(17, "2023-01-15")]
    rows[-17] = layouts.naps_row("2023-01-15", [20] * 20 + [-999] * 4, method="731")
    record = read(tmp_path, layouts.naps(rows))
    assert record.table.pm25.notna().all() and len(record.table) == 31
    assert list(record.table.pm25[13:16]) == [10, 10, 10]      # both: the one with more in the file
    assert record.table.pm25.iloc[-1] == 20
    assert record.notes["station-days of a second method, left out"] == 6


@pytest.mark.parametrize("code, preamble, missing", [
    (-99, "", True), (-999, "", True), (-9999, "", True), ("-999.0", "", True), (999, "", True),
    (999, "Missing // Manquant:,999\n", True), ("NA", "", True), (985, "", False)])
def test_codes_for_missing_are_counted(tmp_path, code, preamble, missing):
    rows = [layouts.naps_row(day, [10] * 20 + [code] * 4) for day in days(3)]
    record = read(tmp_path, layouts.naps(rows, preamble=preamble))
    assert list(record.table.valid_hours) == [20 if missing else 24] * 3
    assert record.notes["hours marked as missing"] == (
        12 if missing else 0)


def test_999_among_hours_of_hundreds_is_a_value_unless_the_preamble_says_otherwise(tmp_path):
    rows = [layouts.naps_row(day, [700, 800, 999] * 8) for day in days(3)]
    assert read(tmp_path, layouts.naps(rows, preamble="")).table.pm25.iloc[0] == 833
    with pytest.raises(RecordError, match="no day has 18"):
        read(tmp_path, layouts.naps(rows, preamble="Manquant:,999\n"))


@pytest.mark.parametrize("unit", ["ppb", "ppm", "mg/m3", "mg/m³", "ng/m3", "inches"])
def test_another_unit_in_the_preamble_is_refused(tmp_path, unit):
    text = layouts.naps(preamble=layouts.NAPS_PREAMBLE.replace("µg/m³", unit))
    with pytest.raises(RecordError, match=rf"a.csv:4: expected values in µg/m³.*{unit}"):
        read(tmp_path, text)


@pytest.mark.parametrize("unit", ["µg/m³", "ug/m3", "μg/m3", "Âµg/mÂ³", "æg/mü", "\ufffdg/m\ufffd"])
def test_micrograms_in_the_preamble_in_any_spelling(tmp_path, unit):
    assert len(read(tmp_path, layouts.naps(preamble=layouts.NAPS_PREAMBLE.replace(
        "µg/m³", unit))).table) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("semicolons", [False, True])
def test_french_headers_semicolons_and_decimal_commas(tmp_path, encoding, semicolons):
    values = [f"{10 + h}.5" for h in range(24)]
    text = layouts.naps([layouts.naps_row(day, values) for day in days(3)], layouts.FRENCH_HEADER)
    if semicolons:
        head, body = text.split("Polluant,", 1)
        body = ("Polluant," + body).replace(",", ";")
        text = head + re.sub(r"(\d)\.(\d)", r"\1,\2", body).replace("PM2,5", "PM2.5")
    table = read(tmp_path, text, encoding).table
    assert list(table.pm25) == [22.0] * 3


@pytest.mark.parametrize("change, message", [
    (("H24//H24", "H00//H00"), "a.csv: expected the hours H01 to H24, each once"),
    (("H23//H23", "H22//H22"), "a.csv: expected the hours H01 to H24, each once"),
    (("NAPS ID//Identifiant SNPA", "Name"), "a.csv: no column NAPS"),
    ((",731,", ",7.5,"), "a.csv:9: column Method Code.*expected a method's code"),
    (("53.5", "5.0"), "a.csv:10: column Latitude")])
def test_what_does_not_fit_the_layout(tmp_path, change, message):
    head, body = layouts.naps().split("2023-01-01", 1)
    text = head + "2023-01-01" + body.replace(*change, 1) if change[0] == "53.5" else \
        layouts.naps().replace(*change, 1)
    with pytest.raises(RecordError, match=message):
        read(tmp_path, text)


# ------------------------------------------------------------------------- what is hard to believe

def test_one_value_for_a_day_and_hours_above_1500_are_told_and_kept(tmp_path):
    stuck = [7.5] * 24
    rows = [layouts.naps_row(day, stuck if i < 2 else [5 + h % 3 for h in range(24)])
            for i, day in enumerate(days(4))]
    rows[3] = layouts.naps_row(days(4)[3], [1600, 3] * 12)
    record = read(tmp_path, layouts.naps(rows))
    assert record.notes["hours of one value for 24 hours and more, kept"] == 48
    assert record.notes["hours above 1500 µg/m³, kept"] == 12
    assert record.table.pm25.iloc[0] == 7.5


def test_23_hours_of_one_value_are_no_run(tmp_path):
    rows = [layouts.naps_row(day, [4] * 23 + [5]) for day in days(3)]
    assert "one value" not in str(read(tmp_path, layouts.naps(rows)))


def test_two_columns_of_one_name(tmp_path):
    header = layouts.OPENAQ_HEADER.replace("city", "value")
    rows = [row.replace(",CA,,", f",CA,{5 + i % 24},")
            for i, row in enumerate(reversed(layouts.openaq().splitlines()[1:]))]
    record = read(tmp_path, layouts.table(header, rows))
    assert record.notes["columns named twice, of one content"] == 1
    rows[7] = rows[7].replace(",CA,12,", ",CA,13,")
    with pytest.raises(RecordError, match="a.csv:9: column value: two columns of this name hold"):
        read(tmp_path, layouts.table(header, rows))


def test_a_last_number_that_may_be_cut_off_is_left_out(tmp_path):
    rows = [layouts.archive_row(utc, 10.25) for utc in layouts.openaq_hours(24)]
    whole = layouts.table(layouts.ARCHIVE_HEADER, rows)
    for cut in (1, 2, 3):
        record = read(tmp_path, whole[:-cut])
        assert list(record.table.valid_hours) == [23] and list(record.table.pm25) == [10.25]
        assert record.notes["lines without an end, left out: a number may be cut off"] == 1
    packed = write(tmp_path, "a.csv.gz", gzip.compress(whole[:-1].encode()))
    assert list(read_record([packed]).table.valid_hours) == [24]


def test_a_quotation_over_two_lines_of_a_preamble_is_none_of_the_tables(tmp_path):
    preamble = '"Station Name","EDMONTON"\n"Elevation"\n"\n"\n"Legend"\n"T","Trace"\n\n'
    files = [write(tmp_path, "w.csv", preamble + layouts.bulk()),
             write(tmp_path, "pm.csv", layouts.naps())]
    assert read_record(files).table.temperature.iloc[0] == -8.8


@pytest.mark.parametrize("text, message", [
    (layouts.openaq().replace("Made Up", '"Made Up', 1), "a.csv:2: expected 13 cells"),
    (layouts.naps().replace("Edmonton", '"Edmonton', 1), r"a.csv:9: a quotation mark"),
    (layouts.openaq().replace("Made Up", "x" * 200_000, 1), r"a.csv:2: not a table.*field"),
    (layouts.openaq().replace("reference", "refer\x00ence", 1), r"a.csv:2: expected a text file")])
def test_what_is_no_table_is_told(tmp_path, text, message):
    with pytest.raises(RecordError, match=message) as told:
        read(tmp_path, text)
    assert len(str(told.value)) < 500


def test_checksums_are_held_when_a_record_is_loaded(tmp_path):
    (folder := tmp_path / "here").mkdir()
    write(folder, "a.csv", layouts.naps())
    (folder / "checksums.txt").write_text("0" * 64 + "  a.csv\n")
    with pytest.raises(RecordError, match="a.csv: this file is not what was fetched"):
        load("here", tmp_path)
    (folder / "checksums.txt").write_text("0" * 64 + "  b.csv\n")
    record = load("here", tmp_path)
    assert record.notes["files that checksums.txt knows and that are not here"] == 1


@pytest.mark.parametrize("line, message", [
    ("{} *a.csv", None), ("{}  ./a.csv", None), ("\ufeff{}  a.csv", None), ("\n{}  a.csv\r", None),
    ("{}\ta.csv", "1: expected a SHA-256"), ("SHA256 (a.csv) = {}", "1: expected"),
    ("{}  a.csv\n# by me", "2: expected a SHA-256 .*'# by me'"), ("\xe9", "1: expected"),
    ("{}  a.csv\n" + "1" * 64 + "  a.csv", "2: another SHA-256 of a.csv stands above")])
def test_each_line_of_checksums_is_held_or_told(tmp_path, line, message):
    (folder := tmp_path / "here").mkdir()
    file = write(folder, "a.csv", layouts.naps())
    right = hashlib.sha256(file.read_bytes()).hexdigest().upper()
    for digest in (right, "0" * 64):
        write(folder, "checksums.txt", line.format(digest), "latin-1" if line == "\xe9" else "utf-8")
        if message is None and digest == right:
            assert not load("here", tmp_path).notes
        else:
            with pytest.raises(RecordError, match=f"checksums.txt:{message}" if message else
                               "a.csv: this file is not what was fetched"):
                load("here", tmp_path)


def test_a_file_whose_name_ends_in_capitals_is_a_file_of_the_station(tmp_path):
    (folder := tmp_path / "here").mkdir()
    write(folder, "a.csv", layouts.naps())
    write(folder, "B.CSV", layouts.naps([layouts.naps_row("2023-01-04", range(24))]))
    write(folder, "C.CSV.GZ", gzip.compress(
        layouts.naps([layouts.naps_row("2023-01-05", range(24))]).encode()))
    assert len(load("here", tmp_path).table) == 5


def test_a_code_for_missing_that_may_be_a_number_is_told(tmp_path):
    rows = [layouts.archive_row(utc, 999 if i == 7 else 5)
            for i, utc in enumerate(layouts.openaq_hours(24))]
    record = read(tmp_path, layouts.table(layouts.ARCHIVE_HEADER, rows))
    assert record.notes["hours of 999 µg/m³, which some write for missing, kept"] == 1
    assert record.table.valid_hours.iloc[0] == 24


@pytest.mark.parametrize("marks, encoding", [(1, "utf-8"), (2, "utf-8"), (1, "latin-1")])
def test_marks_at_the_beginning_are_no_part_of_the_first_columns_name(tmp_path, marks, encoding):
    rows = [layouts.archive_row(utc, 5) for utc in layouts.openaq_hours(24)]
    text = layouts.table(layouts.ARCHIVE_HEADER, rows).encode(encoding)
    record = read(tmp_path, b"\xef\xbb\xbf" * marks + text)
    assert record.station == "Made Up"      # not "Made Up-1": its number is known
