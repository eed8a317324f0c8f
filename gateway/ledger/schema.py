"""How a row type becomes a table.

Column names are field names, types come from the field's type, nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from types import NoneType
from typing import Any, Literal, get_args, get_type_hints

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

#: What happens when the key stands already: `move` compares versions, `taken` is `AlreadyClaimed`, `append` is
#: `StaleConversation`, `first` keeps the stored row, `replace` writes over it.
Policy = Literal["move", "taken", "append", "first", "replace"]
#: PostgreSQL's name of a column's type.
SqlType = Literal["text", "bigint", "boolean", "bytea"]

METADATA = MetaData()

#: Texts are compared by their bytes: ids and codes need no language, and both databases and Python then sort alike.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_TYPES: dict[type, tuple[SqlType, TypeEngine[Any]]] = {
    str: ("text", _TEXT), int: ("bigint", BigInteger()), bool: ("boolean", Boolean()), bytes: ("bytea", LargeBinary()),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A row type with its table, its key and what a second row under that key does."""

    row: type
    table: Table
    key: tuple[str, ...]
    policy: Policy
    #: Column → PostgreSQL type, in the order of the fields.
    types: Mapping[str, SqlType]
    #: Column → SQL of its new value on a conflict, where it is not simply the new row's.
    merge: Mapping[str, str] = field(default_factory=dict)
    #: Columns that a conflict updates; empty: all that are not in the key.
    updates: tuple[str, ...] = ()
    #: SQL condition under which a stored row gives way.
    unless: str = ""
    #: Row → its values in column order.
    values: attrgetter[tuple[Any, ...]]
    #: Row → its key, always a tuple.
    key_of: attrgetter[Any]


def stored(row: type, name: str, *, key: tuple[str, ...], policy: Policy, **more: Any) -> Stored:
    """Make the table `name` for a row dataclass of gateway.model.ledger; `more` are further fields of `Stored`."""
    hints = get_type_hints(row)
    columns: list[Column[Any]] = []
    types: dict[str, SqlType] = {}
    for one in fields(row):
        sql_type, core_type, nullable = _type_of(hints[one.name])
        types[one.name] = sql_type
        columns.append(Column(one.name, core_type, primary_key=one.name in key, nullable=nullable, autoincrement=False))
    names = tuple(types)
    return Stored(
        row=row, table=Table(name, METADATA, *columns), key=key, policy=policy, types=types,
        values=attrgetter(*names), key_of=attrgetter(*key), **more,
    )  # fmt: skip


def _type_of(hint: Any) -> tuple[SqlType, TypeEngine[Any], bool]:
    """(PostgreSQL type, Core type, nullable) of a field's type hint; a Literal is a text."""
    parts = [part for part in get_args(hint) if part is not NoneType]
    if not parts:
        return (*_TYPES[hint], False)
    if isinstance(parts[0], str):
        return (*_TYPES[str], False)
    return (*_TYPES[parts[0]], True)
