"""Build: a process that names the expiry of another is built on it; the late step that it would have taken is too late (protocol.md §7)."""

from __future__ import annotations

from dataclasses import replace

from gateway.contract.terms import DEADLINE_EXPIRED
from gateway.flow.node import Node
from gateway.model.envelope import Permitted
from gateway.model.ledger import Row


async def built_on(permitted: Permitted, node: Node) -> tuple[Row, ...]:
    """The old process without its open expiry, where this message opens a process that names it; else nothing."""
    header = permitted.header
    if not permitted.step.opens or header.ref_to is None:
        return ()
    for message in await node.ledger.find_message(header.ref_to):
        old = await node.ledger.process(message.process_id)
        if message.message_type == DEADLINE_EXPIRED and old is not None and old.expired:
            return (replace(old, expired="", updated_us=node.clock.now_us()),)
    return ()
