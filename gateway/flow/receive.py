"""Receive: one record of the bus, opened, checked again, and taken, refused or parked (protocol.md §4, §5)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from gateway.bus import headers as bus_headers
from gateway.contract import step as contract
from gateway.errors import AlreadyClaimed, LeaseLost, NodeError, Parked, Refusal, StaleConversation, TransferRefused
from gateway.evidence import chain, failure
from gateway.flow import acknowledge, hear, park, rows, supersede
from gateway.flow.node import Node, microseconds
from gateway.model.envelope import Permitted, Unpacked, Validated, Verified
from gateway.model.ledger import AttachmentUse, Change, Claim, Conversation, Delivery, Outbox, Row, Survey
from gateway.model.process import ProcessView
from gateway.model.receipt import Receipt
from gateway.ports import Record
from gateway.signing import receipts, seal, signature
from gateway.validate import structure
from gateway.xml import envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A transfer whose parts hold: the envelope is verified as of its accept time, the receipt is the Sender's node's."""

    verified: Verified
    accepted: Receipt
    transfer: bytes
    headers: tuple[tuple[str, str], ...]
    began: int

    @property
    def about(self) -> acknowledge.About:
        """What our receipts say about the message."""
        return acknowledge.about(self.verified.header, self.verified.digest)


async def receive(record: Record, node: Node) -> None:
    """Take one bus record into the ledger; when this returns it is taken, refused, parked, or a failure record. Never lost.

    Raises `NodeError` (ours: the record comes again); every fault of the record itself is recorded here.
    """
    try:
        transfer = node.keys.open(record.value, seal.info(record.topic, bus_headers.ce_id(record.headers)))
    except TransferRefused as refusal:
        await _note(record.value, refusal, node)
        return
    await take(transfer, record.headers, node)


async def take(transfer: bytes, headers: tuple[tuple[str, str], ...], node: Node, *, parked: bool = False) -> None:
    """Judge an opened transfer; `parked` says that it is a parked one that is tried again."""
    began = time.perf_counter_ns()
    try:
        raw, receipt_xml = seal.unframe(transfer, node.limits)
        if not raw:
            await hear.hear(receipt_xml, headers, node, transfer=transfer, parked=parked)
            return
        unpacked = envelope.unpack(raw, node.limits)
        bus_headers.check(headers, unpacked.header)
        arrival = _arrive(unpacked, receipt_xml, transfer, headers, node, began=began)
    except Refusal as refusal:
        await _note(transfer, refusal, node)
        return
    try:
        await _judge(arrival, node, parked=parked)
    except Parked as reason:
        header = arrival.verified.header
        await park.park(park.Key(sender=header.sender, message_id=header.message_id, part="message"), header.conversation_id, reason, node,
                        transfer=transfer, headers=headers)  # fmt: skip


def _arrive(unpacked: Unpacked, receipt_xml: bytes, transfer: bytes, headers: tuple[tuple[str, str], ...], node: Node, *, began: int) -> Arrival:
    """The sender node's receipt first: without a valid one nothing can be parked, and it gives the time that signatures are judged at."""
    accepted = receipts.verify(receipt_xml, node.trust, limits=node.limits)
    header, registry = unpacked.header, node.registry()
    if accepted.kind != "accepted" or (accepted.sender, accepted.message_id) != (header.sender, header.message_id):
        raise TransferRefused("the receipt in this transfer is about another message", code="BUS-010")
    if registry.node_of(header.sender) != accepted.issuer:
        raise TransferRefused(f"{accepted.issuer} does not speak for {header.sender}", code="BUS-011")
    verified = signature.verify(unpacked, node.trust, at=accepted.issued_at)
    if verified.digest != accepted.digest:
        raise TransferRefused("the accepted receipt is about other bytes", code="BUS-012")
    return Arrival(verified=verified, accepted=accepted, transfer=transfer, headers=headers, began=began)


async def _judge(arrival: Arrival, node: Node, *, parked: bool) -> None:
    header = arrival.verified.header
    for _ in range(node.policy.steps):
        survey = await node.ledger.survey("receive", header)
        if survey.claim is not None:
            await _repeat(arrival, survey, node)
            return
        try:
            if survey.parked and not parked:
                raise Parked("an earlier message of this sender waits", wait_for=f"message:{header.conversation_id}", code="PRK-002")
            if node.contracts.find(header.flow, header.flow_version) is None:
                raise Parked("a contract version that this node does not take yet", wait_for=f"version:{header.flow}", code="PRK-003")
            validated = structure.validate(arrival.verified, node.catalogue, node.rules)
            await _take(arrival, validated, survey, node)
        except (StaleConversation, AlreadyClaimed, LeaseLost):
            continue
        except Refusal as refusal:
            if not await _refuse(arrival, survey, refusal, node):
                continue
        return
    raise NodeError("the conversation moved at every attempt", code="NOD-005")


