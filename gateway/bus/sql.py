"""The SQL bus: one table as a queue with claims and per-key order, never a cursor (protocol.md §5).

An inbox or blobs topic is a queue of one group, the node's: what is done is deleted. A compacted topic keeps the newest
record of each key, and every group reads all of it. Readers of the same process are woken at once, others look again
within 100 ms.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.bus import queue_tables as tables
from gateway.bus.queue_session import open_engine, reading, writing
from gateway.bus.sql_reader import Queue, SqlReader
from gateway.errors import NodeError
from gateway.ports import Clock, Record, Subscription


class SqlBus:
    """`ports.Bus` over SQLite or PostgreSQL; several processes may share one database."""

    def __init__(self, url: str, *, clock: Clock, lease_s: float = 60.0) -> None:
        """`url` is the queue's own database, `lease_s` how long a reader may keep a batch. Raises `SettingRefused`."""
        self._engine = open_engine(url)
        self._clock = clock
        self._lease_us = int(lease_s * 1_000_000)
        self._kinds: dict[str, str] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._publishing: set[asyncio.Future[None]] = set()

    async def ensure(self, topics: Mapping[str, Literal["inbox", "blobs", "compacted"]]) -> None:
        """Create tables and topics that are missing; a topic's kind stays what it was. Raises `NodeError`."""
        async with writing(self._engine, alone="ensure") as connection:
            await connection.run_sync(tables.metadata.create_all)
            known = set((await connection.execute(select(tables.topics.c.topic))).scalars())
            missing = [{"topic": topic, "kind": kind} for topic, kind in topics.items() if topic not in known]
            if missing:
                await connection.execute(insert(tables.topics), missing)

    async def publish(self, records: Sequence[Record]) -> None:
        """One transaction for all records, in their order.

        Raises `NodeError`, also for a topic that `ensure` never made.
        """
        if not records:
            return
        publishing = asyncio.ensure_future(self._publish(records))
        self._publishing.add(publishing)
        publishing.add_done_callback(self._publishing.discard)
        # A caller that is cancelled leaves its transaction to end by itself.
        await asyncio.shield(publishing)

    def subscribe(self, topic: str, *, group: str) -> Subscription:
        """A reader of `topic`; nothing is read before the first poll."""
        queue = Queue(
            engine=self._engine, clock=self._clock, lease_us=self._lease_us, kind=self.kind, ticket=self._ticket
        )
        return SqlReader(queue, topic, group=group)

    async def close(self) -> None:
        """Let what is being published end, then let go of the database."""
        await asyncio.gather(*self._publishing, return_exceptions=True)
        await self._engine.dispose()

    async def _publish(self, records: Sequence[Record]) -> None:
        kinds = {topic: await self.kind(topic) for topic in {record.topic for record in records}}
        compacted = [record for record in records if kinds[record.topic] == "compacted"]
        async with writing(self._engine, alone="compacted" if compacted else "") as connection:
            await _forget_older(connection, compacted)
            await connection.execute(insert(tables.records), [_row(record) for record in _newest(records, kinds)])
        for topic in kinds:
            self._wakes.pop(topic, asyncio.Event()).set()

    async def kind(self, topic: str) -> str:
        """The topic's kind: inbox, blobs or compacted. Raises `NodeError` when there is no such topic."""
        if topic not in self._kinds:
            async with reading(self._engine) as connection:
                rows = await connection.execute(select(tables.topics.c.topic, tables.topics.c.kind))
                self._kinds = {row.topic: row.kind for row in rows}
        if topic not in self._kinds:
            raise NodeError(f"there is no topic {topic!r} on the bus: run `gateway migrate`", code="NOD-021")
        return self._kinds[topic]

    def _ticket(self, topic: str) -> asyncio.Event:
        """An event that the next publishing to `topic` in this process sets.

        Taken before looking, so that none is missed.
        """
        return self._wakes.setdefault(topic, asyncio.Event())


async def _forget_older(connection: AsyncConnection, compacted: Sequence[Record]) -> None:
    """The newest record of a key takes the place of all before it."""
    for topic, key in {(record.topic, record.key) for record in compacted}:
        await connection.execute(
            delete(tables.records).where(tables.records.c.topic == topic, tables.records.c.key == key)
        )


def _newest(records: Sequence[Record], kinds: Mapping[str, str]) -> list[Record]:
    last = {(record.topic, record.key): position for position, record in enumerate(records)}
    return [
        record
        for position, record in enumerate(records)
        if kinds[record.topic] != "compacted" or last[record.topic, record.key] == position
    ]


def _row(record: Record) -> dict[str, object]:
    return {
        "topic": record.topic,
        "key": record.key,
        "value": record.value,
        "headers": json.dumps(record.headers, ensure_ascii=False, separators=(",", ":")),
    }
