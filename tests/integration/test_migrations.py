"""Migrations equal tables.

The DDL that the database holds afterwards, compared as dumped (architecture.md §4, rule 19).
"""

from __future__ import annotations

import asyncio
import re

from sqlalchemy import text

from gateway.ledger.database import Database
from gateway.ledger.migrate import migrate
from gateway.ledger.schema import METADATA
from gateway.ledger.tables_node import STORED

_SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version' ORDER BY type, name"
_POSTGRESQL = """
SELECT 'column', table_name || '.' || ordinal_position, column_name,
    data_type || is_nullable || coalesce(column_default, '') || coalesce(collation_name, '')
  FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
UNION ALL
SELECT 'index', indexname, tablename, indexdef FROM pg_indexes
  WHERE schemaname = current_schema() AND tablename <> 'alembic_version'
UNION ALL
SELECT 'constraint', conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = current_schema()::regnamespace AND conrelid::regclass::text <> 'alembic_version'
ORDER BY 1, 2, 3
"""


async def _dump(database: Database) -> list[tuple[str, ...]]:
    query = text(_POSTGRESQL if database.postgresql else _SQLITE)
    async with database.reading() as session:
        return [tuple(re.sub(r"\s+", " ", str(value)) for value in row) for row in await session.read(query)]


async def test_migrations_equal_tables(fresh_database: str) -> None:
    """Dump after `migrate`, drop everything, create from the tables, dump again: the same, to the letter."""
    await migrate(fresh_database)
    database = Database(fresh_database)
    await database.open()
    migrated = await _dump(database)
    async with database.transaction("test.recreate") as session:
        await session.run_sync(METADATA.drop_all)
        await session.run_sync(METADATA.create_all)
    created = await _dump(database)
    await database.close()

    assert migrated == created
    assert len({row[2] for row in created if row[0] in {"table", "constraint"}}) == len(STORED) == 24


async def test_migrating_again_and_at_once_changes_nothing(fresh_database: str) -> None:
    """Three processes that start together migrate once; a later start finds everything there."""
    await asyncio.gather(*(migrate(fresh_database) for _ in range(3)))
    database = Database(fresh_database)
    await database.open()
    before = await _dump(database)
    await migrate(fresh_database)
    after = await _dump(database)
    await database.close()

    assert before == after
    assert before
