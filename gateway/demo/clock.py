"""The clock that the demo drives: one file for all nodes and all simulated partners; it goes on by itself and leaps on command."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from gateway.transport.clock import FileClock, set_clock

BEIJING = dt.timezone(dt.timedelta(hours=8))
#: A Monday morning of 2026, in working hours, far from any holiday.
START = dt.datetime(2026, 3, 2, 9, 30, tzinfo=BEIJING)
_SATURDAY = 5


class DemoClock:
    """Time of the whole demo."""

    def __init__(self, path: Path, *, start: dt.datetime = START) -> None:
        """Writes the file, so that processes can be started on it."""
        self.path = path
        set_clock(path, start, running=True)
        self._clock = FileClock(path)

    @property
    def setting(self) -> str:
        """The value of the setting `clock`."""
        return f"file:{self.path}"

    def now(self) -> dt.datetime:
        """The demo's time, in Beijing's offset."""
        return self._clock.now().astimezone(BEIJING)

    def leap(self, *, hours: int = 0) -> str:
        """Leap ahead, past a weekend; call it only while nothing is under way. Returns the new time as people read it."""
        after = self.now() + dt.timedelta(hours=hours)
        while after.weekday() >= _SATURDAY:
            after += dt.timedelta(days=1)
        set_clock(self.path, after, running=True)
        return after.strftime("%Y-%m-%d %H:%M")
