"""What a participant's token may see: messages that it sent, received or got a copy of, and what belongs to them (protocol.md §10)."""

from __future__ import annotations

from dataclasses import replace

from gateway.api.access import Caller
from gateway.errors import NotFound
from gateway.flow.trace import Trace
from gateway.model.ledger import Message
from gateway.services import Services


async def message_for(services: Services, caller: Caller, message_id: str) -> Message:
    """The message, where the caller may see it. Raises `NotFound` for what is not here and for what is not the caller's alike."""
    for message in await services.node.ledger.find_message(message_id):
        if not caller.participant or caller.participant in (message.sender, message.receiver):
            return message
        deliveries = await services.node.ledger.deliveries_of(message.sender, message_id)
        if any(delivery.endpoint == caller.participant for delivery in deliveries):
            return message
    raise NotFound(f"no message {message_id} here")


async def trace_for(
    services: Services, caller: Caller, *, case: str = "", message: str = "", conversation: str = ""
) -> Trace:
    """A trace, bounded to the caller. Raises `NotFound` like `message_for`, `RequestRefused` where nothing is named."""
    found = await services.trace(case=case, message=message, conversation=conversation)
    return bounded(found, caller.participant) if caller.participant else found


def bounded(found: Trace, participant: str) -> Trace:
    """The participant's own part of a dispute; the chain was judged over all of it. Raises `NotFound` where it has none."""
    copied = {(d.sender, d.message_id) for d in found.deliveries if d.endpoint == participant}
    own = {
        (m.sender, m.message_id)
        for m in found.messages
        if participant in (m.sender, m.receiver) or (m.sender, m.message_id) in copied
    }
    turns = tuple(turn for turn in found.turns if participant in turn.roles.values())
    if not own and not turns:
        raise NotFound("no such conversation here")
    processes = {turn.process.process_id for turn in turns}
    return replace(
        found,
        facts=tuple(
            f for f in found.facts
            if (f.sender, f.message_id) in own or (not f.message_id and (not f.process_id or f.process_id in processes))
        ),
        messages=tuple(m for m in found.messages if (m.sender, m.message_id) in own),
        receipts=tuple(r for r in found.receipts if (r.sender, r.message_id) in own),
        deliveries=tuple(d for d in found.deliveries if (d.sender, d.message_id) in own),
        failures=tuple(f for f in found.failures if (f.sender, f.message_id) in own),
        turns=turns,
    )  # fmt: skip
