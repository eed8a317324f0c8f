"""The document inside the SOAP call: head, body and signature; written canonically, read strictly.

In memory a document is nested dicts of tags, rows are lists. Written text is already exclusive C14N (no attribute, no namespace, no
white space between tags), so that the digest is taken from what is written, whatever encoding it travels in.
"""

from __future__ import annotations

import json
import re
from typing import Any

from adapters.arbitration.hrss import gb18030
from adapters.fields import Native
from gateway.errors import DialectRefused, UnreadableEnvelope
from gateway.xml import canonical
from gateway.xml.limits import Limits
from gateway.xml.parse import parse

#: Files travel inline, so a text may be as long as a file.
LIMITS = Limits(envelope_bytes=16_000_000, depth=24, text=9_000_000)
ROW = "row"
_DECLARATION = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,20})[\"']")
_GB = frozenset({"GB2312", "GBK", "GB18030", "CP936", "GB18030-2022"})
_ROOT = re.compile(r"\s*<(?:[\w.-]+:)?([\w.-]+)")


def write(root: str, head: Native, body: Native) -> str:
    """A document without its declaration, in canonical form."""
    return f"<{root}><head>{_write(head)}</head><body>{_write(body)}</body></{root}>"


def encode(text: str, encoding: str) -> bytes:
    """The document's bytes with their declaration, in GB18030 or UTF-8. Raises `DialectRefused` for another encoding."""
    match encoding.upper():
        case "GB18030":
            return b'<?xml version="1.0" encoding="GB18030"?>' + gb18030.encode_xml(text)
        case "UTF-8":
            return b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode()
    raise DialectRefused(f"the endpoint's encoding {encoding!r} is neither GB18030 nor UTF-8", code="DIA-012")


def decode(data: bytes) -> str:
    """The text of a document without its declaration; what is declared and what is there may differ (domain.md §5.3 trap 1)."""
    head = _DECLARATION.match(data)
    found = _ENCODING.search(head[0]) if head else None
    declared = found[1].decode("ascii").upper() if found else "UTF-8"
    body = data[head.end() :] if head else data.removeprefix(b"\xef\xbb\xbf")
    if declared in _GB and not data.startswith(b"\xef\xbb\xbf"):
        return gb18030.decode(body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return gb18030.decode(body)


def tree_of(text: str) -> Any:
    """The document's root element, parsed by the gateway's strict parser. Raises `DialectRefused`."""
    try:
        return parse(text.encode(), LIMITS)
    except UnreadableEnvelope as refused:
        raise DialectRefused(f"the document cannot be read: {refused}", code="DIA-001") from None
    except UnicodeEncodeError:
        raise DialectRefused("the document holds a lone surrogate", code="DIA-001") from None


def read(tree: Any, root: str) -> tuple[Native, Native]:
    """(head, body) of a document whose signature is detached; tags in upper case, whatever case they came in."""
    parts = {_local(child).lower(): child for child in tree if _local(child) != "Signature"}
    if _local(tree).lower() != root or set(parts) != {"head", "body"}:
        raise DialectRefused(f"a {root} has exactly a head and a body", code="DIA-001")
    head, body = _record(parts["head"]), _record(parts["body"])
    return head, body


def canonical_bytes(tree: Any) -> bytes:
    """Exclusive C14N of an element."""
    return canonical.canonical(tree)


def pack(carried: dict[str, Any]) -> list[dict[str, str]]:
    """An extension as `KZ` rows: 名 KZM, 类 KZL (T text, J JSON), 值 KZZ."""
    return [
        {"KZM": key, "KZL": "T", "KZZ": value}
        if isinstance(value, str)
        else {"KZM": key, "KZL": "J", "KZZ": json.dumps(value, ensure_ascii=False, separators=(",", ":"))}
        for key, value in carried.items()
    ]


def unpack(rows: Any) -> dict[str, Any]:
    """The extension in `KZ` rows. Raises `DialectRefused`."""
    carried: dict[str, Any] = {}
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or set(row) != {"KZM", "KZL", "KZZ"} or row["KZM"] in carried:
            raise DialectRefused("a KZ row has KZM, KZL and KZZ, each name once", code="DIA-002")
        try:
            carried[row["KZM"]] = row["KZZ"] if row["KZL"] == "T" else json.loads(row["KZZ"])
        except (ValueError, RecursionError):
            raise DialectRefused("a KZ row of kind J is no JSON", code="DIA-002") from None
    return carried


def root_of(text: str) -> str:
    """Local name of the root element, for answers that come in several envelopes of the field."""
    found = _ROOT.match(text)
    return found[1].lower() if found else ""


def _write(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{tag}>{_write(item)}</{tag}>" for tag, item in value.items())
    if isinstance(value, list):
        return "".join(f"<{ROW}>{_write(item)}</{ROW}>" for item in value)
    return canonical.escape(str(value))


def _record(element: Any) -> Native:
    value = _value(element)
    if isinstance(value, str):
        if value.strip():
            raise DialectRefused(f"{_local(element)} holds text where tags are expected", code="DIA-002")
        return {}
    if not isinstance(value, dict):
        raise DialectRefused(f"{_local(element)} holds rows where tags are expected", code="DIA-002")
    return value


def _value(element: Any) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    if any((text or "").strip() for text in (element.text, *(child.tail for child in children))):
        raise DialectRefused(f"{_local(element)} mixes text and tags", code="DIA-002")
    tags = [_local(child) for child in children]
    if all(tag.lower() == ROW for tag in tags):
        return [_value(child) for child in children]
    upper = [tag.upper() for tag in tags]
    if len(set(upper)) != len(upper):
        raise DialectRefused(f"a tag stands twice in {_local(element)}", code="DIA-002")
    return {tag: _value(child) for tag, child in zip(upper, children, strict=True)}


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
