"""What varies, as Protocols: a port has one contract suite in tests/contract that every implementation passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from gateway.model.envelope import Header
from gateway.model.payload import Payload
from gateway.model.receipt import Receipt


class Clock(Protocol):
    """Time of the node; tests and demos run on a clock of their own (protocol.md §7)."""

    def now(self) -> datetime:
        """The current time, aware."""

    def now_us(self) -> int:
        """The current time in microseconds UTC."""


class Ids(Protocol):
    """Identifiers and chance, so that a whole federation can be run again from one seed."""

    def uuid7(self) -> str:
        """A new UUIDv7 in text form."""

    def random(self) -> float:
        """A number in [0, 1)."""


class Meter(Protocol):
    """Metrics, without their library."""

    def count(self, name: str, value: int = 1, **labels: str) -> None:
        """Add to a counter."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration in seconds."""


class Keys(Protocol):
    """Private keys by subject (participant or node id); the key itself never leaves."""

    def has(self, subject: str) -> bool:
        """Whether this node holds the subject's signing key."""

    def sign(self, subject: str, data: bytes) -> bytes:
        """Raw XML-DSig signature value over `data` with the subject's key. Raises `NodeError` without the key."""

    def certificate(self, subject: str) -> bytes:
        """DER of the subject's leaf certificate."""

    def suite(self, subject: str) -> str:
        """The suite name of the subject's key: ecdsa-p256-sha256 | rsa-sha256 (| sm2-sm3)."""

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open an HPKE record sealed to this node. Raises `TransferRefused`."""


class Blobs(Protocol):
    """Attachment bytes by SHA-256, streamed with bounded memory."""

    async def put(self, sha256: str, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        """Store; returns the size. Raises `AttachmentRefused` when the digest or the limit does not hold; then nothing is kept."""

    def get(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes in chunks. Raises `NotFound`."""

    async def has(self, sha256: str) -> bool:
        """Whether the bytes are here, whole."""

    async def put_chunk(self, sha256: str, index: int, total: int, data: bytes) -> bool:
        """Keep one chunk that came over the bus; True when all are here and the digest holds."""

    async def sweep(self, *, older_s: float) -> int:
        """Remove chunks and drafts older than `older_s` seconds whose rest never came; returns how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One bus record: sealed value, CloudEvents headers (product.md §3), key = conversation id."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A record taken from the bus with its position, opaque to all but the bus."""

    record: Record
    position: Any = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What one poll returned; `parts` are the partitions read to their end by this poll, as of `begun`."""

    records: tuple[Taken, ...]
    begun: datetime
    #: (partition, known to be read to its end as of `begun`)
    ended: tuple[str, ...] = ()


class Subscription(Protocol):
    """A reader of one topic within a group: records of one key come in order, each until it is done."""

    async def poll(self, *, limit: int, wait_s: float) -> Batch:
        """Up to `limit` records, waiting at most `wait_s` seconds for the first."""

    async def done(self, batch: Batch) -> None:
        """These records are durable here; they do not come again (at least once: after a crash before this they do)."""

    async def release(self) -> None:
        """Stop reading; what is not done comes to another reader."""


class Bus(Protocol):
    """Durable records between nodes; order is kept per key, delivery is at least once (protocol.md §5)."""

    async def ensure(self, topics: Mapping[str, Literal["inbox", "blobs", "compacted"]]) -> None:
        """Create what is missing; partition counts are fixed at creation."""

    async def publish(self, records: Sequence[Record]) -> None:
        """All records are durable on the bus when this returns. Raises `NodeError`, after which some may be there."""

    def subscribe(self, topic: str, *, group: str) -> Subscription:
        """Read a topic within a consumer group."""

    async def close(self) -> None:
        """Flush and let go of connections and threads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeRequest:
    """A native HTTP call as it came in: what an adapter reads, and what is kept as origin evidence."""

    method: str
    #: Path below the adapter's mount, for instance `/mediation/designate`.
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeAnswer:
    """What a partner is answered, in its own dialect."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeCall:
    """A call to a partner system: what `write` makes of a canonical message. The transport sends it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What the partner's answer means: taken (with its own reference), or why not."""

    taken: bool
    #: The partner's own number for what it took.
    native_ref: str = ""
    native_code: str = ""
    native_text: str = ""
    #: The partner said that it had this already: counts as taken.
    repeated: bool = False
    #: The partner says that trying again later can help.
    retryable: bool = False
    #: Native numbers that resolve to this process from now on: (kind, number).
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A message read from a native call, before the flow gives it ids, signs and submits it as `participant`."""

    message_type: str
    payload: Payload
    #: The native idempotency key: (participant, native_key) is one message.
    native_key: str
    #: Participant id of the receiver, when the native call names it; else the process knows.
    receiver: str = ""
    #: (kind, number) by which the running process is found; empty for an opening message.
    refers: tuple[tuple[str, str], ...] = ()
    #: Numbers of the sender's system that resolve to this process from now on.
    references: tuple[tuple[str, str], ...] = ()
    flow: str = ""
    kind: str = "new"
    #: Native number of the message that this one corrects, when kind is correct or void.
    corrects: str = ""
    actor: str = ""
    occurred_at: datetime | None = None
    #: (document type, name, media type, bytes) carried inline by the native call.
    documents: tuple[tuple[str, str, str, bytes], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    test: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PartnerEndpoint:
    """What an adapter may know of the endpoint it speaks for: frozen settings, no store."""

    participant: str
    url: str
    #: Region data: paths, field names, code tables, encoding (from the region's file) and inbound credential's public part.
    settings: Mapping[str, Any]
    #: Secret to present or to sign with (API key, PEM), empty when none.
    secret: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """What is handed to `write`: the verified message (or a receipt about one) and the attachments' bytes."""

    header: Header
    payload: Payload
    #: The signed envelope, byte for byte (canonical/https sends this).
    raw: bytes
    #: The receiving system's own numbers of this process and conversation: kind → number as it wrote it.
    numbers: Mapping[str, str]
    #: Set when a receipt is carried to the sender's system; then header and payload are those of the message.
    receipt: Receipt | None = None
    #: (document type, name, media type, bytes)
    documents: tuple[tuple[str, str, str, bytes], ...] = ()
    #: When the sender's node accepted it: shown as the filing time.
    accepted_at: datetime | None = None
    #: Advising findings of the rules, for the receiver's eyes.
    advice: tuple[str, ...] = ()


