"""Connections to the ledger's database, and the one function that commits (architecture.md §3).

SQLite: WAL, synchronous=FULL, one writing connection that begins IMMEDIATE. PostgreSQL: a small pool, psycopg in
pipeline mode for the hot statements. SQLAlchemy drops SKIP LOCKED and time zones on SQLite without a word: hence one
writer, and integer times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Executable, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import NodeError, SettingRefused
from gateway.ledger.arrays import ByteaArray, ByteaArrayDumper
from gateway.ledger.dialect import Dialect, PostgreSQL, SQLite, Statement

#: How long a writer waits for SQLite's single write lock, milliseconds.
_BUSY_MS = 15_000
_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}", "temp_store=MEMORY")
#: A reader is in no transaction, so that there is nothing to roll back when it is given back.
_READER: dict[str, Any] = {
    "hide_parameters": True,
    "isolation_level": "AUTOCOMMIT",
    # No overflow: a connection made for a burst is closed after it, and on PostgreSQL each is a process of its own.
    "pool_size": 6,
    "max_overflow": 0,
    "pool_timeout": 60,
    "pool_reset_on_return": None,
}
#: PostgreSQL's SQLSTATE classes: data and integrity errors are the row's fault; deadlocks and serialisation failures pass.
_GUILTY, _PASSING = ("22", "23"), ("40001", "40P01", "55P03")


class DatabaseFailed(NodeError):
    """The database said no; carries no parameters, since they can be personal data."""

    def __init__(self, text: str, *, guilty: bool = False, passing: bool = False) -> None:
        #: The rows are at fault: a group is taken apart so that one change cannot fail the others.
        self.guilty = guilty
        #: The same transaction can succeed at once (a deadlock was broken).
        self.passing = passing
        super().__init__(text)


class Result(NamedTuple):
    """What a statement answered."""

    rows: list[tuple[Any, ...]]
    #: Rows that were changed.
    changed: int


class Session:
    """One connection, inside a transaction or reading; hot statements run raw, all others through Core."""

    def __init__(self, connection: AsyncConnection, driver: Any, dialect: Dialect) -> None:
        self.dialect = dialect
        self._connection = connection
        self._driver = driver

    async def run(self, statements: Sequence[Statement]) -> list[Result]:
        """Run hot statements in order; on PostgreSQL they share one round trip."""
        if not statements:
            return []
        if isinstance(self.dialect, SQLite):
            return [await self._run_one(statement) for statement in statements]
        cursors = []
        async with self._driver.pipeline():
            for statement in statements:
                cursor = self._driver.cursor()
                await cursor.execute(statement.sql, statement.parameters, prepare=True)
                cursors.append(cursor)
        return [
            Result(await cursor.fetchall() if statement.returns else [], cursor.rowcount)
            for statement, cursor in zip(statements, cursors, strict=True)
        ]

    async def _run_one(self, statement: Statement) -> Result:
        result = await self._connection.exec_driver_sql(statement.sql, statement.parameters)
        if statement.returns:
            rows = [tuple(row) for row in result.all()]
            return Result(rows, len(rows))
        return Result([], result.rowcount)

    async def read(self, query: Executable) -> list[Any]:
        """The rows of a Core query."""
        return list((await self._connection.execute(query)).all())

    async def write(self, statement: Executable) -> int:
        """Run a Core statement; returns the number of rows changed."""
        return int((await self._connection.execute(statement)).rowcount)

    async def run_sync(self, function: Any, *arguments: Any) -> Any:
        """Run a function that wants SQLAlchemy's synchronous connection (Alembic)."""
        return await self._connection.run_sync(function, *arguments)


