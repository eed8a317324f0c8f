"""Supersede: at the recipient an old delivery that is not leased gives up its seat to the correction (protocol.md §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import Finding
from gateway.flow import acknowledge
from gateway.flow.node import Node
from gateway.model.envelope import Header
from gateway.model.ledger import Conversation, Delivery, Guard, ReceiptRow, Row, Survey, Word
from gateway.model.receipt import Receipt
from gateway.signing import receipts

GIVEN_WAY = Finding(
    code="PAR-013",
    text_zh="已被更正的消息取代，未送达",
    text_en="superseded by a correction before it was delivered",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """What gives way in the transaction that takes the correction."""

    rows: tuple[Row, ...] = ()
    guards: tuple[Guard, ...] = ()
    words: tuple[Word, ...] = ()
    receipts: tuple[Receipt, ...] = ()


async def give_way(header: Header, survey: Survey, node: Node, *, conversation: Conversation) -> Seat:
    """Deliveries of the superseded message that are due or have failed end as superseded, and their sender gets `undeliverable`.

    A leased one is waited for by its lane, a delivered one is followed by the correction.
    """
    sender, superseded = header.sender, header.supersedes
    if superseded is None:
        return Seat()
    old = [
        one
        for one in await node.ledger.deliveries_of(sender, superseded)
        if one.state in ("due", "failed") and one.part == "message"
    ]
    stored = await node.ledger.receipts(sender, superseded) if old else []
    rows: list[Row] = []
    guards: list[Guard] = []
    words: list[Word] = []
    issued: list[Receipt] = []
    for delivery in old:
        receipt = _undeliverable(delivery, stored, node, conversation=conversation)
        effect = acknowledge.take_effect(receipt, node, process=survey.process, stored=stored, seq=conversation.version)
        rows += [replace(delivery, state="superseded"), *effect.rows]
        failed = await node.ledger.failure_of(delivery.endpoint, sender, superseded, "message")
        if failed is not None and failed.state != "resolved":
            rows.append(replace(failed, state="abandoned", last_us=node.clock.now_us()))
        words += effect.words
        issued.append(receipt)
        key = (("endpoint", delivery.endpoint), ("sender", sender), ("message_id", superseded), ("part", "message"))
        guards.append(Guard(table=Delivery, key=key, column="state", expected=delivery.state))
    return Seat(rows=tuple(rows), guards=tuple(guards), words=tuple(words), receipts=tuple(issued))


def _undeliverable(delivery: Delivery, stored: list[ReceiptRow], node: Node, *, conversation: Conversation) -> Receipt:
    about = acknowledge.about_receipt(receipts.read(stored[0].xml))
    words = acknowledge.Words(recipient=delivery.endpoint, findings=(GIVEN_WAY,))
    return acknowledge.issue("undeliverable", about, words, node, conversation=conversation, at_us=node.clock.now_us())
