"""Instants as they stand in our documents: `c:Instant` of schemas/common, always with an offset, at most microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_INSTANT = re.compile(
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])\Z"
)
#: Beijing time: what people of every party read.
BEIJING = timezone(timedelta(hours=8))


def read_instant(text: str) -> datetime | None:
    """The aware time that `text` is, or None where it is no instant."""
    if not _INSTANT.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # 30 February
        return None


def write_instant(moment: datetime) -> str:
    """An aware time with its own offset (UTC as Beijing time); milliseconds, or microseconds where it has them."""
    if moment.tzinfo is UTC:
        moment = moment.astimezone(BEIJING)
    return moment.isoformat(timespec="microseconds" if moment.microsecond % 1000 else "milliseconds")
