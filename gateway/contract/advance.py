"""Applying steps to a process as pure data: what the ledger does in rows, for explaining deadlines and for tests.

Source: protocol.md §3 (strictly by number) and §7 (every node reckons the same function, for show).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.contract.calendar import Calendar
from gateway.contract.step import Stage
from gateway.contract.step import step as judge
from gateway.contract.terms import DEADLINE_EXPIRED, FlowContract
from gateway.contract.timing import on_receipt
from gateway.model.process import PastStep, ProcessView, Step, StepMessage, Timer, TimerAction

_LIVE = frozenset({"armed", "paused"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A `delivered` or `retrieved` receipt about a counted message, as an event of its process."""

    message_id: str
    kind: str
    #: The receipt's issue time.
    at: datetime


def open_process(
    contract: FlowContract, message: StepMessage, step: Step, *, process_id: str, conversation_id: str = ""
) -> ProcessView:
    """The process that an opening step makes, the step counted as number 1 where its keeper is concerned."""
    empty = ProcessView(
        process_id=process_id,
        conversation_id=conversation_id,
        flow=contract.flow,
        flow_version=contract.version,
        keeper=step.roles[contract.keeper],
        roles={},
        number=0,
        state=contract.start,
    )
    return count(empty, message, step)


def count(process: ProcessView, message: StepMessage, step: Step) -> ProcessView:
    """The process after the keeper has counted the step under its next number; its pending row is replaced."""
    number = process.number + 1
    past = PastStep(
        sender=message.sender,
        message_id=message.message_id,
        message_type=message.message_type,
        number=number,
        state=step.state,
        kind=message.kind,
        accepted_at=message.accepted_at,
    )
    kept = (one for one in process.steps if one.message_id != message.message_id)
    steps = [
        replace(one, superseded_by=message.message_id) if one.message_id == step.supersedes else one for one in kept
    ]
    counted = [one for one in steps if one.number > 0]
    pending = [one for one in steps if one.number == 0]
    timers = act(process.timers, step.timers, message_id=message.message_id, at=message.accepted_at)
    return replace(
        process,
        number=number,
        state=step.state,
        roles=step.roles,
        steps=(*counted, past, *pending),
        timers=timers,
        expired=step.expired,
    )


def act(
    timers: tuple[Timer, ...], actions: Iterable[TimerAction], *, message_id: str, at: datetime
) -> tuple[Timer, ...]:
    """The timers after a step's or receipt's actions; a new one carries `message_id` as its start step."""
    result = list(timers)
    for action in actions:
        if action.action == "arm" and action.start and action.due:
            result = [
                one
                for one in result
                if (one.timer, one.item, one.start_step) != (action.timer, action.item, message_id)
            ]
            result.append(
                Timer(
                    timer=action.timer,
                    item=action.item,
                    start_step=message_id,
                    start=action.start,
                    due=action.due,
                    provisional=action.provisional,
                    calendar=action.calendar,
                    paused=action.paused,
                )
            )
            continue
        result = [_change(one, action, at) if _is(one, action) else one for one in result]
    return tuple(result)


def deadlines(
    contract: FlowContract, events: Iterable[StepMessage | Entry], *, calendar: Calendar
) -> tuple[Timer, ...]:
    """The timers of a process from its counted messages and entry receipts in order, the same at every node.

    Raises `ContractRefused` where the events are no history of this contract.
    """
    process: ProcessView | None = None
    for event in events:
        if isinstance(event, StepMessage):
            stage: Stage = "submit" if event.message_type == DEADLINE_EXPIRED else "receive"
            step = judge(contract, process, event, calendar=calendar, stage=stage)
            process = count(process, event, step) if process else open_process(contract, event, step, process_id="")
        elif process is not None:
            actions = on_receipt(
                contract, process, message_id=event.message_id, kind=event.kind, at=event.at, calendar=calendar
            )
            process = replace(process, timers=act(process.timers, actions, message_id=event.message_id, at=event.at))
    return process.timers if process else ()


def _is(timer: Timer, action: TimerAction) -> bool:
    return timer.timer == action.timer and timer.item == action.item and timer.state in _LIVE


def _change(timer: Timer, action: TimerAction, at: datetime) -> Timer:
    match action.action:
        case "stop":
            return replace(timer, state="stopped", paused_at=None)
        case "fire":
            return replace(timer, state="fired")
        case "pause":
            return replace(timer, state="paused", paused_at=action.start or at)
        case "resume":
            due = action.due or timer.due
            return replace(
                timer, state="armed", paused_at=None, due=due, provisional=action.provisional, paused=action.paused
            )
        case _:
            return replace(timer, due=action.due or timer.due, provisional=action.provisional)
