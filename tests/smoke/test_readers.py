"""Files of every layout become one tidy record, and what is wrong with one is told."""

import gzip
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layouts
from deepmath.smoke import RecordError, load, read_record


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


# ------------------------------------------------------------------------ a station's files

def test_a_stations_files_give_the_numbers_that_are_known_of_them(station):
    record = load(station.folder.name, station.folder.parent)
    pm25 = record.table.pm25
    pairs = pm25.notna() & pm25.shift(1).notna()
    assert record.station == station.name and not record.simulated
    assert (pm25.notna().sum(), pairs.sum()) == (station.valid_days, station.pairs)
    assert (pm25 >= 29).sum() == station.at_or_above
    assert (pm25 > 29).sum() == station.above > 0
    assert station.name != "Made Up" or station.above < station.at_or_above    # one of 29 exactly
    assert round(pm25.max(), 2) == round(station.highest, 2)
    assert f"{pm25.idxmax():%Y-%m-%d}" == station.highest_day
    assert round((pm25 - pm25.shift(1)).abs().mean(), 2) == round(station.change, 2)
    today = pm25[pairs]
    assert round((today - today.mean()).abs().mean(), 1) == round(station.spread, 1)
    assert record.table.gust.notna().sum() == station.gusts
    assert record.table.gust_censored.sum() == 474 - station.gusts
    assert record.table.index.freq is not None or record.table.index.is_monotonic_increasing
    assert len(record.checksums) == 3
    assert f"days with 1 to 17 valid hours, missing: {station.few_hours}" in str(record)


def test_order_and_repeats_of_rows_do_not_matter(station, tmp_path):
    source = next(station.folder.glob("openaq*2024*"))
    header, *rows = gzip.decompress(source.read_bytes()).decode().splitlines()
    one = read_record([source])
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    other = read_record([write(tmp_path, "a.csv", "\n".join([header, *shuffled, *rows[:50]]))])
    assert one.table.equals(other.table)
    assert other.notes["hours that stood twice, with one value"] == 50


# --------------------------------------------------------------------------- each layout

def test_openaq_hours_belong_to_the_local_day(tmp_path):
    record = read_record([write(tmp_path, "a.csv", layouts.openaq())])
    assert list(record.table.valid_hours) == [24, 24, 24, 24]
    np.testing.assert_allclose(record.table.pm25, np.mean(np.arange(5, 29)))


