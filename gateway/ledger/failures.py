"""Failures in groups by cause, their replays, and what is parked until it can be judged."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select

from gateway.ledger.reads import Reads
from gateway.ledger.tables_node import NONCES, REPLAY_CLAIMS, REPLAYS
from gateway.ledger.tables_work import FAILURES, PARKED
from gateway.model.ledger import Failure, ParkedRecord, ReplayRow

_f = FAILURES.table.c
_p = PARKED.table.c


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureGroup:
    """Failures of one cause."""

    fingerprint: str
    stage: str
    code: str
    rule: str
    participant: str
    schema_version: str
    #: All members, and those still failed or scheduled.
    count: int
    open: int
    first_us: int
    last_us: int
    #: Id of the newest member.
    example_id: str


class FailureReads(Reads):
    """Failures, replays, parked records."""

    async def failure(self, failure_id: str) -> Failure | None:
        """One failure with the bytes that it failed on."""
        return await self._one(Failure, failure_id=failure_id)

    async def failure_groups(
        self, *, stage: str = "", code: str = "", participant: str = "", open_only: bool = False
    ) -> list[FailureGroup]:
        """Groups by cause, the most recently seen first."""
        is_open = func.sum(case((_f.state.in_(("failed", "scheduled")), 1), else_=0))
        cause = (_f.fingerprint, _f.stage, _f.code, _f.rule, _f.participant, _f.schema_version)
        query = (
            select(*cause, func.count(), is_open, func.min(_f.first_us), func.max(_f.last_us), func.max(_f.failure_id))
            .group_by(*cause)
            .order_by(func.max(_f.last_us).desc(), _f.fingerprint)
            .limit(1000)
        )
        for column, value in ((_f.stage, stage), (_f.code, code), (_f.participant, participant)):
            query = query.where(column == value) if value else query
        if open_only:
            query = query.having(is_open > 0)
        async with self._database.reading() as session:
            return [_group(tuple(row)) for row in await session.read(query)]

    async def failures_in(self, fingerprint: str, *, after: str = "", limit: int = 100) -> list[Failure]:
        """Members of a group by id; `after` is the last id of the page before."""
        query = select(FAILURES.table).where(_f.fingerprint == fingerprint, _f.failure_id > after)
        return await self._all(Failure, query.order_by(_f.failure_id).limit(limit))

    async def failures_of(self, sender: str, message_id: str) -> list[Failure]:
        """The failures of one message, oldest first."""
        query = select(FAILURES.table).where(_f.sender == sender, _f.message_id == message_id)
        return await self._all(Failure, query.order_by(_f.first_us, _f.failure_id))

    async def failure_of(self, participant: str, sender: str, message_id: str, part: str) -> Failure | None:
        """The newest failure of one delivery, in whatever state."""
        query = select(FAILURES.table).where(
            _f.sender == sender,
            _f.message_id == message_id,
            _f.participant == participant,
            _f.part == part,
            _f.stage == "deliver",
        )
        found = await self._all(Failure, query.order_by(_f.last_us.desc(), _f.failure_id.desc()).limit(1))
        return found[0] if found else None

    async def open_failures(self, fingerprint: str, *, limit: int = 10_000) -> list[str]:
        """Ids of a group's members that nobody has scheduled, in order."""
        query = select(_f.failure_id).where(_f.fingerprint == fingerprint, _f.state == "failed").order_by(_f.failure_id)
        async with self._database.reading() as session:
            return [row[0] for row in await session.read(query.limit(limit))]

    async def replay(self, replay_id: str) -> ReplayRow | None:
        """One replay: plan, approval, progress."""
        return await self._one(ReplayRow, replay_id=replay_id)

    async def replays(self, *, state: str = "", limit: int = 100) -> list[ReplayRow]:
        """Replays, newest first."""
        c = REPLAYS.table.c
        query = select(REPLAYS.table).order_by(c.created_us.desc(), c.replay_id.desc()).limit(limit)
        return await self._all(ReplayRow, query.where(c.state == state) if state else query)

    async def replay_failures(self, replay_id: str) -> list[str]:
        """Ids of the failures that a replay holds."""
        c = REPLAY_CLAIMS.table.c
        async with self._database.reading() as session:
            return [
                row[0]
                for row in await session.read(
                    select(c.failure_id).where(c.replay_id == replay_id).order_by(c.failure_id)
                )
            ]

    async def parked_due(self, now_us: int, limit: int) -> list[ParkedRecord]:
        """Parked records whose next try has come, in the order they arrived."""
        query = select(PARKED.table).where(_p.next_us <= now_us).order_by(_p.next_us, _p.arrived_us).limit(limit)
        return await self._all(ParkedRecord, query)

    async def parked_for(self, wait_for: str) -> list[ParkedRecord]:
        """Parked records that waited for exactly this arrival, in the order they arrived."""
        query = select(PARKED.table).where(_p.wait_for == wait_for)
        return await self._all(ParkedRecord, query.order_by(_p.arrived_us, _p.message_id, _p.part))

    async def parked_of(self, conversation_id: str, sender: str) -> list[ParkedRecord]:
        """What a sender has parked in a conversation.

        It holds the sender's later messages there, in the order they arrived.
        """
        query = select(PARKED.table).where(_p.conversation_id == conversation_id, _p.sender == sender)
        return await self._all(ParkedRecord, query.order_by(_p.arrived_us, _p.message_id, _p.part))

    async def parked_in(self, conversation_id: str) -> list[ParkedRecord]:
        """Everything parked in a conversation, in the order it arrived."""
        query = select(PARKED.table).where(_p.conversation_id == conversation_id)
        return await self._all(ParkedRecord, query.order_by(_p.arrived_us, _p.message_id, _p.part))

    async def prune(self, now_us: int, limit: int) -> int:
        """Delete up to `limit` each of bounded failures and nonces that have run out; returns how many went."""
        f, n = FAILURES.table, NONCES.table
        old = select(f.c.failure_id).where(f.c.expires_us.is_not(None), f.c.expires_us <= now_us).limit(limit)
        async with self._database.transaction("prune") as session:
            gone = await session.write(f.delete().where(f.c.failure_id.in_(old)))
            used = (
                select(n.c.credential, n.c.nonce).where(n.c.expires_us <= now_us).order_by(n.c.expires_us).limit(limit)
            )
            for row in await session.read(used):
                gone += await session.write(n.delete().where(n.c.credential == row[0], n.c.nonce == row[1]))
        return gone


def _group(row: tuple[object, ...]) -> FailureGroup:
    names = FailureGroup.__slots__
    return FailureGroup(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]  # the order of the columns above
