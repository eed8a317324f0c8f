"""Conversations, processes, their steps and their clocks."""

from __future__ import annotations

from sqlalchemy import select

from gateway.ledger.reads import Reads
from gateway.ledger.tables import PROCESSES, ROLES, STEPS
from gateway.ledger.tables_work import DEADLINES
from gateway.ledger.view import process_view
from gateway.model.ledger import Conversation, Deadline, Process, Role, StepRow
from gateway.model.process import ProcessView

_d = DEADLINES.table.c


class ProcessReads(Reads):
    """What stands in which state, who is in it, and what runs out when."""

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation's version and chain head."""
        return await self._one(Conversation, conversation_id=conversation_id)

    async def process(self, process_id: str) -> Process | None:
        """The process's row."""
        return await self._one(Process, process_id=process_id)

    async def processes_of(self, conversation_id: str) -> list[Process]:
        """The processes of a dispute, in the order they were opened."""
        c = PROCESSES.table.c
        query = select(PROCESSES.table).where(c.conversation_id == conversation_id)
        return await self._all(Process, query.order_by(c.opened_us, c.process_id))

    async def process_view(self, process_id: str) -> ProcessView | None:
        """The process as the contract reads it; the process first, so that its parts are never older than it."""
        process = await self.process(process_id)
        if process is None:
            return None
        roles = await self._all(Role, select(ROLES.table).where(ROLES.table.c.process_id == process_id))
        return process_view(
            process, roles, await self.steps_of(process_id), await self.deadlines(process_id=process_id, limit=10_000)
        )

    async def steps_of(self, process_id: str) -> list[StepRow]:
        """All steps: counted in order, those beyond a gap too, then pending (0) and dropped (-1) ones."""
        c = STEPS.table.c
        query = select(STEPS.table).where(c.process_id == process_id)
        return await self._all(StepRow, query.order_by(c.number <= 0, c.number, c.accepted_us, c.message_id))

    async def step(self, sender: str, message_id: str) -> StepRow | None:
        """The step that a message is, in whatever process."""
        c = STEPS.table.c
        found = await self._all(
            StepRow, select(STEPS.table).where(c.message_id == message_id, c.sender == sender).limit(1)
        )
        return found[0] if found else None

    async def deadlines(
        self,
        *,
        conversation_id: str = "",
        process_id: str = "",
        state: str = "",
        before_us: int | None = None,
        limit: int = 200,
    ) -> list[Deadline]:
        """Timers, soonest due first; what is given must hold, `before_us` bounds the due time."""
        query = (
            select(DEADLINES.table).order_by(_d.due_us, _d.process_id, _d.timer, _d.start_step, _d.item).limit(limit)
        )
        if conversation_id:
            query = query.where(_d.conversation_id == conversation_id)
        if process_id:
            query = query.where(_d.process_id == process_id)
        if state:
            query = query.where(_d.state == state)
        if before_us is not None:
            query = query.where(_d.due_us < before_us)
        return await self._all(Deadline, query)

    async def deadlines_due(self, now_us: int, limit: int) -> list[Deadline]:
        """Armed timers that this node keeps and that are due, in the order they became due."""
        query = select(DEADLINES.table).where(_d.state == "armed", _d.kept, _d.due_us <= now_us)
        return await self._all(Deadline, query.order_by(_d.due_us, _d.process_id, _d.timer).limit(limit))
