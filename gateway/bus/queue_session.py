"""Connections to the queue's database: SQLite with one writer at a time, or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from sqlite3 import OperationalError
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from gateway.errors import NodeError, SettingRefused

#: PostgreSQL's advisory locks of this bus ("sctb" in ASCII), apart from everybody else's.
_LOCK_CLASS = 0x73637462


def open_engine(url: str) -> AsyncEngine:
    """An engine for the queue's own database: SQLite (WAL, durable on commit, one writer at a time) or PostgreSQL.

    Raises `SettingRefused` for any other URL. Nothing is connected yet.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingRefused(
            "the bus URL cannot be read: write sqlite:///FILE or postgresql+psycopg://…", code="NOD-012"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed.set(drivername="sqlite+aiosqlite"))
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_async_engine(parsed.set(drivername="postgresql+psycopg"), pool_size=8, pool_pre_ping=True)
    raise SettingRefused("the bus database must be SQLite or PostgreSQL", code="NOD-012")


@asynccontextmanager
async def writing(engine: AsyncEngine, *, alone: str = "") -> AsyncIterator[AsyncConnection]:
    """A transaction that means to write; those with the same name `alone` take turns. Raises `NodeError`.

    SQLite has one writer anyway and takes its lock at once, so that it can never be refused it later.
    """
    try:
        async with engine.connect() as connection:
            await connection.execution_options(write=True)
            async with connection.begin():
                if alone and connection.dialect.name == "postgresql":
                    turn = text("SELECT pg_advisory_xact_lock(:class, hashtext(:name))")
                    await connection.execute(turn, {"class": _LOCK_CLASS, "name": alone})
                yield connection
    except (SQLAlchemyError, OSError) as error:
        raise _failure(error) from error


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that only reads. Raises `NodeError`."""
    try:
        async with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise _failure(error) from error


def _failure(error: Exception) -> NodeError:
    # The driver's text may hold the statement's parameters, that is sealed values: only its class is told.
    return NodeError(f"the bus database failed: {type(error).__name__}", code="NOD-020")


def _prepare_sqlite(connection: object, _record: object) -> None:
    # The driver's own BEGIN comes too late for a write lock; ours is `_begin_sqlite`.
    connection.isolation_level = None  # type: ignore[attr-defined]  # the DBAPI connection has no typed interface
    cursor = connection.cursor()  # type: ignore[attr-defined]  # as above
    cursor.execute("PRAGMA busy_timeout=20000")
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


# SQLite refuses the switch at once, without waiting, while another process makes it on a new file: then it is made.
@retry(retry=retry_if_exception_type(OperationalError), wait=wait_fixed(0.02), stop=stop_after_delay(10), reraise=True)
def _switch_to_wal(cursor: Any) -> None:
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
