"""The first look of submit and receive.

All who wait share one set of statements (a data loader), as group commit shares one transaction.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from gateway.errors import GatewayError, NodeError
from gateway.ledger.database import Database, Result, Session
from gateway.ledger.dialect import Columns
from gateway.ledger.schema import Stored
from gateway.ledger.tables import CLAIMS, CONVERSATIONS, PROCESSES, RECEIPTS, ROLES, STEPS
from gateway.ledger.tables_work import DEADLINES
from gateway.ledger.view import process_view
from gateway.model.ledger import Claim, Conversation, Deadline, Process, ReceiptRow, Role, Stage, StepRow, Survey
from gateway.model.process import ProcessView

_GROUP = 256
_RowT = TypeVar("_RowT")


def _by(stored: Stored, *names: str) -> tuple[str, Columns]:
    """All columns of the rows whose `names` are among the keys."""
    listed = ", ".join(f't."{name}"' for name in stored.types)
    match = " AND ".join(f't."{name}" = k."{name}"' for name in names)
    columns: Columns = tuple((name, stored.types[name]) for name in names)
    return f'SELECT {listed} FROM {{keys}} CROSS JOIN "{stored.table.name}" AS t WHERE {match}', columns  # noqa: S608  # our own names; values are parameters


_CONVERSATIONS = _by(CONVERSATIONS, "conversation_id")
_CLAIMS = _by(CLAIMS, "stage", "sender", "message_id")
_RECEIPTS = _by(RECEIPTS, "sender", "message_id")
_PROCESSES = _by(PROCESSES, "process_id")
_OF_PROCESS = tuple(_by(one, "process_id") for one in (ROLES, STEPS, DEADLINES))
_PARKED: tuple[str, Columns] = (
    (
        'SELECT t."conversation_id", t."sender" FROM {keys} CROSS JOIN "parked" AS t '
        'WHERE t."conversation_id" = k."conversation_id"'
    ),
    (("conversation_id", "text"),),
)
_KNOWN: tuple[str, Columns] = (
    (
        'SELECT k."message_id" FROM {keys}'
        ' WHERE EXISTS (SELECT 1 FROM "messages" AS m WHERE m."message_id" = k."message_id")'
        ' OR EXISTS (SELECT 1 FROM "steps" AS s WHERE s."message_id" = k."message_id")'
    ),
    (("message_id", "text"),),
)


class Subject(Protocol):
    """What a survey asks by: an envelope's header, or what a receipt says about a message."""

    @property
    def sender(self) -> str:
        """Participant that sent the message."""

    @property
    def message_id(self) -> str:
        """Id of the message."""

    @property
    def conversation_id(self) -> str:
        """Its dispute."""

    @property
    def process_id(self) -> str:
        """Its run of a flow."""

    @property
    def ref_to(self) -> str | None:
        """The message that it answers."""

    @property
    def supersedes(self) -> str | None:
        """The message that it corrects or voids."""


@dataclass(slots=True, eq=False)
class _Asked:
    stage: Stage
    header: Subject
    answer: asyncio.Future[Survey]


