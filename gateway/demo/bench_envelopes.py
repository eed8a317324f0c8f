"""Signed designations for the bench: of one size, each a dispute of its own; and the file in which the load generator gets them."""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.model.envelope import Attachment, Header
from gateway.model.ids import uuid7
from gateway.model.payload import Payload
from gateway.signing import signature
from gateway.xml import envelope
from gateway.xml.limits import Limits

if TYPE_CHECKING:
    from gateway.ports import Keys
    from gateway.validate.catalogue import Catalogue

MESSAGE_TYPE = "mediation.DesignationRequest"
#: The shipped example that the payload is taken from, below the folder of contracts.
EXAMPLE = Path("examples/messages") / f"{MESSAGE_TYPE}.xml"
#: What the one attachment of every designation holds: the contract asks for the letter of designation (D105).
LETTER = b"test"
_LENGTH = struct.Struct("!I")


class Designations:
    """Makes signed designations from one participant to another."""

    def __init__(self, example: bytes, catalogue: Catalogue, keys: Keys, *, parties: tuple[str, str]) -> None:
        """`parties` are (sender, receiver); `keys` holds the sender's key."""
        unpacked = envelope.unpack(example, Limits())
        self._payload = _without_agents(catalogue.to_payload(envelope.payload_of(unpacked.tree)))
        self._letter = Attachment(
            document_type="D105",
            name="委派调解函.pdf",
            media_type="application/pdf",
            size=len(LETTER),
            sha256=hashlib.sha256(LETTER).hexdigest(),
        )
        self._catalogue, self._keys, self._parties = catalogue, keys, parties

    def make(self, number: int, *, at: datetime) -> bytes:
        """The signed envelope of dispute `number`, sent at `at`."""
        milliseconds = int(at.timestamp() * 1000)
        message, conversation, process = (uuid7(milliseconds, secrets.randbits(74)) for _ in range(3))
        trace = secrets.token_hex(16)
        header = Header(
            message_id=message,
            conversation_id=conversation,
            process_id=process,
            flow="designated-mediation",
            flow_version="1.0",
            message_type=MESSAGE_TYPE,
            schema_version="1.0",
            sender=self._parties[0],
            receiver=self._parties[1],
            sent_at=at,
            test=True,
            traceparent=f"00-{trace}-{trace[:16]}-01",
            attachments=(self._letter,),
        )
        element = self._catalogue.to_element(MESSAGE_TYPE, self._numbered(number))
        return signature.sign_envelope(header, element, self._keys, subject=self._parties[0])

    def _numbered(self, number: int) -> Payload:
        """The payload under numbers of its own, so that no two disputes share a row."""
        case, intake = dict(_part(self._payload, "CaseReference")), dict(_part(self._payload, "Intake"))
        case["PreMediationNumber"] = f"（2026）内0102诉前调{number + 1}号"
        case["CaseMark"] = f"45102026{number:010d}"
        intake["IntakeNumber"] = f"T20260302-{number:06d}"
        return {**self._payload, "CaseReference": case, "Intake": intake}


def write(path: Path, envelopes: Iterable[bytes]) -> int:
    """Write envelopes, each behind its length; returns how many."""
    count = 0
    with path.open("wb") as file:
        for raw in envelopes:
            file.write(_LENGTH.pack(len(raw)) + raw)
            count += 1
    return count


def read(path: Path) -> Iterator[bytes]:
    """The envelopes of a file that `write` wrote."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        yield data[at : at + length]
        at += length


def _part(payload: Payload, name: str) -> Payload:
    value = payload[name]
    return value if isinstance(value, dict) else {}


def _without_agents(payload: Payload) -> Payload:
    """The parties alone: the envelope then has about 6 KB, as those of measurements.md."""
    parties = payload["Party"]
    rows = [row for row in parties if isinstance(row, dict)] if isinstance(parties, list) else []
    return {**payload, "Party": [{name: value for name, value in row.items() if name != "Agent"} for row in rows]}
