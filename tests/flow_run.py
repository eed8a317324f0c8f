"""A process walked by hand: the pure contract, a clock that the test moves, senders that need only a message type."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count as counter
from pathlib import Path

from gateway.contract.advance import act, count, open_process
from gateway.contract.calendar import BEIJING, load_calendar
from gateway.contract.expiry import expire, expiry_payload, overdue
from gateway.contract.load import load_contracts
from gateway.contract.step import Stage, step
from gateway.contract.terms import DEADLINE_EXPIRED
from gateway.contract.timing import on_receipt
from gateway.model.payload import Payload
from gateway.model.process import ProcessView, Step, StepMessage, Timer

ROOT = Path(__file__).parents[1] / "contracts"
CONTRACTS = load_contracts(ROOT)
CALENDAR = load_calendar(ROOT / "calendars")
MEDIATION = CONTRACTS.flows["designated-mediation", "1.0"]
REVIEW = CONTRACTS.flows["arbitration-review", "1.0"]
PARTICIPANTS = {
    "court": "court:t-court",
    "mediator": "union:t-station",
    "applicant": "union:t-station",
    "arbitration": "arbitration:t-institution",
    "observer": "triage:t-centre",
}
#: What a message cannot do without, so that a test names only what it is about.
NEEDED: dict[str, Payload] = {
    "mediation.DesignationReject": {"Reason": {"Code": "A05"}},
    "mediation.CourtAcknowledge": {"Decision": "accepted"},
    "mediation.Extension": {"NewEndDate": "2026-04-30"},
    "arbitration.ReviewSupplement": {"DueDate": "2026-03-09"},
    "arbitration.ReviewRefuse": {"Reason": {"Code": "V01"}},
    "arbitration.ReviewNotIssued": {"Reason": {"Code": "W05"}},
}


def beijing(text: str) -> datetime:
    """A Beijing time, ten in the morning where only a day is given."""
    moment = datetime.fromisoformat(text)
    return (moment if "T" in text else moment.replace(hour=10)).replace(tzinfo=BEIJING)


class FlowRun:
    """One process at its keeper's node: every accepted message is judged and counted at once."""

    def __init__(self, prefix: str, at: str = "2026-03-02") -> None:
        self.contract = MEDIATION if prefix == "mediation" else REVIEW
        self.prefix, self.now = prefix, beijing(at)
        self.process: ProcessView | None = None
        self.history: list[StepMessage] = []
        self.ids = counter(1)

    @property
    def view(self) -> ProcessView:
        """The process, opened."""
        assert self.process is not None
        return self.process

    @property
    def state(self) -> str:
        """The state's name."""
        return self.view.state

    def message(self, element: str, payload: Payload | None = None, **changes: object) -> StepMessage:
        """A message with its contract's sender, receiver and documents; `changes` replace fields."""
        name = f"{self.prefix}.{element}"
        term = self.contract.messages.get(name)
        message = StepMessage(
            message_id=f"m{next(self.ids)}",
            message_type=name,
            sender=PARTICIPANTS[term.sender] if term else "",
            receiver=PARTICIPANTS[term.receiver] if term else "",
            accepted_at=self.now,
            payload={**NEEDED.get(name, {}), **(payload or {})},
            documents=term.documents if term else (),
        )
        return replace(message, **changes)  # type: ignore[arg-type]  # tests name fields of StepMessage

    def judge(self, message: StepMessage, stage: Stage = "receive") -> Step:
        """The contract's word, nothing counted."""
        return step(self.contract, self.process, message, calendar=CALENDAR, stage=stage)

    def send(self, element: str, payload: Payload | None = None, **changes: object) -> StepMessage:
        """Judge a message and count it."""
        message = self.message(element, payload, **changes)
        self.take(message, self.judge(message))
        return message

    def walk(self, *elements: str) -> str:
        """Several messages, a minute apart; the state that they lead to."""
        for element in elements:
            self.now += timedelta(minutes=1)
            self.send(element)
        return self.state

    def take(self, message: StepMessage, counted: Step) -> None:
        """Count a judged step."""
        if self.process is None:
            self.process = open_process(self.contract, message, counted, process_id="p1")
        else:
            self.process = count(self.process, message, counted)
        self.history.append(message)

    def deliver(self, message: StepMessage, *, kind: str = "delivered") -> None:
        """A receipt of the recipient's node about the message, at the present time."""
        actions = on_receipt(
            self.contract, self.view, message_id=message.message_id, kind=kind, at=self.now, calendar=CALENDAR
        )
        timers = act(self.view.timers, actions, message_id=message.message_id, at=self.now)
        self.process = replace(self.view, timers=timers)

    def until(self, day: str) -> list[str]:
        """Move the clock and fire what is overdue; the timers that fired."""
        self.now = beijing(day)
        fired = []
        while due := overdue(self.contract, self.view, now=self.now):
            timer = due[0]
            counted = expire(self.contract, self.view, timer, at=self.now, calendar=CALENDAR)
            message = StepMessage(
                message_id=f"m{next(self.ids)}",
                message_type=DEADLINE_EXPIRED,
                sender="node:local",
                receiver=counted.roles[counted.receiver_role],
                accepted_at=self.now,
                payload=expiry_payload(self.contract, timer, {"Classification": "internal"}),
            )
            self.take(message, counted)
            fired.append(timer.timer)
        return fired

    def timer(self, name: str, *, state: str = "armed") -> Timer | None:
        """The timer of that name in that state."""
        found = [one for one in self.view.timers if (one.timer, one.state) == (name, state)]
        assert len(found) <= 1
        return found[0] if found else None

    def due(self, name: str, *, state: str = "armed") -> str:
        """The day on which the armed timer is due."""
        timer = self.timer(name, state=state)
        return str(timer.due.astimezone(BEIJING).date()) if timer else ""


def designated(at: str = "2026-03-02") -> FlowRun:
    """A mediation that has been designated and delivered."""
    run = FlowRun("mediation", at)
    run.deliver(run.send("DesignationRequest"))
    return run


def mediating(at: str = "2026-03-02") -> FlowRun:
    """A mediation whose first session is scheduled, accepted on the day `at`."""
    run = designated(at)
    run.walk("DesignationAccept", "MediatorAssign", "Notification", "SessionSchedule")
    return run
