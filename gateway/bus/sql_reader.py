"""One reader of the SQL bus: claims the earliest records whose keys are in nobody else's hands, under a lease."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.bus.mark import Mark, part_name
from gateway.bus.owner import has_died, new_owner
from gateway.bus.queue_session import reading, writing
from gateway.bus.queue_tables import records, seen
from gateway.ports import Batch, Clock, Record, Taken

#: How long a reader sleeps when nothing is there and no publisher of this process wakes it, in seconds.
_SLEEP_S = (0.02, 0.1)
#: How often a reader looks whether the owners of claims still live, in seconds.
_LOOK_AFTER_THE_DEAD_S = 1.0
#: Chunks of attachments in one batch at most: each is half a megabyte, and a batch is in memory whole.
_CHUNKS = 16
#: The queue is one part: claims share it out, not partitions.
_PART = part_name(0, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What a reader needs of its bus."""

    engine: AsyncEngine
    clock: Clock
    lease_us: int
    #: Topic → inbox | blobs | compacted; raises `NodeError` when there is no such topic.
    kind: Callable[[str], Awaitable[str]]
    #: Topic → an event that the next publishing in this process sets.
    ticket: Callable[[str], asyncio.Event]


class SqlReader:
    """`ports.Subscription` over the queue table. What is not done when the next poll begins comes again, in order."""

    def __init__(self, queue: Queue, topic: str, *, group: str) -> None:
        """A reader of `topic`; `group` matters on compacted topics, of which every group reads all."""
        self._queue = queue
        self._topic = topic
        self._group = group
        self._owner = new_owner()
        self._holds = False
        self._busy = False
        self._mark: Mark | None = None
        self._looked_s = float("-inf")

    async def poll(self, *, limit: int, wait_s: float) -> Batch:
        """Up to `limit` records, waiting at most `wait_s` seconds for the first. Raises `NodeError`."""
        kind = await self._queue.kind(self._topic)
        compacted = kind == "compacted"
        limit = min(limit, _CHUNKS) if kind == "blobs" else limit
        await self._let_go()
        mark = self._mark = await self._measure()
        until = time.monotonic() + wait_s
        sleep = _SLEEP_S[0]
        while True:
            ticket = self._queue.ticket(self._topic)
            rows = await (self._unseen(limit) if compacted else self._claim(limit))
            if rows or time.monotonic() >= until:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(ticket.wait(), max(0.001, min(sleep, until - time.monotonic())))
            sleep = min(sleep * 1.5, _SLEEP_S[1])
        ended = await self._has_ended(mark, rows, compacted=compacted)
        taken = tuple(_taken(self._topic, row) for row in rows)
        return Batch(records=taken, begun=mark.begun, ended=mark.reach({_PART}) if ended else ())

    async def done(self, batch: Batch) -> None:
        """Delete what is still ours (compacted: note as seen); what another reader has by now is left to it.

        Raises `NodeError`.
        """
        if await self._queue.kind(self._topic) == "compacted":
            await self._see(batch)
            return
        ids = [taken.position for taken in batch.records]
        async with writing(self._queue.engine) as connection:
            await connection.execute(delete(records).where(records.c.id.in_(ids), records.c.claimed_by == self._owner))
        self._holds = False

    async def release(self) -> None:
        """Give back what is not done; another reader gets it at once. Raises `NodeError`."""
        await self._let_go()

    async def _let_go(self) -> None:
        if not self._holds:
            return
        async with writing(self._queue.engine) as connection:
            await connection.execute(
                update(records)
                .where(records.c.topic == self._topic, records.c.claimed_by == self._owner)
                .values(claimed_by=None)
            )
        self._holds = False

    async def _measure(self) -> Mark:
        """The mark in force, or a new one; `begun` is read before the end is measured."""
        if self._mark is not None and not self._mark.is_spent():
            return self._mark
        begun = self._queue.clock.now()
        async with reading(self._queue.engine) as connection:
            end = await connection.scalar(select(func.max(records.c.id)).where(records.c.topic == self._topic))
        return Mark(begun=begun, ends={_PART: end or 0})

    async def _claim(self, limit: int) -> Sequence[Row[Any]]:
        """Claim the next records; an idle reader only reads, so that it never waits for the writer's lock."""
        await self._bury()
        now_us = time.time_ns() // 1000
        if not self._busy:
            async with reading(self._queue.engine) as connection:
                if (await connection.execute(self._claimable(now_us, limit=1))).first() is None:
                    return ()
        self._holds = True
        async with writing(self._queue.engine, alone=self._topic) as connection:
            claimed = await connection.execute(
                update(records)
                .where(records.c.id.in_(self._claimable(now_us, limit=limit)))
                .values(claimed_by=self._owner, claimed_until_us=now_us + self._queue.lease_us)
                .returning(records.c.id, records.c.key, records.c.value, records.c.headers)
            )
            rows = sorted(claimed, key=lambda row: row.id)
        self._busy = bool(rows)
        return rows

    def _claimable(self, now_us: int, *, limit: int) -> Select[tuple[int]]:
        """Ids of records that nobody holds and before which nobody holds one of the same key, earliest first."""
        candidate, earlier = records.alias("candidate"), records.alias("earlier")
        held = exists().where(
            earlier.c.topic == candidate.c.topic,
            earlier.c.key == candidate.c.key,
            earlier.c.id < candidate.c.id,
            earlier.c.claimed_by.is_not(None),
            earlier.c.claimed_until_us >= now_us,
        )
        free = or_(candidate.c.claimed_by.is_(None), candidate.c.claimed_until_us < now_us)
        return (
            select(candidate.c.id)
            .where(candidate.c.topic == self._topic, free, ~held)
            .order_by(candidate.c.id)
            .limit(limit)
        )

    async def _bury(self) -> None:
        """Free what a reader held that has died on this machine: its lease need not run out."""
        if time.monotonic() - self._looked_s < _LOOK_AFTER_THE_DEAD_S:
            return
        self._looked_s = time.monotonic()
        claimed = records.c.claimed_by.is_not(None)
        async with reading(self._queue.engine) as connection:
            owners = await connection.execute(
                select(records.c.claimed_by).where(records.c.topic == self._topic, claimed).distinct()
            )
            dead = [owner for owner in owners.scalars() if has_died(owner)]
        if dead:
            async with writing(self._queue.engine) as connection:
                await connection.execute(update(records).where(records.c.claimed_by.in_(dead)).values(claimed_by=None))

    async def _unseen(self, limit: int) -> Sequence[Row[Any]]:
        """Records of a compacted topic that are newer than what the group has seen of their keys."""
        async with reading(self._queue.engine) as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(self._newer().limit(limit))).all()
            return rows

    def _newer(self) -> Select[tuple[Any, ...]]:
        known = and_(seen.c.topic == records.c.topic, seen.c.key == records.c.key, seen.c.reader_group == self._group)
        return (
            select(records.c.id, records.c.key, records.c.value, records.c.headers)
            .select_from(records.outerjoin(seen, known))
            .where(records.c.topic == self._topic, or_(seen.c.id.is_(None), seen.c.id < records.c.id))
            .order_by(records.c.id)
        )

    async def _see(self, batch: Batch) -> None:
        if not batch.records:
            return
        newest = {taken.record.key: taken.position for taken in batch.records}
        rows = [
            {"topic": self._topic, "reader_group": self._group, "key": key, "id": newest[key]} for key in sorted(newest)
        ]
        dialect_insert = sqlite_insert if self._queue.engine.dialect.name == "sqlite" else postgresql_insert
        statement = dialect_insert(seen)
        newer = statement.on_conflict_do_update(
            index_elements=[seen.c.topic, seen.c.reader_group, seen.c.key],
            set_={"id": statement.excluded.id},
            where=seen.c.id < statement.excluded.id,
        )
        async with writing(self._queue.engine) as connection:
            await connection.execute(newer, rows)

    async def _has_ended(self, mark: Mark, rows: Sequence[Row[Any]], *, compacted: bool) -> bool:
        """Whether nothing up to the mark is left that is not done or in this batch."""
        if not mark.left:
            return False
        if compacted:
            last = rows[-1].id if rows else 0
            rest = self._newer().where(records.c.id > last)
        else:
            others = or_(records.c.claimed_by.is_(None), records.c.claimed_by != self._owner)
            rest = select(records.c.id).where(records.c.topic == self._topic, others)
        async with reading(self._queue.engine) as connection:
            return (await connection.execute(rest.where(records.c.id <= mark.ends[_PART]).limit(1))).first() is None


def _taken(topic: str, row: Row[Any]) -> Taken:
    headers = tuple((str(name), str(value)) for name, value in json.loads(row.headers))
    return Taken(record=Record(topic=topic, key=row.key, value=bytes(row.value), headers=headers), position=row.id)
