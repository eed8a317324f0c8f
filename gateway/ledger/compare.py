"""What a group of changes compares and claims, before any of its rows is written: one round trip, then who has lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.errors import AlreadyClaimed, LeaseLost, NodeError, StaleConversation
from gateway.ledger.database import Result, Session
from gateway.ledger.dialect import Columns, Dialect, Statement
from gateway.ledger.group import Lost, Waiting, guard_key
from gateway.ledger.schema import Stored
from gateway.ledger.tables_node import STORED
from gateway.model.ledger import Guard

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


Losers = Iterator[tuple[Waiting, NodeError]]


@dataclass(frozen=True, slots=True)
class _Check:
    """Statements, and what their answers mean."""

    statements: list[Statement]
    judge: Callable[[Sequence[Result]], Losers]


async def hold(session: Session, group: Sequence[Waiting]) -> None:
    """Lock and compare conversations, take claims, check guards. Raises `Lost`."""
    checks = [check(session.dialect, group) for check in (_versions, _claims, _guards)]
    results = await session.run([statement for check in checks for statement in check.statements])
    losers: dict[Waiting, NodeError] = {}
    at = 0
    for check in checks:
        for waiting, error in check.judge(results[at : at + len(check.statements)]):
            losers.setdefault(waiting, error)
        at += len(check.statements)
    if losers:
        raise Lost(losers)


def _versions(dialect: Dialect, group: Sequence[Waiting]) -> _Check:
    """Conversations are at the version that their change was built on."""
    moves = [(waiting, version, after.conversation_id) for waiting in group for version, after in waiting.change.moves]
    conversations = sorted({(conversation,) for _, _, conversation in moves})
    new = sorted({(conversation,) for _, version, conversation in moves if version == 0})
    statements = [dialect.look_up(_BEGIN, _CONVERSATION_KEY, new)] if new else []
    if moves:
        statements.append(dialect.look_up(_VERSIONS, _CONVERSATION_KEY, conversations))

    def judge(results: Sequence[Result]) -> Losers:
        versions = dict(results[-1].rows) if results else {}
        for waiting, version, conversation in moves:
            if versions.get(conversation) != version:
                yield waiting, StaleConversation(f"conversation {conversation} is not at version {version}")

    return _Check(statements, judge)


def _claims(dialect: Dialect, group: Sequence[Waiting]) -> _Check:
    """Claims go in where nobody has claimed the same."""
    owners: dict[type, dict[tuple[Any, ...], tuple[Waiting, Any]]] = {}
    for waiting in group:
        for row in waiting.change.rows:
            one = STORED[type(row)]
            if one.policy == "taken":
                owners.setdefault(type(row), {})[_key(one, row)] = (waiting, row)
    ordered = [(kind, dict(sorted(owners[kind].items()))) for kind in STORED if kind in owners]

    def judge(results: Sequence[Result]) -> Losers:
        for (kind, rows), result in zip(ordered, results, strict=True):
            for key in rows.keys() - set(result.rows):
                yield rows[key][0], AlreadyClaimed(f"{kind.__name__} {key} is taken")

    return _Check([dialect.take(STORED[kind], [row for _, row in rows.values()]) for kind, rows in ordered], judge)


def _guards(dialect: Dialect, group: Sequence[Waiting]) -> _Check:
    """Rows still hold what their change expects of them."""
    checks: dict[tuple[type, str], dict[tuple[Any, ...], tuple[Waiting, Guard]]] = {}
    for waiting in group:
        for guard in waiting.change.guards:
            checks.setdefault((guard.table, guard.column), {})[guard_key(guard)[1:]] = (waiting, guard)
    ordered = sorted(checks.items(), key=lambda item: (item[0][0].__name__, item[0][1]))
    statements = []
    for (kind, column), guards in ordered:
        template, columns = _guard_query(kind, column)
        keys = [(*key, guards[key][1].expected) for key in sorted(guards)]
        statements.append(dialect.look_up(template, columns, keys))

    def judge(results: Sequence[Result]) -> Losers:
        for ((kind, column), guards), result in zip(ordered, results, strict=True):
            for key in guards.keys() - set(result.rows):
                yield guards[key][0], LeaseLost(f"{kind.__name__} {key}: {column} is not what it was")

    return _Check(statements, judge)


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


def _key(one: Stored, row: Any) -> tuple[Any, ...]:
    key = one.key_of(row)
    return key if len(one.key) > 1 else (key,)
