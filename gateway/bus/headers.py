"""Record headers after the CloudEvents Kafka binding 1.0, binary mode (product.md §3).

Hints to route and count by, never proof.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gateway.errors import TransferRefused
from gateway.model.envelope import Header
from gateway.model.receipt import Receipt

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/sct-transfer+sealed"
#: CloudEvents types of what is no message.
RECEIPT_TYPE = "receipt.Receipt"
CHUNK_TYPE = "blobs.Chunk"
ENTRY_TYPE = "registry.Entry"
#: Set by a bus for a record whose framing it could not read; such a record holds nothing else.
UNREADABLE = "sct-unreadable"

#: Name → (required on a transfer, what it says): the table that contracts/asyncapi.yaml is compared with.
HEADERS: dict[str, tuple[bool, str]] = {
    "ce_specversion": (True, "CloudEvents version, 1.0"),
    "ce_id": (True, "message id; <message id>/<recipient>/<kind>/<issuer> of a receipt; <sha256>/<index> of a chunk"),
    "ce_source": (True, "participant id of the sender, or node id of the issuer"),
    "ce_type": (True, "message type, receipt.Receipt, blobs.Chunk or registry.Entry"),
    "ce_subject": (True, "conversation id, sha256 of an attachment, or subject of a registry entry"),
    "ce_time": (True, "when the record was put in the outbox, RFC 3339, for show only"),
    "ce_dataschema": (False, "namespace and version of the payload"),
    "content-type": (True, "media type of the value, application/sct-transfer+sealed"),
    "traceparent": (False, "W3C trace context"),
    "sct-receiver": (True, "node id that the value is sealed to; * of a registry entry"),
    "sct-chunks": (False, "how many chunks the attachment has, on a chunk"),
}

#: Headers longer than this are no hint but an attack.
LIMIT = 512
_COMPARED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "content-type")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_NUMBER = re.compile(r"[0-9]{1,6}\Z")
_TRACE_ID = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

Headers = tuple[tuple[str, str], ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Subject(Protocol):
    """What the headers say of a message; an envelope's header is one, and so is what a receipt knows of its message."""

    @property
    def sender(self) -> str:
        """Participant id."""

    @property
    def message_id(self) -> str:
        """UUIDv7."""

    @property
    def conversation_id(self) -> str:
        """The record's key."""

    @property
    def message_type(self) -> str:
        """`<family>.<Element>`."""

    @property
    def traceparent(self) -> str:
        """W3C trace context, or empty."""


def for_message(message: Subject, *, destination: str, at_us: int) -> str:
    """Headers of a transfer as the JSON that an outbox row keeps; `destination` is the node id it will be sealed to."""
    return dump(_of_message(message, receiver=destination, at=_EPOCH + timedelta(microseconds=at_us)))


def for_receipt(message: Subject, receipt: Receipt, *, destination: str, at_us: int) -> str:
    """The same for a receipt that travels alone; `message` is what it is about."""
    at = _EPOCH + timedelta(microseconds=at_us)
    return dump(_of_receipt(receipt, receiver=destination, at=at, traceparent=message.traceparent))


def for_chunk(header: Header, sha256: str, *, index: int, total: int, destination: str) -> Headers:
    """Headers of one sealed attachment chunk of the message; the index counts from 0 to `total` - 1."""
    chunk = _headers(
        id=f"{sha256}/{index}",
        source=header.sender,
        type=CHUNK_TYPE,
        subject=sha256,
        time=header.sent_at,
        traceparent=header.traceparent,
        receiver=destination,
    )
    return (*chunk, ("sct-chunks", str(total)))


def for_entry(subject: str, serial: int, *, source: str, at: datetime) -> Headers:
    """Headers of a registry entry; it is signed, not sealed, hence open to every node."""
    headers = dict(
        _headers(id=f"{subject}/{serial}", source=source, type=ENTRY_TYPE, subject=subject, time=at, receiver="*")
    )
    return tuple((headers | {"content-type": "application/xml", "ce_dataschema": "urn:sct:registry:1"}).items())


def dump(headers: Headers) -> str:
    """Headers as JSON, in their order."""
    return json.dumps(headers, ensure_ascii=False, separators=(",", ":"))


def ce_id(headers: Iterable[tuple[str, str]]) -> str:
    """The record's own id, which its seal is bound to.

    Raises `TransferRefused` when it is missing or the record is unreadable.
    """
    found = read(headers).get("ce_id", "")
    if not found:
        raise TransferRefused("header ce_id is missing", code="BUS-021")
    return found


