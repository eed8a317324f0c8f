"""The period engine against the golden dates of domain.md §1.10 and the rules behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.contract.calendar import BEIJING, Calendar, load_calendar
from gateway.contract.period import Interval, Length, Unit, due, due_on, end_of, latest_before, shift
from gateway.errors import SettingRefused

FOLDER = Path(__file__).parents[2] / "contracts" / "calendars"
CALENDAR = load_calendar(FOLDER)

#: start → the rolled ends of +15, +30, +45 calendar days and +3, +5, +10 working days.
GOLDEN = {
    "2023-09-20": ("10-07", "10-20", "11-06", "09-25", "09-27", "10-10"),
    "2024-01-31": ("02-18", "03-01", "03-18", "02-04", "02-06", "02-19"),
    "2024-09-27": ("10-12", "10-28", "11-11", "10-08", "10-10", "10-16"),
    "2025-01-24": ("02-08", "02-24", "03-10", "02-05", "02-07", "02-13"),
    "2025-09-26": ("10-11", "10-27", "11-10", "09-30", "10-10", "10-16"),
    "2026-02-10": ("02-25", "03-12", "03-27", "02-13", "02-24", "03-02"),
    "2026-04-30": ("05-15", "06-01", "06-15", "05-08", "05-11", "05-18"),
}
#: Naive, as hypothesis asks; it adds the zone.
FIRST, LAST = datetime(2005, 1, 1), datetime(2026, 6, 1)  # noqa: DTZ001 — hypothesis adds the zone
LENGTHS: tuple[tuple[int, Unit], ...] = (
    (15, "days"), (30, "days"), (45, "days"), (3, "working-days"), (5, "working-days"), (10, "working-days"),
)  # fmt: skip
CASES = [
    (start, count, unit, f"{start[:4]}-{end}")
    for start, ends in GOLDEN.items()
    for (count, unit), end in zip(LENGTHS, ends, strict=True)
]


def at(text: str) -> datetime:
    """A Beijing time, ten in the morning where only a day is given."""
    moment = datetime.fromisoformat(text)
    return (moment if "T" in text else moment.replace(hour=10)).replace(tzinfo=BEIJING)


def end(start: str, count: int, unit: Unit, *, paused: tuple[Interval, ...] = (), calendar: Calendar = CALENDAR) -> str:
    """The last day of a period, as text."""
    return str(due(at(start), Length(count=count, unit=unit), calendar=calendar, paused=paused).day)


@pytest.mark.parametrize(("start", "count", "unit", "expected"), CASES)
def test_golden_dates(start: str, count: int, unit: Unit, expected: str) -> None:
    """Every golden date of domain.md §1.10: start day excluded, last day rolled, make-up days are working days."""
    result = due(at(start), Length(count=count, unit=unit), calendar=CALENDAR)

    assert str(result.day) == expected
    assert not result.provisional


def test_the_year_file_says_what_the_base_table_says() -> None:
    """contracts/calendars/2026.toml and `chinesecalendar` agree on every day of 2026, read from two sources."""
    base = load_calendar()
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    assert [CALENDAR.is_working(day) for day in days] == [base.is_working(day) for day in days]
    assert base.version != CALENDAR.version


def test_days_are_beijing_days() -> None:
    """18:00 UTC is the next day in Beijing, and a period ends with the last moment of its last Beijing day."""
    evening = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)

    result = due(evening, Length(count=3, unit="days"), calendar=CALENDAR)

    assert result.at == datetime(2026, 3, 6, 23, 59, 59, 999999, tzinfo=BEIJING)
    assert result.at.utcoffset() == timedelta(hours=8)


def test_hours_start_with_the_next_hour() -> None:
    """The starting hour is not counted (CPL 85): three hours from 10:20 end with the hour that ends at 14:00."""
    assert (
        due(at("2026-03-02T10:20"), Length(count=3, unit="hours"), calendar=CALENDAR).at.isoformat()
        == "2026-03-02T13:59:59.999999+08:00"
    )


def test_hours_leave_paused_time_out() -> None:
    """An hour of pause moves the end by an hour, and overlapping pauses count once."""
    pauses = ((at("2026-03-02T11:30"), at("2026-03-02T12:30")), (at("2026-03-02T12:00"), at("2026-03-02T12:30")))

    result = due(at("2026-03-02T10:20"), Length(count=3, unit="hours"), calendar=CALENDAR, paused=pauses)

    assert result.at.isoformat() == "2026-03-02T14:59:59.999999+08:00"


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        ("2025-01-31", 1, "months", "2025-02-28"),
        ("2024-02-29", 1, "years", "2025-02-28"),
        ("2025-03-10", 1, "years", "2026-03-10"),
        ("2025-11-30", 3, "months", "2026-02-28"),
        ("2025-05-04", 6, "months", "2025-11-04"),
        ("2025-09-05", 1, "months", "2025-10-09"),
    ],
)
def test_months_and_years_end_on_the_corresponding_day(start: str, count: int, unit: Unit, expected: str) -> None:
    """Months and years end on the day of the same number, at the month's end where there is none, and roll when off."""
    assert end(start, count, unit) == expected


