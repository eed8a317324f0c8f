"""The keys of a native call that are no part of its message: serials, kinds, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters import values
from gateway.errors import DialectRefused

#: Longest number of any system (schemas/common, `Number`).
LONGEST = 100


def text(native: Mapping[str, Any], key: str) -> str:
    """The text of a key, empty where it is not there or says nothing."""
    value = native.get(key)
    return "" if not isinstance(value, str) or values.is_nothing(value) else values.trimmed(value)


def needed(native: Mapping[str, Any], key: str) -> str:
    """The text of a key that must be there. Raises `DialectRefused` naming it."""
    value = text(native, key)
    if not value or len(value) > LONGEST:
        raise DialectRefused(f"{key} must be a text of 1 to {LONGEST} characters", code="DIA-015")
    return value
