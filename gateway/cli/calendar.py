"""`gateway calendar`: the last day of a period, and how it was reckoned (domain.md §1.10)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.output import done
from gateway.cli.session import Config, Json

if TYPE_CHECKING:
    from gateway.contract.period import Length

#: Longer than any period of the law; what is longer is a slip of the keys.
_LONGEST = 40_000


def calendar(
    start: Annotated[
        str, typer.Argument(help="Day or time of the event, as 2024-01-31; Beijing time if it says none.")
    ],
    count: Annotated[str, typer.Argument(help="How many, as +15.")],
    unit: Annotated[str, typer.Argument(help="days, working-days, months, years or hours.")],
    region: Annotated[str, typer.Option(help="GB/T 2260 region whose local festival days count too.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The last day of a period that an event begins, and how it was reckoned."""
    from gateway.cli.law import contracts_folder
    from gateway.contract.calendar import load_calendar
    from gateway.contract.period import REASONS, due

    moment, length = _moment(start), _length(count, unit)
    table = load_calendar(contracts_folder(config) / "calendars", region=region)
    ends = due(moment, length, calendar=table)
    lines = [(str(line.day), line.why, *REASONS[line.why]) for line in ends.reckoning]
    if as_json:
        row = {"last_day": str(ends.day), "until": ends.at.isoformat(), "provisional": ends.provisional}
        reckoning = [dict(zip(("day", "why", "zh", "en"), line, strict=True)) for line in lines]
        done(json.dumps({**row, "calendar": ends.calendar, "reckoning": reckoning}, ensure_ascii=False, indent=1))
        return
    for day, _, zh, en in lines:
        done(f"{day}  {zh} · {en}")
    open_ = (
        "  暂定：当年放假安排尚未公布 provisional: that year's holidays are not published" if ends.provisional else ""
    )
    done(f"last day 届满日: {ends.at:%Y-%m-%d %H:%M:%S}{open_}  [{ends.calendar}]")


def _moment(text: str) -> datetime:
    from gateway.contract.calendar import BEIJING

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day or time; write 2024-01-31 or 2024-01-31T10:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def _length(count: str, unit: str) -> Length:
    from gateway.contract.period import UNITS, Length

    found = next((known for known in UNITS if unit in {known, known.removesuffix("s")}), None)
    if found is None:
        raise typer.BadParameter(f"{unit!r} is no unit; known are {', '.join(UNITS)}")
    number = int(count) if re.fullmatch(r"\+?[0-9]{1,5}", count) else 0
    if not 1 <= number <= _LONGEST:
        raise typer.BadParameter(f"{count!r} is no count; write a whole number from 1 to {_LONGEST}, as +15")
    return Length(count=number, unit=found)
