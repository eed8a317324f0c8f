"""What a step does to the clocks of its process: a pure function of times in signed artefacts (protocol.md §7).

A state lists the timers that run in it and those that pause; a transition starts, restarts or moves some. All else
follows: a live timer that the next state does not list is stopped, one that it lists as paused stands still, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from gateway.contract.calendar import Calendar, beijing_day
from gateway.contract.paths import item_of, items, moment, plausible, texts
from gateway.contract.period import Due, due, due_on, latest_before, shift
from gateway.contract.refusal import refused
from gateway.contract.terms import FlowContract, MessageTerm, State, Transition
from gateway.errors import Finding
from gateway.model.process import ProcessView, StepMessage, Timer, TimerAction

_LIVE = frozenset({"armed", "paused"})
#: Clocks whose dates a correction gives anew.
_DATED = frozenset({"step", "set", "asked", "item", "before"})


def live(process: ProcessView | None, timer: str, item: str | None = None) -> Timer | None:
    """The armed or paused instance of a timer (of one item, where it is given), None where it does not run."""
    return next((one for one in _running(process, timer) if item in {None, one.item}), None)


def latest(process: ProcessView | None, timer: str, *, state: str = "") -> Timer | None:
    """The instance that started last, in whatever state unless one is given."""
    found = (one for one in _timers(process) if one.timer == timer and state in {"", one.state})
    return max(found, key=lambda one: (one.start, one.due, one.state in _LIVE), default=None)


def event_time(term: MessageTerm, message: StepMessage) -> datetime:
    """The payload date that the contract names, else OccurredAt, else the accepted time (protocol.md §7)."""
    named = moment(message.payload, term.at, near=message.accepted_at)
    if named is None and message.occurred_at is not None:
        return plausible(message.occurred_at, near=message.accepted_at, xpath="/Envelope/Header/OccurredAt")
    return named or message.accepted_at


def entering(target: State, process: ProcessView | None, at: datetime, *, clock: Clock) -> Iterator[TimerAction]:
    """Stop, pause and resume what is live, as the next state lists it."""
    for timer in _timers(process):
        if timer.state not in _LIVE:
            continue
        if timer.timer in target.timers:
            if timer.state == "paused":
                yield clock.resume(timer, process, at)
        elif timer.timer in target.pauses:
            if timer.state == "armed":
                yield TimerAction(action="pause", timer=timer.timer, item=timer.item, start=at)
        else:
            yield _stop(timer)


class Clock:
    """A contract's timers on a calendar: turns starts, moves and resumptions into actions with their due dates."""

    def __init__(self, contract: FlowContract, calendar: Calendar) -> None:
        self._contract = contract
        self._calendar = calendar

    def transition(
        self, branch: Transition, process: ProcessView | None, message: StepMessage
    ) -> tuple[TimerAction, ...]:
        """All actions of a counted transition. Raises `ContractRefused` (FLW-108) where a date is lacking."""
        term, target = self._contract.messages[message.message_type], self._contract.states[branch.to]
        at = event_time(term, message)
        actions = list(entering(target, process, at, clock=self))
        stopped = {action.timer for action in actions if action.action == "stop"}
        for timer in (*branch.starts, *branch.restarts):
            if timer not in stopped:
                actions += (_stop(one) for one in _running(process, timer))
            actions += self._replaces(timer, process, stopped)
            actions += self.arm(timer, process, message)
        begun = [timer for timer in branch.moves if latest(process, timer)]  # of several, those that the process has
        actions += (self.move(timer, process, message) for timer in begun or branch.moves[:1])
        about = item_of(message.payload, term.item)
        for timer in branch.stops:
            actions += (
                _stop(one)
                for one in _running(process, timer)
                if f"{one.item}.".startswith(f"{about}." if about else "")
            )
        return tuple(actions)

    def late(
        self, branch: Transition, process: ProcessView, message: StepMessage, timer: str
    ) -> tuple[TimerAction, ...]:
        """The actions of a step that was in time though the timer had fired: the clock is taken up again if needed."""
        actions = self.transition(branch, process, message)
        fired, target = latest(process, timer, state="fired"), self._contract.states[branch.to]
        if fired and timer in target.pauses:
            at = event_time(self._contract.messages[message.message_type], message)
            return (*actions, _again(fired), TimerAction(action="pause", timer=timer, item=fired.item, start=at))
        return actions

    def corrected(self, state: str, process: ProcessView | None, message: StepMessage) -> tuple[TimerAction, ...]:
        """A correction gives dates anew: what the corrected step started or moved is reckoned from the new payload."""
        actions: list[TimerAction] = []
        ours = [one for one in _timers(process) if one.state in _LIVE and one.start_step == message.supersedes]
        for timer in dict.fromkeys(one.timer for one in ours):
            if self._contract.timers[timer].starts in _DATED and not self._moved(timer, process):
                actions += (_stop(one) for one in ours if one.timer == timer)
                actions += self.arm(timer, process, message)
        for branch in self._contract.branches(state, message.message_type):
            actions += (self.move(timer, process, message) for timer in branch.moves if live(process, timer))
        return tuple(actions)

    def voided(self, target: State, process: ProcessView | None, message: StepMessage) -> tuple[TimerAction, ...]:
        """A void step is as if it had not been: clocks that it stopped run on with the end that they had."""
        actions = list(entering(target, process, message.accepted_at, clock=self))
        for timer in target.timers:
            old = latest(process, timer)
            if old and (old.state == "stopped" or (old.state == "fired" and target.expires[timer] != target.id)):
                actions.append(_again(old))
        return tuple(actions)

    def arm(self, timer: str, process: ProcessView | None, message: StepMessage) -> tuple[TimerAction, ...]:
        """Start a timer with this message: one instance, or one an item that the payload lists."""
        return tuple(
            replace(_action("arm", timer, start, ends), item=item)
            for item, start, ends in self._periods(timer, process, message)
        )

    def _periods(
        self, timer: str, process: ProcessView | None, message: StepMessage
    ) -> Iterator[tuple[str, datetime, Due]]:
        """(item, start, end) of each instance; a warning whose day has passed is none."""
        clock, term = self._contract.timers[timer], self._contract.messages[message.message_type]
        start = event_time(term, message)
        if clock.starts == "before" and clock.length:
            for item, begun, ends in self._periods(clock.after, process, message):
                warned = latest_before(ends.at, clock.length, calendar=self._calendar)
                if warned.at >= message.accepted_at:
                    yield item, begun, warned
        elif clock.starts == "item":
            for paths in term.items:
                for item, day in items(message.payload, paths, near=message.accepted_at).items():
                    yield item, start, due_on(beijing_day(day), calendar=self._calendar)
        elif clock.starts != "asked" or texts(message.payload, term.until):
            if clock.starts == "after" and (before := latest(process, clock.after)):
                start = before.due
            ends = due(start, clock.length, calendar=self._calendar) if clock.length else self._until(term, message)
            yield "", start, ends

    def move(self, timer: str, process: ProcessView | None, message: StepMessage) -> TimerAction:
        """Move a timer's end to the date that the parties agreed; one that had fired meanwhile is armed again."""
        ends, old = self._until(self._contract.messages[message.message_type], message), live(process, timer)
        start = old or latest(process, timer)
        return _action("move" if old else "arm", timer, start.start if start else message.accepted_at, ends)

    def resume(self, timer: Timer, process: ProcessView | None, at: datetime) -> TimerAction:
        """Let a paused timer run on: the days between do not count (domain P8)."""
        since = timer.paused_at or at
        gap = (since, max(since, at))
        intervals = (*timer.paused, gap)
        clock = self._contract.timers[timer.timer]
        length = clock.length
        if length is None or clock.starts == "before" or self._moved(timer.timer, process):
            agreed = due_on(beijing_day(shift(timer.due, gap)), calendar=self._calendar)
            return replace(_action("resume", timer.timer, timer.start, agreed, paused=intervals), item=timer.item)
        ends = due(timer.start, length, calendar=self._calendar, paused=intervals)
        if due(timer.start, length, calendar=self._calendar, paused=timer.paused).at != timer.due:
            # Earlier pauses that this ledger did not keep, or a newer calendar: the end that is known is what moves.
            moved = self._calendar.next_working(beijing_day(shift(timer.due, gap)))
            ends = replace(due_on(moved, calendar=self._calendar), provisional=ends.provisional)
        return _action("resume", timer.timer, timer.start, ends, paused=intervals)

    def delivered(self, timer: str, at: datetime) -> TimerAction:
        """Start a timer with the first receipt that proves entry into the addressee's system."""
        length = self._contract.timers[timer].length
        ends = due(at, length, calendar=self._calendar) if length else due_on(beijing_day(at), calendar=self._calendar)
        return _action("arm", timer, at, ends)

    def opening(self, term: MessageTerm, message: StepMessage) -> tuple[Finding, ...]:
        """Advice about periods that ran before the opening (T-APPT, T-REVAPP): a finding where the end had passed."""
        findings: list[Finding] = []
        for timer, paths in term.opening.items():
            clock = self._contract.timers[timer]
            start = moment(message.payload, paths[0], near=message.accepted_at)
            act = moment(message.payload, paths[1], near=message.accepted_at) if paths[1:] else message.accepted_at
            if start is None or act is None or clock.length is None:
                continue
            ends = due(start, clock.length, calendar=self._calendar)
            if act > ends.at:
                zh = f"{clock.zh}：自{clock.event_zh}（{start.date()}）起算，已于 {ends.day} 届满（{clock.expiry_zh}）"
                en = f"{clock.en}: from {start.date()} ({clock.event_en}) it ended on {ends.day} ({clock.expiry_en})"
                findings.append(
                    Finding(
                        code="FLW-120",
                        severity="advise",
                        xpath=f"/Envelope/Payload/*/{paths[0]}",
                        text_zh=zh,
                        text_en=en,
                        source=clock.source,
                    )
                )
        return tuple(findings)

    def _replaces(self, timer: str, process: ProcessView | None, stopped: set[str]) -> tuple[TimerAction, ...]:
        """A timer that starts after another takes its place: the earlier one ends where it stands."""
        clock = self._contract.timers[timer]
        before = clock.after if clock.starts == "after" else ""
        if before and before not in stopped and live(process, before):
            return (TimerAction(action="stop", timer=before),)
        return ()

    def _until(self, term: MessageTerm, message: StepMessage) -> Due:
        day = moment(message.payload, term.until, near=message.accepted_at)
        if day is None:
            en = f"{message.message_type} has no {term.until or 'date'}, which its timer needs"
            raise refused(
                "FLW-108",
                f"{message.message_type} 缺少 {term.until or '日期'}，无法确定期限",
                en,
                xpath=f"/Envelope/Payload/*/{term.until}",
            )
        return due_on(beijing_day(day), calendar=self._calendar)

    def _moved(self, timer: str, process: ProcessView | None) -> bool:
        """Whether a step that stands has moved the timer's end to an agreed date."""
        movers = {
            name
            for state in self._contract.states.values()
            for name, branches in state.accepts.items()
            if any(timer in branch.moves for branch in branches)
        }
        return any(
            step.message_type in movers and step.superseded_by is None for step in (process.steps if process else ())
        )