def test_paused_days_do_not_count() -> None:
    """A pause from the 5th to the 9th takes four days out: the day of the pause counts, that of resumption not."""
    pause = ((at("2026-03-05"), at("2026-03-09")),)

    assert end("2026-03-02", 10, "days") == "2026-03-12"
    assert end("2026-03-02", 10, "days", paused=pause) == "2026-03-16"
    assert end("2026-03-02", 5, "working-days", paused=pause) == "2026-03-11"


def test_a_pause_that_begins_while_the_end_rolls_moves_the_end() -> None:
    """The counted last day was a Saturday; a pause on Sunday still finds a running clock, and it goes on after it."""
    pause = ((at("2026-03-15"), at("2026-03-20")),)

    assert end("2026-03-04", 10, "days") == "2026-03-16"
    assert end("2026-03-04", 10, "days", paused=pause) == "2026-03-23"


def test_a_year_without_a_notice_is_provisional() -> None:
    """Beyond the table weekends alone are off, and the date says that it is provisional."""
    result = due(at("2026-12-20"), Length(count=30, unit="days"), calendar=CALENDAR)

    assert (str(result.day), result.provisional) == ("2027-01-19", True)
    assert end("2026-12-31", 1, "working-days") == "2027-01-01"


def test_a_working_day_period_that_crosses_the_table_is_provisional() -> None:
    """Working days counted through an unknown year are provisional, the same count inside the table is not."""
    assert due(at("2026-12-30"), Length(count=3, unit="working-days"), calendar=CALENDAR).provisional
    assert not due(at("2026-12-20"), Length(count=3, unit="working-days"), calendar=CALENDAR).provisional


def test_a_years_notice_loads_as_a_file(tmp_path: Path) -> None:
    """A new file makes its year published, moves dates of that year, and changes the version."""
    text = 'year = 2027\noff = ["2027-01-01/2027-01-03", "2027-01-19"]\nwork = ["2027-01-09"]\n'
    (tmp_path / "2027.toml").write_text(text, encoding="utf-8")
    calendar = load_calendar(tmp_path)

    assert end("2026-12-20", 30, "days", calendar=calendar) == "2027-01-20"
    assert not due(at("2026-12-20"), Length(count=30, unit="days"), calendar=calendar).provisional
    assert end("2027-01-06", 2, "working-days", calendar=calendar) == "2027-01-08"
    assert end("2027-01-06", 3, "working-days", calendar=calendar) == "2027-01-09"
    assert calendar.version != CALENDAR.version


def test_local_festival_days_count_only_for_their_region(tmp_path: Path) -> None:
    """A minority area's festival day (放假办法 art. 4) rolls a period only where the calendar is loaded for it (P9)."""
    text = 'year = 2027\noff = ["2027-01-01"]\nwork = []\n[local.150000]\noff = ["2027-01-19"]\n'
    (tmp_path / "2027.toml").write_text(text, encoding="utf-8")

    assert end("2026-12-20", 30, "days", calendar=load_calendar(tmp_path)) == "2027-01-19"
    assert end("2026-12-20", 30, "days", calendar=load_calendar(tmp_path, region="150000")) == "2027-01-20"


