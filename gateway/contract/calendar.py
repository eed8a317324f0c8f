"""Which days are working days in the PRC: `chinesecalendar` as the base, one TOML file a year over it.

The periods that are counted on it stand in `gateway.contract.period`. Source of the rules: domain.md §1.10 P2, P6, P9.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import chinese_calendar

from gateway.errors import SettingRefused

#: The law's days are days in Beijing; China has no summer time, so that a fixed offset is exact.
BEIJING = timezone(timedelta(hours=8))
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Working days as data; beyond the published years only weekends are off and dates are provisional."""

    #: Names the base table and the override files: equal versions reckon equal dates.
    version: str
    #: Years whose State Council notice is in the table.
    published: frozenset[int]
    #: Statutory days off that are not Saturdays or Sundays.
    off: frozenset[date] = field(repr=False)
    #: Saturdays and Sundays that are working days (调休上班).
    make_up: frozenset[date] = field(repr=False)

    def is_working(self, day: date) -> bool:
        """Whether `day` is a working day: a make-up day is one, a weekend or statutory day off is none (P2, P6)."""
        if day.weekday() >= _SATURDAY:
            return day in self.make_up
        return day not in self.off

    def is_published(self, day: date) -> bool:
        """Whether the holidays of the day's year are known; if not, a date that depends on it is provisional."""
        return day.year in self.published

    def next_working(self, day: date) -> date:
        """`day` itself if it is a working day, else the first working day after it."""
        while not self.is_working(day):
            day += _DAY
        return day

    def previous_working(self, day: date) -> date:
        """`day` itself if it is a working day, else the last working day before it."""
        while not self.is_working(day):
            day -= _DAY
        return day


def beijing_day(moment: datetime) -> date:
    """The legal day of an aware time. Raises `SettingRefused` for a time without an offset."""
    if moment.tzinfo is None:
        raise SettingRefused("a time without an offset has no legal day", code="NOD-050")
    return moment.astimezone(BEIJING).date()


def load_calendar(folder: Path | None = None, *, region: str = "") -> Calendar:
    """Read the base table and every `<year>.toml` of `folder`; a file replaces its year.

    `region` (GB/T 2260) adds the local festival days that a file lists for it. Raises `SettingRefused` (NOD-050) for
    a file that cannot be read, or whose days do not belong to its year.
    """
    off = {day for day in chinese_calendar.holidays if day.weekday() < _SATURDAY}
    make_up = {day for day in chinese_calendar.workdays if day.weekday() >= _SATURDAY}
    published = {day.year for day in chinese_calendar.holidays}
    digest = hashlib.sha256()
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9].toml")) if folder else []
    for file in files:
        year, year_off, year_work = _read_year(file, region)
        off = {day for day in off if day.year != year} | {day for day in year_off if day.weekday() < _SATURDAY}
        make_up = {day for day in make_up if day.year != year} | year_work
        published.add(year)
        digest.update(file.read_bytes())
    version = f"chinesecalendar-{metadata.version('chinesecalendar')}"
    if files:
        version += f"+{digest.hexdigest()[:8]}"
    if region:
        version += f"+{region}"
    return Calendar(version=version, published=frozenset(published), off=frozenset(off), make_up=frozenset(make_up))


def _read_year(file: Path, region: str) -> tuple[int, set[date], set[date]]:
    """(year, days off, make-up days) of one file."""
    try:
        data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        year = int(data["year"])
        off = _days(data["off"])
        work = _days(data["work"])
        if region:
            off |= _days(data.get("local", {}).get(region, {}).get("off", []))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"calendar file {file.name} cannot be read: {type(error).__name__} {error}; it needs year, off and work"
        raise SettingRefused(text, code="NOD-050") from error
    strangers = sorted(day for day in off | work if day.year != year)
    if strangers or str(year) != file.stem:
        text = f"calendar file {file.name} says {year} and names {[str(day) for day in strangers]}: it holds one year"
        raise SettingRefused(text, code="NOD-050")
    weekdays = sorted(day for day in work if day.weekday() < _SATURDAY)
    if weekdays or off & work:
        wrong = [str(day) for day in weekdays or sorted(off & work)]
        raise SettingRefused(f"calendar file {file.name}: {wrong} cannot be make-up working days", code="NOD-050")
    return year, off, work


def _days(ranges: list[str]) -> set[date]:
    """The days of `YYYY-MM-DD` or inclusive `YYYY-MM-DD/YYYY-MM-DD` entries."""
    days: set[date] = set()
    for entry in ranges:
        first, _, last = entry.partition("/")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= end:
            days.add(day)
            day += _DAY
    return days
