"""Small made-up files in each layout, for the tests of readers and of `book data`."""

from datetime import UTC, datetime, timedelta, timezone

OPENAQ_HEADER = ("locationId,location,parameter,value,date,unit,coordinates,country,city,"
                 "isMobile,isAnalysis,entity,sensorType")


def openaq_row(utc: datetime, value, offset=-7, location="Made Up", parameter="pm25",
               unit="µg/m³") -> str:
    local = utc.astimezone(timezone(timedelta(hours=offset)))
    date = f"\"{{'utc': '{utc.isoformat()}', 'local': '{local.isoformat()}'}}\""
    return (f"1,{location},{parameter},{value},{date},{unit},\"{{'latitude': 53.5, 'longitude': "
            "-113.5}\",CA,,False,,Governmental Organization,reference grade")


def openaq_hours(n=24 * 4, first=datetime(2023, 1, 1, 8, tzinfo=UTC)):
    """Ends of hours, the oldest first; the default begins with the hour after local midnight."""
    return [first + timedelta(hours=i) for i in range(n)]


def openaq(rows=None) -> str:
    rows = rows or [openaq_row(utc, 5 + i % 24) for i, utc in enumerate(openaq_hours())]
    return "\n".join([OPENAQ_HEADER, *reversed(rows)]) + "\n"


NAPS_PREAMBLE = """\
File generated on // Fichier créé le, 2024-06-01
,
Pollutant // Polluant:,PM2.5
Units // Unités:,µg/m³
Note:,"Hour ending, local standard time // Fin de l'heure, heure normale locale"
Missing // Manquant:,-999
,
"""
NAPS_HEADER = ("Pollutant//Polluant,Method Code//Code Méthode,NAPS ID//Identifiant SNPA,"
               "City//Ville,"
               "Province/Territory//Province/Territoire,Latitude//Latitude,Longitude//Longitude,"
               "Date//Date," + ",".join(f"H{h:02d}//H{h:02d}" for h in range(1, 25)))
OLD_HEADER = ("Pollutant,Method,NAPSID,City,P/T,Latitude,Longitude,Date,"
              + ",".join(f"H{h:02d}" for h in range(1, 25)))


def naps_row(day, values, station="90130", method="731", pollutant="PM2.5") -> str:
    return ",".join([pollutant, method, station, "Edmonton", "AB", "53.5", "-113.5", day,
                     *map(str, values)])


def naps(rows=None, header=NAPS_HEADER, preamble=NAPS_PREAMBLE) -> str:
    rows = rows or [naps_row(f"2023-01-0{d}", range(d, d + 24)) for d in (1, 2, 3)]
    return preamble + "\n".join([header, *rows]) + "\n"


GEOMET_HEADER = ("x,y,STATION_NAME,CLIMATE_IDENTIFIER,LOCAL_DATE,MEAN_TEMPERATURE,"
                 "MEAN_TEMPERATURE_FLAG,TOTAL_PRECIPITATION,TOTAL_PRECIPITATION_FLAG,"
                 "MIN_REL_HUMIDITY,SPEED_MAX_GUST,SPEED_MAX_GUST_FLAG,DIRECTION_MAX_GUST")


def geomet(rows=None) -> str:
    rows = rows or ["-113.5,53.3,MADE UP,3010000,2023-01-01 00:00:00,-8.8,,1.2,,74,,M,",
                    "-113.5,53.3,MADE UP,3010000,2023-01-02 00:00:00,-9.3,,0,T,62,42,,27",
                    "-113.5,53.3,MADE UP,3010000,2023-01-03 00:00:00,,M,,M,,,M,"]
    return "\n".join([GEOMET_HEADER, *rows]) + "\n"


BULK_HEADER = ('"Longitude (x)","Latitude (y)","Station Name","Climate ID","Date/Time","Year",'
               '"Month","Day","Data Quality","Mean Temp (°C)","Mean Temp Flag","Total Precip (mm)",'
               '"Total Precip Flag","Dir of Max Gust (10s deg)","Dir of Max Gust Flag",'
               '"Spd of Max Gust (km/h)","Spd of Max Gust Flag"')


def bulk(rows=None) -> str:
    rows = rows or [
        '"-113.5","53.3","MADE UP","3010000","2023-01-01","2023","01","01","","-8.8","","1.2","",'
        '"","","<31",""',
        '"-113.5","53.3","MADE UP","3010000","2023-01-02","2023","01","02","","-9.3","","0.0","T",'
        '"27","","42",""',
        '"-113.5","53.3","MADE UP","3010000","2023-01-03","2023","01","03","","","M","","M","","M",'
        '"","M"']
    return "\n".join([BULK_HEADER, *rows]) + "\n"


# ------------------------------------------------------------------- what OpenAQ hands out today

ARCHIVE_HEADER = "location_id,sensors_id,location,datetime,lat,lon,parameter,units,value"
EXPLORER_HEADER = ("location_id,location_name,parameter,value,unit,datetimeUtc,datetimeLocal,"
                   "timezone,latitude,longitude,country_iso,isMobile,isMonitor,owner_name,provider")
FLAT_HEADER = "locationId,location,city,country,utc,local,parameter,value,unit,latitude,longitude"


def local(utc: datetime, offset) -> str:
    return utc.astimezone(timezone(timedelta(hours=offset))).isoformat()


def archive_row(utc, value, offset=-7, sensor=7, parameter="pm25", unit="µg/m³",
                longitude="-113.5") -> str:
    return (f"1,{sensor},Made Up-1,{local(utc, offset)},53.5,{longitude},{parameter},{unit},"
            f"{value}")


def explorer_row(utc, value, offset=-7, parameter="pm25", unit="µg/m³") -> str:
    return (f'1,"Made Up",{parameter},{value},{unit},{utc:%Y-%m-%dT%H:%M:%SZ},'
            f"{local(utc, offset)},America/Edmonton,53.5,-113.5,CA,false,true,Somebody,AirNow")


def flat_row(utc, value, offset=-7) -> str:
    return (f"1,Made Up,,CA,{utc:%Y-%m-%dT%H:%M:%S.000Z},{local(utc, offset)},pm25,{value},µg/m³,"
            "53.5,-113.5")


ROWS = {"export": (OPENAQ_HEADER, openaq_row), "archive": (ARCHIVE_HEADER, archive_row),
        "explorer": (EXPLORER_HEADER, explorer_row), "flat": (FLAT_HEADER, flat_row)}


def table(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


FRENCH_HEADER = ("Polluant,Code Méthode,Identifiant SNPA,Ville,Province/Territoire,Latitude,"
                 "Longitude,Date," + ",".join(f"H{h:02d}" for h in range(1, 25)))
