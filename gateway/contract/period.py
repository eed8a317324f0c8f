"""Computing periods (期间): one engine for hours, days, working days, months and years (domain.md §1.10).

The starting hour or day is not counted (CPL 85); a last day that is off rolls to the next working day; make-up days
are working days; paused days do not count. All days are Beijing days; a period ends with the last moment of its last.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from gateway.contract.calendar import BEIJING, Calendar, beijing_day
from gateway.errors import SettingRefused

Unit = Literal["hours", "days", "working-days", "months", "years"]
Why = Literal["start", "paused", "off", "last", "rolled", "agreed", "due"]
#: A closed interval in which the clock stood still.
Interval = tuple[datetime, datetime]
UNITS: tuple[Unit, ...] = ("hours", "days", "working-days", "months", "years")
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)
_YEAR_MONTHS = 12

#: What a line of a reckoning says to people: (zh-CN, en).
REASONS: dict[Why, tuple[str, str]] = {
    "start": ("开始之日（时）不计算在内", "the starting day or hour is not counted"),
    "paused": ("中止期间不计算在内", "the clock stood still on this day"),
    "off": ("非工作日，不计入工作日期间", "not a working day, not counted"),
    "last": ("期间最后一日", "the last day as counted"),
    "rolled": ("最后一日为法定休假日，顺延", "off, so the period rolls on"),
    "agreed": ("当事人约定的届满日", "the end that was agreed or set"),
    "due": ("期间届满", "the period ends with this day"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Length:
    """How long a period is."""

    #: How many units, at least 1.
    count: int
    unit: Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoned:
    """One line of a reckoning, so that a person can follow it."""

    day: date
    why: Why


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """When a period ends, and how that was found."""

    #: The last moment that is in time, aware, Beijing.
    at: datetime
    day: date
    #: A year without a published notice decided: the date can still move.
    provisional: bool
    #: Version of the calendar that reckoned it.
    calendar: str
    reckoning: tuple[Reckoned, ...]


def due(start: datetime, length: Length, *, calendar: Calendar, paused: Sequence[Interval] = ()) -> Due:
    """The end of a period of `length` that begins with the event at `start` (aware), paused intervals left out.

    Raises `SettingRefused` (NOD-050) for a time without offset or a length below 1. Source: CPL 85; its
    interpretation 125.
    """
    if length.count < 1:
        raise SettingRefused(f"a period of {length.count} {length.unit} is none", code="NOD-050")
    if length.unit == "hours":
        return _due_hours(start, length.count, calendar=calendar, paused=paused)
    first = beijing_day(start)
    still = _paused_days(paused)
    lines = [Reckoned(day=first, why="start")]
    if length.unit in {"days", "working-days"}:
        last = _count_days(first, length, calendar=calendar, still=still, lines=lines)
    else:
        last = _count_months(first, length, still=still, lines=lines)
    lines.append(Reckoned(day=last, why="last"))
    while not calendar.is_working(last) or last in still:
        lines.append(Reckoned(day=last, why="paused" if last in still else "rolled"))
        last += _DAY
    lines.append(Reckoned(day=last, why="due"))
    counted = length.unit == "working-days"
    known = all(calendar.is_published(line.day) for line in lines) if counted else calendar.is_published(last)
    return Due(at=end_of(last), day=last, provisional=not known, calendar=calendar.version, reckoning=tuple(lines))


def due_on(day: date, *, calendar: Calendar) -> Due:
    """An end that was agreed or set as a date (extension by consent, supplements): it stands as it is (P7)."""
    return Due(
        at=end_of(day),
        day=day,
        provisional=False,
        calendar=calendar.version,
        reckoning=(Reckoned(day=day, why="agreed"),),
    )


def latest_before(event: datetime, length: Length, *, calendar: Calendar) -> Due:
    """The last day on which an act is in time that must come `length` before `event` (hearing notice 5 days before).

    The event's day is not counted; a last day that is off moves to the working day before it.
    Only days and working days are counted backwards; raises `SettingRefused` (NOD-050) for other units.
    """
    if length.unit not in {"days", "working-days"} or length.count < 1:
        raise SettingRefused(f"{length.count} {length.unit} cannot be counted backwards", code="NOD-050")
    day = beijing_day(event)
    lines = [Reckoned(day=day, why="start")]
    left = length.count
    while left:
        day -= _DAY
        if length.unit == "days" or calendar.is_working(day):
            left -= 1
        else:
            lines.append(Reckoned(day=day, why="off"))
    lines.append(Reckoned(day=day, why="last"))
    while not calendar.is_working(day):
        lines.append(Reckoned(day=day, why="rolled"))
        day -= _DAY
    lines.append(Reckoned(day=day, why="due"))
    known = all(calendar.is_published(line.day) for line in lines)
    return Due(at=end_of(day), day=day, provisional=not known, calendar=calendar.version, reckoning=tuple(lines))


def end_of(day: date) -> datetime:
    """The last moment of a Beijing day."""
    return datetime.combine(day, time.max, tzinfo=BEIJING)


def shift(end: datetime, paused: Interval) -> datetime:
    """The end of a period whose end was agreed as a date, moved by the days that one pause took (P8)."""
    days = len(_paused_days([paused]))
    return end_of(beijing_day(end) + days * _DAY) if days else end


def _count_days(first: date, length: Length, *, calendar: Calendar, still: set[date], lines: list[Reckoned]) -> date:
    """Count forward from the day after `first`; notes what is left out."""
    working = length.unit == "working-days"
    if not working and not still:
        return first + length.count * _DAY
    day, left = first, length.count
    while left:
        day += _DAY
        if day in still:
            lines.append(Reckoned(day=day, why="paused"))
        elif working and not calendar.is_working(day):
            lines.append(Reckoned(day=day, why="off"))
        else:
            left -= 1
    return day


def _count_months(first: date, length: Length, *, still: set[date], lines: list[Reckoned]) -> date:
    """The corresponding day of the last month, or that month's end (civil code 202); paused days are added."""
    total = first.year * _YEAR_MONTHS + first.month - 1 + length.count * (_YEAR_MONTHS if length.unit == "years" else 1)
    year, month = divmod(total, _YEAR_MONTHS)
    last = date(year, month + 1, min(first.day, months.monthrange(year, month + 1)[1]))
    day = first
    while day < last:
        day += _DAY
        if day in still:
            lines.append(Reckoned(day=day, why="paused"))
            last += _DAY
    return last


