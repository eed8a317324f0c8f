"""Record headers after the CloudEvents Kafka binding 1.0, binary mode (product.md §3): hints to route and count by, never proof."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

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
    "sct-receiver": (True, "node id that the value is sealed to"),
}

#: Headers longer than this are no hint but an attack.
LIMIT = 512
_TRACE_ID = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

Headers = tuple[tuple[str, str], ...]


def of_message(header: Header, *, receiver: str, at: datetime) -> Headers:
    """Headers of a transfer: `header` of the envelope, `receiver` the node id it is sealed to, `at` aware."""
    family = header.message_type.partition(".")[0]
    return _headers(
        id=header.message_id,
        source=header.sender,
        type=header.message_type,
        subject=header.conversation_id,
        time=at,
        dataschema=f"urn:sct:{family}:{header.schema_version.partition('.')[0]}#{header.schema_version}",
        traceparent=header.traceparent,
        receiver=receiver,
    )


def of_receipt(receipt: Receipt, *, receiver: str, at: datetime, traceparent: str = "") -> Headers:
    """Headers of a receipt that travels alone (protocol.md §5); `traceparent` is that of the act that issued it."""
    return _headers(
        id=receipt_id(receipt),
        source=receipt.issuer,
        type=RECEIPT_TYPE,
        subject=receipt.conversation_id,
        time=at,
        dataschema="urn:sct:receipt:1",
        traceparent=traceparent,
        receiver=receiver,
    )


def receipt_id(receipt: Receipt) -> str:
    """`<message id>/<recipient>/<kind>/<issuer>`: the `ce_id` of a receipt that travels alone (protocol.md §5)."""
    return f"{receipt.message_id}/{receipt.recipient}/{receipt.kind}/{receipt.issuer}"


def of_chunk(sha256: str, index: int, *, source: str, receiver: str, at: datetime) -> Headers:
    """Headers of one attachment chunk; the index counts from 0."""
    return _headers(id=f"{sha256}/{index}", source=source, type=CHUNK_TYPE, subject=sha256, time=at, receiver=receiver)


def of_entry(subject: str, serial: int, *, source: str, at: datetime) -> Headers:
    """Headers of a registry entry; it is signed, not sealed, hence open to every node."""
    headers = dict(_headers(id=f"{subject}/{serial}", source=source, type=ENTRY_TYPE, subject=subject, time=at, receiver="*"))
    return tuple((headers | {"content-type": "application/xml", "ce_dataschema": "urn:sct:registry:1"}).items())


def check(headers: Iterable[tuple[str, str]], header: Header, *, receiver: str) -> None:
    """A header that contradicts the signed bytes is refused (product.md §3). Raises `TransferRefused` naming the header.

    Per hop only the trace id of `traceparent` must agree; `ce_time` and `ce_dataschema` are for show and not compared.
    """
    expected = dict(of_message(header, receiver=receiver, at=header.sent_at))
    _compare(read(headers), expected, names=("ce_id", "ce_source", "ce_type", "ce_subject", "sct-receiver"))
    hop = read(headers).get("traceparent", "")
    if hop and _trace_id(hop) != _trace_id(header.traceparent):
        raise TransferRefused("header traceparent carries another trace id than the signed envelope", code="BUS-022")


def check_receipt(headers: Iterable[tuple[str, str]], receipt: Receipt, *, receiver: str) -> None:
    """The same for a receipt that travels alone. Raises `TransferRefused` naming the header."""
    expected = dict(of_receipt(receipt, receiver=receiver, at=receipt.issued_at))
    _compare(read(headers), expected, names=("ce_id", "ce_source", "ce_type", "ce_subject", "sct-receiver"))


def read(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, checked for form. Raises `TransferRefused`: unreadable record, a name twice, or a value past the limit."""
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


def _compare(found: dict[str, str], expected: dict[str, str], *, names: tuple[str, ...]) -> None:
    fixed = {"ce_specversion": SPEC_VERSION, "content-type": CONTENT_TYPE}
    for name, want in (fixed | {name: expected[name] for name in names}).items():
        got = found.get(name)
        if got is None:
            raise TransferRefused(f"header {name} is missing", code="BUS-021")
        if got != want:
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
