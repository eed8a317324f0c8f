"""Group commit: all changes that wait share one transaction, durable before anyone is answered (decision 0004)."""

from __future__ import annotations

import asyncio
from collections import deque

from gateway.errors import AlreadyClaimed, GatewayError, NodeError, StaleConversation
from gateway.ledger.compare import hold
from gateway.ledger.database import Database, DatabaseFailed
from gateway.ledger.group import Lost, Waiting, wait
from gateway.ledger.tables_node import STORED
from gateway.ledger.writing import write
from gateway.model.ledger import Change

#: A group carries at most this many bytes of messages, so that a statement stays far from PostgreSQL's 1 GB.
_GROUP_BYTES = 16 << 20
#: How often a group is tried again when the database broke a deadlock.
_TRIES = 4


class Committer:
    """Takes changes from any task and commits them in groups.

    One group at a time, so the next one fills while it waits.
    """

    def __init__(self, database: Database, *, group_max: int = 256) -> None:
        self._database = database
        self._group_max = group_max
        self._queue: deque[Waiting] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def commit(self, change: Change) -> None:
        """Return when the change is durable. Raises `StaleConversation`, `AlreadyClaimed`, `LeaseLost` or `NodeError`.

        Then it is not.

        A caller that is cancelled leaves its change behind: it is committed all the same, or not, as if the answer had
        been lost.
        """
        waiting = wait(change)
        self._queue.append(waiting)
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        await waiting.done

    async def close(self) -> None:
        """Commit what is still waiting."""
        if self._runner is not None:
            await self._runner

    async def _run(self) -> None:
        # One turn of the loop: requests that arrived together are then in the first group together.
        await asyncio.sleep(0)
        try:
            while self._queue:
                chosen, deferred = self._next()
                await self._settle(chosen)
                self._queue.extendleft(reversed(_not_beaten(deferred, chosen)))
        finally:
            self._runner = None
            while self._queue:
                _fail(self._queue.popleft(), NodeError("the ledger was closed"))

    def _next(self) -> tuple[list[Waiting], list[Waiting]]:
        """(the next group, those before its end that compare or claim the same as one of it)."""
        chosen: list[Waiting] = []
        deferred: list[Waiting] = []
        held: set[tuple[object, ...]] = set()
        room = _GROUP_BYTES
        while self._queue and len(chosen) < self._group_max and room > 0:
            waiting = self._queue.popleft()
            if held.isdisjoint(waiting.keys):
                chosen.append(waiting)
                held |= waiting.keys
                room -= waiting.weight
            else:
                deferred.append(waiting)
        return chosen, deferred

    async def _settle(self, chosen: list[Waiting]) -> None:
        """Commit a group; losers are told and left out, the guilty are found by committing one at a time."""
        tries = _TRIES
        while chosen:
            try:
                await self._attempt(chosen)
            except Lost as lost:
                if lost.torn and len(chosen) > 1:
                    return await self._one_by_one(chosen)
                for waiting, error in lost.losers.items():
                    _fail(waiting, error)
                chosen = [waiting for waiting in chosen if waiting not in lost.losers]
            except DatabaseFailed as failed:
                tries -= 1
                if failed.passing and tries:
                    continue
                if failed.guilty and len(chosen) > 1:
                    return await self._one_by_one(chosen)
                return _fail_all(chosen, failed)
            except BaseException:
                _fail_all(chosen, NodeError("the commit was interrupted"))
                raise
            else:
                return _succeed(chosen)
        return None

    async def _one_by_one(self, chosen: list[Waiting]) -> None:
        for waiting in chosen:
            await self._settle([waiting])

    async def _attempt(self, chosen: list[Waiting]) -> None:
        name = "+".join(sorted({waiting.change.name for waiting in chosen}))
        try:
            async with self._database.transaction(name) as session:
                await hold(session, chosen)
                await write(session, chosen)
        except GatewayError:
            raise
        except Exception as error:
            # A row whose values are not of its type: whatever that raises, it must not stop everybody else's commits.
            raise DatabaseFailed(f"{name}: {type(error).__name__}", guilty=True) from error


def _not_beaten(deferred: list[Waiting], chosen: list[Waiting]) -> list[Waiting]:
    """The deferred changes that can still win.

    Those that the group just committed has beaten are told so, without a query.
    """
    if not deferred:
        return deferred
    won = [
        waiting
        for waiting in chosen
        if waiting.done.done() and not waiting.done.cancelled() and waiting.done.exception() is None
    ]
    versions = {after.conversation_id: after.version for waiting in won for _, after in waiting.change.moves}
    claims = {key for waiting in won for key in waiting.keys if STORED[key[0]].policy == "taken"}
    left = []
    for waiting in deferred:
        stale = [
            after for version, after in waiting.change.moves if versions.get(after.conversation_id, version) != version
        ]
        taken = claims & waiting.keys
        if stale:
            _fail(waiting, StaleConversation(f"conversation {stale[0].conversation_id} has moved"))
        elif taken:
            _fail(waiting, AlreadyClaimed("another change of the same moment was first"))
        else:
            left.append(waiting)
    return left


def _succeed(chosen: list[Waiting]) -> None:
    for waiting in chosen:
        if not waiting.done.done():
            waiting.done.set_result(None)


def _fail_all(chosen: list[Waiting], error: NodeError) -> None:
    for waiting in chosen:
        _fail(waiting, error)


def _fail(waiting: Waiting, error: NodeError) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