def chunk_of(headers: Iterable[tuple[str, str]]) -> tuple[str, int, int]:
    """(sha256, index, total) of an attachment chunk. Raises `TransferRefused` when they are not of that form."""
    found = read(headers)
    sha256, _, index = found.get("ce_id", "").partition("/")
    total = found.get("sct-chunks", "")
    if (
        found.get("ce_type") != CHUNK_TYPE
        or not _DIGEST.match(sha256)
        or not _NUMBER.match(index)
        or not _NUMBER.match(total)
    ):
        raise TransferRefused("the headers name no attachment chunk", code="BUS-024")
    if int(index) >= int(total):
        raise TransferRefused("the chunk's index lies behind the last one", code="BUS-024")
    return sha256, int(index), int(total)


def check(headers: Iterable[tuple[str, str]], header: Header, *, receiver: str = "") -> None:
    """A header that contradicts the signed bytes is refused (product.md §3).

    Raises `TransferRefused` naming the header. `receiver` is this node's id, when it is to be compared. Per hop only
    the trace id of `traceparent` must agree; `ce_time` and `ce_dataschema` are for show and not compared.
    """
    found = read(headers)
    _compare(found, dict(_of_message(header, receiver=receiver, at=header.sent_at)), receiver=receiver)
    hop = found.get("traceparent", "")
    if hop and _trace_id(hop) != _trace_id(header.traceparent):
        raise TransferRefused("header traceparent carries another trace id than the signed envelope", code="BUS-022")


def check_receipt(headers: Iterable[tuple[str, str]], receipt: Receipt, *, receiver: str = "") -> None:
    """The same for a receipt that travels alone. Raises `TransferRefused` naming the header."""
    _compare(read(headers), dict(_of_receipt(receipt, receiver=receiver, at=receipt.issued_at)), receiver=receiver)


def read(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, checked for form.

    Raises `TransferRefused`: unreadable record, a name twice, or a value past the limit.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        if name == UNREADABLE:
            raise TransferRefused("the record's framing on the bus could not be read", code="BUS-023")
        if name in found:
            raise TransferRefused(f"header {name[:40]!r} stands twice", code="BUS-022")
        if len(value) > LIMIT:
            raise TransferRefused(f"header {name[:40]!r} is longer than {LIMIT} characters", code="BUS-022")
        found[name] = value
    return found


def _of_message(message: Subject, *, receiver: str, at: datetime) -> Headers:
    return _headers(
        id=message.message_id,
        source=message.sender,
        type=message.message_type,
        subject=message.conversation_id,
        time=at,
        # Major 1 is the only one that exists; a second one will have another family name or come with the header.
        dataschema=f"urn:sct:{message.message_type.partition('.')[0]}:1",
        traceparent=message.traceparent,
        receiver=receiver,
    )


def _of_receipt(receipt: Receipt, *, receiver: str, at: datetime, traceparent: str = "") -> Headers:
    return _headers(
        id=f"{receipt.message_id}/{receipt.recipient}/{receipt.kind}/{receipt.issuer}",
        source=receipt.issuer,
        type=RECEIPT_TYPE,
        subject=receipt.conversation_id,
        time=at,
        dataschema="urn:sct:receipt:1",
        traceparent=traceparent,
        receiver=receiver,
    )


def _compare(found: dict[str, str], expected: dict[str, str], *, receiver: str) -> None:
    names = [*_COMPARED, "sct-receiver"] if receiver else _COMPARED
    for name in names:
        if name not in found:
            raise TransferRefused(f"header {name} is missing", code="BUS-021")
        if found[name] != expected[name]:
            raise TransferRefused(f"header {name} contradicts the signed bytes", code="BUS-022")


def _headers(*, time: datetime, receiver: str, dataschema: str = "", traceparent: str = "", **names: str) -> Headers:
    pairs = [("ce_specversion", SPEC_VERSION)]
    pairs += [(f"ce_{name}", names[name]) for name in ("id", "source", "type", "subject")]
    pairs.append(("ce_time", time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")))
    if dataschema:
        pairs.append(("ce_dataschema", dataschema))
    pairs.append(("content-type", CONTENT_TYPE))
    if traceparent:
        pairs.append(("traceparent", traceparent))
    return (*pairs, ("sct-receiver", receiver))


def _trace_id(traceparent: str) -> str:
    match = _TRACE_ID.match(traceparent)
    return match.group(1) if match else ""
