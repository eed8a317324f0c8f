"""Relay: from the outbox to the bus, in order per destination and conversation; then the row goes (protocol.md §4, §5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby

import orjson
import structlog

from gateway.bus import boundary, topics
from gateway.bus import headers as bus_headers
from gateway.errors import NodeError
from gateway.flow.node import Node
from gateway.model.envelope import Attachment, Header
from gateway.model.ledger import Outbox
from gateway.ports import Record
from gateway.signing import seal
from gateway.xml import envelope

log = structlog.get_logger()
#: Attachment chunks of this size travel sealed beside the message (protocol.md §5: at most 512 KB).
CHUNK_BYTES = 480_000
#: Attachments on their way at once: bounds memory at a few chunks each.
SIDE_BY_SIDE = 32


async def relay(node: Node, *, limit: int = 500) -> int:
    """Publish the first unpublished row of each (destination, conversation), delete what the bus has; returns how many.

    Raises `NodeError` where the bus is not there: the rows stay and come again, the receiver's claim takes the double.
    """
    waiting = await _ready(await node.ledger.outbox_first(limit), node)
    sent, failed = list[Outbox](), None
    for _, rows in groupby(sorted(waiting, key=_destination), key=_destination):
        lot = list(rows)
        try:
            await boundary.publish(node.bus, [_record(row, node) for row in lot], name="relay.publish")
        except NodeError as error:  # a node whose topic is not there yet holds up its own rows alone
            failed = error
        else:
            sent += lot
    await node.ledger.outbox_delete([(row.destination, row.conversation_id, row.seq, row.part) for row in sent])
    if failed is not None and not sent:
        raise failed
    node.meter.count("relay", len(sent))
    return len(sent)


async def _ready(rows: list[Outbox], node: Node) -> list[Outbox]:
    """Those that may go, their attachments before them: some side by side, so that one large file holds up no other."""
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def may(row: Outbox) -> bool:
        async with room:
            try:
                return await _may_go(row, node)
            except NodeError as error:  # a node whose topics are not there yet holds up its own rows alone
                log.warning("relay.held", endpoint=row.destination, message_id=row.message_id, code=error.code)
                return False

    return [row for row, goes in zip(rows, await asyncio.gather(*map(may, rows)), strict=True) if goes]


async def _may_go(row: Outbox, node: Node) -> bool:
    """Its node is known, and what it names went before it; else it waits, and its conversation with it."""
    if row.destination not in node.registry().nodes:
        return False
    return row.part.partition("/")[0] != "message" or await _send_attachments(row, node)


def _destination(row: Outbox) -> str:
    return row.destination


def _record(row: Outbox, node: Node) -> Record:
    """A row sealed to its destination node; the headers carry ids only."""
    topic = topics.inbox(node.prefix, row.destination)
    headers = tuple((name, value) for name, value in orjson.loads(row.headers))
    info = seal.info(topic, bus_headers.ce_id(headers))
    sealed = seal.seal(_sealing_key(row.destination, node), row.transfer, info)
    return Record(topic=topic, key=row.conversation_id, value=sealed, headers=headers)


def _sealing_key(destination: str, node: Node) -> bytes:
    entry = node.registry().nodes.get(destination)
    if entry is None:
        raise NodeError(f"the registry does not know {destination}", code="NOD-030")
    return entry.sealing_key


async def _send_attachments(row: Outbox, node: Node) -> bool:
    """Chunks go before the message, so that the receiver seldom waits; within one node the bytes are there already.

    False where bytes that are passed on to a copy have not come to the keeper's node themselves.
    """
    if row.destination == node.name or b"<Attachments" not in row.transfer:
        return True
    raw, _ = seal.unframe(row.transfer, node.limits)
    header = envelope.unpack(raw, node.limits).header
    if not all([await node.blobs.has(attachment.sha256) for attachment in header.attachments]):
        return False
    for attachment in header.attachments:
        await _send_chunks(header, attachment, row.destination, node)
    return True


async def _send_chunks(header: Header, attachment: Attachment, destination: str, node: Node) -> None:
    topic = topics.blobs(node.prefix, destination)
    key = _sealing_key(destination, node)
    total = max(1, -(-attachment.size // CHUNK_BYTES))
    index = 0
    async for chunk in _chunks(node.blobs.get(attachment.sha256)):
        headers = bus_headers.for_chunk(header, attachment.sha256, index=index, total=total, destination=destination)
        sealed = seal.seal(key, chunk, seal.info(topic, bus_headers.ce_id(headers)))
        record = Record(topic=topic, key=attachment.sha256, value=sealed, headers=headers)
        await boundary.publish(node.bus, [record], name="relay.chunk")
        index += 1


async def _chunks(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut a stream into chunks of `CHUNK_BYTES`; an empty attachment is one empty chunk."""
    held, sent = bytearray(), False
    async for part in parts:
        held += part
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
            sent = True
    if held or not sent:
        yield bytes(held)


async def take_chunk(record: Record, node: Node) -> bool:
    """Keep one sealed chunk that came over the bus; True when the attachment is whole. Raises `TransferRefused`."""
    ce_id = bus_headers.ce_id(record.headers)
    sha256, index, total = bus_headers.chunk_of(record.headers)
    data = node.keys.open(record.value, seal.info(record.topic, ce_id))
    whole = await node.blobs.put_chunk(sha256, index, total, data)
    if whole:
        node.wake("deliver")
    return whole
