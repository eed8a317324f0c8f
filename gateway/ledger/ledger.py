"""The ledger of one node: everything that is durable, behind one door (protocol.md §8)."""

from __future__ import annotations

from sqlalchemy import text

from gateway.ledger.commit import Committer
from gateway.ledger.database import Database
from gateway.ledger.deliveries import DeliveryReads
from gateway.ledger.failures import FailureReads
from gateway.ledger.messages import MessageReads
from gateway.ledger.node import NodeReads
from gateway.ledger.outbox import OutboxReads
from gateway.ledger.processes import ProcessReads
from gateway.ledger.survey import Subject, Surveyor
from gateway.model.ledger import Change, Stage, Survey


class Ledger(MessageReads, ProcessReads, OutboxReads, DeliveryReads, FailureReads, NodeReads):
    """One node's ledger on SQLite (`sqlite:///file`) or PostgreSQL (`postgresql://…`); tables come from `migrate`."""

    def __init__(self, url: str, *, group_max: int = 256) -> None:
        database = Database(url)
        super().__init__(database, Committer(database, group_max=group_max))
        self._surveyor = Surveyor(database)

    async def open(self) -> None:
        """Get ready; connections are made when they are first needed."""
        await self._database.open()

    async def close(self) -> None:
        """Commit what waits, then let go of all connections."""
        await self._committer.close()
        await self._database.close()

    async def commit(self, change: Change) -> None:
        """Make a change durable, all of it or nothing.

        Raises `StaleConversation`, `AlreadyClaimed`, `LeaseLost`, `NodeError`.
        """
        await self._committer.commit(change)

    async def survey(self, stage: Stage, header: Subject) -> Survey:
        """What is known of a message before it is judged. Raises `NodeError`."""
        return await self._surveyor.survey(stage, header)

    async def ping(self) -> None:
        """The database answers and has its tables. Raises `NodeError`."""
        async with self._database.reading() as session:
            await session.read(text("SELECT version FROM conversations LIMIT 1"))