@pytest.mark.parametrize(
    "text",
    [
        "year = 2027\noff = [",
        'year = 2028\noff = ["2028-01-01"]\nwork = []\n',
        'year = 2027\noff = ["2026-01-01"]\nwork = []\n',
        'year = 2027\noff = []\nwork = ["2027-01-06"]\n',
        'year = 2027\noff = ["2027-13-01"]\nwork = []\n',
        "year = 2027\noff = 3\nwork = []\n",
        "year = 2027\n",
    ],
)
def test_a_broken_year_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """A calendar file that cannot be right stops the start and names the file."""
    (tmp_path / "2027.toml").write_text(text, encoding="utf-8")

    with pytest.raises(SettingRefused, match=r"2027\.toml"):
        load_calendar(tmp_path)


def test_backwards_periods() -> None:
    """Five working days before a hearing on 2026-10-15 leave the holiday out; a last day that is off moves back."""
    hearing = at("2026-10-15")

    assert str(latest_before(hearing, Length(count=5, unit="working-days"), calendar=CALENDAR).day) == "2026-10-09"
    assert str(latest_before(hearing, Length(count=10, unit="days"), calendar=CALENDAR).day) == "2026-09-30"
    with pytest.raises(SettingRefused):
        latest_before(hearing, Length(count=1, unit="months"), calendar=CALENDAR)


def test_an_agreed_date_stands_and_moves_only_with_a_pause() -> None:
    """The date that the parties agreed does not roll, but later paused days are added (P7, P8)."""
    saturday = due_on(date(2026, 3, 14), calendar=CALENDAR)

    assert saturday.at == end_of(date(2026, 3, 14))
    assert shift(saturday.at, (at("2026-03-05"), at("2026-03-09"))) == end_of(date(2026, 3, 18))
    assert shift(saturday.at, (at("2026-03-05T09:00"), at("2026-03-05T12:00"))) == saturday.at


def test_the_reckoning_can_be_followed() -> None:
    """Each day left out is named with its reason, first the start, last the due day."""
    lines = due(at("2023-09-20"), Length(count=15, unit="days"), calendar=CALENDAR).reckoning

    assert [(str(line.day)[5:], line.why) for line in lines] == [
        ("09-20", "start"), ("10-05", "last"), ("10-05", "rolled"), ("10-06", "rolled"), ("10-07", "due"),
    ]  # fmt: skip


def test_nonsense_is_refused() -> None:
    """A period of nothing and a time without an offset are refused with a code, never reckoned."""
    with pytest.raises(SettingRefused):
        due(at("2026-03-02"), Length(count=0, unit="days"), calendar=CALENDAR)
    with pytest.raises(SettingRefused):
        due(datetime(2026, 3, 2), Length(count=1, unit="days"), calendar=CALENDAR)  # noqa: DTZ001 — refused


@given(
    start=st.datetimes(FIRST, LAST, timezones=st.just(BEIJING)),
    count=st.integers(1, 60),
    unit=st.sampled_from(["days", "working-days", "months"]),
    pause=st.tuples(st.integers(0, 40), st.integers(0, 20)),
)
def test_properties_of_every_period(start: datetime, count: int, unit: Unit, pause: tuple[int, int]) -> None:
    """A period ends on a working day after its start, grows with its length, and never shrinks by a pause."""
    interval = (start + timedelta(days=pause[0]), start + timedelta(days=pause[0] + pause[1]))
    plain = due(start, Length(count=count, unit=unit), calendar=CALENDAR)

    assert CALENDAR.is_working(plain.day)
    assert plain.at > start
    assert due(start, Length(count=count + 1, unit=unit), calendar=CALENDAR).at >= plain.at
    assert due(start, Length(count=count, unit=unit), calendar=CALENDAR, paused=(interval,)).at >= plain.at