def _due_hours(start: datetime, count: int, *, calendar: Calendar, paused: Sequence[Interval]) -> Due:
    """Hours run from the next full hour, nights and days off included; paused time is added."""
    local = datetime.combine(beijing_day(start), start.astimezone(BEIJING).time(), tzinfo=BEIJING)
    begun = local.replace(minute=0, second=0, microsecond=0) + _HOUR
    at = begun + count * _HOUR
    for since, until in _merged(paused):
        if since < at and until > begun:
            at += until - max(since, begun)
    at -= _TICK
    day = beijing_day(at)
    lines = (Reckoned(day=local.date(), why="start"), Reckoned(day=day, why="due"))
    return Due(at=at, day=day, provisional=False, calendar=calendar.version, reckoning=lines)


def _paused_days(paused: Iterable[Interval]) -> set[date]:
    """Days that do not count: after the day of the pause up to the day of resumption, itself a starting day."""
    still: set[date] = set()
    for since, until in paused:
        day, end = beijing_day(since), beijing_day(until)
        while day < end:
            day += _DAY
            still.add(day)
    return still


def _merged(paused: Sequence[Interval]) -> list[Interval]:
    """The intervals in order, overlapping ones joined."""
    joined: list[Interval] = []
    for since, until in sorted(paused):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        elif until > since:
            joined.append((since, until))
    return joined
