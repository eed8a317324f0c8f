"""Trace: every fact and receipt here, in order, with durations, due dates, whose turn it is and what happens next."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from gateway.errors import NotFound, RequestRefused, StaleConversation
from gateway.evidence import chain
from gateway.flow.node import Node
from gateway.model import casenumber
from gateway.model.ledger import Change, Conversation, Deadline, Delivery, Fact, Failure, Message, Process
from gateway.model.receipt import Receipt
from gateway.signing import receipts


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """Where a process stands: what may come, from whom, until when."""

    process: Process
    roles: dict[str, str]
    #: message type → participant that may send it now.
    next: dict[str, str]
    deadlines: tuple[Deadline, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """One dispute as this node knows it; personal data is in none of it."""

    conversation_id: str
    facts: tuple[Fact, ...]
    messages: tuple[Message, ...]
    receipts: tuple[Receipt, ...]
    deliveries: tuple[Delivery, ...]
    failures: tuple[Failure, ...]
    turns: tuple[Turn, ...]
    #: seq of the first fact that breaks the chain; None where it holds.
    broken_at: int | None


async def find(node: Node, *, message: str = "", conversation: str = "", case: str = "") -> str:
    """The conversation that a message id, a conversation id or any system's case number names. Raises `NotFound`, `RequestRefused`."""
    if conversation:
        return conversation
    if message:
        found = await node.ledger.find_message(message)
        if not found:
            raise NotFound(f"no message {message} here")
        return found[0].conversation_id
    if not case:
        raise RequestRefused("name a message, a conversation or a case number", code="REQ-420")
    references = await node.ledger.resolve_any(casenumber.key(case))
    conversations = {reference.conversation_id for reference in references}
    if not conversations:
        raise NotFound(f"no case is known here by the number {case}")
    if len(conversations) > 1:
        raise RequestRefused(
            f"{len(conversations)} disputes carry this number: {', '.join(sorted(conversations))}", code="REQ-421"
        )
    return conversations.pop()


async def trace(conversation_id: str, node: Node) -> Trace:
    """All that this node's ledger says about a dispute, in order. Raises `NotFound`."""
    facts = await node.ledger.facts(conversation_id)
    if not facts:
        raise NotFound(f"no conversation {conversation_id} here")
    messages = await node.ledger.messages_of(conversation_id)
    deliveries: list[Delivery] = []
    failures: list[Failure] = []
    for message in messages:
        deliveries += await node.ledger.deliveries_of(message.sender, message.message_id)
        failures += await node.ledger.failures_of(message.sender, message.message_id)
    stored = await node.ledger.receipts_of(conversation_id)
    return Trace(
        conversation_id=conversation_id,
        facts=tuple(facts),
        messages=tuple(messages),
        receipts=tuple(receipts.read(row.xml) for row in stored),
        deliveries=tuple(deliveries),
        failures=tuple(failures),
        turns=tuple([await _turn(process, node) for process in await node.ledger.processes_of(conversation_id)]),
        broken_at=chain.broken(facts),
    )


async def _turn(process: Process, node: Node) -> Turn:
    view = await node.ledger.process_view(process.process_id)
    roles = view.roles if view else {}
    flow = node.flow(process.flow, process.flow_version)
    accepts = {name: branches[0].sender for name, branches in flow.states[process.state].accepts.items()}
    deadlines = await node.ledger.deadlines(process_id=process.process_id)
    armed = tuple(sorted((d for d in deadlines if d.state in ("armed", "paused")), key=lambda d: d.due_us))
    following = {message_type: roles.get(role, role) for message_type, role in accepts.items()}
    return Turn(process=process, roles=roles, next=following, deadlines=armed)


async def note_access(node: Node, conversation_id: str, *, who: str, why: str, what: str) -> None:
    """Every view of a payload is a fact of its own stream: who, why, when (protocol.md §8)."""
    stream = f"access/{conversation_id}"
    for _ in range(node.policy.steps):
        before = await node.ledger.conversation(stream) or Conversation(conversation_id=stream, version=0, head="")
        happening = chain.Happening(kind="viewed", actor=who, stage="read", detail=(("what", what), ("why", why)))
        after, facts = chain.extend(before, (happening,), at_us=node.clock.now_us())
        try:
            await node.ledger.commit(Change(name="access.note", moves=((before.version, after),), rows=facts))
        except StaleConversation:
            continue
        return


def shown(fact: Fact) -> dict[str, object]:
    """A fact as people and machines read it."""
    return {
        "seq": fact.seq, "at_us": fact.at_us, "kind": fact.kind, "stage": fact.stage, "actor": fact.actor, "sender": fact.sender,
        "message_id": fact.message_id, "process_id": fact.process_id, "took_us": fact.took_us, "trace_id": fact.trace_id,
        "digest": fact.digest, "detail": orjson.loads(fact.detail),
    }  # fmt: skip
