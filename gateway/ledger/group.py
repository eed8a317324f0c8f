"""A change that waits to be committed: what it compares, what it claims, and who waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from gateway.errors import NodeError
from gateway.ledger.tables import CONVERSATIONS
from gateway.ledger.tables_node import STORED
from gateway.model.ledger import Change, Conversation, Fact, Guard, Origin

#: Row type → its columns of bytes: they bound how much one group carries.
_HEAVY = {
    kind: tuple(name for name, sql_type in one.types.items() if sql_type == "bytea") for kind, one in STORED.items()
}


@dataclass(slots=True, eq=False)
class Waiting:
    """A change and whoever waits for it."""

    change: Change
    done: asyncio.Future[None]
    #: What it compares or claims: two changes that share one of these are never in one group.
    keys: frozenset[tuple[Any, ...]]
    #: Bytes of its large fields.
    weight: int


class Lost(NodeError):
    """Some changes of the group lost a comparison; the group is rolled back and run again without them."""

    def __init__(self, losers: dict[Waiting, NodeError], *, torn: bool = False) -> None:
        self.losers = losers
        #: One of them lost, and it is not known which.
        self.torn = torn
        super().__init__("a comparison was lost")


def wait(change: Change) -> Waiting:
    """A change ready to be grouped. Raises `NodeError` for a row or a guard of an unknown table."""
    keys: set[tuple[Any, ...]] = {(Conversation, after.conversation_id) for _, after in change.moves}
    weight = 0
    for row in change.rows:
        kind = type(row)
        one = STORED.get(kind)
        if one is None or one is CONVERSATIONS:
            raise NodeError(f"{change.name}: {kind.__name__} is no row of a change")
        if isinstance(row, Fact):
            # A fact of the change's own conversation is covered by its move; one of an access stream is not.
            if (Conversation, row.stream) not in keys:
                keys.add((kind, one.key_of(row)))
        elif one.policy == "taken" or kind is Origin:
            keys.add((kind, one.key_of(row)))
        for name in _HEAVY[kind]:
            weight += len(getattr(row, name))
    keys.update(guard_key(guard) for guard in change.guards)
    return Waiting(change, asyncio.get_running_loop().create_future(), frozenset(keys), weight)


def guard_key(guard: Guard) -> tuple[Any, ...]:
    """(row type, *key in the table's order). Raises `NodeError` where the guard does not name the whole key."""
    one = STORED.get(guard.table)
    key = dict(guard.key)
    if one is None or key.keys() != set(one.key) or guard.column not in one.types or one.types[guard.column] == "bytea":
        raise NodeError(f"a guard on {guard.table.__name__}.{guard.column} must name the whole key")
    return (guard.table, *(key[name] for name in one.key))
