"""Receive: one record of the bus, opened, checked again, and taken, refused or parked (protocol.md §4, §5)."""

from __future__ import annotations

import time

import structlog

from gateway.bus import headers as bus_headers
from gateway.errors import (
    AlreadyClaimed,
    GatewayError,
    LeaseLost,
    NodeError,
    Parked,
    Refusal,
    SignatureRefused,
    StaleConversation,
    TransferRefused,
)
from gateway.flow import hear, park, refuse
from gateway.flow.arrival import Arrival
from gateway.flow.node import Node
from gateway.flow.take import take as take_in
from gateway.model.envelope import Header, Unpacked
from gateway.model.receipt import Receipt
from gateway.ports import Record
from gateway.signing import receipts, seal, signature
from gateway.signing.trust import CERTIFICATE_UNKNOWN
from gateway.validate import structure
from gateway.xml import envelope

log = structlog.get_logger()
Headers = tuple[tuple[str, str], ...]


async def receive(record: Record, node: Node) -> None:
    """Take one bus record into the ledger; when this returns it is taken, refused, parked, or a failure record. Never lost.

    Raises `NodeError` (ours: the record comes again); every fault of the record itself is recorded here.
    """
    try:
        transfer = node.keys.open(record.value, seal.info(record.topic, bus_headers.ce_id(record.headers)))
    except TransferRefused as refusal:
        await refuse.note(record.value, refusal, node)
        return
    try:
        await take(transfer, record.headers, node)
    except GatewayError:
        raise
    except Exception as error:  # a fault of ours in one record must not stop the inbox for all others
        log.exception("receive.broken", conversation_id=record.key)
        await refuse.set_aside(transfer, error, node)


async def take(transfer: bytes, headers: Headers, node: Node, *, parked: tuple[tuple[str, str, str], ...] = ()) -> None:
    """Judge an opened transfer; `parked` names it where it is a parked one that is tried again, a replay has no headers any more."""
    try:
        raw, receipt_xml = seal.unframe(transfer, node.limits)
        if not raw:
            await hear.hear(receipt_xml, headers, node, transfer=transfer)
            return
        unpacked = envelope.unpack(raw, node.limits)
        if headers:
            bus_headers.check(headers, unpacked.header, receiver=node.name)
        accepted = _sender_node_says(unpacked.header, receipt_xml, node)
    except Refusal as refusal:
        await refuse.note(transfer, refusal, node, unpark=parked)
        return
    header = unpacked.header
    key = park.Key(sender=header.sender, message_id=header.message_id, part="message")
    try:
        await _judge(_arrive(unpacked, accepted, transfer, node), node)
    except Parked as reason:
        if (await node.ledger.survey("receive", header)).claim is not None:
            known = TransferRefused("the message is here already, by a certificate that is known", code="CLM-002")
            await refuse.note(transfer, known, node, unpark=parked)
            return
        await park.park(key, header.conversation_id, reason, node, transfer=transfer, headers=headers)
    except Refusal as refusal:
        await refuse.note(transfer, refusal, node, unpark=parked)


def _sender_node_says(header: Header, receipt_xml: bytes, node: Node) -> Receipt:
    """The sender node's receipt: without a valid one nothing can be parked, and it gives the time that signatures are judged at."""
    accepted = receipts.verify(receipt_xml, node.trust, limits=node.limits)
    if accepted.kind != "accepted" or accepted.recipient != header.receiver or not hear.agrees(accepted, header):
        raise TransferRefused("the receipt in this transfer is about another message", code="BUS-010")
    if node.registry().node_of(header.sender) != accepted.issuer:
        raise TransferRefused(f"{accepted.issuer} does not speak for {header.sender}", code="BUS-011")
    return accepted


def _arrive(unpacked: Unpacked, accepted: Receipt, transfer: bytes, node: Node) -> Arrival:
    """The envelope proved as of its accept time. Raises `Parked` for a certificate that the registry does not know yet."""
    began = time.perf_counter_ns()
    try:
        verified = signature.verify(unpacked, node.trust, at=accepted.issued_at)
    except SignatureRefused as refusal:
        # Only what the sender's node has accepted may wait and hold others: the receipt must be about these bytes.
        if refusal.code != CERTIFICATE_UNKNOWN or signature.digest_of(unpacked) != accepted.digest:
            raise
        sender = unpacked.header.sender
        raise Parked(
            "a certificate that the registry does not know yet", wait_for=f"registry:{sender}", code="PRK-006"
        ) from refusal
    if verified.digest != accepted.digest:
        raise TransferRefused("the accepted receipt is about other bytes", code="BUS-012")
    return Arrival(verified=verified, accepted=accepted, transfer=transfer, began=began)


async def _judge(arrival: Arrival, node: Node) -> None:
    header = arrival.verified.header
    for _ in range(node.policy.steps):
        survey = await node.ledger.survey("receive", header)
        if survey.claim is not None:
            await refuse.repeat(arrival, survey, node)
            return
        try:
            if survey.parked:
                await park.keep_order(header, node)
            if node.contracts.find(header.flow, header.flow_version) is None:
                raise Parked(
                    "a contract version that this node does not take yet",
                    wait_for=f"version:{header.flow}",
                    code="PRK-003",
                )
            validated = structure.validate(arrival.verified, node.catalogue, node.rules)
            await take_in(arrival, validated, survey, node)
        except (StaleConversation, AlreadyClaimed, LeaseLost):
            continue
        except Refusal as refusal:
            if not await refuse.refuse(arrival, survey, refusal, node):
                continue
        return
    raise NodeError("the conversation moved at every attempt", code="NOD-005")
