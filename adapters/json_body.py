"""JSON bodies of partner systems: every leaf is text, a key twice is refused, and nothing nests without bound."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gateway.errors import DialectRefused

#: Bytes of one native call, files inside it included.
BODY_LIMIT = 16 * 1024 * 1024
_DEPTH = 24
#: Outside `Char` of XML 1.0; a lone surrogate among them.
_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_object(body: bytes) -> dict[str, Any]:
    """The object of a JSON body; numbers stay as they were written, yes and no become words. Raises `DialectRefused`."""
    if len(body) > BODY_LIMIT:
        raise DialectRefused(f"a body of {len(body)} bytes is past the limit of {BODY_LIMIT}", code="DIA-001")
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_constant, object_pairs_hook=_object)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise DialectRefused("the body is not JSON in UTF-8", code="DIA-001") from None
    if not isinstance(value, dict):
        raise DialectRefused("the body is no JSON object", code="DIA-001")
    return {key: _texts(item, 1) for key, item in value.items()}


def write_object(value: dict[str, Any]) -> bytes:
    """The bytes of a JSON object, UTF-8, keys in the order of the tables."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DialectRefused("a JSON key stands twice in one object", code="DIA-001")
    return found


def _constant(name: str) -> str:
    raise DialectRefused(f"{name} is no JSON number", code="DIA-001")


def _texts(value: Any, depth: int) -> Any:
    if depth > _DEPTH:
        raise DialectRefused(f"the body nests deeper than {_DEPTH}", code="DIA-001")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {key: _texts(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, depth + 1) for item in value]
    if isinstance(value, str) and _FORBIDDEN.search(value):
        raise DialectRefused("the body holds a character that XML does not allow", code="DIA-001")
    return value
