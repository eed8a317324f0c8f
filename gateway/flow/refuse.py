"""Refuse: an arrival that is illegal for good, and one that was answered before (protocol.md §4)."""

from __future__ import annotations

from gateway.errors import AlreadyClaimed, NodeError, Refusal, StaleConversation, TransferRefused
from gateway.evidence import chain, failure
from gateway.flow import acknowledge, hear, rows
from gateway.flow.arrival import Arrival
from gateway.flow.node import Node
from gateway.model.ledger import Change, Outbox, Row, Survey
from gateway.signing import receipts


async def refuse(arrival: Arrival, survey: Survey, refusal: Refusal, node: Node) -> bool:
    """Illegal for good: a `refused` receipt to the sender's node, a fact and a failure record; False when the conversation moved."""
    header, now = arrival.verified.header, node.clock.now_us()
    conversation, facts = chain.extend(
        survey.conversation, (arrival.happening("refused", code=refusal.code),), at_us=now
    )
    words = acknowledge.Words(recipient=header.receiver, findings=refusal.findings or (failure.finding(refusal),))
    receipt = acknowledge.issue("refused", arrival.about, words, node, conversation=conversation, at_us=now)
    effect = acknowledge.take_effect(
        receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version
    )
    subject = failure.Subject(
        participant=header.sender, sender=header.sender, message_id=header.message_id,
        conversation_id=header.conversation_id, schema_version=header.schema_version,
    )  # fmt: skip
    record = failure.record(
        refusal, subject, failure_id=node.ids.uuid7(), stage="receive", original=arrival.transfer, at_us=now
    )
    outbox = acknowledge.receipt_outbox(
        receipt, header.traceparent, node, destinations={arrival.accepted.issuer}, seq=conversation.version
    )
    change = Change(
        name="receive.refuse",
        moves=((survey.conversation.version, conversation),),
        rows=(arrival.claim("refused", now), *facts, *_counted(arrival, survey, node), *effect.rows, *outbox, record),
        words=effect.words,
        unpark=((header.sender, header.message_id, "message"),),
    )
    try:
        await node.ledger.commit(change)
    except (StaleConversation, AlreadyClaimed):
        return False
    node.wake("relay")
    node.wake("deliver")
    return True


def _counted(arrival: Arrival, survey: Survey, node: Node) -> tuple[Row, ...]:
    """What its keeper has counted stays counted, whatever this node refuses it for: the numbers have no gap (protocol.md §3)."""
    if not arrival.accepted.number:
        return ()
    try:
        rows.of_dispute(arrival.accepted, survey.process)
        return hear.numbered(arrival.accepted, survey.process, arrival.said, node)
    except Refusal:
        return ()


async def repeat(arrival: Arrival, survey: Survey, node: Node) -> None:
    """A duplicate: the stored receipts of this node go out again; other bytes under the id are a failure record."""
    header = arrival.verified.header
    if survey.claim is None or survey.claim.digest != arrival.verified.digest:
        other = TransferRefused("this message id stands already for other bytes", code="CLM-002")
        await note(arrival.transfer, other, node, unpark=((header.sender, header.message_id, "message"),))
        return
    ours = [receipts.read(row.xml) for row in survey.receipts if row.issuer == node.name and row.kind != "accepted"]
    outbox: list[Outbox] = []
    for receipt in ours:
        outbox += acknowledge.receipt_outbox(
            receipt, header.traceparent, node, destinations={arrival.accepted.issuer}, seq=survey.conversation.version,
            again=f"/{header.message_id}",
        )  # fmt: skip
    unpark = ((header.sender, header.message_id, "message"),)
    await node.ledger.commit(Change(name="receive.repeat", rows=tuple(outbox), unpark=unpark))
    node.wake("relay")


async def note(original: bytes, refusal: Refusal, node: Node, *, unpark: tuple[tuple[str, str, str], ...] = ()) -> None:
    """A record that proves nothing is a bounded failure record; it has no effect on the message that it pretends to be.

    `unpark` names a parked transfer that turned out to be such a one.
    """
    now = node.clock.now_us()
    record = failure.record(
        refusal, failure.Subject(), failure_id=node.ids.uuid7(), stage="receive", original=original, at_us=now
    )
    record = failure.bounded(record, expires_us=now + node.policy.bounded_failure_us)
    await node.ledger.commit(Change(name="receive.note", rows=(record,), unpark=unpark))
    node.meter.count("receive", outcome="refused", code=refusal.code)


async def set_aside(
    transfer: bytes, error: Exception, node: Node, *, unpark: tuple[tuple[str, str, str], ...] = ()
) -> None:
    """What this node broke on by a fault of its own: kept for good with its bytes, to be replayed once the fault is mended."""
    broken = NodeError(f"this node failed on a record: {type(error).__name__}", code="NOD-099")
    record = failure.record(
        broken, failure.Subject(), failure_id=node.ids.uuid7(), stage="receive", original=transfer, at_us=node.clock.now_us()
    )  # fmt: skip
    await node.ledger.commit(Change(name="receive.aside", rows=(record,), unpark=unpark))
    node.meter.count("receive", outcome="broken", code=broken.code)
