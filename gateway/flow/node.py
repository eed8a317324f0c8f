"""What the flows are bound to: one node's stages and ports, built by the composition root and frozen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.contract.calendar import Calendar
from gateway.contract.codes import CodeBook
from gateway.contract.terms import Contracts, FlowContract
from gateway.errors import ContractRefused
from gateway.ledger.ledger import Ledger
from gateway.model.participant import Registry
from gateway.ports import Adapter, Blobs, Bus, Clock, Ids, Keys, Meter, Transport
from gateway.signing.trust import Trust
from gateway.validate.catalogue import Catalogue
from gateway.validate.rules import Rules
from gateway.xml.limits import Limits

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY_US = 86_400_000_000
SECOND_US = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The numbers of protocol.md §10 and §4; times in microseconds."""

    #: A conversation that moves meanwhile is stepped again this often before the sender is asked to come back.
    steps: int = 8
    retry_first_us: int = 3 * SECOND_US
    retry_factor: float = 2.0
    retry_max_us: int = 3600 * SECOND_US
    #: Share of a wait that chance may add or take.
    retry_jitter: float = 0.2
    #: Without a legal deadline and ExpiresAt, deliveries are tried this long.
    retry_span_us: int = 30 * DAY_US
    breaker_failures: int = 5
    breaker_open_us: int = 60 * SECOND_US
    call_timeout_s: float = 15.0
    lease_us: int = 45 * SECOND_US
    #: How long a missing receipt is waited for before the same bytes are queued again, and how often.
    ask_after_us: int = 4 * 3600 * SECOND_US
    asks: int = 3
    park_retry_us: int = 60 * SECOND_US
    park_limit_us: int = 7 * DAY_US
    bounded_failure_us: int = 7 * DAY_US
    attachment_limit: int = 300_000_000
    #: Up to this many unchanged messages one operator may replay alone (protocol.md §9).
    replay_alone: int = 20
    #: SentAt may be this far ahead of the node's clock.
    skew_us: int = 300 * SECOND_US


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node: its name, what it knows, and the ports that it acts through."""

    #: `node:<name>`
    name: str
    prefix: str
    ledger: Ledger
    bus: Bus
    blobs: Blobs
    transport: Transport
    keys: Keys
    trust: Trust
    #: The registry as this node knows it now.
    registry: Callable[[], Registry]
    limits: Limits
    catalogue: Catalogue
    rules: Rules
    codes: CodeBook
    contracts: Contracts
    calendar: Calendar
    adapters: Mapping[str, Adapter]
    clock: Clock
    ids: Ids
    meter: Meter
    #: Learns a signed registry entry; returns its subject, or "" where it was known or older. Raises `Refusal` for one that does not hold.
    learn: Callable[[bytes], Awaitable[str]]
    #: Whether a receipt of this kind is carried to a participant's own system: always the negative ones, on wish the good ones too.
    tells: Callable[[str, str], bool]
    #: Takes in what other processes of this node have learned.
    refresh: Callable[[], Awaitable[None]]
    policy: Policy = field(default_factory=Policy)
    #: Called after a commit that left something to relay, deliver or watch, so that workers need not poll.
    wake: Callable[[str], None] = lambda _: None

    def flow(self, name: str, version: str) -> FlowContract:
        """The contract of a flow in a version. Raises `ContractRefused` where this node takes no such."""
        found = self.contracts.find(name, version)
        if found is None:
            known = ", ".join(self.contracts.names())
            raise ContractRefused(f"no contract {name}@{version} here; known are {known}", code="FLW-110")
        return found

    def is_local(self, participant: str) -> bool:
        """Whether this node speaks for `participant`."""
        return self.registry().node_of(participant) == self.name


def microseconds(moment: dt.datetime) -> int:
    """An aware time as microseconds since the epoch, exact."""
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def moment(us: int) -> dt.datetime:
    """Microseconds since the epoch as an aware time in UTC."""
    return EPOCH + dt.timedelta(microseconds=us)
