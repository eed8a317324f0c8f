"""Take: a validated arrival into the ledger, counted by number where its keeper is here (protocol.md §3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.contract import step as contract
from gateway.errors import Parked
from gateway.evidence import chain
from gateway.flow import acknowledge, hear, park, rows, supersede
from gateway.flow.arrival import Arrival
from gateway.flow.build import built_on
from gateway.flow.node import Node, microseconds
from gateway.model.envelope import Permitted, Validated
from gateway.model.ledger import AttachmentUse, Change, Conversation, Delivery, Outbox, Row, Survey
from gateway.model.process import ProcessView
from gateway.model.receipt import DueDate, Receipt


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What the keeper's numbering makes of an arrival: our own as keeper, or the one that came with it."""

    #: Set where this node is the keeper's and counts the step.
    permitted: Permitted | None
    number: int
    rows: tuple[Row, ...]
    due_dates: tuple[DueDate, ...] = ()


async def take(arrival: Arrival, validated: Validated, survey: Survey, node: Node) -> None:
    """One transaction: claim, facts, message, step, receipt, deliveries, and what is passed on.

    Raises `ContractRefused` at the keeper's node, `Parked` where a predecessor is unknown, `StaleConversation`.
    """
    header, now, accepted_us = validated.header, node.clock.now_us(), microseconds(arrival.accepted.issued_at)
    key = park.Key(sender=header.sender, message_id=header.message_id, part="message")
    counted = _counted(arrival, validated, survey, node)
    permitted = counted.permitted
    happening = arrival.happening("received", number=counted.number, step=permitted.step if permitted else None)
    conversation, facts = chain.extend(survey.conversation, (happening,), at_us=now)
    receipt = acknowledge.issue(
        "received", arrival.about, _words(counted, header.receiver), node, conversation=conversation, at_us=now
    )
    effect = acknowledge.take_effect(
        receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version
    )
    seat = await supersede.give_way(header, survey, node, conversation=conversation)
    judged = permitted.validated if permitted else validated
    change = Change(
        name="receive.take",
        moves=((survey.conversation.version, conversation),),
        guards=seat.guards,
        rows=(
            arrival.claim("taken", now),
            *facts,
            *_new_here(arrival, judged, node, accepted_us=accepted_us),
            *counted.rows,
            *(await built_on(permitted, node) if permitted else ()),
            *seat.rows,
            *effect.rows,
            *_deliveries(arrival, node, counted=counted, conversation=conversation),
            *_passed_on(permitted, arrival, (receipt, *seat.receipts), node, conversation=conversation),
            *await park.awaken(survey, key, node),
        ),
        words=(*effect.words, *seat.words),
        unpark=(key.as_tuple(),),
    )
    await node.ledger.commit(change)
    for stage in ("relay", "deliver", "watch"):
        node.wake(stage)


def _counted(arrival: Arrival, validated: Validated, survey: Survey, node: Node) -> Counted:
    """The keeper's word: legal on the counted state → the next number; the addressee of a keeper and a copy's node take what it counted."""
    header, process = validated.header, survey.process
    rows.of_dispute(header, process)
    if not node.is_local(header.receiver) or arrival.accepted.number:
        if node.is_local(header.receiver):
            _predecessors_are_here(arrival, survey, node)
        elif not arrival.accepted.number:
            _keeper_has_spoken(arrival, survey)
        hear.no_gap_before(arrival.accepted, process)
        word = hear.numbered(arrival.accepted, process, arrival.said, node) if arrival.accepted.number else ()
        return Counted(permitted=None, number=arrival.accepted.number, rows=word)
    _predecessors_are_here(arrival, survey, node)
    flow = node.flow(header.flow, header.flow_version)
    message = rows.step_message(validated, accepted=arrival.accepted.issued_at)
    step = contract.step(flow, _without_pending(process), message, calendar=node.calendar, stage="receive")
    advised = replace(validated, advice=(*validated.advice, *step.advice))
    permitted = Permitted(validated=advised, step=step, keeper=step.roles[flow.keeper])
    number = (process.number if process else 0) + 1
    stand = rows.Standing(
        number=number, accepted_us=microseconds(arrival.accepted.issued_at), at_us=node.clock.now_us()
    )
    made = rows.step_rows(permitted, process, stand)
    return Counted(permitted=permitted, number=number, rows=made.rows, due_dates=made.due_dates)


