"""Conclude: the result of a delivery attempt becomes durable by compare-and-set on its lease (protocol.md §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import Finding, LeaseLost, NodeError, OutcomeUnknown, StaleConversation
from gateway.evidence import chain, failure
from gateway.flow import acknowledge, supersede
from gateway.flow.node import Node
from gateway.model.ledger import Change, Delivery, Failure, Guard, Message, Row, Survey
from gateway.model.receipt import ReceiptKind
from gateway.xml import envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How an attempt ended."""

    #: Stable name of the commit.
    name: str
    #: Kind of the fact.
    fact: str
    #: The delivery afterwards.
    after: Delivery
    #: The receipt that says so, where the sender is told; None where the attempt is not the end.
    receipt: ReceiptKind | None = None
    code: str = ""
    #: What the sender is told beside the receipt's kind.
    finding: Finding | None = None
    extra: tuple[Row, ...] = ()
    took_us: int = 0


async def conclude(delivery: Delivery, message: Message, node: Node, ending: Ending) -> None:
    """One transaction: the delivery (if the lease still holds), a fact, and the receipt with its effect here or its way to the sender.

    A lost lease ends it without effect: another worker has acted. Raises `NodeError` when the conversation moves at every attempt.
    """
    about = acknowledge.about(envelope.unpack(message.raw, node.limits).header, message.digest)
    for _ in range(node.policy.steps):
        survey = await node.ledger.survey("receive", about)
        ending = await _given_way(ending, survey, delivery, node)
        conversation, facts = chain.extend(
            survey.conversation, (_happening(delivery, message, ending),), at_us=node.clock.now_us()
        )
        change = Change(
            name=ending.name,
            moves=((survey.conversation.version, conversation),),
            guards=(lease_guard(delivery), _guard(delivery, "state", delivery.state)),
            rows=(ending.after, *facts, *ending.extra),
        )
        if ending.receipt:
            change = _with_receipt(change, about, ending, survey, node)
        try:
            await node.ledger.commit(change)
        except StaleConversation:
            continue
        except LeaseLost:
            return
        for stage in ("relay", "deliver", "watch"):
            node.wake(stage)
        return
    raise NodeError("the conversation moved at every attempt", code="NOD-005")


async def hold(delivery: Delivery, after: Delivery, node: Node) -> None:
    """Give the lease back without an attempt: the lane waits for bytes."""
    try:
        await node.ledger.commit(Change(name="deliver.wait", guards=(lease_guard(delivery),), rows=(after,)))
    except LeaseLost:
        return


def lease_guard(delivery: Delivery) -> Guard:
    """The compare-and-set on the lease token."""
    return _guard(delivery, "lease", delivery.lease)


def _guard(delivery: Delivery, column: str, expected: object) -> Guard:
    key = (
        ("endpoint", delivery.endpoint),
        ("sender", delivery.sender),
        ("message_id", delivery.message_id),
        ("part", delivery.part),
    )
    return Guard(table=Delivery, key=key, column=column, expected=expected)


def freed(delivery: Delivery) -> Delivery:
    """The delivery without its lease, due as it was."""
    return replace(delivery, state="due", lease=None, lease_until_us=None)


def subject(delivery: Delivery, message: Message) -> failure.Subject:
    """What a failure of this delivery is about."""
    return failure.Subject(
        participant=delivery.endpoint,
        sender=message.sender,
        message_id=message.message_id,
        conversation_id=message.conversation_id,
        schema_version=message.schema_version,
        part=delivery.part,
    )


async def _given_way(ending: Ending, survey: Survey, delivery: Delivery, node: Node) -> Ending:
    """An attempt that came to nothing, of a message that was superseded meanwhile, gives its seat to the correction (protocol.md §4).

    Where the outcome is not known the partner may have it: then the lane is held.
    """
    steps = survey.process.steps if survey.process else ()
    superseded = any(step.superseded_by for step in steps if step.message_id == delivery.message_id)
    waits = delivery.part == "message" and ending.after.state in ("due", "failed")
    if not superseded or not waits or ending.code == OutcomeUnknown.code:
        return ending
    failures = [row for row in ending.extra if isinstance(row, Failure)]
    earlier = await node.ledger.failure_of(delivery.endpoint, delivery.sender, delivery.message_id, delivery.part)
    if earlier is not None and earlier.state != "resolved" and not failures:
        failures.append(earlier)
    return replace(
        ending,
        name="deliver.superseded",
        fact="undeliverable",
        after=replace(ending.after, state="superseded"),
        receipt="undeliverable",
        code=supersede.GIVEN_WAY.code,
        finding=supersede.GIVEN_WAY,
        extra=tuple(replace(row, state="abandoned") for row in failures),
    )


def _with_receipt(
    change: Change,
    about: acknowledge.About,
    ending: Ending,
    survey: Survey,
    node: Node,
) -> Change:
    [(_, conversation)] = change.moves
    findings = (ending.finding,) if ending.finding else ()
    words = acknowledge.Words(recipient=ending.after.endpoint, findings=findings)
    kind = ending.receipt or "delivered"
    receipt = acknowledge.issue(kind, about, words, node, conversation=conversation, at_us=node.clock.now_us())
    effect = acknowledge.take_effect(
        receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version
    )
    destinations = {node.registry().node_of(about.sender)}
    outbox = acknowledge.receipt_outbox(
        receipt, about.traceparent, node, destinations=destinations, seq=conversation.version
    )
    return replace(change, rows=(*change.rows, *effect.rows, *outbox), words=effect.words)


def _happening(delivery: Delivery, message: Message, ending: Ending) -> chain.Happening:
    detail: tuple[tuple[str, str | int], ...] = (
        ("endpoint", delivery.endpoint), ("part", delivery.part), ("attempt", ending.after.attempts), ("due_us", ending.after.due_us),
    )  # fmt: skip
    return chain.Happening(
        kind=ending.fact,
        actor=delivery.endpoint,
        stage="deliver",
        sender=message.sender,
        message_id=message.message_id,
        process_id=message.process_id,
        detail=(*detail, ("code", ending.code)) if ending.code else detail,
        trace_id=message.trace_id,
        took_us=ending.took_us,
    )
