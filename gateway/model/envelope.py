"""The envelope's header and the types of what has been proved about a message (product.md §1, protocol.md §2).

`Unpacked → Verified → Validated → Permitted`: each stage takes the one before and adds what it proved, so that no later
stage can be called with less. The tree is opaque here; only `gateway.xml` knows what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from gateway.errors import Finding
from gateway.model.payload import Payload
from gateway.model.process import Step

Kind = Literal["new", "correct", "void", "out-of-band"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A claim check: the bytes travel apart, sealed, and are found by digest."""

    #: Code of contracts/codes/document.csv (domain.md §3.18).
    document_type: str
    name: str
    media_type: str
    #: Size in bytes.
    size: int
    #: Lower-case hexadecimal SHA-256 of the bytes.
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The header of an envelope, in the order of protocol.md §2; texts are as signed, times are aware."""

    message_id: str
    conversation_id: str
    process_id: str
    ref_to: str | None = None
    supersedes: str | None = None
    kind: Kind = "new"
    flow: str
    flow_version: str
    #: `<family>.<Element>`, for instance mediation.DesignationRequest.
    message_type: str
    schema_version: str
    sender: str
    receiver: str
    #: (role, participant) of every copy.
    copies: tuple[tuple[str, str], ...] = ()
    actor: str | None = None
    occurred_at: datetime | None = None
    sent_at: datetime
    expires_at: datetime | None = None
    priority: Literal["normal", "urgent"] = "normal"
    test: bool = False
    traceparent: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """Bytes that parse within the limits and have a readable header; nothing is proved about who wrote them."""

    raw: bytes
    header: Header
    #: The parsed envelope, an lxml element for `gateway.xml` alone.
    tree: Any = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Who signed: the leaf certificate, chained, in date, unrevoked and bound to the sender."""

    #: Lower-case hexadecimal SHA-256 of the certificate's DER.
    fingerprint: str
    #: participant or node: whose hands the key is in (protocol.md §1, "own" or "node").
    held_by: Literal["participant", "node"]
    suite: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """An envelope whose signature held. Only `signature.verify` makes one; later stages read only what was signed."""

    #: The canonical bytes that the signature covers.
    signed: bytes
    #: Lower-case hexadecimal SHA-256 of `signed`: the message's digest in claims and receipts.
    digest: str
    signer: Signer
    header: Header
    raw: bytes
    #: The tree that was canonicalised, signature detached.
    tree: Any = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """A verified envelope that is an instance of its schemas and breaks no refusing rule."""

    verified: Verified
    payload: Payload
    #: Findings with severity `advise`; they travel with the message, the receiver decides.
    advice: tuple[Finding, ...] = ()

    @property
    def header(self) -> Header:
        """The verified header."""
        return self.verified.header


@dataclass(frozen=True, kw_only=True, slots=True)
class Permitted:
    """A validated envelope that is a legal step of its process now."""

    validated: Validated
    step: Step
    #: The participant that keeps the process.
    keeper: str

    @property
    def header(self) -> Header:
        """The verified header."""
        return self.validated.verified.header
