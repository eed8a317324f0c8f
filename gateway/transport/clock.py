"""Clocks: the system's, and one that a file sets.

With it tests and demos can move a whole federation's time (protocol.md §7).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.errors import SettingRefused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Second word of a clock file whose time goes on by itself.
_RUNNING = "running"


class SystemClock:
    """`ports.Clock` of the machine."""

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.now(UTC)

    def now_us(self) -> int:
        """The current time in microseconds since the epoch."""
        return time.time_ns() // 1000


class FileClock:
    """`ports.Clock` that shows the time written in a file.

    `2026-11-24T10:00:00+08:00`, standing still until it is written again.

    With ` running` behind it, it goes on from there at the pace of the machine, counted from the file's own change, so
    that all processes agree. Refused by the composition root unless every local participant is a test one.
    """

    def __init__(self, path: Path) -> None:
        """Reads the file at once. Raises `SettingRefused` when it is not there or holds no time with an offset."""
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._shown_us = 0
        self._running = False
        self.now_us()

    def now(self) -> datetime:
        """The current time, in UTC."""
        return _EPOCH + timedelta(microseconds=self.now_us())

    def now_us(self) -> int:
        """The current time in microseconds since the epoch; the file is read again only when it has changed."""
        try:
            status = self._path.stat()
        except OSError as error:
            if self._stamp is not None:
                # Whoever moves the clock may be replacing the file at this moment.
                return self._shown_us
            raise SettingRefused(f"clock file {self._path.name} cannot be read", code="NOD-013") from error
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp != self._stamp:
            self._read()
            self._stamp = stamp
        return self._shown_us + (time.time_ns() - stamp[0]) // 1000 * self._running

    def _read(self) -> None:
        text, _, mode = self._path.read_text("ascii", errors="replace").strip().partition(" ")
        try:
            shown = datetime.fromisoformat(text)
        except ValueError as error:
            if self._stamp is not None:
                # Half written: the time before it still holds.
                return
            raise SettingRefused(f"clock file {self._path.name} holds no ISO time", code="NOD-013") from error
        if shown.tzinfo is None:
            raise SettingRefused(
                f"clock file {self._path.name} needs a time with its offset, for instance +08:00", code="NOD-013"
            )
        self._shown_us = (shown - _EPOCH) // _MICROSECOND
        self._running = mode == _RUNNING


def set_clock(path: Path, moment: datetime, *, running: bool = False) -> None:
    """Write an aware time for every `FileClock` over `path`, whole or not at all."""
    half = path.with_name(path.name + ".new")
    half.write_text(moment.isoformat() + (f" {_RUNNING}" if running else "") + "\n", "ascii")
    half.replace(path)
