"""Deliveries and their leases: who may hand over what now (protocol.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import func, select, text

from gateway.ledger.reads import Reads
from gateway.ledger.tables_work import DELIVERIES
from gateway.model.ledger import Delivery

_d = DELIVERIES.table.c
_COLUMNS = tuple(field.name for field in fields(Delivery))
_LISTED = ", ".join(f'd."{name}"' for name in _COLUMNS)

#: May be handed over: its time has come, or whoever held it never came back.
_READY = "((d.state = 'due' AND d.due_us <= :now) OR (d.state = 'leased' AND d.lease_until_us <= :now))"
#: The same, said so that the partial index of ready rows is used.
_INDEXED = f"d.state IN ('due', 'leased') AND {_READY}"
#: No earlier one holds the lane; those behind a failed one are waiting, not failed. OFFSET keeps PostgreSQL from
#: turning this into a join, which without fresh statistics compares every pair of an endpoint's deliveries.
_HEAD = (
    "NOT EXISTS (SELECT 1 FROM deliveries AS b WHERE b.endpoint = d.endpoint AND b.conversation_id = d.conversation_id"
    " AND b.state IN ('due', 'leased', 'failed') AND (b.seq, b.part) < (d.seq, d.part) LIMIT 1 OFFSET 0)"
)
#: Endpoints that may be called, each with the calls it has room for: one slow system must not take every worker.
_OPEN = (
    "WITH o AS MATERIALIZED (SELECT e.participant, :each - (SELECT count(*) FROM deliveries AS f"
    " WHERE f.endpoint = e.participant AND f.state = 'leased' AND f.lease_until_us > :now) AS room"
    " FROM endpoints AS e WHERE NOT e.paused AND e.url <> '' AND e.open_until_us <= :now)"
)
_NEAREST = "d.deadline_us, d.due_us, d.seq, d.part"
#: The lateral part reads each endpoint's index from its nearest deadline and stops when the room is filled; it looks at
#: more than `limit`, so that a worker finds something beyond what the others have just locked.
_POSTGRESQL = text(
    f"{_OPEN} SELECT {_LISTED} FROM o CROSS JOIN LATERAL (SELECT d.endpoint, d.sender, d.message_id, d.part"  # noqa: S608  # our own names; values are parameters
    f" FROM deliveries AS d WHERE d.endpoint = o.participant AND {_INDEXED} AND {_HEAD}"
    f" ORDER BY {_NEAREST} LIMIT least(greatest(o.room, 0), :many)) AS c JOIN deliveries AS d"
    " ON c.endpoint = d.endpoint AND c.sender = d.sender AND c.message_id = d.message_id AND c.part = d.part"
    # Once more on the locked row: another worker may have taken it since.
    f" WHERE {_READY} ORDER BY {_NEAREST} LIMIT :limit FOR UPDATE OF d SKIP LOCKED"
)
#: SQLite has neither LATERAL nor row locks: places are counted instead, and its one writer holds the whole database
#: meanwhile.
_SQLITE = text(
    f"{_OPEN} SELECT {_LISTED} FROM (SELECT d.*, o.room,"  # noqa: S608  # our own names; values are parameters
    f" row_number() OVER (PARTITION BY d.endpoint ORDER BY {_NEAREST}) AS place"
    f" FROM o CROSS JOIN deliveries AS d WHERE d.endpoint = o.participant AND {_INDEXED} AND {_HEAD}) AS d"
    f" WHERE d.place <= d.room ORDER BY {_NEAREST} LIMIT :limit"
)
_ANY = text(
    "SELECT 1 FROM endpoints AS e WHERE NOT e.paused AND e.url <> '' AND e.open_until_us <= :now"  # noqa: S608  # our own names; values are parameters
    f" AND EXISTS (SELECT 1 FROM deliveries AS d WHERE d.endpoint = e.participant AND {_INDEXED}) LIMIT 1"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leased:
    """A delivery that the caller holds until its lease ends."""

    #: As it is now: state leased, with the caller's token.
    delivery: Delivery
    #: The token of a lease that ran out before this one: its holder may have reached the partner, the outcome is not
    #: known.
    lost_lease: str | None


class DeliveryReads(Reads):
    """Leases and what became of deliveries."""

    async def claim_due(self, now_us: int, limit: int, *, lease_us: int, token: str, each: int = 8) -> list[Leased]:
        """Lease up to `limit` deliveries, nearest deadline first.

        Heads of their lanes, of endpoints neither paused nor open-circuited.

        At most `each` calls are in flight to an endpoint. The lease is committed when this returns; results are
        compared with `token`.
        """
        bound = _SQLITE.bindparams(now=now_us, limit=limit, each=each)
        if self._database.postgresql:
            bound = _POSTGRESQL.bindparams(now=now_us, limit=limit, each=each, many=8 * limit)
        # Idle workers look without a transaction: on SQLite a writer would hold up everybody else.
        if not await self._any_ready(now_us):
            return []
        async with self._database.transaction("deliver.claim") as session:
            found = [_delivery(row) for row in await session.read(bound)]
            leased = [
                Leased(
                    delivery=replace(one, state="leased", lease=token, lease_until_us=now_us + lease_us),
                    lost_lease=one.lease if one.state == "leased" else None,
                )
                for one in found
            ]
            if leased:
                await session.run([session.dialect.insert(DELIVERIES, [one.delivery for one in leased])])
        return leased

    async def _any_ready(self, now_us: int) -> bool:
        async with self._database.reading() as session:
            return bool(await session.read(_ANY.bindparams(now=now_us)))

    async def delivery(self, endpoint: str, sender: str, *, message_id: str, part: str) -> Delivery | None:
        """One delivery by its key."""
        return await self._one(Delivery, endpoint=endpoint, sender=sender, message_id=message_id, part=part)

    async def deliveries_of(self, sender: str, message_id: str) -> list[Delivery]:
        """Where a message went, and what became of it there."""
        query = select(DELIVERIES.table).where(_d.sender == sender, _d.message_id == message_id)
        return await self._all(Delivery, query.order_by(_d.seq, _d.endpoint, _d.part))

    async def waiting_for(self, endpoint: str, limit: int) -> list[Delivery]:
        """What waits for a participant that takes its messages itself, oldest first."""
        query = select(DELIVERIES.table).where(_d.endpoint == endpoint, _d.state == "due")
        return await self._all(Delivery, query.order_by(_d.created_us, _d.seq, _d.part).limit(limit))

    async def deliveries_overdue(self, now_us: int, limit: int) -> list[Delivery]:
        """What is past its end and in nobody's hands, failed or still due, longest over first."""
        # Said like the index of lanes, so that it is used.
        held = text("deliveries.state IN ('due', 'leased', 'failed')")
        query = select(DELIVERIES.table).where(held, _d.state != "leased", _d.deadline_us < now_us)
        return await self._all(Delivery, query.order_by(_d.deadline_us, _d.seq, _d.part).limit(limit))

    async def lane(self, endpoint: str, conversation_id: str) -> list[Delivery]:
        """What still holds or waits in a lane, in its order."""
        query = select(DELIVERIES.table).where(_d.endpoint == endpoint, _d.conversation_id == conversation_id)
        return await self._all(
            Delivery, query.where(_d.state.in_(("due", "leased", "failed"))).order_by(_d.seq, _d.part)
        )

    async def delivery_counts(self) -> dict[tuple[str, str], int]:
        """(endpoint, state) → how many."""
        query = select(_d.endpoint, _d.state, func.count()).group_by(_d.endpoint, _d.state)
        async with self._database.reading() as session:
            return {(row[0], row[1]): row[2] for row in await session.read(query)}


def _delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(**dict(zip(_COLUMNS, row, strict=True)))
