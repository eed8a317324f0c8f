"""Columns of Python values as PostgreSQL arrays, with the loops in C.

Join and replace over the column instead of a dumper per value.

psycopg's list dumper adapts each element on its own; these take a whole column at once (decision 0004 has the cost of
the commit that is built on them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any

from psycopg import adapt, pq

from gateway.errors import NodeError
from gateway.ledger.schema import SqlType

#: OIDs of bytea and bytea[] (pg_type.dat).
_BYTEA, _BYTEA_ARRAY = 17, 1001
#: One dimension, has NULLs?, element type, length, lower bound: the header of PostgreSQL's binary array.
_HEADER = Struct("!iiIii")
_LENGTH = Struct("!i")
_NULL = _LENGTH.pack(-1)


class ByteaArray(bytes):
    """A bytea[] in PostgreSQL's binary form; hexadecimal text would be twice as long."""

    __slots__ = ()


class ByteaArrayDumper(adapt.Dumper):
    """Hands a `ByteaArray` to libpq as it is."""

    format = pq.Format.BINARY
    oid = _BYTEA_ARRAY

    def dump(self, obj: ByteaArray) -> bytes:
        """The bytes themselves."""
        return obj


def texts(values: Sequence[str | None]) -> str:
    """A text[] literal. Raises `NodeError` for a NUL, which PostgreSQL cannot store."""
    if not values:
        return "{}"
    if None in values:
        return "{" + ",".join("NULL" if value is None else texts((value,))[1:-1] for value in values) + "}"
    # NUL is the separator because it is the one character that no text may hold: one more of it is found by counting.
    joined = "\0".join(values)  # type: ignore[arg-type]  # None was excluded above
    if joined.count("\0") != len(values) - 1:
        raise NodeError("a text with a NUL character cannot be stored")
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\0", '","') + '"}'


def numbers(values: Sequence[int | None]) -> str:
    """A bigint[] literal."""
    if None in values:
        return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
    return "{" + ",".join(map(str, values)) + "}"


def truths(values: Sequence[bool | None]) -> str:
    """A boolean[] literal."""
    return "{" + ",".join("NULL" if value is None else "t" if value else "f" for value in values) + "}"


def byte_strings(values: Sequence[bytes | None]) -> ByteaArray:
    """A binary bytea[]."""
    pieces = [_HEADER.pack(1, int(None in values), _BYTEA, len(values), 1)]
    for value in values:
        pieces += (_NULL,) if value is None else (_LENGTH.pack(len(value)), value)
    return ByteaArray(b"".join(pieces))


#: PostgreSQL type of a column → its encoder.
ENCODERS: dict[SqlType, Callable[[Sequence[Any]], Any]] = {
    "text": texts, "bigint": numbers, "boolean": truths, "bytea": byte_strings,
}  # fmt: skip
