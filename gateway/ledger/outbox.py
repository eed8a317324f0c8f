"""The outbox: what is still to be published, each conversation in its order (protocol.md §4)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from gateway.ledger.reads import Reads
from gateway.ledger.tables_work import OUTBOX
from gateway.model.ledger import Change, Outbox

_o = OUTBOX.table.c


class OutboxReads(Reads):
    """First rows, and what stands before a row."""

    async def outbox_first(self, limit: int, *, before_us: int | None = None) -> list[Outbox]:
        """The first unpublished row of each (destination, conversation), oldest first.

        By seq and part, never by age alone.

        `before_us` leaves out rows written since: those are being published from memory by whoever wrote them.
        """
        e = OUTBOX.table.alias("e").c
        earlier = select(e.seq).where(
            e.destination == _o.destination,
            e.conversation_id == _o.conversation_id,
            or_(e.seq < _o.seq, (e.seq == _o.seq) & (e.part < _o.part)),
        )
        query = select(OUTBOX.table).where(~earlier.exists()).order_by(_o.at_us, _o.conversation_id).limit(limit)
        if before_us is not None:
            query = query.where(_o.at_us < before_us)
        return await self._all(Outbox, query)

    async def outbox_before(self, destination: str, conversation_id: str, seq: int) -> bool:
        """Whether an unpublished row of this conversation stands before `seq`.

        Then publishing from memory would overtake it.
        """
        query = (
            select(_o.seq)
            .where(_o.destination == destination, _o.conversation_id == conversation_id, _o.seq < seq)
            .limit(1)
        )
        async with self._database.reading() as session:
            return bool(await session.read(query))

    async def outbox_delete(self, keys: Sequence[tuple[str, str, int, str]]) -> None:
        """The bus has these rows: (destination, conversation_id, seq, part)."""
        if keys:
            await self._committer.commit(Change(name="relay.published", published=tuple(keys)))

    async def outbox_size(self) -> int:
        """How many rows wait."""
        async with self._database.reading() as session:
            return int((await session.read(select(func.count()).select_from(OUTBOX.table)))[0][0])
