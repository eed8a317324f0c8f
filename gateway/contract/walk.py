"""Stepping through a flow by hand: what may come next, from whom, until when — by the functions that nodes judge with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.contract.advance import act, count, open_process
from gateway.contract.calendar import Calendar
from gateway.contract.expiry import expire, overdue
from gateway.contract.step import step
from gateway.contract.terms import DEADLINE_EXPIRED, PRESENT, FlowContract, State, Transition
from gateway.contract.timing import on_receipt
from gateway.errors import ContractRefused
from gateway.model.payload import Payload
from gateway.model.process import ProcessView, Step, StepMessage, Timer

#: A made-up date that a walk gives where a message must name one.
_LATER = timedelta(days=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One thing that may come next."""

    message_type: str
    title: str
    #: Roles.
    sender: str
    receiver: str
    #: The state that it leads to.
    to: str
    #: What the payload must say for this branch.
    when: Mapping[str, str]
    #: Document codes and payload paths that it cannot do without.
    documents: tuple[str, ...]
    requires: tuple[str, ...]
    #: Timers that it starts, and that it moves or ends.
    starts: tuple[str, ...]
    moves: tuple[str, ...]


def choices(contract: FlowContract, state: str) -> tuple[Choice, ...]:
    """What a state takes, a choice a branch, in the order of the contract."""
    return tuple(
        _choice(contract, name, branch)
        for name, branches in contract.states[state].accepts.items()
        for branch in branches
    )


def _choice(contract: FlowContract, name: str, branch: Transition) -> Choice:
    term = contract.messages[name]
    return Choice(
        message_type=name,
        title=term.title,
        sender=term.sender,
        receiver=term.receiver,
        to=branch.to,
        when=branch.when,
        documents=term.documents,
        requires=term.requires,
        starts=(*branch.starts, *branch.restarts, *term.receipt_starts),
        moves=(*branch.moves, *branch.stops),
    )


class Walk:
    """One made-up process at its keeper's node, and its clock; nothing is stored."""

    def __init__(self, contract: FlowContract, *, calendar: Calendar, now: datetime) -> None:
        """Begin before the opening message, at `now` (aware)."""
        self.contract, self.now = contract, now
        self.process: ProcessView | None = None
        self._calendar = calendar
        self._taken = 0

    @property
    def state(self) -> State:
        """Where the process stands."""
        return self.contract.states[self.process.state if self.process else self.contract.start]

    @property
    def clocks(self) -> tuple[Timer, ...]:
        """The timers that run or stand still, nearest first."""
        timers = self.process.timers if self.process else ()
        return tuple(sorted((one for one in timers if one.state in {"armed", "paused"}), key=lambda one: one.due))

    def next(self) -> tuple[Choice, ...]:
        """What may come next, judged: what a step before it forbids (once, after) is left out."""
        return tuple(one for one in choices(self.contract, self.state.id) if self._open(one))

    def take(self, choice: Choice) -> None:
        """Send a choice and have its receiver's system take it; the clock moves by a minute. Raises `ContractRefused`."""
        self.now += timedelta(minutes=1)
        message = self._message(choice)
        self._count(message, step(self.contract, self.process, message, calendar=self._calendar, stage="receive"))
        if self.process is not None:
            actions = on_receipt(
                self.contract,
                self.process,
                message_id=message.message_id,
                kind="delivered",
                at=self.now,
                calendar=self._calendar,
            )
            timers = act(self.process.timers, actions, message_id=message.message_id, at=self.now)
            self.process = replace(self.process, timers=timers)

    def wait(self, days: int) -> tuple[str, ...]:
        """Let days pass; the timers that fired on the way, in order."""
        until, fired = self.now + timedelta(days=days), []
        while self.process is not None and (due := overdue(self.contract, self.process, now=until)):
            timer = due[0]
            self.now = max(self.now, timer.due + timedelta(minutes=1))
            counted = expire(self.contract, self.process, timer, at=self.now, calendar=self._calendar)
            self._taken += 1
            message = StepMessage(
                message_id=f"walk-{self._taken}",
                message_type=DEADLINE_EXPIRED,
                sender="node:walk",
                receiver=counted.roles.get(counted.receiver_role, self.process.keeper),
                accepted_at=self.now,
            )
            self._count(message, counted)
            fired.append(timer.timer)
        self.now = until
        return tuple(fired)

    def _open(self, choice: Choice) -> bool:
        try:
            step(self.contract, self.process, self._message(choice), calendar=self._calendar, stage="receive")
        except ContractRefused:
            return False
        return True

    def _count(self, message: StepMessage, found: Step) -> None:
        self._taken += 1
        if self.process is None:
            self.process = open_process(self.contract, message, found, process_id="walk")
        else:
            self.process = count(self.process, message, found)

    def _message(self, choice: Choice) -> StepMessage:
        roles = self.contract.roles
        return StepMessage(
            message_id=f"walk-{self._taken + 1}",
            message_type=choice.message_type,
            sender=f"{roles[choice.sender].families[0]}:t-{choice.sender}",
            receiver=f"{roles[choice.receiver].families[0]}:t-{choice.receiver}",
            accepted_at=self.now,
            payload=self._payload(choice),
            documents=choice.documents,
        )

    def _payload(self, choice: Choice) -> Payload:
        """What the branch and the contract read, and nothing else."""
        term, day = self.contract.messages[choice.message_type], str((self.now + _LATER).date())
        payload: dict[str, Any] = {}
        for path, value in _needed(choice):
            put(payload, path, day if value == PRESENT else value)
        if term.until:
            put(payload, term.until, day)
        for folder, number, date_ in term.items:
            node = payload
            for name in folder.split("/"):
                node = node.setdefault(name, [{}])[0]
                put(node, number, "1")
            put(node, date_, day)
        return payload


def _needed(choice: Choice) -> Iterator[tuple[str, str]]:
    yield from choice.when.items()  # before what is only required: the first value of a path stands
    yield from ((path, "-") for path in choice.requires)


def put(payload: dict[str, Any], path: str, value: Any) -> None:
    """Set a value under a payload path (element names divided by `/`), unless something stands there."""
    *folders, last = path.split("/")
    for name in folders:
        inner = payload.setdefault(name, {})
        payload = inner if isinstance(inner, dict) else inner[0]
    payload.setdefault(last, value)
