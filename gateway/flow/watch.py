"""Watch: the clocks of the processes kept here, missing receipts, and what is parked (protocol.md §4, §6, §7)."""

from __future__ import annotations

import orjson
import structlog

from gateway.errors import Finding, GatewayError, PartnerError, StaleConversation
from gateway.evidence import chain, failure
from gateway.flow import acknowledge, again, deliver, fire, receive, refuse
from gateway.flow.node import Node
from gateway.model.ledger import Change, Message, ParkedRecord, Word
from gateway.xml import envelope

log = structlog.get_logger()


async def watch(node: Node, *, limit: int = 200) -> int:
    """One round of everything that waits for a time; returns how much was done, so that the worker knows whether to rest."""
    done = await retry_parked(node, limit=limit)
    done += await fire.fire(node, limit=limit)
    return done + await ask_again(node, limit=limit)


async def end_overdue(node: Node, *, limit: int) -> int:
    """Deliveries past their end that no worker leases, since they failed, wait to be fetched, or their endpoint is paused (§4).

    It looks through all that waits, hence it is no part of each round.
    """
    ended = 0
    for delivery in await node.ledger.deliveries_overdue(node.clock.now_us(), limit):
        message = await node.ledger.message(delivery.sender, delivery.message_id)
        ended += message is not None and await deliver.overdue(delivery, message, node)
    return ended


async def ask_again(node: Node, *, limit: int) -> int:
    """A receipt that does not come: the same bytes are queued again, three times, then `timeout` says so (protocol.md §6)."""
    waiting = await node.ledger.unanswered(node.clock.now_us(), limit)
    for message in waiting:
        if message.asked < node.policy.asks:
            await _queue_again(message, node)
        else:
            await _time_out(message, node)
    if waiting:
        node.wake("relay")
    return len(waiting)


async def _queue_again(message: Message, node: Node) -> None:
    """Ask, unless an answer comes meanwhile: its word and this one are compared by the conversation's version."""
    about = acknowledge.about(envelope.unpack(message.raw, node.limits).header, message.digest)
    survey = await node.ledger.survey("receive", about)
    now_known = await node.ledger.message(message.sender, message.message_id)
    if now_known is None or now_known.ask_us is None:
        return
    now = node.clock.now_us()
    conversation, facts = chain.extend(survey.conversation, (_happening("asked", message, node),), at_us=now)
    word = Word(
        sender=message.sender, message_id=message.message_id, word=now_known.word, asked=now_known.asked + 1,
        ask_us=now + node.policy.ask_after_us,
    )  # fmt: skip
    outbox = await again.outbox(message, node, seq=conversation.version)
    moves = ((survey.conversation.version, conversation),)
    try:
        await node.ledger.commit(Change(name="watch.ask", moves=moves, rows=(*facts, *outbox), words=(word,)))
    except StaleConversation:
        return


def _happening(kind: str, message: Message, node: Node) -> chain.Happening:
    return chain.Happening(
        kind=kind,
        actor=node.name,
        stage="watch",
        sender=message.sender,
        message_id=message.message_id,
        process_id=message.process_id,
        trace_id=message.trace_id,
    )


async def _time_out(message: Message, node: Node) -> None:
    """Silence after the last question: a negative receipt to the sender's system, and a failure record."""
    header = envelope.unpack(message.raw, node.limits).header
    about, error = acknowledge.about(header, message.digest), PartnerError("no receipt came", code="PAR-012")
    survey = await node.ledger.survey("receive", about)
    now = node.clock.now_us()
    conversation, facts = chain.extend(survey.conversation, (_happening("timeout", message, node),), at_us=now)
    finding = Finding(code=error.code, text_zh="对方节点未回执", text_en="no receipt came from the recipient's node")
    words = acknowledge.Words(recipient=message.receiver, findings=(finding,))
    receipt = acknowledge.issue("timeout", about, words, node, conversation=conversation, at_us=now)
    effect = acknowledge.take_effect(
        receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version
    )
    subject = failure.Subject(
        participant=message.receiver, sender=message.sender, message_id=message.message_id,
        conversation_id=message.conversation_id, schema_version=message.schema_version,
    )  # fmt: skip
    record = failure.record(error, subject, failure_id=node.ids.uuid7(), stage="relay", original=message.raw, at_us=now)
    change = Change(
        name="watch.timeout",
        moves=((survey.conversation.version, conversation),),
        rows=(*facts, *effect.rows, record),
        words=effect.words,
    )
    try:
        await node.ledger.commit(change)
    except StaleConversation:
        return
    node.wake("deliver")


async def retry_parked(node: Node, *, limit: int) -> int:
    """Try parked transfers again whose date has come; past their limit they become failure records."""
    due = await node.ledger.parked_due(node.clock.now_us(), limit)
    for record in due:
        await try_again(record, node)
    return len(due)


async def try_again(record: ParkedRecord, node: Node) -> None:
    """One parked transfer through the normal receive; past its limit it is a failure record and holds nothing any more."""
    if node.clock.now_us() > record.until_us:
        error = PartnerError(f"what it waited for did not come: {record.wait_for}", code="PRK-010")
        subject = failure.Subject(
            participant=record.sender,
            sender=record.sender,
            message_id=record.message_id,
            conversation_id=record.conversation_id,
        )
        now = node.clock.now_us()
        kept = failure.record(
            error, subject, failure_id=node.ids.uuid7(), stage="receive", original=record.transfer, at_us=now
        )
        key = (record.sender, record.message_id, record.part)
        await node.ledger.commit(Change(name="watch.unpark", rows=(kept,), unpark=(key,)))
        return
    headers = tuple((name, value) for name, value in orjson.loads(record.headers))
    key = (record.sender, record.message_id, record.part)
    try:
        await receive.take(record.transfer, headers, node, parked=(key,))
    except GatewayError:
        raise
    except Exception as error:  # a fault of ours in one record must not stop the watch for all others
        log.exception("parked.broken", message_id=record.message_id)
        await refuse.set_aside(record.transfer, error, node, unpark=(key,))
