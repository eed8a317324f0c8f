"""What a deadline does: only the keeper's node fires it, by a message that counts like any other (protocol.md §7)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from gateway.contract.calendar import Calendar
from gateway.contract.paths import texts
from gateway.contract.refusal import refused
from gateway.contract.terms import FlowContract
from gateway.contract.timing import Clock, entering, latest, live
from gateway.model.payload import Payload
from gateway.model.process import ProcessView, Step, StepMessage, Timer, TimerAction


def overdue(contract: FlowContract, process: ProcessView, *, now: datetime) -> tuple[Timer, ...]:
    """The armed timers of the process whose end has passed, and that its state still runs, nearest first."""
    runs = contract.states[process.state].timers
    ended = (one for one in process.timers if one.state == "armed" and one.due < now and one.timer in runs)
    return tuple(sorted(ended, key=lambda one: (one.due, one.timer)))


def expire(contract: FlowContract, process: ProcessView, timer: Timer, *, at: datetime, calendar: Calendar) -> Step:
    """The step that the firing of `timer` at time `at` is; its state is the same where the expiry is a flag only.

    Where it moves the state, `expired` keeps what was before, so that a message in time can still be taken. Raises
    `ContractRefused` (FLW-107) for a timer that does not run here or is not due.
    """
    state = contract.states[process.state]
    found = live(process, timer.timer, timer.item)
    if (
        found is None
        or found.state != "armed"
        or found.start_step != timer.start_step
        or timer.timer not in state.expires
    ):
        en = f"timer {timer.timer} does not run in state {state.id} of this process"
        raise refused("FLW-107", f"期限 {timer.timer} 在状态 {state.id} 下未在计时", en)
    if found.due >= at:
        en = f"timer {timer.timer} is not due before {found.due.isoformat()}"
        raise refused("FLW-107", f"期限 {timer.timer} 至 {found.due.isoformat()} 方届满", en)
    target = contract.states[state.expires[timer.timer]]
    fired = TimerAction(action="fire", timer=found.timer, item=found.item)
    others = entering(target, process, at, clock=Clock(contract, calendar)) if target is not state else ()
    return Step(
        message_type="common.DeadlineExpired",
        sender_role=contract.keeper,
        receiver_role=state.turn or contract.keeper,
        state_before=state.id,
        state=target.id,
        turn=target.turn,
        opens=False,
        ends=target.final,
        roles=dict(process.roles),
        timers=(fired, *(one for one in others if (one.timer, one.item) != (found.timer, found.item))),
        expired=carried(process) if target is state else (found.timer, state.id, process.number + 1),
    )


def expire_by_message(
    contract: FlowContract,
    process: ProcessView | None,
    message: StepMessage,
    *,
    calendar: Calendar,
    stage: Literal["submit", "receive"],
) -> Step:
    """The step of a `common.DeadlineExpired` of the keeper's own node; raises `ContractRefused` (FLW-107) for others.

    That the sending node is the keeper's is for the flow to see, which knows the registry.
    """
    if process is None or stage == "receive" or not message.sender.startswith("node:"):
        en = "a deadline is fired by the keeper's node alone, it is never received by it"
        raise refused("FLW-107", "期限届满只由管理方节点发出", en, xpath="/Envelope/Header/Sender")
    name = next(iter(texts(message.payload, "Timer")), "")
    timer = live(process, name, next(iter(texts(message.payload, "Item")), ""))
    if timer is None:
        raise refused(
            "FLW-107",
            f"本流程没有在计时的期限 {name}",
            f"no timer {name} runs in this process",
            xpath="/Envelope/Payload/*/Timer",
        )
    return expire(contract, process, timer, at=message.accepted_at, calendar=calendar)


def expiry_payload(contract: FlowContract, timer: Timer, case: Payload) -> Payload:
    """The payload of `common.DeadlineExpired` for a timer; `case` is the process's CaseReference."""
    clock = contract.timers[timer.timer]
    start = timer.start.isoformat(timespec="seconds")
    payload: Payload = {
        "CaseReference": case,
        "Timer": timer.timer,
        "StartStep": timer.start_step,
        "Due": timer.due.isoformat(),
    }
    if timer.item:
        payload["Item"] = timer.item
    return payload | {
        "Source": f"{start} {clock.event_zh} — {clock.source}"[:500],
        "CalendarVersion": timer.calendar or "-",
    }


def in_time(contract: FlowContract, process: ProcessView, message: StepMessage) -> bool:
    """Whether a timed-out state still takes the message: accepted by the due time, and nobody has built on the expiry.

    A new process that names the expiry is built on it too: the ledger then clears `expired`.
    """
    if process.expired is None or process.expired[2] != process.number or message.sender == process.keeper:
        return False
    fired = latest(process, process.expired[0], state="fired")
    return fired is not None and contract.timers[fired.timer].counts == "submitted" and message.accepted_at <= fired.due


def carried(process: ProcessView | None) -> tuple[str, str, int] | None:
    """A flag or a correction builds on nothing: an earlier expiry that was open stays open under the next number."""
    if process and process.expired and process.expired[2] == process.number:
        return (*process.expired[:2], process.number + 1)
    return None