class Database:
    """The engines of one database; nothing is opened before `open`."""

    def __init__(self, url: str) -> None:
        self.url = _driver_url(url)
        self.postgresql = self.url.startswith("postgresql")
        self.dialect: Dialect = PostgreSQL() if self.postgresql else SQLite()
        self._engines: tuple[AsyncEngine, AsyncEngine] | None = None

    async def open(self) -> None:
        """Build the engines; connections are made when they are first needed."""
        if self._engines is None:
            self._engines = _postgresql_engines(self.url) if self.postgresql else _sqlite_engines(self.url)

    async def close(self) -> None:
        """Let go of all connections."""
        engines, self._engines = self._engines, None
        for engine in engines or ():
            await engine.dispose()

    @asynccontextmanager
    async def transaction(self, name: str) -> AsyncIterator[Session]:
        """The one place that commits.

        `name` says what, stably, so that a test can stop the world before and after each commit.

        Raises `DatabaseFailed`; then nothing was made durable, unless the connection broke during COMMIT itself.
        """
        async with self._translated(name), self._engine(0).connect() as connection, connection.begin():
            yield await self._session(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A connection on which every statement sees what is committed when it begins. Raises `DatabaseFailed`."""
        async with self._translated("read"), self._engine(1).connect() as connection:
            yield await self._session(connection)

    def _engine(self, which: int) -> AsyncEngine:
        if self._engines is None:
            raise NodeError("the ledger is not open")
        return self._engines[which]

    async def _session(self, connection: AsyncConnection) -> Session:
        driver = (await connection.get_raw_connection()).driver_connection
        return Session(connection, driver, self.dialect)

    @asynccontextmanager
    async def _translated(self, name: str) -> AsyncIterator[None]:
        """Errors of the drivers become `DatabaseFailed`, without their parameters."""
        try:
            yield
        except (SQLAlchemyError, psycopg.Error, sqlite3.Error, OSError, UnicodeError, OverflowError) as error:
            failed, lost = _explain(error, name)
            if lost and self._engines is not None:
                # Raw statements do not tell SQLAlchemy that the server is gone: its pool would hand out dead
                # connections.
                for engine in self._engines:
                    await engine.dispose()
            raise failed from None


def _explain(error: Exception, name: str) -> tuple[DatabaseFailed, bool]:
    """(what is told, whether the connection is lost) of a driver's error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    guilty = state[:2] in _GUILTY or isinstance(
        cause, (sqlite3.IntegrityError, sqlite3.DataError, psycopg.DataError, UnicodeError, OverflowError)
    )
    lost = state[:2] in {"57", "08"} or (isinstance(cause, psycopg.OperationalError) and not state)
    text = f"{name}: {type(cause).__name__} {state}".rstrip()
    return DatabaseFailed(text, guilty=guilty, passing=state in _PASSING), lost


def _driver_url(url: str) -> str:
    """The URL with our drivers. Raises `SettingRefused` for what is neither SQLite nor PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingRefused("database: not a URL; write sqlite:///file or postgresql://…") from None
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}.get(parsed.get_backend_name())
    if driver is None:
        raise SettingRefused(
            f"database: {parsed.get_backend_name()} is not supported; write sqlite:///file or postgresql://…"
        )
    if driver.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise SettingRefused("database: a ledger in memory is no ledger; write sqlite:///file")
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def _sqlite_engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    """(one writer that begins IMMEDIATE, readers that never block it)."""
    writer = create_async_engine(url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=60)
    reader = create_async_engine(url, **_READER)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(writer.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return writer, reader


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin by itself: it begins DEFERRED, which fails where two writers upgrade at once.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql_engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    """(pool for transactions, pool for reads in autocommit, which saves a BEGIN and a ROLLBACK each)."""
    writer = create_async_engine(url, hide_parameters=True, pool_size=4, max_overflow=0, pool_timeout=60)
    reader = create_async_engine(url, **_READER)
    for engine in (writer, reader):
        event.listen(engine.sync_engine, "connect", _prepare_postgresql)
    return writer, reader


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.driver_connection.adapters.register_dumper(ByteaArray, ByteaArrayDumper)
