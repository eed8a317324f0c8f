"""What native party records need beyond a table of fields (domain.md §5.3 traps 7, 10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from adapters import values
from adapters.fields import Native

MASKED_REASON = "来源系统已脱敏"


def mark_masked(record: dict[str, Any]) -> None:
    """An identity number with asterisks is masked: the note says so, and no check digit is asked for (protocol.md §2)."""
    number = record.get("IdNumber")
    if isinstance(number, str) and "*" in number:
        record.setdefault("IdNumberNote", {"State": "masked", "Reason": MASKED_REASON})


def split_parties(key: str, *, role: str, name: str) -> Callable[[Native], Native]:
    """Parties typed into one field (`申请人:甲;被申请人:乙公司`) become rows with role and name; what a row needs more is asked for."""

    def split(native: Native) -> Native:
        text = native.get(key)
        if not isinstance(text, str):
            return native
        rows = []
        for part in re.split(r"[;；\n]", text):
            head, colon, names = values.plain(part).partition(":")
            rows += [{role: head, name: each} for each in values.split_list(names)] if colon else []
        return native | {key: rows}

    return split
