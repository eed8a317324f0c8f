"""An arrival: a transfer whose parts hold, and what every verdict about it writes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.evidence import chain
from gateway.flow import acknowledge, hear, rows
from gateway.flow.node import microseconds
from gateway.model.envelope import Verified
from gateway.model.ledger import Claim
from gateway.model.process import Step
from gateway.model.receipt import Receipt


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A transfer whose parts hold: the envelope is verified as of its accept time, the receipt is the Sender's node's."""

    verified: Verified
    accepted: Receipt
    transfer: bytes
    began: int

    @property
    def about(self) -> acknowledge.About:
        """What our receipts say about the message."""
        return acknowledge.about(self.verified.header, self.verified.digest)

    @property
    def said(self) -> hear.Said:
        """What the step says of itself beyond the keeper's receipt."""
        header, accepted_us = self.verified.header, microseconds(self.accepted.issued_at)
        return hear.Said(kind=header.kind, supersedes=header.supersedes, accepted_us=accepted_us)

    def claim(self, verdict: str, at_us: int) -> Claim:
        """The receive claim: apart from submit's, so that one node can be both ends."""
        return rows.claim("receive", self.verified.header, self.verified.digest, verdict=verdict, at_us=at_us)

    def happening(self, kind: str, *, number: int = 0, step: Step | None = None, code: str = "") -> chain.Happening:
        """The fact of a verdict; it carries the issuer's seq and head, so that the nodes anchor each other (protocol.md §8)."""
        header, accepted = self.verified.header, self.accepted
        detail: tuple[tuple[str, str | int], ...] = (
            ("type", header.message_type), ("number", number), ("issuer", accepted.issuer),
            ("issuer_seq", accepted.seq), ("issuer_head", accepted.head),
        )  # fmt: skip
        if step is not None:
            detail += (("state", step.state),)
        if code:
            detail += (("code", code),)
        return chain.Happening(
            kind=kind,
            actor=header.receiver,
            stage="receive",
            sender=header.sender,
            message_id=header.message_id,
            process_id=header.process_id,
            detail=detail,
            trace_id=rows.trace_id(header),
            took_us=(time.perf_counter_ns() - self.began) // 1000,
        )