@dataclass(slots=True)
class _Found:
    """What one set of statements brought, by what it belongs to."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    claims: dict[tuple[str, str, str], Claim] = field(default_factory=dict)
    receipts: dict[tuple[str, str], list[ReceiptRow]] = field(default_factory=dict)
    processes: dict[str, ProcessView] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    parked: Counter[tuple[str, str]] = field(default_factory=Counter)


class Surveyor:
    """Answers surveys in groups; one group at a time, the next fills meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Asked] = []
        self._runner: asyncio.Task[None] | None = None

    async def survey(self, stage: Stage, header: Subject) -> Survey:
        """What the ledger knows of a message before it is judged. Raises `NodeError` when the database does not answer.

        The conversation is read first: if anything of it changes while the rest is read, its version has moved too, and
        the commit that was built on this survey is refused as stale.
        """
        asked = _Asked(stage, header, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await asked.answer

    async def _run(self) -> None:
        await asyncio.sleep(0)  # those that came together are read together
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
                await self._answer(group)
        finally:
            self._runner = None
            _refuse(self._waiting, NodeError("the ledger was closed"))

    async def _answer(self, group: Sequence[_Asked]) -> None:
        try:
            async with self._database.reading() as session:
                found = await _look(session, group)
        except GatewayError as error:
            return _refuse(group, error)
        except BaseException:
            _refuse(group, NodeError("the survey was interrupted"))
            raise
        for asked in group:
            if not asked.answer.done():
                asked.answer.set_result(_survey(asked, found))
        return None


async def _look(session: Session, group: Sequence[_Asked]) -> _Found:
    """The first round: everything that is found by the header; the second: the parts of the processes that are here."""
    headers = [asked.header for asked in group]
    references = {name for one in headers for name in (one.ref_to, one.supersedes) if name is not None}
    queries: list[tuple[tuple[str, Columns], Iterable[tuple[Any, ...]]]] = [
        (_CONVERSATIONS, {(one.conversation_id,) for one in headers}),
        (_PROCESSES, {(one.process_id,) for one in headers}),
        (_CLAIMS, {(asked.stage, asked.header.sender, asked.header.message_id) for asked in group}),
        (_RECEIPTS, {(one.sender, one.message_id) for one in headers}),
        (_PARKED, {(one.conversation_id,) for one in headers}),
    ]
    if references:
        queries.append((_KNOWN, {(name,) for name in references}))
    look_up = session.dialect.look_up
    answers = await session.run([look_up(template, columns, sorted(keys)) for (template, columns), keys in queries])
    conversations, processes, claims, receipts, parked = answers[:5]
    found = _Found(
        conversations={one.conversation_id: one for one in _typed(Conversation, CONVERSATIONS, conversations)},
        claims={(one.stage, one.sender, one.message_id): one for one in _typed(Claim, CLAIMS, claims)},
        known=frozenset(row[0] for row in answers[5].rows) if references else frozenset(),
        parked=Counter((row[0], row[1]) for row in parked.rows),
    )
    for one in sorted(
        _typed(ReceiptRow, RECEIPTS, receipts), key=lambda row: (row.stored_us, row.kind, row.issuer, row.recipient)
    ):
        found.receipts.setdefault((one.sender, one.message_id), []).append(one)
    if processes.rows:
        found.processes = await _views(session, _typed(Process, PROCESSES, processes))
    return found


async def _views(session: Session, processes: Sequence[Process]) -> dict[str, ProcessView]:
    keys = sorted((one.process_id,) for one in processes)
    results = await session.run([session.dialect.look_up(template, columns, keys) for template, columns in _OF_PROCESS])
    roles: dict[str, list[Role]] = defaultdict(list)
    steps: dict[str, list[StepRow]] = defaultdict(list)
    deadlines: dict[str, list[Deadline]] = defaultdict(list)
    for role in _typed(Role, ROLES, results[0]):
        roles[role.process_id].append(role)
    for step in _typed(StepRow, STEPS, results[1]):
        steps[step.process_id].append(step)
    for deadline in _typed(Deadline, DEADLINES, results[2]):
        deadlines[deadline.process_id].append(deadline)
    return {
        one.process_id: process_view(one, roles[one.process_id], steps[one.process_id], deadlines[one.process_id])
        for one in processes
    }


def _survey(asked: _Asked, found: _Found) -> Survey:
    header = asked.header
    conversation = found.conversations.get(header.conversation_id)
    return Survey(
        claim=found.claims.get((asked.stage, header.sender, header.message_id)),
        receipts=tuple(found.receipts.get((header.sender, header.message_id), ())),
        conversation=conversation or Conversation(conversation_id=header.conversation_id, version=0, head=""),
        process=found.processes.get(header.process_id),
        known=found.known & {header.ref_to, header.supersedes} if found.known else found.known,
        parked=found.parked[header.conversation_id, header.sender],
        waiting=sum(n for (one, _), n in found.parked.items() if one == header.conversation_id) if found.parked else 0,
    )


def _typed(kind: type[_RowT], stored: Stored, result: Result) -> list[_RowT]:
    """Raw rows as their row type; SQLite has no booleans of its own."""
    names = tuple(stored.types)
    truths = [name for name, sql_type in stored.types.items() if sql_type == "boolean"]
    rows = [dict(zip(names, row, strict=True)) for row in result.rows]
    for row in rows if truths else ():
        row.update({name: bool(row[name]) for name in truths})
    return [kind(**row) for row in rows]


def _refuse(group: Sequence[_Asked], error: GatewayError) -> None:
    for asked in group:
        if not asked.answer.done():
            asked.answer.set_exception(error)
