"""Acknowledge: receipts, where they go, and what they change where they are first stored (protocol.md §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.bus import headers as bus_headers
from gateway.bus import topics
from gateway.contract import timing
from gateway.errors import Finding, Refusal
from gateway.evidence import failure
from gateway.flow import rows
from gateway.flow.node import Node, microseconds, moment
from gateway.model.envelope import Header, Permitted
from gateway.model.ledger import Conversation, Delivery, Outbox, ReceiptRow, Row, StepRow, Word
from gateway.model.process import PastStep, ProcessView
from gateway.model.receipt import GOOD_NEWS, DueDate, Receipt, ReceiptKind, outranks
from gateway.signing import receipts, seal


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """The message that a receipt is about."""

    sender: str
    receiver: str
    message_id: str
    conversation_id: str
    process_id: str
    message_type: str
    flow: str
    flow_version: str
    digest: str
    traceparent: str
    ref_to: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a receipt says beyond its kind."""

    recipient: str
    number: int = 0
    state: str = ""
    due_dates: tuple[DueDate, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a receipt changes in the ledger that first stores it."""

    rows: tuple[Row, ...] = ()
    words: tuple[Word, ...] = ()


def about(header: Header, digest: str) -> About:
    """What a receipt says about a message, from its verified header."""
    return About(
        sender=header.sender,
        receiver=header.receiver,
        message_id=header.message_id,
        conversation_id=header.conversation_id,
        process_id=header.process_id,
        message_type=header.message_type,
        flow=header.flow,
        flow_version=header.flow_version,
        digest=digest,
        traceparent=header.traceparent,
    )


def about_receipt(receipt: Receipt, traceparent: str = "") -> About:
    """The same, from a receipt: all that a node of the process without the bytes knows."""
    return About(
        sender=receipt.sender,
        receiver=receipt.recipient,
        message_id=receipt.message_id,
        conversation_id=receipt.conversation_id,
        process_id=receipt.process_id,
        message_type=receipt.message_type,
        flow=receipt.flow,
        flow_version=receipt.flow_version,
        digest=receipt.digest,
        traceparent=traceparent,
    )


def issue(
    kind: ReceiptKind, message: About, words: Words, node: Node, *, conversation: Conversation, at_us: int
) -> Receipt:
    """A receipt signed by this node, anchored at the conversation's head here."""
    return receipts.issue(
        Receipt(
            kind=kind,
            issuer=node.name,
            recipient=words.recipient,
            sender=message.sender,
            message_id=message.message_id,
            conversation_id=message.conversation_id,
            message_type=message.message_type,
            digest=message.digest,
            process_id=message.process_id,
            flow=message.flow,
            flow_version=message.flow_version,
            number=words.number,
            state=words.state,
            due_dates=words.due_dates,
            seq=conversation.version,
            head=conversation.head,
            stage_times=((kind, moment(at_us)),),
            findings=words.findings,
            issued_at=moment(at_us),
        ),
        node.keys,
    )


def rejection(header: Header, digest: str, refusal: Refusal, node: Node) -> Receipt:
    """The signed `rejected` receipt: synchronous, kept in the failure record, never among the receipts."""
    findings = refusal.findings or (failure.finding(refusal),)
    words = Words(recipient=header.receiver, findings=findings)
    nowhere = Conversation(conversation_id=header.conversation_id, version=0, head="")
    return issue("rejected", about(header, digest), words, node, conversation=nowhere, at_us=node.clock.now_us())


def receipt_row(receipt: Receipt, *, stored_us: int) -> ReceiptRow:
    """The receipt as stored: the first per key takes effect."""
    return ReceiptRow(
        sender=receipt.sender,
        message_id=receipt.message_id,
        recipient=receipt.recipient,
        kind=receipt.kind,
        issuer=receipt.issuer,
        conversation_id=receipt.conversation_id,
        number=receipt.number,
        xml=receipt.xml,
        issued_us=microseconds(receipt.issued_at),
        stored_us=stored_us,
    )


def outbox(permitted: Permitted, receipt: Receipt, node: Node, *, seq: int) -> list[Outbox]:
    """Where an accepted message goes: the receiver's node.

    Where the keeper itself speaks, also the copies' nodes, and its step receipt to every other node of the process (protocol.md §3).
    """
    header, registry = permitted.header, node.registry()
    message = about(header, receipt.digest)
    bearers, others = {registry.node_of(header.receiver)}, set[str]()
    if receipt.number:
        bearers |= {registry.node_of(participant) for _, participant in header.copies}
        others = process_nodes(permitted.step.roles.values(), node) - bearers
    return [
        *message_outbox(message, permitted.validated.verified.raw, receipt, node, destinations=bearers, seq=seq),
        *receipt_outbox(receipt, header.traceparent, node, destinations=others, seq=seq),
    ]


def message_outbox(
    message: About, raw: bytes, accepted: Receipt, node: Node, *, destinations: Iterable[str], seq: int, again: str = ""
) -> list[Outbox]:
    """The transfer (envelope and the sender node's `accepted` receipt) for each destination node, once a node (protocol.md §5).

    `again` tells bytes that are queued once more from what another message may have waiting under the same seq.
    """
    at_us = node.clock.now_us()
    transfer = seal.frame(raw, accepted.xml)
    return [
        Outbox(
            destination=destination,
            conversation_id=message.conversation_id,
            seq=seq,
            part=f"message{again}",
            sender=message.sender,
            message_id=message.message_id,
            transfer=transfer,
            headers=bus_headers.for_message(message, destination=destination, at_us=at_us),
            at_us=at_us,
        )
        for destination in sorted(set(destinations))
    ]


def receipt_outbox(
    receipt: Receipt, traceparent: str, node: Node, *, destinations: Iterable[str], seq: int, again: str = ""
) -> list[Outbox]:
    """A receipt that travels alone; never to this node itself, where it has taken effect already. `again` as for a message."""
    at_us = node.clock.now_us()
    message = about_receipt(receipt, traceparent)
    return [
        Outbox(
            destination=destination,
            conversation_id=receipt.conversation_id,
            seq=seq,
            part=f"{receipt.kind}/{receipt.issuer}/{receipt.recipient}{again}",
            sender=receipt.sender,
            message_id=receipt.message_id,
            transfer=seal.frame(b"", receipt.xml),
            headers=bus_headers.for_receipt(message, receipt, destination=destination, at_us=at_us),
            at_us=at_us,
        )
        for destination in sorted(set(destinations) - {node.name, ""})
    ]


def process_nodes(roles: Iterable[str], node: Node) -> set[str]:
    """Every node that speaks for a role of the process: the keeper's step receipt goes to each."""
    registry = node.registry()
    return {registry.node_of(participant) for participant in roles} - {""}


def topic_of(destination: str, node: Node) -> str:
    """The inbox topic of a destination node."""
    return topics.inbox(node.prefix, destination)


def take_effect(
    receipt: Receipt, node: Node, *, process: ProcessView | None, stored: Iterable[ReceiptRow], seq: int
) -> Effect:
    """What a receipt changes where it is first stored: the delivery word, a dropped pending step, a clock, the sender's system.

    `stored` are the message's receipts here. The keeper's numbering is not applied here (`hear.numbered` does, by number).
    """
    at_us, stored = node.clock.now_us(), tuple(stored)
    receiver = next((row.recipient for row in stored if row.kind == "accepted"), "")
    out: list[Row] = [receipt_row(receipt, stored_us=at_us)]
    if receipt.kind in ("refused", "expired") and process is not None and receipt.recipient == receiver:
        out += [
            _dropped(step, process)
            for step in process.steps
            if step.message_id == receipt.message_id and step.number == 0
        ]
    if node.is_local(receipt.sender) and node.tells(receipt.sender, receipt.kind):
        out.append(carried(receipt, node, seq=seq, at_us=at_us))
    if process is not None and receipt.kind in GOOD_NEWS and receipt.recipient == receiver != process.keeper:
        out += _clocks(receipt, process, node)
    word = _word(receipt, receiver, stored)
    return Effect(rows=tuple(out), words=(word,) if word else ())


def _word(receipt: Receipt, receiver: str, stored: tuple[ReceiptRow, ...]) -> Word | None:
    """The message's new word, where this receipt outranks all that are stored about its receiver; copies have no word."""
    kinds = [row.kind for row in stored if row.recipient == receiver]
    if receipt.recipient != receiver or not all(outranks(receipt.kind, kind) for kind in kinds):
        return None
    return Word(sender=receipt.sender, message_id=receipt.message_id, word=receipt.kind, ask_us=None, asked=0)


def carried(receipt: Receipt, node: Node, *, seq: int, at_us: int) -> Delivery:
    """A receipt on its way to the sender's own system, in the same lane as its messages."""
    return Delivery(
        endpoint=receipt.sender,
        sender=receipt.sender,
        message_id=receipt.message_id,
        part=receipt.kind,
        conversation_id=receipt.conversation_id,
        process_id=receipt.process_id,
        seq=seq,
        state="due",
        due_us=at_us,
        deadline_us=at_us + node.policy.retry_span_us,
        expires_us=None,
        attempts=0,
        lease=None,
        lease_until_us=None,
        priority=0,
        created_us=at_us,
        outcome="{}",
    )


def _dropped(step: PastStep, process: ProcessView) -> StepRow:
    return StepRow(
        process_id=process.process_id,
        sender=step.sender,
        message_id=step.message_id,
        message_type=step.message_type,
        number=-1,
        state="",
        kind=step.kind,
        accepted_us=microseconds(step.accepted_at),
        superseded_by=None,
    )


def _clocks(receipt: Receipt, process: ProcessView, node: Node) -> list[Row]:
    """Timers that start with `delivered` or `retrieved`: armed by the keeper's node, reckoned by others for show (protocol.md §7)."""
    flow = node.flow(process.flow, process.flow_version)
    actions = timing.on_receipt(
        flow, process, message_id=receipt.message_id, kind=receipt.kind, at=receipt.issued_at, calendar=node.calendar
    )
    if not actions:
        return []
    timers = rows.apply(process.timers, actions, start_step=receipt.message_id, at=receipt.issued_at)
    kept = node.is_local(process.keeper)
    return [rows.deadline_row(timer, process.process_id, process.conversation_id, kept=kept) for timer in timers]
