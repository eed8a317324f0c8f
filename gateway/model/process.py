"""One run of one flow: what the contract reads to judge a step, and what a step asks for (protocol.md §3, §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gateway.errors import Finding
from gateway.model.payload import Payload


@dataclass(frozen=True, kw_only=True, slots=True)
class StepMessage:
    """A message as the contract sees it."""

    message_id: str
    message_type: str
    sender: str
    receiver: str
    #: Role → participant of the copies.
    copies: tuple[tuple[str, str], ...] = ()
    kind: str = "new"
    ref_to: str | None = None
    supersedes: str | None = None
    #: When the sender's node accepted it: what the clocks of the law see (protocol.md §3).
    accepted_at: datetime
    #: The legal event's time, where it is not `accepted_at`.
    occurred_at: datetime | None = None
    payload: Payload = field(default_factory=dict)
    #: Document type codes of the attachments.
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PastStep:
    """A step in the process's history: counted (number ≥ 1) or own pending (number 0)."""

    sender: str
    message_id: str
    message_type: str
    #: The keeper's number; 0 while the keeper has not spoken.
    number: int
    #: The state after it, empty while pending.
    state: str = ""
    kind: str = "new"
    accepted_at: datetime
    #: The step that corrected or voided this one.
    superseded_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Timer:
    """One armed timer of a process; unique by (process, timer, start_step, item)."""

    timer: str
    #: Message id of the step that started it.
    start_step: str
    #: Item within the step (an instalment's number), else empty.
    item: str = ""
    #: The time in a signed artefact that it is reckoned from.
    start: datetime
    due: datetime
    provisional: bool = False
    #: Version of the calendar that reckoned `due`.
    calendar: str = ""
    state: Literal["armed", "paused", "stopped", "fired"] = "armed"
    paused_at: datetime | None = None
    #: Closed intervals in which it stood still: what `due` was reckoned without.
    paused: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessView:
    """A process as one node's ledger knows it; `number` is the highest counted step applied without a gap."""

    process_id: str
    conversation_id: str
    flow: str
    flow_version: str
    #: Participant that is keeper.
    keeper: str
    #: Role → participant; fixed by the opening message, a copy role when first named.
    roles: dict[str, str]
    number: int
    state: str
    steps: tuple[PastStep, ...] = ()
    timers: tuple[Timer, ...] = ()
    #: Set while the state was reached by an expiry that nobody has built on: (timer, state before, number).
    expired: tuple[str, str, int] | None = None
    #: Steps whose number lies beyond a gap: known here, not applied.
    held: tuple[PastStep, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TimerAction:
    """What a counted step does to a timer; all but `arm` act on the live (armed or paused) one of that id and item."""

    action: Literal["arm", "stop", "pause", "resume", "move", "fire"]
    timer: str
    item: str = ""
    #: For arm, move and resume: start, due and provenance. For pause: when it begins to stand still.
    start: datetime | None = None
    due: datetime | None = None
    provisional: bool = False
    calendar: str = ""
    #: For arm and resume: all closed intervals that `due` was reckoned without.
    paused: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A legal step: what the process becomes if the keeper counts it."""

    message_type: str
    #: The role that sends, and the role that is addressed.
    sender_role: str
    receiver_role: str
    state_before: str
    state: str
    #: Whose turn it is afterwards (a role), empty when the process has ended.
    turn: str
    opens: bool
    ends: bool
    #: Role → participant after the step.
    roles: dict[str, str]
    timers: tuple[TimerAction, ...] = ()
    #: The step corrects or voids this earlier message.
    supersedes: str | None = None
    expired: tuple[str, str, int] | None = None
    #: Message types that answer it, and hours until a missing `delivered` receipt is asked for.
    answers: tuple[str, ...] = ()
    receipt_hours: int = 0
    #: What the contract advises about (a period before the opening that had ended): it travels, the receiver decides.
    advice: tuple[Finding, ...] = ()
