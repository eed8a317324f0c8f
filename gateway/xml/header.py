"""The header of an envelope: read strictly in the order of protocol.md §2, and written in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from gateway.model.envelope import Attachment, Header
from gateway.model.ids import UUID7, is_node, is_participant
from gateway.xml.instant import read_instant, write_instant
from gateway.xml.names import ENVELOPE, is_message_type
from gateway.xml.refusals import unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from gateway.errors import UnreadableEnvelope

_E = f"{{{ENVELOPE}}}"
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_WORD = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")
_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,14})\Z")
_KINDS = frozenset({"new", "correct", "void", "out-of-band"})
_PRIORITIES = frozenset({"normal", "urgent"})
_REPEATABLE = 11


def read_header(element: Element) -> Header:
    """The header that `<Header>` holds.

    Raises `UnreadableEnvelope`: ENV-022 a part that is missing, doubled or out of its place, ENV-023 a value not of its type.
    """
    found: dict[str, Any] = {}
    copies: list[tuple[str, str]] = []
    last = -1
    for child in element:
        rank = _RANKS.get(child.tag)
        if rank is None or rank < last or (rank == last and rank != _REPEATABLE):
            raise _misplaced(child)
        last = rank
        name, field, read = _PARTS[rank]
        value = read(child, name)
        if rank == _REPEATABLE:
            copies.append(cast("tuple[str, str]", value))
        else:
            found[field] = value
    missing = [_PARTS[rank][0] for rank in _REQUIRED if _PARTS[rank][1] not in found]
    if missing:
        text = ", ".join(missing)
        raise unreadable("ENV-022", f"消息头缺少 {text}", f"the header lacks {text}", xpath="/Envelope/Header")
    flow, flow_version = found.pop("flow")
    return Header(**found, flow=flow, flow_version=flow_version, copies=tuple(copies))


def write_header(header: Header, parent: Element) -> None:
    """Append `<Header>` to an envelope; times are written as they stand in `header`, with their offset."""
    element = etree.SubElement(parent, f"{_E}Header")

    def add(name: str, text: str | None, **attributes: str) -> None:
        if text is not None:
            etree.SubElement(element, f"{_E}{name}", attributes).text = text

    def instant(value: datetime | None) -> str | None:
        return None if value is None else write_instant(value)

    add("MessageId", header.message_id)
    add("ConversationId", header.conversation_id)
    add("ProcessId", header.process_id)
    add("RefToMessageId", header.ref_to)
    add("Supersedes", header.supersedes)
    add("Kind", header.kind)
    add("Flow", header.flow, version=header.flow_version)
    add("MessageType", header.message_type)
    add("SchemaVersion", header.schema_version)
    add("Sender", header.sender)
    add("Receiver", header.receiver)
    for role, participant in header.copies:
        add("Copy", participant, role=role)
    add("Actor", header.actor)
    add("OccurredAt", instant(header.occurred_at))
    add("SentAt", instant(header.sent_at))
    add("ExpiresAt", instant(header.expires_at))
    add("Priority", header.priority)
    add("Test", "true" if header.test else "false")
    add("TraceParent", header.traceparent)
    if header.attachments:
        _write_attachments(header.attachments, element)


def _write_attachments(attachments: tuple[Attachment, ...], parent: Element) -> None:
    group = etree.SubElement(parent, f"{_E}Attachments")
    for attachment in attachments:
        element = etree.SubElement(group, f"{_E}Attachment")
        parts = (
            ("DocumentType", attachment.document_type),
            ("Name", attachment.name),
            ("MediaType", attachment.media_type),
            ("Size", str(attachment.size)),
        )
        for name, text in parts:
            etree.SubElement(element, f"{_E}{name}").text = text
        etree.SubElement(element, f"{_E}Digest", algorithm="sha256").text = attachment.sha256


def _text(element: Element, name: str) -> str:
    text = element.text
    if len(element) or not text:
        raise _wrong(name, text or "")
    return text


def _where(test: Callable[[str], object]) -> Callable[[Element, str], str]:
    """A reader of texts for which `test` holds."""

    def read(element: Element, name: str) -> str:
        text = element.text
        if len(element) or not text or not test(text):
            raise _wrong(name, text or "")
        return text

    return read


def _instant(element: Element, name: str) -> datetime:
    value = read_instant(_text(element, name))
    if value is None:
        raise _wrong(name, _text(element, name))
    return value


def _flow(element: Element, name: str) -> tuple[str, str]:
    text, version = _text(element, name), element.get("version", "")
    if not _WORD.match(text) or not _VERSION.match(version):
        raise _wrong(name, f"{text} {version}")
    return text, version


def _copy(element: Element, name: str) -> tuple[str, str]:
    text, role = _text(element, name), element.get("role", "")
    if not is_participant(text) or not _WORD.match(role):
        raise _wrong(name, f"{text} {role}")
    return role, text


def _flag(element: Element, name: str) -> bool:
    text = _text(element, name)
    if text not in ("true", "false"):
        raise _wrong(name, text)
    return text == "true"


def _attachments(element: Element, name: str) -> tuple[Attachment, ...]:
    if not len(element):
        raise _wrong(name, "")
    return tuple(_attachment(child) for child in element)


def _attachment(element: Element) -> Attachment:
    """One claim check: DocumentType, Name, MediaType, Size, Digest sha256; sm3 may stand beside it."""
    parts = [child.tag for child in element]
    expected = [f"{_E}{name}" for name in ("DocumentType", "Name", "MediaType", "Size", "Digest")]
    if element.tag != f"{_E}Attachment" or parts[:5] != expected or set(parts[5:]) - {f"{_E}Digest"}:
        raise _misplaced(element)
    document_type, name, media_type, size, *digests = (_text(child, "Attachment") for child in element)
    by_algorithm = dict(zip((child.get("algorithm") for child in element[4:]), digests, strict=True))
    sha256 = by_algorithm.get("sha256", "")
    if not _SIZE.match(size) or not _SHA256.match(sha256) or len(by_algorithm) != len(digests):
        raise _wrong("Attachment", f"{size} {sha256}")
    return Attachment(document_type=document_type, name=name, media_type=media_type, size=int(size), sha256=sha256)


def _is_subject(text: str) -> bool:
    return is_participant(text) or is_node(text)


def _misplaced(element: Element) -> UnreadableEnvelope:
    tag = cast("object", element.tag)
    name = etree.QName(element).localname if isinstance(tag, str) else "?"
    zh = f"消息头中的 {name} 不在其位、重复或无此部分"
    en = f"{name} in the header is out of its place, doubled or no part of it"
    return unreadable("ENV-022", zh, en, line=element.sourceline or 0, xpath="/Envelope/Header")


def _wrong(name: str, value: str) -> UnreadableEnvelope:
    shown = value if len(value) <= 80 else value[:79] + "…"  # noqa: PLR2004 - as much as helps to find it
    zh, en = f"消息头 {name} 的值 {shown!r} 不合规定", f"{shown!r} is no value of {name} in the header"
    return unreadable("ENV-023", zh, en, xpath=f"/Envelope/Header/{name}")


_UUID = _where(UUID7.match)
#: Element, field of `Header`, reader; in the order of protocol.md §2.
_PARTS: tuple[tuple[str, str, Callable[[Element, str], object]], ...] = (
    ("MessageId", "message_id", _UUID),
    ("ConversationId", "conversation_id", _UUID),
    ("ProcessId", "process_id", _UUID),
    ("RefToMessageId", "ref_to", _UUID),
    ("Supersedes", "supersedes", _UUID),
    ("Kind", "kind", _where(_KINDS.__contains__)),
    ("Flow", "flow", _flow),
    ("MessageType", "message_type", _where(is_message_type)),
    ("SchemaVersion", "schema_version", _where(_VERSION.match)),
    ("Sender", "sender", _where(_is_subject)),
    ("Receiver", "receiver", _where(is_participant)),
    ("Copy", "copies", _copy),
    ("Actor", "actor", _text),
    ("OccurredAt", "occurred_at", _instant),
    ("SentAt", "sent_at", _instant),
    ("ExpiresAt", "expires_at", _instant),
    ("Priority", "priority", _where(_PRIORITIES.__contains__)),
    ("Test", "test", _flag),
    ("TraceParent", "traceparent", _where(_TRACEPARENT.match)),
    ("Attachments", "attachments", _attachments),
)
_RANKS: Mapping[Any, int] = {f"{_E}{name}": rank for rank, (name, _, _) in enumerate(_PARTS)}
_OPTIONAL = frozenset({"RefToMessageId", "Supersedes", "Copy", "Actor", "OccurredAt", "ExpiresAt", "Attachments"})
_REQUIRED = tuple(rank for rank, (name, _, _) in enumerate(_PARTS) if name not in _OPTIONAL)
