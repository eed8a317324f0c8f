"""Skip: a failed delivery is given up by two persons; its lane is free, its sender learns `undeliverable` (protocol.md §4)."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import AlreadyClaimed, Finding
from gateway.flow import conclude
from gateway.flow.node import Node
from gateway.model.ledger import ReplayClaim

_GIVEN_UP = Finding(
    code="PAR-014", text_zh="经两名操作人员决定，不再送达", text_en="two operators have decided to give it up"
)


async def skip_one(failure_id: str, replay_id: str, node: Node) -> bool:
    """End one failed delivery for good; False where it is no longer failed, or another replay holds it."""
    failure = await node.ledger.failure(failure_id)
    if failure is None or failure.state != "failed":
        return False
    delivery = await node.ledger.delivery(
        failure.participant, failure.sender, message_id=failure.message_id, part=failure.part
    )
    message = await node.ledger.message(failure.sender, failure.message_id)
    if delivery is None or message is None or delivery.state != "failed":
        return False
    given_up = replace(failure, state="abandoned", last_us=node.clock.now_us())
    ending = conclude.Ending(
        name="replay.skip",
        fact="undeliverable",
        after=replace(conclude.freed(delivery), state="skipped"),
        receipt="undeliverable" if failure.part == "message" else None,
        code=_GIVEN_UP.code,
        finding=_GIVEN_UP,
        extra=(ReplayClaim(failure_id=failure_id, replay_id=replay_id), given_up),
    )
    try:
        await conclude.conclude(delivery, message, node, ending)
    except AlreadyClaimed:
        return False
    node.meter.count("replay", stage="skip")
    return True
