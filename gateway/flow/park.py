"""Park: a transfer that cannot be judged yet waits for what it lacks, with a date (protocol.md §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from gateway.errors import Parked
from gateway.flow.node import Node
from gateway.model.envelope import Header
from gateway.model.ledger import Change, ParkedRecord, Survey


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
    earlier = next((one for one in await node.ledger.parked_of(conversation_id, key.sender) if _key(one) == key), None)
    record = ParkedRecord(
        sender=key.sender,
        message_id=key.message_id,
        conversation_id=conversation_id,
        part=key.part,
        wait_for=reason.wait_for,
        code=reason.code,
        transfer=transfer,
        headers=orjson.dumps(headers).decode(),
        # Another try that was in vain moves neither its place nor its end.
        arrived_us=earlier.arrived_us if earlier else now,
        next_us=now + node.policy.park_retry_us,
        until_us=earlier.until_us if earlier else now + node.policy.park_limit_us,
    )
    await node.ledger.commit(Change(name="receive.park", rows=(record,)))
    node.meter.count("receive", outcome="parked", code=reason.code)


async def keep_order(header: Header, node: Node) -> None:
    """Raises `Parked` while an earlier message of the same sender in this conversation waits (protocol.md §4)."""
    waiting = await node.ledger.parked_of(header.conversation_id, header.sender)
    messages = [one.message_id for one in waiting if one.part == "message"]
    if messages and messages[0] != header.message_id:
        raise Parked("an earlier message of this sender waits", wait_for=f"message:{messages[0]}", code="PRK-002")


async def awaken(survey: Survey, arrived: Key, node: Node) -> tuple[ParkedRecord, ...]:
    """What else is parked in this conversation, due at once: the arrival may be what it waits for (protocol.md §4)."""
    if not survey.waiting:
        return ()
    now = node.clock.now_us()
    waiting = await node.ledger.parked_in(survey.conversation.conversation_id)
    return tuple(replace(one, next_us=now) for one in waiting if _key(one) != arrived)


def _key(record: ParkedRecord) -> Key:
    return Key(sender=record.sender, message_id=record.message_id, part=record.part)
