"""Retrieve: a system that cannot be called takes its messages itself; its confirmation is the entry into it (protocol.md §6)."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import NotFound
from gateway.flow import conclude
from gateway.flow.node import Node
from gateway.model.ledger import Delivery


async def waiting(participant: str, node: Node, *, limit: int) -> list[Delivery]:
    """What waits for a participant, the first of each lane first."""
    return await node.ledger.waiting_for(participant, limit)


async def confirm(participant: str, message_id: str, node: Node, *, part: str) -> None:
    """End a delivery by the participant's own word, with the receipt `retrieved`. Raises `NotFound` where nothing of that waits."""
    found = [
        one
        for one in await node.ledger.waiting_for(participant, 1_000)
        if (one.message_id, one.part) == (message_id, part)
    ]
    if not found:
        raise NotFound(f"nothing of {message_id} waits for {participant}")
    delivery = found[0]
    message = await node.ledger.message(delivery.sender, delivery.message_id)
    if message is None:
        raise NotFound(f"no message {message_id} here")
    ending = conclude.Ending(
        name="retrieve.done",
        fact="retrieved" if part == "message" else "carried",
        after=replace(conclude.freed(delivery), state="delivered"),
        receipt="retrieved" if part == "message" else None,
    )
    await conclude.conclude(delivery, message, node, ending)
