"""One group of changes inside one transaction.

What they compare and claim first, then all their rows, a statement a table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.errors import AlreadyClaimed, LeaseLost, NodeError, StaleConversation
from gateway.ledger.database import Result, Session
from gateway.ledger.dialect import Columns, Statement
from gateway.ledger.schema import Stored
from gateway.ledger.tables import CONVERSATIONS, MESSAGES
from gateway.ledger.tables_node import STORED
from gateway.ledger.tables_work import OUTBOX, PARKED
from gateway.model.ledger import Change, Conversation, Fact, Guard, Origin

#: A conversation that is new here gets its row first, so that there is something to lock and to compare.
_BEGIN = (
    'INSERT INTO "conversations" ("conversation_id", "version", "head") '
    'SELECT k."conversation_id", 0, \'\' FROM {keys} WHERE true ON CONFLICT ("conversation_id") DO NOTHING'
)
#: Sorted, like every lock of more than one row, so that two processes never wait for each other.
_VERSIONS = (
    'SELECT t."conversation_id", t."version" FROM "conversations" AS t '
    'WHERE t."conversation_id" IN (SELECT k."conversation_id" FROM {keys}) ORDER BY t."conversation_id" {lock}'
)
_CONVERSATION_KEY: Columns = (("conversation_id", "text"),)
_WORDS = (
    'UPDATE "messages" AS t SET "word" = k."word", "ask_us" = k."ask_us", "asked" = k."asked" FROM {keys} '
    'WHERE t."sender" = k."sender" AND t."message_id" = k."message_id"'
)
_WORD_COLUMNS: Columns = tuple(
    (name, MESSAGES.types[name]) for name in ("sender", "message_id", "word", "ask_us", "asked")
)
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
    keys.update(_guard_key(guard) for guard in change.guards)
    return Waiting(change, asyncio.get_running_loop().create_future(), frozenset(keys), weight)


async def hold(session: Session, group: Sequence[Waiting]) -> None:
    """Lock and compare conversations, take claims, check guards. Raises `Lost`."""
    versions = await _versions(session, group)
    losers: dict[Waiting, NodeError] = {}
    for waiting in group:
        for expected, after in waiting.change.moves:
            if versions.get(after.conversation_id) != expected:
                losers[waiting] = StaleConversation(
                    f"conversation {after.conversation_id} is not at version {expected}"
                )
    await _take_claims(session, group, losers)
    await _check_guards(session, group, losers)
    if losers:
        raise Lost(losers)


async def write(session: Session, group: Sequence[Waiting]) -> None:
    """All rows of the group.

    Raises `Lost` where a fact's place in its stream is taken (only a group of one says by whom).
    """
    changes = [waiting.change for waiting in group]
    statements = _settled(session, changes)
    written: list[tuple[Stored, int, int]] = []
    for kind, rows in _by_table(changes).items():
        one = STORED[kind]
        ordered = _in_order(one, rows)
        written.append((one, len(statements), len(ordered)))
        statements.append(session.dialect.insert(one, ordered))
    words = {(word.sender, word.message_id): word for change in changes for word in change.words}
    if words:
        keys = [(word.sender, word.message_id, word.word, word.ask_us, word.asked) for _, word in sorted(words.items())]
        statements.append(session.dialect.look_up(_WORDS, _WORD_COLUMNS, keys))
    results: list[Result] = await session.run(statements) if statements else []
    for one, at, count in written:
        if one.policy == "append" and results[at].changed != count:
            raise Lost(
                {waiting: StaleConversation("a fact stands already in its place") for waiting in group}, torn=True
            )


async def _versions(session: Session, group: Sequence[Waiting]) -> dict[str, int]:
    expected = sorted(
        {(after.conversation_id, version) for waiting in group for version, after in waiting.change.moves}
    )
    if not expected:
        return {}
    look_up = session.dialect.look_up
    statements = [look_up(_VERSIONS, _CONVERSATION_KEY, [(conversation,) for conversation, _ in expected])]
    if new := [(conversation,) for conversation, version in expected if version == 0]:
        statements.insert(0, look_up(_BEGIN, _CONVERSATION_KEY, new))
    return dict((await session.run(statements))[-1].rows)


async def _take_claims(session: Session, group: Sequence[Waiting], losers: dict[Waiting, NodeError]) -> None:
    owners: dict[type, dict[tuple[Any, ...], tuple[Waiting, Any]]] = {}
    for waiting in group:
        for row in waiting.change.rows:
            if STORED[type(row)].policy == "taken":
                owners.setdefault(type(row), {})[_key(STORED[type(row)], row)] = (waiting, row)
    ordered = [(kind, dict(sorted(owners[kind].items()))) for kind in STORED if kind in owners]
    statements = [session.dialect.take(STORED[kind], [row for _, row in rows.values()]) for kind, rows in ordered]
    for (kind, rows), result in zip(ordered, await session.run(statements) if statements else [], strict=True):
        for key in rows.keys() - set(result.rows):
            losers.setdefault(rows[key][0], AlreadyClaimed(f"{kind.__name__} {key} is taken"))


async def _check_guards(session: Session, group: Sequence[Waiting], losers: dict[Waiting, NodeError]) -> None:
    checks: dict[tuple[type, str], dict[tuple[Any, ...], tuple[Waiting, Guard]]] = {}
    for waiting in group:
        for guard in waiting.change.guards:
            key = _guard_key(guard)[1:]
            checks.setdefault((guard.table, guard.column), {})[key] = (waiting, guard)
    ordered = sorted(checks.items(), key=lambda item: (item[0][0].__name__, item[0][1]))
    statements = []
    for (kind, column), guards in ordered:
        template, columns = _guard_query(kind, column)
        keys = [(*key, guard.expected) for key, (_, guard) in sorted(guards.items(), key=lambda item: item[0])]
        statements.append(session.dialect.look_up(template, columns, keys))
    for ((kind, column), guards), result in zip(
        ordered, await session.run(statements) if statements else [], strict=True
    ):
        for key in guards.keys() - set(result.rows):
            losers.setdefault(guards[key][0], LeaseLost(f"{kind.__name__} {key}: {column} is not what it was"))


@cache
def _guard_query(kind: type, column: str) -> tuple[str, Columns]:
    """The comparison of one column of a table under a list of keys, and what a key is made of."""
    one = STORED[kind]
    names = [f'"{name}"' for name in one.key]
    match = " AND ".join(f"t.{name} = k.{name}" for name in names)
    found = ", ".join(f"t.{name}" for name in names)
    template = (
        f'SELECT {found} FROM {{keys}} CROSS JOIN "{one.table.name}" AS t '  # noqa: S608  # our own names; values are parameters
        f'WHERE {match} AND t."{column}" {{same}} k."expected" ORDER BY {found} {{lock}}'
    )
    return template, (*((name, one.types[name]) for name in one.key), ("expected", one.types[column]))


def _guard_key(guard: Guard) -> tuple[Any, ...]:
    """(row type, key in the table's order). Raises `NodeError` where the guard does not name the whole key."""
    one = STORED.get(guard.table)
    key = dict(guard.key)
    if one is None or key.keys() != set(one.key) or guard.column not in one.types or one.types[guard.column] == "bytea":
        raise NodeError(f"a guard on {guard.table.__name__}.{guard.column} must name the whole key")
    return (guard.table, *(key[name] for name in one.key))


def _key(one: Stored, row: Any) -> tuple[Any, ...]:
    key = one.key_of(row)
    return key if len(one.key) > 1 else (key,)


def _settled(session: Session, changes: Sequence[Change]) -> list[Statement]:
    """Deletions: parked records that are settled and outbox rows that are published."""
    statements = []
    for one, keys in (
        (PARKED, {key for change in changes for key in change.unpark}),
        (OUTBOX, {key for change in changes for key in change.published}),
    ):
        if keys:
            names = ", ".join(f'"{name}"' for name in one.key)
            chosen = ", ".join(f'k."{name}"' for name in one.key)
            template = f'DELETE FROM "{one.table.name}" WHERE ({names}) IN (SELECT {chosen} FROM {{keys}})'  # noqa: S608  # our own names; values are parameters
            columns = tuple((name, one.types[name]) for name in one.key)
            statements.append(session.dialect.look_up(template, columns, sorted(keys)))
    return statements


def _by_table(changes: Iterable[Change]) -> dict[type, list[Any]]:
    """Row type → rows, in the order of writing; claims are written already."""
    found: dict[type, list[Any]] = {}
    for change in changes:
        if change.moves:
            found.setdefault(Conversation, []).extend(after for _, after in change.moves)
        for row in change.rows:
            found.setdefault(type(row), []).append(row)
    return {kind: found[kind] for kind, one in STORED.items() if kind in found and one.policy != "taken"}


def _in_order(one: Stored, rows: list[Any]) -> list[Any]:
    """One row a key, sorted by key.

    PostgreSQL refuses to replace a row twice in one statement, and locks go in order.
    """
    if one.policy == "append" or len(rows) == 1:
        return rows
    in_turn = reversed(rows) if one.policy == "first" else rows
    return [row for _, row in sorted({one.key_of(row): row for row in in_turn}.items())]