async def _take(arrival: Arrival, validated: Validated, survey: Survey, node: Node) -> None:
    """One transaction: claim, facts, message, step, receipt, deliveries, and what is passed on."""
    header, now = validated.header, node.clock.now_us()
    permitted, number = _count(arrival, validated, survey, node)
    conversation, facts = chain.extend(survey.conversation, (_happening(arrival, "received", number, permitted),), at_us=now)
    accepted_us = microseconds(arrival.accepted.issued_at)
    counted = permitted is not None
    due_dates = arrival.accepted.due_dates
    steps: tuple[Row, ...] = ()
    if permitted is not None:
        made = rows.step_rows(permitted, survey.process, keeper=permitted.keeper, number=number, accepted_us=accepted_us, at_us=now)
        steps, due_dates = made.rows, made.due_dates
    elif arrival.accepted.number:
        steps = hear.numbered(arrival.accepted, survey.process, node, header=header)
    words = acknowledge.Words(
        recipient=header.receiver,
        number=number if counted else 0,
        state=permitted.step.state if permitted else "",
        due_dates=due_dates if counted else (),
    )
    receipt = acknowledge.issue("received", arrival.about, words, node, conversation=conversation, at_us=now)
    here = node.is_local(header.sender)
    message = rows.message_row(validated, accepted_us=accepted_us, word="received", ask_us=None)
    effect = acknowledge.take_effect(receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version)
    seat = supersede.Seat()
    if header.supersedes:
        seat = await supersede.give_way(header.sender, header.supersedes, survey, node, conversation=conversation)
    await node.ledger.commit(
        Change(
            name="receive.take",
            moves=((survey.conversation.version, conversation),),
            guards=seat.guards,
            rows=(
                *seat.rows,
                _claim(arrival, "taken", now),
                *facts,
                *(() if here else (message, acknowledge.receipt_row(arrival.accepted, stored_us=now))),
                *steps,
                *effect.rows,
                *_deliveries(permitted, arrival, node, conversation=conversation),
                *_passed_on(permitted, arrival, receipt, node, conversation=conversation),
                *(row for one in seat.receipts for row in acknowledge.receipt_outbox(
                    one, header.traceparent, node, destinations={arrival.accepted.issuer}, seq=conversation.version)),
                *(() if here else rows.references(validated.payload, header)),
                *(() if here else _attachments(arrival)),
            ),
            words=(*effect.words, *seat.words),
            unpark=((header.sender, header.message_id, "message"),),
        )
    )
    for stage in ("relay", "deliver", "watch"):
        node.wake(stage)


def _count(arrival: Arrival, validated: Validated, survey: Survey, node: Node) -> tuple[Permitted | None, int]:
    """The keeper's word: legal on the counted state → the next number; the addressee of a keeper and a copy's node take what it counted.

    Raises `ContractRefused` at the keeper's node, `Parked` where a predecessor is unknown here.
    """
    header, process = validated.header, survey.process
    if not node.is_local(header.receiver):
        return None, arrival.accepted.number
    missing = {header.ref_to, header.supersedes} - {None} - survey.known
    flow = node.flow(header.flow, header.flow_version)
    if process is None and not (header.message_type in flow.openings or arrival.accepted.number):
        raise Parked("the process is unknown here", wait_for=f"process:{header.process_id}", code="PRK-004")
    if missing:
        raise Parked("a message that this one names is unknown here", wait_for=f"message:{min(map(str, missing))}", code="PRK-005")
    if arrival.accepted.number:
        return None, arrival.accepted.number
    message = rows.step_message(validated, accepted=arrival.accepted.issued_at)
    step = contract.step(flow, _without_pending(process), message, calendar=node.calendar, stage="receive")
    return Permitted(validated=validated, step=step, keeper=step.roles[flow.keeper]), (process.number if process else 0) + 1


def _without_pending(process: ProcessView | None) -> ProcessView | None:
    """The counted process; a process that only own pending steps opened is not open yet."""
    if process is None or process.number == 0:
        return None
    return replace(process, steps=tuple(step for step in process.steps if step.number > 0))