def test_days_of_the_clock_change_have_23_and_25_hours(tmp_path):
    spring = layouts.openaq_hours(24, datetime(2023, 3, 12, 8, tzinfo=UTC))
    rows = [layouts.openaq_row(utc, 1, -7 if i < 1 else -6) for i, utc in enumerate(spring)]
    autumn = layouts.openaq_hours(25, datetime(2023, 11, 5, 7, tzinfo=UTC))
    rows += [layouts.openaq_row(utc, 1, -6 if i < 1 else -7) for i, utc in enumerate(autumn)]
    table = read_record([write(tmp_path, "a.csv", layouts.openaq(rows))]).table
    assert table.valid_hours["2023-03-12"] == 23 and table.valid_hours["2023-11-05"] == 25
    assert table.valid_hours["2023-03-13"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("old", [False, True])
def test_naps_in_both_layouts_and_all_encodings(tmp_path, encoding, old):
    text = layouts.naps()
    if old:
        rows = [layouts.naps_row(f"2023010{d}", range(d, d + 24)) for d in (1, 2, 3)]
        text = layouts.naps(rows, layouts.OLD_HEADER, "Hourly data\nPM2.5, µg/m³\n")
    table = read_record([write(tmp_path, "PM25_2023.csv", text, encoding)]).table
    np.testing.assert_allclose(table.pm25, [12.5, 13.5, 14.5])
    assert list(table.station.unique()) == ["Edmonton 90130"]
    assert list(table.index.strftime("%Y-%m-%d")) == ["2023-01-01", "2023-01-02", "2023-01-03"]


def test_naps_picks_a_station_and_the_method_with_more_hours(tmp_path):
    gappy = [-999] * 5 + [""] * 5 + [9] * 14
    rows = [layouts.naps_row("2023-01-01", [7] * 24),
            layouts.naps_row("2023-01-01", gappy, method="170"),
            layouts.naps_row("2023-01-02", gappy),
            layouts.naps_row("2023-01-01", [80] * 24, station="60427")]
    path = write(tmp_path, "PM25_2023.csv", layouts.naps(rows))
    record = read_record([path], naps_station="090130")
    assert list(record.table.pm25.fillna(-1)) == [7, -1]
    assert record.notes["station-days of a second method, left out"] == 1
    assert record.notes["hours marked as missing"] == 10
    with pytest.raises(RecordError, match="PM25_2023.csv:12: column NAPS ID.*'60427'"):
        read_record([path])
    with pytest.raises(RecordError, match="no row of the station 11111"):
        read_record([path], naps_station="11111")


def test_18_valid_hours_make_a_day_and_17_do_not(tmp_path):
    rows = [layouts.naps_row(f"2023-01-0{d}", [4] * valid + [-999] * (24 - valid))
            for d, valid in ((1, 18), (2, 17), (4, 24))]
    record = read_record([write(tmp_path, "a.csv", layouts.naps(rows))])
    assert list(record.table.pm25.fillna(-1)) == [4, -1, -1, 4]
    assert list(record.table.valid_hours) == [18, 17, 0, 24]
    assert record.notes["days with 1 to 17 valid hours, missing"] == 1
    assert record.notes["days without any valid hour, missing"] == 1


@pytest.mark.parametrize("weather", [layouts.geomet(), layouts.bulk()], ids=["geomet", "bulk"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_weather_in_both_layouts(tmp_path, weather, encoding):
    record = read_record([write(tmp_path, "pm.csv", layouts.naps()),
                          write(tmp_path, "weather.csv", weather, encoding)])
    table = record.table
    assert list(table.temperature.fillna(99)) == [-8.8, -9.3, 99]
    assert list(table.precipitation.fillna(99)) == [1.2, 0, 99]
    assert list(table.gust.fillna(99)) == [99, 42, 99]
    assert list(table.gust_direction.fillna(99)) == [99, 270, 99]
    assert list(table.gust_censored) == [True, False, False]   # the third day has no weather
    assert record.notes["days with a trace of precipitation, as 0"] == 1


def test_gzip_is_read_whatever_its_name(tmp_path):
    packed = gzip.compress(layouts.naps().encode())
    for name in ("a.csv", "a.csv.gz"):
        assert len(read_record([write(tmp_path, name, packed)]).table) == 3


# --------------------------------------------------------------------------- bad input

def openaq_with(**changed):
    rows = [layouts.openaq_row(utc, 5) for utc in layouts.openaq_hours(30)]
    rows[3] = layouts.openaq_row(layouts.openaq_hours(30)[3], **{"value": 5, **changed})
    return layouts.openaq(rows)


HOUR = layouts.openaq_hours(1)[0]
BAD = {
    "another parameter": (openaq_with(parameter="o3"), "a.csv:28: column parameter: .*'o3'"),
    "another unit": (openaq_with(unit="ppm"), "a.csv:28: column unit: .*'ppm'"),
    "mixed stations": (openaq_with(location="Elsewhere"), "a.csv:28: column location"),
    "no number": (openaq_with(value="high"), "a.csv:28: column value: expected a number.*'high'"),
    "negative": (openaq_with(value=-40), "a.csv:28: column value: .*-40"),
    "absurd": (openaq_with(value=1e9), "a.csv:28: column value: .*1e"),
    "infinite": (openaq_with(value="inf"), "a.csv:28: column value: .*inf"),
    "no date": (layouts.openaq().replace("'utc'", "'utx'", 1), "a.csv:2: column date"),
    "two instants": (layouts.openaq().replace("-07:00", "-06:00", 1), "a.csv:2: column date.*same"),
    "doubled": (layouts.openaq([layouts.openaq_row(HOUR, 5), layouts.openaq_row(HOUR, 6)]),
                "a.csv:3: column value: .*line 2.*another value"),
    "cut off": (layouts.openaq()[:-150], r"a.csv:97: expected 13 cells, got \d+"),
    "another layout": ("date;pm25\n2023-01-01;5\n", "a.csv:1: unknown layout.*known are"),
    "empty": ("", "a.csv: the file is empty"),
    "binary": (b"\x89PNG\x00\x00", "a.csv: expected a text file"),
    "damaged gzip": (gzip.compress(layouts.naps().encode())[:-60], "a.csv: the gzip data"),
    "only a header": (layouts.openaq().splitlines()[0], "a.csv:1: no row of data"),
    "all missing": (layouts.naps([layouts.naps_row("2023-01-01", [-999] * 24)]),
                    "no day has 18 valid hours"),
    "another pollutant": (layouts.naps([layouts.naps_row("2023-01-01", [4] * 24, pollutant="O3")]),
                          "a.csv:9: column Pollutant.*'O3'"),
    "no NAPS date": (layouts.naps([layouts.naps_row("2023-13-01", [4] * 24)]),
                     "a.csv:9: column Date.*'2023-13-01'"),
    "doubled day": (layouts.naps([layouts.naps_row("2023-01-01", [4] * 24),
                                  layouts.naps_row("2023-01-01", [5] * 24)]),
                    "a.csv:10: column value: .*line 9"),
    "only weather": (layouts.geomet(), "a.csv: no file of hourly PM2.5"),
}


@pytest.mark.parametrize("content, message", BAD.values(), ids=BAD.keys())
def test_bad_files_are_told_with_file_line_and_column(tmp_path, content, message):
    with pytest.raises(RecordError, match=message) as told:
        read_record([write(tmp_path, "a.csv", content)])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("change, message", [
    (("-8.8", "warm"), "w.csv:2: column MEAN_TEMPERATURE: expected a number"),
    (("-8.8", "-99.9"), "w.csv:2: column MEAN_TEMPERATURE: .*-65 to 50 °C"),
    (("2023-01-02", "2023-01-01"), "w.csv:3: column LOCAL_DATE: .*line 2 too"),
    (("2023-01-02", "yesterday"), "w.csv:3: column LOCAL_DATE"),
    (("3010000,2023-01-02", "3010001,2023-01-02"), "w.csv:3: column CLIMATE_IDENTIFIER"),
    (("TOTAL_PRECIPITATION,", "RAIN,"), "w.csv: no column 'TOTAL_PRECIPITATION'")])
def test_bad_weather_is_told_with_file_line_and_column(tmp_path, change, message):
    files = [write(tmp_path, "pm.csv", layouts.naps()),
             write(tmp_path, "w.csv", layouts.geomet().replace(*change))]
    with pytest.raises(RecordError, match=message):
        read_record(files)


def test_a_gzip_that_is_none(tmp_path):
    with pytest.raises(RecordError, match="a.csv.gz: named .gz, but"):
        read_record([write(tmp_path, "a.csv.gz", layouts.naps())])


def test_files_that_do_not_belong_together(tmp_path):
    naps = write(tmp_path, "naps.csv", layouts.naps())
    openaq = write(tmp_path, "openaq.csv", layouts.openaq())
    changed = write(tmp_path, "later.csv", layouts.naps().replace("2023-01-01,1,", "2023-01-01,2,"))
    with pytest.raises(RecordError, match="naps.csv: hours of NAPS, but openaq.csv"):
        read_record([openaq, naps])
    with pytest.raises(RecordError, match="later.csv: hours that other files hold too"):
        read_record([naps, changed])
    assert read_record([naps, naps]).notes["hours that two files hold"] == 72
    weather = write(tmp_path, "w.csv", layouts.geomet())
    with pytest.raises(RecordError, match="w.csv: the weather of 2023-01-01"):
        read_record([naps, weather, weather])


def test_a_station_by_name_or_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPMATH_DATA", str(tmp_path))
    with pytest.raises(RecordError, match="nowhere: no .csv .*book data"):
        load("nowhere")
    (tmp_path / "here").mkdir()
    write(tmp_path / "here", "a.csv", layouts.naps())
    assert len(load("here").table) == 3
    monkeypatch.chdir(tmp_path / "here")
    assert len(load("../here").table) == len(load(tmp_path / "here").table) == 3


def test_small_negative_values_are_kept_and_counted(tmp_path):
    rows = [layouts.naps_row("2023-01-01", [-1] * 6 + [3] * 18)]
    record = read_record([write(tmp_path, "a.csv", layouts.naps(rows))])
    assert record.table.pm25.iloc[0] == 2
    assert record.notes["hours slightly below zero, kept"] == 6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 24 * 9), st.floats(-10, 500).map(lambda v: round(v, 1))),
                min_size=1, max_size=150, unique_by=lambda pair: pair[0]))
def test_no_hour_is_lost_and_means_are_those_of_the_day(tmp_path_factory, hours):
    first = datetime(2023, 6, 1, 7, tzinfo=UTC)     # ends the first hour in Alberta's summer
    rows = [layouts.openaq_row(first + timedelta(hours=h), value, -6) for h, value in hours]
    path = write(tmp_path_factory.mktemp("made"), "a.csv", layouts.openaq(rows))
    by_day = {}
    for h, value in hours:
        by_day.setdefault(h // 24, []).append(value)
    if max(map(len, by_day.values())) < 18:
        with pytest.raises(RecordError, match="no day has 18"):
            read_record([path])
        return
    table = read_record([path]).table
    assert table.valid_hours.sum() == len(hours)
    for d, values in by_day.items():
        day = table.loc[f"2023-06-{d + 1:02d}"]
        if len(values) >= 18:
            assert abs(day.pm25 - max(np.mean(values), 0)) < 1e-5
        else:
            assert np.isnan(day.pm25)
