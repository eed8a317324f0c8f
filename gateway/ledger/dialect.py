"""The two ways of saying the hot statements: bulk rows and bulk look-ups, as SQL text made once from the tables.

PostgreSQL gets one statement a table whatever the number of rows: arrays that `unnest` turns back into rows. SQLite
gets `executemany` for rows and one JSON array for look-ups. SQLAlchemy's own bulk insert costs about twice as much
CPU in groups of 16 (decision 0004).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.ledger.arrays import ENCODERS
from gateway.ledger.schema import SqlType, Stored
from gateway.ledger.tables_node import STORED

#: (name, PostgreSQL type) of each column of a list of keys.
Columns = tuple[tuple[str, SqlType], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its parameters: a tuple, or a list of tuples where it runs once for each."""

    sql: str
    parameters: Sequence[Any]
    #: Whether it answers with rows.
    returns: bool = False


class Dialect(ABC):
    """What differs between PostgreSQL and SQLite in the hot statements."""

    #: Null-safe comparison.
    same: str
    #: Appended to a SELECT of `t` whose rows are about to be changed.
    lock: str

    @abstractmethod
    def look_up(self, template: str, columns: Columns, keys: Sequence[tuple[Any, ...]]) -> Statement:
        """A statement over a list of keys: `{keys}` in the template becomes a relation `k` with these columns."""

    @abstractmethod
    def insert(self, stored: Stored, rows: Sequence[Any]) -> Statement:
        """Insert rows by their table's policy; the number of rows that went in is the statement's count."""

    def take(self, stored: Stored, rows: Sequence[Any]) -> Statement:
        """Insert rows that must be new; answers with the keys that went in."""
        statement = self.insert(stored, rows)
        returning = ", ".join(f'"{name}"' for name in stored.key)
        return Statement(f"{statement.sql} RETURNING {returning}", statement.parameters, returns=True)


class PostgreSQL(Dialect):
    """Arrays and `unnest`; row locks in the order of the key."""

    same = "IS NOT DISTINCT FROM"
    lock = "FOR UPDATE OF t"

    def look_up(self, template: str, columns: Columns, keys: Sequence[tuple[Any, ...]]) -> Statement:
        """See `Dialect.look_up`."""
        values = zip(*keys, strict=True) if keys else ([] for _ in columns)
        parameters = tuple(ENCODERS[kind](column) for (_, kind), column in zip(columns, values, strict=True))
        return Statement(_unnest_keys(template, columns), parameters, returns=template.startswith("SELECT"))

    def insert(self, stored: Stored, rows: Sequence[Any]) -> Statement:
        """See `Dialect.insert`."""
        columns = zip(*map(stored.values, rows), strict=True)
        parameters = tuple(ENCODERS[kind](column) for kind, column in zip(stored.types.values(), columns, strict=True))
        return Statement(_unnest_insert(stored.row), parameters)


class SQLite(Dialect):
    """`executemany` and JSON arrays; there is one writer, so nothing is locked by row."""

    same = "IS"
    lock = ""

    def look_up(self, template: str, columns: Columns, keys: Sequence[tuple[Any, ...]]) -> Statement:
        """See `Dialect.look_up`."""
        return Statement(_json_keys(template, columns), (json.dumps(keys),), returns=template.startswith("SELECT"))

    def insert(self, stored: Stored, rows: Sequence[Any]) -> Statement:
        """See `Dialect.insert`."""
        return Statement(_values_insert(stored.row), [stored.values(row) for row in rows])

    def take(self, stored: Stored, rows: Sequence[Any]) -> Statement:
        """See `Dialect.take`; executemany returns no rows, so that the rows are laid out in one VALUES list."""
        marks = f"({', '.join('?' * len(stored.types))})"
        values = ", ".join([marks] * len(rows))
        returning = ", ".join(f'"{name}"' for name in stored.key)
        sql = f"{_insert_head(stored)} VALUES {values} {_on_conflict(stored)} RETURNING {returning}"
        return Statement(sql, tuple(value for row in rows for value in stored.values(row)), returns=True)


@cache
def _unnest_keys(template: str, columns: Columns) -> str:
    arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    return template.format(keys=f"unnest({arrays}) AS k({names})", lock=PostgreSQL.lock, same=PostgreSQL.same)


@cache
def _json_keys(template: str, columns: Columns) -> str:
    names = ", ".join(f"json_extract(value, '$[{at}]') AS \"{name}\"" for at, (name, _) in enumerate(columns))
    return template.format(keys=f"(SELECT {names} FROM json_each(?)) AS k", lock=SQLite.lock, same=SQLite.same)  # noqa: S608  # our own names; values are parameters


@cache
def _unnest_insert(row: type) -> str:
    stored = STORED[row]  # found by type: `Stored` holds dictionaries, so it cannot be the key of a cache
    arrays = ", ".join(f"%s::{kind}[]" for kind in stored.types.values())
    return f"{_insert_head(stored)} SELECT * FROM unnest({arrays}) {_on_conflict(stored)}"  # noqa: S608  # our own names; values are parameters


@cache
def _values_insert(row: type) -> str:
    stored = STORED[row]  # found by type: `Stored` holds dictionaries, so it cannot be the key of a cache
    return f"{_insert_head(stored)} VALUES ({', '.join('?' * len(stored.types))}) {_on_conflict(stored)}"


def _insert_head(stored: Stored) -> str:
    columns = ", ".join(f'"{name}"' for name in stored.types)
    return f'INSERT INTO "{stored.table.name}" ({columns})'


def _on_conflict(stored: Stored) -> str:
    """What the policy of the table does when the key stands already."""
    key = ", ".join(f'"{name}"' for name in stored.key)
    names = stored.updates or tuple(name for name in stored.types if name not in stored.key)
    sets = ", ".join(f'"{name}" = {stored.merge.get(name, f"excluded.{chr(34)}{name}{chr(34)}")}' for name in names)
    if stored.policy in {"replace", "move"}:
        return f"ON CONFLICT ({key}) DO UPDATE SET {sets}" if sets else f"ON CONFLICT ({key}) DO NOTHING"
    if stored.unless:
        return f"ON CONFLICT ({key}) DO UPDATE SET {sets} WHERE {stored.unless}"
    return f"ON CONFLICT ({key}) DO NOTHING"
