"""All rows of a group of changes: a statement a table, in one order everywhere, against deadlocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.errors import StaleConversation
from gateway.ledger.database import Result, Session
from gateway.ledger.dialect import Columns, Statement
from gateway.ledger.group import Lost, Waiting
from gateway.ledger.schema import Stored
from gateway.ledger.tables import MESSAGES
from gateway.ledger.tables_node import STORED
from gateway.ledger.tables_work import OUTBOX, PARKED
from gateway.model.ledger import Change, Conversation

_WORDS = (
    'UPDATE "messages" AS t SET "word" = k."word", "ask_us" = k."ask_us", "asked" = k."asked" FROM {keys} '
    'WHERE t."sender" = k."sender" AND t."message_id" = k."message_id"'
)
_WORD_COLUMNS: Columns = tuple(
    (name, MESSAGES.types[name]) for name in ("sender", "message_id", "word", "ask_us", "asked")
)


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
    results: list[Result] = await session.run(statements)
    for one, at, count in written:
        if one.policy == "append" and results[at].changed != count:
            raise Lost(
                {waiting: StaleConversation("a fact stands already in its place") for waiting in group}, torn=True
            )


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
