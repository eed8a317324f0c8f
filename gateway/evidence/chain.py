"""The hash chain of a conversation: each fact carries the digest of the one before (protocol.md §8).

A fact's digest is SHA-256 over its canonical JSON (keys sorted, no blanks, UTF-8), the previous digest included, so that one
bit changed or one fact left out breaks every later digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import orjson

from gateway.model.ledger import Conversation, Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """A fact before it has its place in the chain."""

    kind: str
    actor: str
    stage: str
    sender: str = ""
    message_id: str = ""
    process_id: str = ""
    #: Codes and ids only.
    detail: tuple[tuple[str, str | int], ...] = ()
    trace_id: str = ""
    took_us: int = 0


def extend(
    conversation: Conversation, happenings: Iterable[Happening], *, at_us: int
) -> tuple[Conversation, tuple[Fact, ...]]:
    """Append happenings to a conversation; returns the conversation after them and the facts in order."""
    facts = []
    for happening in happenings:
        fact = _link(conversation, happening, at_us)
        facts.append(fact)
        conversation = replace(conversation, version=fact.seq, head=fact.digest)
    return conversation, tuple(facts)


def broken(facts: Iterable[Fact]) -> int | None:
    """The seq of the first fact that does not follow from the one before, or None where the chain holds."""
    previous = ""
    for seq, fact in enumerate(facts, start=1):
        if fact.seq != seq or fact.previous != previous or digest(fact) != fact.digest:
            return fact.seq
        previous = fact.digest
    return None


def digest(fact: Fact) -> str:
    """SHA-256 of a fact's canonical JSON without its own digest, lower-case hexadecimal."""
    body = {
        "stream": fact.stream, "seq": fact.seq, "kind": fact.kind, "at_us": fact.at_us, "actor": fact.actor, "sender": fact.sender,
        "message_id": fact.message_id, "process_id": fact.process_id, "stage": fact.stage, "detail": fact.detail,
        "previous": fact.previous, "trace_id": fact.trace_id, "took_us": fact.took_us,
    }  # fmt: skip
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _link(conversation: Conversation, happening: Happening, at_us: int) -> Fact:
    fact = Fact(
        stream=conversation.conversation_id,
        seq=conversation.version + 1,
        kind=happening.kind,
        at_us=at_us,
        actor=happening.actor,
        sender=happening.sender,
        message_id=happening.message_id,
        process_id=happening.process_id,
        stage=happening.stage,
        detail=orjson.dumps(dict(happening.detail), option=orjson.OPT_SORT_KEYS).decode() if happening.detail else "{}",
        previous=conversation.head,
        digest="",
        trace_id=happening.trace_id,
        took_us=happening.took_us,
    )
    return replace(fact, digest=digest(fact))
