"""The registry: who may send, with which certificates, and which node speaks for whom (protocol.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundCertificate:
    """A certificate that the registry binds to a participant or node, with its own window."""

    der: bytes
    held_by: Literal["participant", "node"]
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """A participant's entry; `node` names the node that it is local to (`node:<name>`)."""

    id: str
    serial: int
    name_zh: str
    name_en: str = ""
    credit_code: str = ""
    region: str = ""
    family: str
    roles: tuple[str, ...] = ()
    node: str
    certificates: tuple[BoundCertificate, ...] = ()
    revoked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeEntry:
    """A node's entry: what it signs with, what records are sealed to, and which versions it takes."""

    id: str
    serial: int
    certificates: tuple[BoundCertificate, ...] = ()
    #: Raw 32 bytes of the X25519 public key (RFC 9180 sealing, protocol.md §5).
    sealing_key: bytes
    schemas: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    revoked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """What a node knows of the federation, as of one moment; immutable, replaced whole when an entry is learned."""

    participants: dict[str, Participant]
    nodes: dict[str, NodeEntry]

    def node_of(self, participant: str) -> str:
        """The node (`node:<name>`) that speaks for `participant`; empty when the registry does not know it."""
        if participant.startswith("node:"):
            return participant if participant in self.nodes else ""
        entry = self.participants.get(participant)
        return entry.node if entry else ""