class Adapter(Protocol):
    """One dialect: a pure translator both ways; the flow signs, the transport sends."""

    profile: str
    #: Whether a call may be repeated when its outcome is unknown (protocol.md §4).
    repeat: Literal["safe", "ask-first", "unsafe"]
    #: Message types that a partner of this profile sends, and that it receives.
    sends: frozenset[str]
    receives: frozenset[str]

    def credential(self, request: NativeRequest) -> str:
        """The claimed credential id (app id, key id, system code) by which the endpoint is found. Raises `AccessRefused`."""

    def authenticate(self, request: NativeRequest, endpoint: PartnerEndpoint, *, now: datetime) -> Mapping[str, str]:
        """Prove the credential; returns evidence of it (scheme, key id, nonce, signature). Raises `AccessRefused`."""

    def read(self, request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
        """Native → canonical. Raises `DialectRefused` with findings naming the native field."""

    def answer(self, draft: Draft | None, result: Receipt | Exception, endpoint: PartnerEndpoint) -> NativeAnswer:
        """What the caller is told, in its dialect: receipt accepted/rejected or a refusal."""

    def write(self, parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
        """Canonical → native call. Raises `DialectRefused` where a field or code has no native form."""

    def read_outcome(self, status: int, headers: Mapping[str, str], body: bytes, endpoint: PartnerEndpoint) -> Outcome:
        """What the partner's answer means. Raises `DialectRefused` when it is not this dialect's answer."""


class Transport(Protocol):
    """Sends a native call; knows nothing of its meaning."""

    async def send(self, call: NativeCall, *, timeout_s: float) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body). Raises `PartnerUnreachable` or `OutcomeUnknown`."""

    async def close(self) -> None:
        """Let go of connections."""


Wake = Callable[[], None]