def on_receipt(
    contract: FlowContract, process: ProcessView, *, message_id: str, kind: str, at: datetime, calendar: Calendar
) -> tuple[TimerAction, ...]:
    """What a `delivered` or `retrieved` receipt about a counted message starts (T-ACC); nothing a second time.

    The ledger keeps the timer under the receipted message's id as its start step; `at` is the receipt's issue time.
    """
    if kind not in {"delivered", "retrieved"}:
        return ()
    past = next((step for step in process.steps if step.message_id == message_id and step.number > 0), None)
    term = contract.messages.get(past.message_type) if past else None
    runs = contract.states[process.state].timers
    wanted = [
        timer for timer in (term.receipt_starts if term else ()) if timer in runs and latest(process, timer) is None
    ]
    return tuple(Clock(contract, calendar).delivered(timer, at) for timer in wanted)


def _timers(process: ProcessView | None) -> tuple[Timer, ...]:
    return process.timers if process else ()


def _running(process: ProcessView | None, timer: str) -> list[Timer]:
    return [one for one in _timers(process) if one.timer == timer and one.state in _LIVE]


def _stop(timer: Timer) -> TimerAction:
    return TimerAction(action="stop", timer=timer.timer, item=timer.item)


def _action(
    action: str, timer: str, start: datetime, ends: Due, *, paused: tuple[tuple[datetime, datetime], ...] = ()
) -> TimerAction:
    return TimerAction(
        action=action,  # type: ignore[arg-type]  # one of the literal's values at every call
        timer=timer,
        start=start,
        due=ends.at,
        provisional=ends.provisional,
        calendar=ends.calendar,
        paused=paused,
    )


def _again(old: Timer) -> TimerAction:
    """The same clock once more, with the end that it had."""
    return TimerAction(
        action="arm",
        timer=old.timer,
        item=old.item,
        start=old.start,
        due=old.due,
        provisional=old.provisional,
        calendar=old.calendar,
        paused=old.paused,
    )
