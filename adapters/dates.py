"""Dates and times as partner systems write them (domain.md §5.3 trap 2), all in Beijing time unless they say otherwise.

Canonical: a day is `yyyy-mm-dd`, an instant is `yyyy-mm-ddThh:mm:ss[.f]+08:00`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

from gateway.errors import DialectRefused

BEIJING = timezone(timedelta(hours=8))
#: Databases of the field write these days where they mean "none".
NONE_DAYS = frozenset({date(1, 1, 1), date(1900, 1, 1), date(9999, 12, 31)})
_INSTANT = re.compile(
    r"[12]\d{3}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)\Z", re.ASCII
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], start=1
    )
}
_SEPARATED = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(.*)\Z", re.ASCII | re.DOTALL)
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日(.*)\Z", re.ASCII | re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d{6}|\d{4})?\Z", re.ASCII)
_ORACLE = re.compile(r"(\d{1,2})-?([A-Z]{3})-?(\d{2}|\d{4})\Z", re.ASCII)
_EPOCH_MS = re.compile(r"\d{13}\Z", re.ASCII)
_CENTURY, _SIXTY = 2000, 60
_MIDNIGHT = re.compile(r"24:0?0(:0?0)?(\.0+)?\Z", re.ASCII)
_TIME = re.compile(
    r"[T ]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2}))?(?:[.,](\d{1,9}))?秒?分?[ ]*(Z|[+-]\d\d:?\d\d)?\Z", re.ASCII
)


def read_day(text: str) -> str | None:
    """A legal day from any native form; None for the field's ways of writing "none". Raises `DialectRefused`."""
    plain = _plain(text)
    moment = _parse(plain)
    if moment is None:
        return None
    if _MIDNIGHT.search(plain):
        moment -= timedelta(microseconds=1)  # 24:00 of a day is still that day, where only the day counts
    return moment.astimezone(BEIJING).date().isoformat()


def read_instant(text: str) -> str | None:
    """An instant from any native form; a text that is canonical already stays as it is. Raises `DialectRefused`."""
    plain = _plain(text)
    if _INSTANT.match(plain):
        return plain
    moment = _parse(plain)
    if moment is None:
        return None
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds")


def moment_of(instant: str) -> datetime:
    """A canonical instant as an aware time. Raises `DialectRefused`."""
    try:
        moment = datetime.fromisoformat(instant)
    except ValueError:
        raise _refused(instant) from None
    if moment.tzinfo is None:
        raise _refused(instant)
    return moment


def write_day(text: str, form: str) -> str:
    """A canonical day in a `strftime` form."""
    try:
        return date.fromisoformat(text).strftime(form)
    except ValueError:
        raise _refused(text) from None


def write_instant(text: str, form: str) -> str:
    """A canonical instant in a `strftime` form, Beijing time."""
    return moment_of(text).astimezone(BEIJING).strftime(form)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _parse(plain: str) -> datetime | None:
    """An aware time; None where the text means none."""
    if _EPOCH_MS.match(plain):
        return datetime.fromtimestamp(0, UTC).astimezone(BEIJING) + timedelta(milliseconds=int(plain))
    if found := _ORACLE.match(plain.upper()):
        day, month, year = found.groups()
        return _at(
            (int(year) + (_CENTURY if len(year) < len("2000") else 0), _MONTHS.get(month, 0), int(day)), "", plain
        )
    if found := _COMPACT.match(plain):
        year, month, day, clock = found.groups()
        return _at((int(year), int(month), int(day)), ":".join(re.findall("..", clock or "")), plain)
    if found := _SEPARATED.match(plain) or _CHINESE.match(plain):
        year, month, day, rest = found.groups()
        if len(day) > 1 or not rest or rest[0] in "T ":
            return _at((int(year), int(month), int(day)), rest, plain)
    raise _refused(plain)


def _at(day: tuple[int, int, int], rest: str, plain: str) -> datetime | None:
    try:
        start = date(*day)
    except ValueError:
        raise _refused(plain) from None
    if start.year < _CENTURY // 2 and start not in NONE_DAYS:
        raise _refused(plain)
    if start in NONE_DAYS:
        return None
    offset, zone = timedelta(), BEIJING
    if rest.strip():
        offset, zone = _clock(rest, plain)
    return datetime(start.year, start.month, start.day, tzinfo=zone) + offset


def _clock(rest: str, plain: str) -> tuple[timedelta, timezone]:
    """The time of day as an offset from midnight, so that 24:00 is the next day's midnight."""
    found = _TIME.match(rest)
    if found is None:
        raise _refused(plain)
    hour, minute, second, fraction, zone = found.groups()
    offset = timedelta(
        hours=int(hour),
        minutes=int(minute),
        seconds=int(second or 0),
        microseconds=int((fraction or "0")[:6].ljust(6, "0")),
    )
    if max(int(minute), int(second or 0)) >= _SIXTY or offset > timedelta(hours=24):
        raise _refused(plain)
    if not zone:
        return offset, BEIJING
    if zone == "Z":
        return offset, UTC
    sign = -1 if zone[0] == "-" else 1
    return offset, timezone(sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])))


def _refused(text: str) -> DialectRefused:
    return DialectRefused(f"{text[:40]!r} is no date or time of any known form", code="DIA-006")
