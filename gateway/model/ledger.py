"""The rows of the ledger: one dataclass a table, field names are column names (protocol.md §8).

Times are integer microseconds UTC (`_us`). A flow never writes rows one by one: it hands a `Change` to `Ledger.commit`, and all
of it becomes durable in one transaction or nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.model.process import ProcessView

Stage = Literal["submit", "relay", "receive", "deliver", "watch", "replay"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """The unit of compare-and-set: version counts its facts, head is the digest of the newest one."""

    conversation_id: str
    version: int
    head: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that happened, appended and chained: `digest` = SHA-256 over the canonical JSON of the fact and `previous`."""

    #: The conversation id, or `access/<conversation id>` for who looked at it.
    stream: str
    seq: int
    kind: str
    at_us: int
    #: Who acted: participant, node, or token name.
    actor: str
    sender: str
    message_id: str
    process_id: str
    stage: str
    #: Canonical JSON, codes and ids only, never personal data.
    detail: str
    previous: str
    digest: str
    #: W3C trace id that the act belongs to.
    trace_id: str
    #: Duration of the stage in microseconds.
    took_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """(stage, sender, message id) is taken for these bytes; the verdict is what a repetition is answered."""

    stage: Literal["submit", "receive"]
    sender: str
    message_id: str
    digest: str
    #: accepted | taken | refused
    verdict: str
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """The original bytes of an accepted or taken message, kept once a node, never changed."""

    sender: str
    message_id: str
    conversation_id: str
    process_id: str
    receiver: str
    message_type: str
    flow: str
    kind: str
    schema_version: str
    digest: str
    raw: bytes
    #: accepted time at the sender's node.
    accepted_us: int
    sent_us: int
    expires_us: int | None
    priority: str
    test: bool
    trace_id: str
    #: own | node: whose key signed.
    held_by: str
    ref_to: str | None
    supersedes: str | None
    #: JSON of the advising findings.
    advice: str
    #: The word that people see, by precedence of receipts.
    word: str
    #: When the watch looks for a missing receipt, and how often the bytes were queued again.
    ask_us: int | None
    asked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A native call that became a message: its bytes and authentication, kept as evidence and as the key of repetition."""

    participant: str
    native_key: str
    message_id: str
    conversation_id: str
    profile: str
    #: The bytes as they came.
    raw: bytes
    #: JSON: how the call was authenticated (scheme, key id, signature), no secret.
    authentication: str
    #: Native answer, given again to a repetition; empty until answered.
    answer: bytes
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One run of one flow; one row serves both ends where they are local to one node."""

    process_id: str
    conversation_id: str
    flow: str
    flow_version: str
    keeper: str
    #: Highest counted number applied without a gap.
    number: int
    state: str
    turn: str
    ended: bool
    #: JSON of ProcessView.expired, empty when unset.
    expired: str
    opened_us: int
    updated_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """Who plays a role in a process."""

    process_id: str
    role: str
    participant: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRow:
    """A step: pending (number 0), counted (number ≥ 1; applied once the process has reached it) or dropped (-1)."""

    process_id: str
    sender: str
    message_id: str
    message_type: str
    number: int
    state: str
    kind: str
    accepted_us: int
    superseded_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptRow:
    """A receipt as stored: first one stored per key takes effect."""

    sender: str
    message_id: str
    recipient: str
    kind: str
    issuer: str
    conversation_id: str
    number: int
    xml: bytes
    issued_us: int
    stored_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbox:
    """One record to publish; deleted once the bus has it. `part` is `message` or the receipt's kind."""

    destination: str
    conversation_id: str
    seq: int
    #: `message`, or `<kind>/<issuer>/<recipient>` of a receipt that travels alone.
    part: str
    sender: str
    message_id: str
    #: Framed transfer, not yet sealed (protocol.md §5).
    transfer: bytes
    #: JSON of the record's headers.
    headers: str
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One thing to hand to one endpoint; the lane is (endpoint, conversation_id), ordered by seq then part."""

    #: Participant whose endpoint it is.
    endpoint: str
    sender: str
    message_id: str
    #: message, or the kind of a receipt carried to the sender's system.
    part: str
    conversation_id: str
    process_id: str
    seq: int
    #: due | leased | delivered | failed | superseded | expired | skipped
    state: str
    due_us: int
    #: The legal or agreed end of trying.
    deadline_us: int
    expires_us: int | None
    attempts: int
    lease: str | None
    lease_until_us: int | None
    priority: int
    created_us: int
    #: JSON of {native reference…} that the partner answered with.
    outcome: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """An armed timer; the keeper's node alone fires it (`kept`), others hold it for show."""

    process_id: str
    timer: str
    start_step: str
    item: str
    conversation_id: str
    start_us: int
    due_us: int
    provisional: bool
    calendar: str
    #: armed | paused | stopped | fired
    state: str
    kept: bool
    paused_us: int | None
    #: JSON of the pauses that have ended, [[from_us, to_us], …]: days between do not count.
    pauses: str = "[]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What failed, where, why, and the bytes it failed on; nothing is dropped (architecture.md §2)."""

    failure_id: str
    stage: str
    code: str
    rule: str
    participant: str
    schema_version: str
    #: SHA-256/16 of (stage, code, rule, participant, schema version): does not move from run to run.
    fingerprint: str
    sender: str
    message_id: str
    conversation_id: str
    #: deliver failures: the part of the delivery, else empty.
    part: str
    #: JSON: findings, partner's code and text, attempts.
    detail: str
    #: The original bytes (wire bytes at the door, transfer at receive, native attempt at deliver).
    original: bytes
    #: failed | scheduled | resolved | abandoned
    state: str
    attempts: int
    first_us: int
    last_us: int
    #: Bounded records (refusals before `Verified`) end here; None for what must be kept.
    expires_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedRecord:
    """A transfer that cannot be judged yet, tried again on arrival of what it waits for."""

    sender: str
    message_id: str
    conversation_id: str
    #: message, or receipt kind for a receipt that waits.
    part: str
    #: registry:<subject> | process:<id> | message:<id> | version:<flow>@<v> | number:<process>:<n>
    wait_for: str
    code: str
    transfer: bytes
    headers: str
    arrived_us: int
    next_us: int
    until_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """(participant, kind, normal form of a number) → conversation and process."""

    participant: str
    kind: str
    number_key: str
    conversation_id: str
    process_id: str
    original: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentRow:
    """Bytes that are here (`complete`) or awaited."""

    sha256: str
    size: int
    complete: bool
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentUse:
    """A message names a digest; a digest is handed out only to participants of a message naming it."""

    sha256: str
    sender: str
    message_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A participant's partner system at this node: where, how, and how it is doing; never leaves the node."""

    participant: str
    profile: str
    url: str
    #: JSON: region file, paths, encoding, inbound credential's public part …
    settings: str
    #: Sealed secret (API key to present), empty when none.
    secret: bytes
    paused: bool
    #: consecutive failures and when the breaker half-opens.
    failures: int
    open_until_us: int
    updated_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryRow:
    """One signed registry entry, kept appended."""

    subject: str
    serial: int
    xml: bytes
    learned_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRow:
    """A bearer token, stored as SHA-256."""

    digest: str
    name: str
    role: str
    #: Bound participant for role `participant`, else empty.
    participant: str
    created_us: int
    expires_us: int
    revoked_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayRow:
    """A replay of failures: plan (dry run), approval, progress."""

    replay_id: str
    #: planned | approved | running | paused | done | cancelled
    state: str
    #: Fingerprint of the group, or empty for chosen failures.
    fingerprint: str
    reason: str
    planned_by: str
    approved_by: str
    needs_second: bool
    total: int
    changed: int
    done: int
    failed: int
    #: JSON of the dry run's differences (masked).
    plan: str
    created_us: int
    updated_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayClaim:
    """Exactly one running replay holds a failure (protocol.md §9); it gives way once that replay has ended."""

    failure_id: str
    replay_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Nonce:
    """A used request nonce of a dialect's credential, kept while the clock window lasts."""

    credential: str
    nonce: str
    expires_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How far the inbox has been read to its end: no record older than this can still come unseen (protocol.md §7)."""

    topic: str
    part: str
    through_us: int


Row = (
    Fact | Claim | Message | Origin | Process | Role | StepRow | ReceiptRow | Outbox | Delivery | Deadline | Failure | ParkedRecord
    | Reference | AttachmentRow | AttachmentUse | Endpoint | RegistryRow | TokenRow | ReplayRow | ReplayClaim | Nonce | Reading
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """A compare-and-set inside a change: the row under `key` must still have `expected` in `column`, else `LeaseLost`."""

    #: Row class name of the table: Delivery, Failure, Deadline, ReplayRow.
    table: type
    key: tuple[tuple[str, object], ...]
    column: str
    expected: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """All that one step of a flow makes durable, at once or not at all.

    `moves` are compare-and-sets on conversations (version read → new state); a lost one is `StaleConversation`. Claims are inserted
    and must be new (`AlreadyClaimed`). Other rows follow their table's policy: facts, claims, replay claims insert; receipts, origins,
    nonces, roles, references, attachment uses insert if new; the rest replaces the row under its key.
    """

    #: Stable name of the step, for instance `submit.accept`: every crash point can be enumerated by it.
    name: str
    #: (version that was read, the conversation after it)
    moves: tuple[tuple[int, Conversation], ...] = ()
    guards: tuple[Guard, ...] = ()
    rows: tuple[Row, ...] = ()
    #: Parked records that are settled by this change: (sender, message_id, part).
    unpark: tuple[tuple[str, str, str], ...] = ()
    #: Outbox rows that the bus has now: (destination, conversation_id, seq, part).
    published: tuple[tuple[str, str, int, str], ...] = ()
    #: New delivery word of messages, and when to ask again for a missing receipt (None: no more): the only update of a message.
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """The delivery word of one message moves; its bytes never do."""

    sender: str
    message_id: str
    word: str
    #: When the watch looks again for a missing receipt, microseconds; None where nothing is awaited any more.
    ask_us: int | None
    asked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What a flow reads before it judges one message: one batched query for all that wait (submit's and receive's first look)."""

    #: The claim of (stage, sender, message id), if any.
    claim: Claim | None
    #: All receipts of the message stored here.
    receipts: tuple[ReceiptRow, ...]
    #: version 0 and head "" where the conversation is new here.
    conversation: Conversation
    process: ProcessView | None
    #: Those of (ref_to, supersedes) that this node knows, from messages or steps.
    known: frozenset[str]
    #: Parked records of the same sender in this conversation, and of anybody in it.
    parked: int
    waiting: int = 0
