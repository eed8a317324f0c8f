"""What every reading module stands on: the database, and Core rows turned into row types."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, select

from gateway.ledger.commit import Committer
from gateway.ledger.database import Database
from gateway.ledger.tables_node import STORED

RowT = TypeVar("RowT")


class Reads:
    """Reads of one subject; `Ledger` is made of these."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer

    async def _all(self, kind: type[RowT], query: Select[Any]) -> list[RowT]:
        """Rows of a query that selects exactly the columns of `kind`'s table."""
        names = tuple(STORED[kind].types)
        async with self._database.reading() as session:
            return [kind(**dict(zip(names, row, strict=True))) for row in await session.read(query)]

    async def _one(self, row_type: type[RowT], /, **key: object) -> RowT | None:
        """The row under a key, if it is here."""
        table = STORED[row_type].table
        found = await self._all(row_type, select(table).filter_by(**key).limit(1))
        return found[0] if found else None
