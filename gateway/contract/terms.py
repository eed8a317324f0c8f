"""What a flow contract says, as frozen data: roles, messages, states, transitions, timers (contracts/README.md).

`gateway.contract.load` reads these from YAML; `step`, `timing`, `check` and `draw` read nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.contract.period import Length

#: The message that a keeper's node sends when a timer fires (protocol.md §7).
DEADLINE_EXPIRED = "common.DeadlineExpired"
#: A guard's value that only asks for presence.
PRESENT = "*"
#: The states of a correction that stands in every state that is not final.
ANY = "any"

Starts = Literal["step", "delivered", "set", "asked", "after", "before", "item", "opening", "calendar"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimerTerm:
    """A clock of contracts/timers.yaml."""

    id: str
    zh: str
    en: str
    starts: Starts
    #: The timer whose end starts this one (`after`), or before whose end it ends (`before`).
    after: str = ""
    #: Month and day (MM-DD) of a clock that runs by the calendar and in no process.
    yearly: str = ""
    event_zh: str
    event_en: str
    #: None where the end itself is set by a payload or by the calendar.
    length: Length | None
    expiry_zh: str
    expiry_en: str
    source: str
    counts: Literal["submitted", "received"]
    #: found | known | computed | design
    mark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleTerm:
    """Who may play a role; `copy` roles are only informed."""

    id: str
    title: str
    families: tuple[str, ...]
    keeper: bool = False
    copy: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageTerm:
    """What holds for a message type wherever it is sent in this flow."""

    type: str
    title: str
    sender: str
    receiver: str
    #: Copy roles that it may name.
    copies: tuple[str, ...] = ()
    #: Document types that must be attached (not for out-of-band steps).
    documents: tuple[str, ...] = ()
    #: Payload paths that must hold a text.
    requires: tuple[str, ...] = ()
    #: The answers it waits for.
    answers: tuple[str, ...] = ()
    #: Hours until the sender's node asks again for a `delivered` receipt.
    receipt_hours: int
    #: Timers that start with its first `delivered` or `retrieved`.
    receipt_starts: tuple[str, ...] = ()
    #: Payload path of the legal event's time, which starts, pauses and resumes clocks.
    at: str = ""
    #: Payload path of an end date that is set or agreed.
    until: str = ""
    #: (list, number, date) by payload paths: one instance an item of each timer that starts by item. In a list within a
    #: list the numbers of both stand in the item's name: `2.1` is instalment 1 of clause 2.
    items: tuple[tuple[str, ...], ...] = ()
    #: Payload paths of the numbers of the item that the message is about: what it stops, it stops for that alone.
    item: tuple[str, ...] = ()
    #: Message types of which one must have been counted before.
    after: tuple[str, ...] = ()
    #: Timers judged at the opening for advice: id → path of the start, then of the act (else the accepted time).
    opening: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: States in which `correct` is taken; the state does not move.
    correct: frozenset[str] = frozenset()
    #: State in which `void` is taken → state it leads to.
    void: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One branch of what a state does with a message type."""

    sender: str
    #: The state afterwards.
    to: str
    #: Payload path → value that must be there (`*`: any); only the keeper's messages have guards.
    when: Mapping[str, str] = field(default_factory=dict)
    #: Not again after an earlier one that still stands.
    once: bool = False
    starts: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    #: Timers that it ends though the state runs them on.
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A state: whose turn, which clocks run or pause in it, what it takes."""

    id: str
    title: str
    #: Role that has to act, empty where nobody has.
    turn: str = ""
    #: The process may rest here for good.
    final: bool = False
    #: Timers that may run here; any other is stopped on entry.
    timers: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    #: Message type → branches, the first whose guard holds is taken.
    accepts: Mapping[str, tuple[Transition, ...]] = field(default_factory=dict)
    #: Timer → state after it fired; the same state where the expiry is a flag only.
    expires: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowContract:
    """One flow in one version, checked by `gateway.contract.check` before anything uses it."""

    flow: str
    version: str
    title: str
    title_en: str
    basis: str
    roles: Mapping[str, RoleTerm]
    messages: Mapping[str, MessageTerm]
    states: Mapping[str, State]
    #: The state before the opening message.
    start: str
    timers: Mapping[str, TimerTerm]

    @property
    def keeper(self) -> str:
        """The role whose node numbers the steps (protocol.md §3)."""
        return next((role.id for role in self.roles.values() if role.keeper), "")

    @property
    def openings(self) -> tuple[str, ...]:
        """Message types that open a process."""
        return tuple(self.states[self.start].accepts)

    def branches(self, state: str, message_type: str) -> tuple[Transition, ...]:
        """What `state` does with a message type; empty where it takes none."""
        found = self.states.get(state)
        return found.accepts.get(message_type, ()) if found else ()

    def allowed(self, state: str) -> tuple[str, ...]:
        """The message types that `state` takes, with their senders' roles, for refusals and traces."""
        found = self.states.get(state)
        return tuple(f"{name} ({branches[0].sender})" for name, branches in found.accepts.items()) if found else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Contracts:
    """All contracts that a node takes, by (flow, version)."""

    flows: Mapping[tuple[str, str], FlowContract]
    timers: Mapping[str, TimerTerm]

    def find(self, flow: str, version: str) -> FlowContract | None:
        """The contract of a flow in a version, None where this node has no such."""
        return self.flows.get((flow, version))

    def current(self, flow: str) -> FlowContract | None:
        """The newest version of a flow that this node takes: what a message opens that leaves the version to us."""
        versions = [version for name, version in self.flows if name == flow]
        newest = max(versions, key=lambda version: [int(part) for part in version.split(".")], default="")
        return self.flows.get((flow, newest))

    def names(self) -> tuple[str, ...]:
        """`<flow>@<version>` of each, as the registry lists what a node takes."""
        return tuple(sorted(f"{flow}@{version}" for flow, version in self.flows))