def _predecessors_are_here(arrival: Arrival, survey: Survey, node: Node) -> None:
    """Raises `Parked` where the process, or a message that this one names, is unknown here (protocol.md §4)."""
    header = arrival.verified.header
    flow = node.flow(header.flow, header.flow_version)
    opens = header.message_type in flow.openings or arrival.accepted.number > 0
    if survey.process is None and not opens:
        raise Parked("the process is unknown here", wait_for=f"process:{header.process_id}", code="PRK-004")
    missing = sorted({name for name in (header.ref_to, header.supersedes) if name} - survey.known)
    if missing:
        raise Parked("a message that this one names is unknown here", wait_for=f"message:{missing[0]}", code="PRK-005")


def _keeper_has_spoken(arrival: Arrival, survey: Survey) -> None:
    """A copy counts once the keeper has numbered the step: whoever put the record on the bus proves nothing (protocol.md §3)."""
    if not any(row.number for row in survey.receipts):
        wait_for = f"message:{arrival.verified.header.message_id}"
        raise Parked("the keeper has not numbered this message yet", wait_for=wait_for, code="PRK-007")


def _without_pending(process: ProcessView | None) -> ProcessView | None:
    """The counted process; a process that only own pending steps opened is not open yet."""
    if process is None or process.number == 0:
        return None
    return replace(process, steps=tuple(step for step in process.steps if step.number > 0))


def _words(counted: Counted, recipient: str) -> acknowledge.Words:
    """Only the keeper's node speaks of number, state and due dates."""
    if counted.permitted is None:
        return acknowledge.Words(recipient=recipient)
    state = counted.permitted.step.state
    return acknowledge.Words(recipient=recipient, number=counted.number, state=state, due_dates=counted.due_dates)


def _new_here(arrival: Arrival, validated: Validated, node: Node, *, accepted_us: int) -> list[Row]:
    """The message with its receipt, numbers and attachments; all of it is here already where the sender is local too."""
    header = validated.header
    if node.is_local(header.sender):
        return []
    return [
        rows.message_row(validated, accepted_us=accepted_us, word="received", ask_us=None),
        acknowledge.receipt_row(arrival.accepted, stored_us=node.clock.now_us()),
        *rows.references(validated.payload, header),
        *(
            AttachmentUse(sha256=a.sha256, sender=header.sender, message_id=header.message_id)
            for a in header.attachments
        ),
    ]


def _deliveries(arrival: Arrival, node: Node, *, counted: Counted, conversation: Conversation) -> list[Delivery]:
    """One delivery per local recipient: the receiver, and copies once the keeper has counted the step."""
    header, now = arrival.verified.header, node.clock.now_us()
    recipients = [header.receiver] if node.is_local(header.receiver) else []
    if counted.permitted is not None or counted.number or not node.is_local(header.receiver):
        recipients += [participant for _, participant in header.copies if node.is_local(participant)]
    expires = microseconds(header.expires_at) if header.expires_at else None
    deadline_us = _end_of_trying(counted.due_dates or arrival.accepted.due_dates, expires, now, node)
    return [
        Delivery(
            endpoint=participant,
            sender=header.sender,
            message_id=header.message_id,
            part="message",
            conversation_id=header.conversation_id,
            process_id=header.process_id,
            seq=conversation.version,
            state="due",
            due_us=now,
            deadline_us=deadline_us,
            expires_us=expires,
            attempts=0,
            lease=None,
            lease_until_us=None,
            priority=1 if header.priority == "urgent" else 0,
            created_us=now,
            outcome="{}",
        )
        for participant in dict.fromkeys(recipients)
    ]


def _end_of_trying(due_dates: tuple[DueDate, ...], expires: int | None, now: int, node: Node) -> int:
    """The step's legal deadline, else ExpiresAt, else 30 days (protocol.md §4); of several clocks the last that still runs.

    A step that comes late is better than one that never comes, hence a deadline that has passed already counts for nothing.
    """
    legal = max((microseconds(due.due) for due in due_dates), default=0)
    until = legal if legal > now else now + node.policy.retry_span_us
    return min(until, expires) if expires is not None else until


def _passed_on(
    counted: Permitted | None, arrival: Arrival, issued: tuple[Receipt, ...], node: Node, *, conversation: Conversation
) -> list[Outbox]:
    """Our receipts to the sender's node; as keeper to every node of the process, and the bytes to the nodes of copies alone."""
    header, registry, seq = arrival.verified.header, node.registry(), conversation.version
    nodes = {arrival.accepted.issuer}
    passed: list[Outbox] = []
    if counted is not None:
        nodes |= acknowledge.process_nodes(counted.step.roles.values(), node)
        bearers = {registry.node_of(participant) for _, participant in header.copies} - {node.name}
        raw = arrival.verified.raw
        passed = acknowledge.message_outbox(arrival.about, raw, arrival.accepted, node, destinations=bearers, seq=seq)
    for receipt in issued:
        passed += acknowledge.receipt_outbox(receipt, header.traceparent, node, destinations=nodes, seq=seq)
    return passed
