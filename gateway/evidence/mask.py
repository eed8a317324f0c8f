"""Masking: native bytes as lines that a person may compare without seeing personal data (domain.md §3.20)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

#: What may be shown whole: codes, dates, amounts, ids of messages; short and without a long run of digits.
_CODE = re.compile(r"[A-Za-z0-9_./:+ -]{0,40}\Z")
_DIGITS = re.compile(r"\d{9,}")
_TAGS = re.compile(rb"(?<=>)\s*(?=<)")


def masked_lines(data: bytes) -> list[str]:
    """The call's first line, then its body a field a line; texts are shown by length and digest alone, codes as they are."""
    head, _, body = data.partition(b"\n\n")
    lines = [head.decode("utf-8", "replace")]
    try:
        lines += [f"{path} = {_masked(value)}" for path, value in _fields(json.loads(body), "")]
    except ValueError:
        lines += [_masked_element(part) for part in _TAGS.split(body)]
    return lines


def _fields(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value, start=1):
            yield from _fields(inner, f"{path}[{place}]")
    else:
        yield path, str(value)


def _masked_element(part: bytes) -> str:
    text = part.decode("utf-8", "replace")
    opening, separator, rest = text.partition(">")
    value, _, closing = rest.partition("<")
    return f"{opening}{separator}{_masked(value)}{'<' if closing else ''}{closing}"


def _masked(value: str) -> str:
    if _CODE.match(value) and not _DIGITS.search(value):
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:8]
    return f"＊＊＊ ({len(value)} characters, {digest})"