async def _refuse(arrival: Arrival, survey: Survey, refusal: Refusal, node: Node) -> bool:
    """Illegal for good: a `refused` receipt to the sender's node, a fact and a failure record; False when the conversation moved."""
    header, now = arrival.verified.header, node.clock.now_us()
    conversation, facts = chain.extend(survey.conversation, (_happening(arrival, "refused", 0, None, code=refusal.code),), at_us=now)
    words = acknowledge.Words(recipient=header.receiver, findings=refusal.findings or (failure.finding(refusal),))
    receipt = acknowledge.issue("refused", arrival.about, words, node, conversation=conversation, at_us=now)
    effect = acknowledge.take_effect(receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version)
    subject = failure.Subject(
        participant=header.sender, sender=header.sender, message_id=header.message_id,
        conversation_id=header.conversation_id, schema_version=header.schema_version,
    )  # fmt: skip
    record = failure.record(refusal, subject, failure_id=node.ids.uuid7(), stage="receive", original=arrival.transfer, at_us=now)
    outbox = acknowledge.receipt_outbox(
        receipt, header.traceparent, node, destinations={arrival.accepted.issuer}, seq=conversation.version
    )
    change = Change(
        name="receive.refuse",
        moves=((survey.conversation.version, conversation),),
        rows=(_claim(arrival, "refused", now), *facts, *effect.rows, *outbox, record),
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


async def _repeat(arrival: Arrival, survey: Survey, node: Node) -> None:
    """A duplicate: the stored receipts of this node go out again; other bytes under the id are a failure record."""
    header = arrival.verified.header
    if survey.claim is None or survey.claim.digest != arrival.verified.digest:
        await _note(arrival.transfer, TransferRefused("this message id stands already for other bytes", code="CLM-002"), node)
        return
    ours = [receipts.read(row.xml) for row in survey.receipts if row.issuer == node.name and row.kind != "accepted"]
    outbox: list[Outbox] = []
    for receipt in ours:
        outbox += acknowledge.receipt_outbox(
            receipt, header.traceparent, node, destinations={arrival.accepted.issuer}, seq=survey.conversation.version
        )
    unpark = ((header.sender, header.message_id, "message"),)
    await node.ledger.commit(Change(name="receive.repeat", rows=tuple(outbox), unpark=unpark))
    node.wake("relay")


def _deliveries(permitted: Permitted | None, arrival: Arrival, node: Node, *, conversation: Conversation) -> list[Delivery]:
    """One delivery per local recipient: the receiver, and copies once the keeper has counted the step."""
    header, now = arrival.verified.header, node.clock.now_us()
    recipients = [header.receiver] if node.is_local(header.receiver) else []
    if permitted is not None or arrival.accepted.number or not node.is_local(header.receiver):
        recipients += [participant for _, participant in header.copies if node.is_local(participant)]
    expires = microseconds(header.expires_at) if header.expires_at else None
    limits = [now + node.policy.retry_span_us, *([expires] if expires else [])]
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
            deadline_us=min(limits),
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


def _passed_on(counted: Permitted | None, arrival: Arrival, receipt: Receipt, node: Node, *, conversation: Conversation) -> list[Outbox]:
    """Our receipt to the sender's node; as keeper to every node of the process, and the bytes to the nodes of copies alone."""
    header, registry, seq = arrival.verified.header, node.registry(), conversation.version
    nodes = {arrival.accepted.issuer}
    passed: list[Outbox] = []
    if counted is not None:
        nodes |= acknowledge.process_nodes(counted.step.roles.values(), node)
        bearers = {registry.node_of(participant) for _, participant in header.copies} - {node.name}
        raw = arrival.verified.raw
        passed = acknowledge.message_outbox(arrival.about, raw, arrival.accepted, node, destinations=bearers, seq=seq)
    return [*acknowledge.receipt_outbox(receipt, header.traceparent, node, destinations=nodes, seq=seq), *passed]


def _attachments(arrival: Arrival) -> list[Row]:
    """What the message names, so that its participants alone are handed the bytes; the delivery waits for them, the message does not."""
    header = arrival.verified.header
    return [AttachmentUse(sha256=a.sha256, sender=header.sender, message_id=header.message_id) for a in header.attachments]


def _claim(arrival: Arrival, verdict: str, now: int) -> Claim:
    header = arrival.verified.header
    return Claim(
        stage="receive", sender=header.sender, message_id=header.message_id, digest=arrival.verified.digest, verdict=verdict, at_us=now
    )


def _happening(arrival: Arrival, kind: str, number: int, permitted: Permitted | None, *, code: str = "") -> chain.Happening:
    header = arrival.verified.header
    detail: tuple[tuple[str, str | int], ...] = (
        ("type", header.message_type), ("number", number), ("issuer", arrival.accepted.issuer),
        ("issuer_seq", arrival.accepted.seq), ("issuer_head", arrival.accepted.head),
    )  # fmt: skip
    if permitted is not None:
        detail += (("state", permitted.step.state),)
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
        took_us=(time.perf_counter_ns() - arrival.began) // 1000,
    )


async def _note(original: bytes, refusal: Refusal, node: Node) -> None:
    """A record that proves nothing is a bounded failure record; it has no effect on the message that it pretends to be."""
    now = node.clock.now_us()
    record = failure.record(refusal, failure.Subject(), failure_id=node.ids.uuid7(), stage="receive", original=original, at_us=now)
    record = failure.bounded(record, expires_us=now + node.policy.bounded_failure_us)
    await node.ledger.commit(Change(name="receive.note", rows=(record,)))
    node.meter.count("receive", outcome="refused", code=refusal.code)
