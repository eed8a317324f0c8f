"""Receipts: signed by nodes, they decide the words that people see (protocol.md §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.errors import Finding

ReceiptKind = Literal[
    "accepted",
    "rejected",
    "relayed",
    "delayed",
    "timeout",
    "received",
    "refused",
    "delivered",
    "retrieved",
    "undeliverable",
    "expired",
]
#: Who may issue which kind: the sender's node, the recipient's, or either.
SENDER_NODE_KINDS = frozenset({"accepted", "rejected", "relayed", "delayed", "timeout", "expired"})
RECIPIENT_NODE_KINDS = frozenset({"received", "refused", "delivered", "retrieved", "undeliverable", "expired"})
#: Precedence: a receipt of higher rank replaces the delivery word, the recipient's node outranks the sender's.
RANK = {
    "relayed": 1, "accepted": 2, "delayed": 3, "timeout": 4, "received": 5, "expired": 6, "undeliverable": 7,
    "refused": 8, "retrieved": 9, "delivered": 9,
}  # fmt: skip
#: Nothing replaces these words.
FINAL = frozenset({"delivered", "retrieved", "refused"})
#: These are deliveries of their own to the sender's endpoint.
CARRIED = frozenset({"refused", "undeliverable", "expired", "timeout"})
#: These too, where the endpoint's settings say `"receipts": "all"`.
GOOD_NEWS = frozenset({"delivered", "retrieved"})


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDate:
    """A due date as the keeper armed it, shown in its receipt."""

    timer: str
    item: str = ""
    due: datetime
    provisional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A node's word about one message and one recipient; key (sender, message id, recipient, kind, issuer)."""

    kind: ReceiptKind
    #: `node:<name>` that signs.
    issuer: str
    recipient: str
    sender: str
    message_id: str
    conversation_id: str
    message_type: str
    #: SHA-256 of the signed bytes of the message, hexadecimal.
    digest: str
    #: Process fields: number 0 means that the keeper has not counted it.
    process_id: str = ""
    flow: str = ""
    flow_version: str = ""
    number: int = 0
    state: str = ""
    due_dates: tuple[DueDate, ...] = ()
    #: Conversation sequence and chain head (hexadecimal) at the issuer: nodes anchor each other.
    seq: int = 0
    head: str = ""
    #: (stage, time) at the issuer.
    stage_times: tuple[tuple[str, datetime], ...] = ()
    findings: tuple[Finding, ...] = ()
    issued_at: datetime
    #: The signed XML, byte for byte; empty until signed.
    xml: bytes = b""


def outranks(new: str, old: str | None) -> bool:
    """Whether a receipt of kind `new` changes the delivery word `old` (protocol.md §6: final words stay)."""
    return old is None or (old not in FINAL and RANK[new] > RANK[old])
