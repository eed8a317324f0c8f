"""Park: a transfer that cannot be judged yet waits for what it lacks, with a date (protocol.md §4)."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from gateway.errors import Parked
from gateway.flow.node import Node
from gateway.model.ledger import Change, ParkedRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """Which transfer is parked."""

    sender: str
    message_id: str
    #: message, or a receipt's part.
    part: str

    def as_tuple(self) -> tuple[str, str, str]:
        """The key as a change settles it."""
        return (self.sender, self.message_id, self.part)


async def park(
    key: Key, conversation_id: str, reason: Parked, node: Node, *, transfer: bytes, headers: tuple[tuple[str, str], ...]
) -> None:
    """Keep the transfer; it is tried again when what it waits for arrives, and at its date; it holds only its sender in its conversation."""
    now = node.clock.now_us()
    record = ParkedRecord(
        sender=key.sender,
        message_id=key.message_id,
        conversation_id=conversation_id,
        part=key.part,
        wait_for=reason.wait_for,
        code=reason.code,
        transfer=transfer,
        headers=orjson.dumps(headers).decode(),
        arrived_us=now,
        next_us=now + node.policy.park_retry_us,
        until_us=now + node.policy.park_limit_us,
    )
    await node.ledger.commit(Change(name="receive.park", rows=(record,)))
    node.meter.count("receive", outcome="parked", code=reason.code)
