"""Invented people, firms and papers for simulators: numbers with valid check digits that belong to nobody, names that say "test"."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.dates import BEIJING

REGION = "150102"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """One invented dispute; the same number always gives the same one."""

    number: int
    worker: str = "测试甲"
    worker_id: str
    employer: str = "测试乙商贸有限公司"
    employer_code: str
    mediator: str = "测试丙"
    judge: str = "测试丁"
    arbitrator: str = "测试戊"


def dispute(number: int, asked: Mapping[str, Any] | None = None) -> Dispute:
    """The dispute of a number; `asked` replaces single values, so that a test can break one."""
    base = {
        "worker_id": resident_id(f"{REGION}19900101{2 * number % 1000 | 1:03d}"),
        "employer_code": credit_code(f"91{REGION}", f"MA0Q{number % 10000:04d}"),
    }
    names = set(Dispute.__dataclass_fields__) - {"number"}
    given = {name: str(value) for name, value in (asked or {}).items() if name in names}
    return Dispute(number=number, **(base | given))


def resident_id(first_seventeen: str) -> str:
    """An identity number with its check digit (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _ID_WEIGHTS, strict=True))
    return first_seventeen + "10X98765432"[total % 11]


def credit_code(first_eight: str, organisation: str) -> str:
    """A credit code from 8 and 8 characters with both check characters (GB 11714, GB 32100-2015)."""
    rest = (
        11 - sum(int(char, 36) * weight for char, weight in zip(organisation, _ORGANISATION_WEIGHTS, strict=True)) % 11
    )
    body = first_eight + organisation + {10: "X", 11: "0"}.get(rest, str(rest))
    total = sum(_ALPHABET.index(char) * pow(3, index, 31) for index, char in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]


def pdf(title: str) -> str:
    """A small file that calls itself PDF, in base64."""
    return base64.b64encode(f"%PDF-1.4\n% {title}\n%%EOF\n".encode()).decode("ascii")


def day(moment: datetime, form: str = "%Y-%m-%d", *, days: int = 0) -> str:
    """A day in Beijing, some days on."""
    return (moment.astimezone(BEIJING) + timedelta(days=days)).strftime(form)


def instant(moment: datetime, form: str = "%Y-%m-%d %H:%M:%S", *, minutes: int = 0) -> str:
    """A moment in Beijing, some minutes on."""
    return (moment.astimezone(BEIJING) + timedelta(minutes=minutes)).strftime(form)


def merged(base: Any, changes: Any) -> Any:
    """`changes` laid over `base`, objects key by key; null takes a key away."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    both = dict(base)
    for key, value in changes.items():
        if value is None:
            both.pop(key, None)
        else:
            both[key] = merged(both.get(key), value)
    return both
