"""One dispute told to a federation: who says what on which day, and what a test compares afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.bootstrap import Application
from gateway.contract.calendar import BEIJING
from gateway.flow.answer import Answer
from gateway.flow.trace import Trace
from gateway.model.envelope import Header
from gateway.model.ledger import Process, StepRow
from gateway.model.payload import Payload
from gateway.model.receipt import Receipt
from tests import payloads
from tests.federation import COURT, INSTITUTION, STATION, Federation

#: The bytes whose digest the payload builders name.
PAPER = b"test"
#: (day and hour in Beijing, message) of domain F1, from the designation to the court's close.
MEDIATION = (
    ("2026-03-02T10:00", "mediation.DesignationRequest"),
    ("2026-03-04T09:35", "mediation.DesignationAccept"),
    ("2026-03-04T14:05", "mediation.MediatorAssign"),
    ("2026-03-05T09:20", "mediation.Notification"),
    ("2026-03-09T09:00", "mediation.SessionSchedule"),
    ("2026-03-11T16:05", "mediation.SessionReport"),
    ("2026-03-18T16:25", "mediation.ResultSuccess"),
    ("2026-03-20T09:05", "mediation.CourtAcknowledge"),
    ("2026-03-20T10:00", "mediation.CaseClose"),
)
#: The same of domain F6, from the joint application to the close.
REVIEW = (
    ("2026-03-23T10:00", "arbitration.ReviewApply"),
    ("2026-03-25T10:00", "arbitration.ReviewAccept"),
    ("2026-03-30T10:00", "arbitration.ReviewStatement"),
    ("2026-04-01T15:05", "arbitration.ReviewServed"),
    ("2026-04-02T10:00", "arbitration.ReviewClose"),
)
_FROM_COURT = {"DesignationRequest", "CourtAcknowledge", "CaseClose"}
_FROM_APPLICANT = {"ReviewApply", "ReviewSupplementReply", "ReviewVerifyReply", "ReviewWithdraw"}


@dataclass(kw_only=True)
class Case:
    """One process of one dispute; `federation` carries it."""

    federation: Federation
    conversation_id: str
    process_id: str
    #: Message type → id of the newest message of that type.
    sent: dict[str, str] = field(default_factory=dict)

    async def header(self, message_type: str, **changes: object) -> Header:
        """A header with the documents that the contract asks for, their bytes at the sender's node."""
        sender, receiver = ends_of(message_type)
        flow = self.federation.node(sender).services.node.flow(flow_of(message_type), "1.0")
        term = flow.messages.get(message_type)
        attachments = [
            await self.federation.attachment(sender, code, PAPER) for code in (term.documents if term else ())
        ]
        fields: dict[str, object] = {
            "conversation_id": self.conversation_id, "process_id": self.process_id, "attachments": tuple(attachments),
        }  # fmt: skip
        return self.federation.header(message_type, sender, receiver, **(fields | changes))

    async def offer(self, message_type: str, payload: Payload | None = None, **changes: object) -> Answer:
        """Submit a message and let nothing move."""
        header = await self.header(message_type, **changes)
        answer = await self.federation.submit(header, payload or payloads.all_payloads()[message_type]())
        self.sent[message_type] = header.message_id
        return answer

    async def send(self, message_type: str, payload: Payload | None = None, **changes: object) -> Receipt:
        """Submit a message that is accepted, let it travel, and let its receiver fetch it."""
        answer = await self.offer(message_type, payload, **changes)
        assert answer.refusal is None, (message_type, answer.refusal, answer.refusal.findings)
        await self.federation.settle()
        await fetch(self.federation)
        return answer.receipt

    async def tell(self, steps: Sequence[tuple[str, str]]) -> None:
        """Send messages, each at its time."""
        for at, message_type in steps:
            self.federation.until(beijing(at))
            await self.send(message_type)

    def at(self, participant: str) -> Application:
        """The node of a participant."""
        return self.federation.node(participant)

    async def process(self, participant: str) -> Process:
        """The process as the participant's node knows it."""
        found = await self.at(participant).services.node.ledger.process(self.process_id)
        assert found is not None
        return found

    async def steps(self, participant: str) -> list[StepRow]:
        """All steps as the participant's node knows them."""
        return await self.at(participant).services.node.ledger.steps_of(self.process_id)

    async def history(self, participant: str) -> list[tuple[int, str, str, str, str | None]]:
        """(number, message id, kind, state after, superseded by) of every counted step."""
        found = await self.steps(participant)
        return [(s.number, s.message_id, s.kind, s.state, s.superseded_by) for s in found if s.number > 0]

    async def state(self, participant: str) -> tuple[str, int]:
        """(state, number)."""
        process = await self.process(participant)
        return process.state, process.number

    async def due(self, participant: str) -> dict[str, str]:
        """Armed timer → the day in Beijing on which it is due."""
        rows = await self.at(participant).services.node.ledger.deadlines(process_id=self.process_id, state="armed")
        return {row.timer: day(row.due_us) for row in rows}

    async def kinds(self, participant: str, message_type: str) -> set[str]:
        """Kinds of the receipts that the participant's node holds about a message of ours."""
        sender, _ = ends_of(message_type)
        found = await self.at(participant).services.receipts(sender, self.sent[message_type])
        return {receipt.kind for receipt in found}

    async def trace(self, participant: str) -> Trace:
        """The trace of the dispute at the participant's node."""
        return await self.at(participant).services.trace(conversation=self.conversation_id)


def new_case(federation: Federation, *, conversation_id: str = "") -> Case:
    """A process that has not been opened, of a new dispute or of one that runs."""
    return Case(
        federation=federation,
        conversation_id=conversation_id or federation.new_id(),
        process_id=federation.new_id(),
    )


async def fetch(federation: Federation) -> int:
    """Every participant takes what waits for it and confirms; returns how many. What that sets going is settled."""
    count = 0
    for who in (COURT, STATION, INSTITUTION):
        if not next(iter(federation.applications.values())).known.current().node_of(who):
            continue
        services = federation.node(who).services
        for waiting in await services.inbox(who, limit=200):
            await services.confirm(who, waiting.message_id, part=waiting.part)
            count += 1
    if count:
        await federation.settle()
    return count


def ends_of(message_type: str) -> tuple[str, str]:
    """(sender, receiver) of a message in these stories."""
    family, _, element = message_type.partition(".")
    keeper = INSTITUTION if family == "arbitration" else COURT
    from_other = element in _FROM_APPLICANT if family == "arbitration" else element not in _FROM_COURT
    return (STATION, keeper) if from_other else (keeper, STATION)


def flow_of(message_type: str) -> str:
    """The flow that a message belongs to here."""
    return "arbitration-review" if message_type.startswith("arbitration") else "designated-mediation"


def beijing(text: str) -> datetime:
    """A time in Beijing."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def day(us: int) -> str:
    """The day in Beijing."""
    return datetime.fromtimestamp(us / 1_000_000, BEIJING).date().isoformat()
