"""Signers for tests: an authority, a node, a court and a station with keys, certificates and a registry that binds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.model.envelope import Header, Unpacked, Verified
from gateway.model.ids import uuid7
from gateway.model.participant import BoundCertificate, NodeEntry, Participant, Registry
from gateway.model.receipt import Receipt
from gateway.signing import authority, keyfiles, signature
from gateway.signing.keys import FileKeys
from gateway.signing.registry import collect
from gateway.signing.trust import Trust
from gateway.validate.catalogue import load_catalogue
from gateway.xml import envelope
from gateway.xml.limits import Limits
from tests.payloads_mediation import designation_request

if TYPE_CHECKING:
    from gateway.validate.catalogue import Catalogue

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
COURT, STATION, NODE = "court:t-xincheng", "union:t-station", "node:local"
LIMITS = Limits()
ROOT = Path(__file__).parent.parent


@cache
def catalogue() -> Catalogue:
    """The shipped schemas, compiled once a run."""
    return load_catalogue(ROOT / "schemas")


@dataclass(kw_only=True)
class Signers:
    """Everything that it takes to sign and to verify; a test changes what it is about."""

    folder: Path
    authority: authority.Authority
    certificates: dict[str, x509.Certificate]
    sealing_key: bytes

    @property
    def keys(self) -> FileKeys:
        """The keys as a node loads them."""
        return FileKeys(self.folder)

    def bound(
        self, subject: str, held_by: Literal["participant", "node"] = "participant", **changes: Any
    ) -> BoundCertificate:
        """The registry's binding of a subject's certificate, for a year around NOW."""
        der = self.certificates[subject].public_bytes(Encoding.DER)
        year = timedelta(days=365)
        base = BoundCertificate(der=der, held_by=held_by, not_before=NOW - year, not_after=NOW + year)
        return replace(base, **changes)

    def participant(self, subject: str, **changes: Any) -> Participant:
        """A participant's entry at the one node."""
        base = Participant(
            id=subject,
            serial=1,
            name_zh="测试单位",
            family=subject.partition(":")[0],
            node=NODE,
            certificates=(self.bound(subject),),
        )
        return replace(base, **changes)

    def node(self, **changes: Any) -> NodeEntry:
        """The node's entry."""
        base = NodeEntry(id=NODE, serial=1, certificates=(self.bound(NODE, "node"),), sealing_key=self.sealing_key)
        return replace(base, **changes)

    def registry(self, *others: Participant | NodeEntry) -> Registry:
        """Court, station and node; `others` have a higher serial or are somebody else."""
        return collect([self.participant(COURT), self.participant(STATION), self.node(), *others])

    def trust(self, *others: Participant | NodeEntry, crls: tuple[bytes, ...] = ()) -> Trust:
        """Trust in the one authority and that registry."""
        return Trust([self.authority.pem], crls, self.registry(*others))

    def sign(self, *, subject: str = COURT, payload: Any = None, **changes: Any) -> bytes:
        """A whole, valid, signed designation; `changes` are of the header."""
        element = catalogue().to_element("mediation.DesignationRequest", payload or designation_request())
        return signature.sign_envelope(header(**changes), element, self.keys, subject=subject)

    def verify(self, raw: bytes, *, trust: Trust | None = None, at: datetime = NOW) -> Verified:
        """Unpack and verify."""
        return signature.verify(unpack(raw), trust or self.trust(), at=at)


def unpack(raw: bytes) -> Unpacked:
    """Unpack within the default limits."""
    return envelope.unpack(raw, LIMITS)


def header(**changes: Any) -> Header:
    """The header of a designation from the court to the station."""
    base = Header(
        message_id=uuid7(1_795_485_600_000, 1),
        conversation_id=uuid7(1_795_485_600_000, 2),
        process_id=uuid7(1_795_485_600_000, 3),
        flow="designated-mediation",
        flow_version="1.0",
        message_type="mediation.DesignationRequest",
        schema_version="1.0",
        sender=COURT,
        receiver=STATION,
        sent_at=NOW,
        test=True,
        traceparent=f"00-{1:032x}-{2:016x}-01",
    )
    return replace(base, **changes)


def receipt(**changes: Any) -> Receipt:
    """The node's `accepted` about the court's designation."""
    about = header()
    base: dict[str, Any] = {
        "kind": "accepted",
        "issuer": NODE,
        "recipient": STATION,
        "sender": COURT,
        "message_id": about.message_id,
        "conversation_id": about.conversation_id,
        "message_type": about.message_type,
        "digest": "d" * 64,
        "process_id": about.process_id,
        "flow": about.flow,
        "flow_version": "1.0",
        "issued_at": NOW,
    }
    return Receipt(**(base | changes))


def make(folder: Path, *, suite: str = "ecdsa-p256-sha256") -> Signers:
    """A federation of one node in an empty folder."""
    issuer = authority.new_authority("测试机构", now=NOW)
    subjects = (COURT, STATION, NODE, "registrar")
    certificates = {subject: authority.equip(issuer, folder, subject, now=NOW, suite=suite) for subject in subjects}
    return Signers(
        folder=folder, authority=issuer, certificates=certificates, sealing_key=keyfiles.new_sealing_key(folder)
    )
