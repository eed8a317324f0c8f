"""Bring a database to the tables of this version (Alembic); safe to run again, and from several processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from gateway.ledger.database import Database

#: Any number that nothing else of the database's users locks: two migrating processes wait for each other.
_LOCK = 5_372_001


async def migrate(url: str) -> None:
    """Run what is missing, in one transaction: after a crash nothing or all of it is there. Raises `NodeError`."""
    database = Database(url)
    await database.open()
    try:
        async with database.transaction("migrate") as session:
            if database.postgresql:
                await session.read(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await session.run_sync(_upgrade)
    finally:
        await database.close()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
