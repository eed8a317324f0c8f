"""What the API answers, as types: the shape in contracts/openapi.json, and a whitelist, so that no new column of the ledger leaks.

Times ending in `_us` are microseconds UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class FindingShown(BaseModel):
    """One finding of a schema, a rule or a contract."""

    code: str
    severity: str = Field(description="refuse or advise")
    xpath: str
    line: int = Field(description="line in the bytes that came; 0: not known")
    text: str
    text_zh: str
    mend: str
    mend_zh: str
    source: str = Field(description="statute, standard or section")


class Problem(BaseModel):
    """RFC 9457 problem document; `code` names a row of contracts/errors.toml."""

    type: str
    title: str
    title_zh: str
    status: int
    code: str
    detail: str
    mend: str
    mend_zh: str
    retryable: bool = Field(description="the same call can succeed later without any change")
    findings: list[FindingShown]


class DeliveryShown(BaseModel):
    """One thing handed, or to be handed, to one participant's system."""

    endpoint: str = Field(description="participant")
    sender: str
    message_id: str
    part: str = Field(description="message, or the receipt that is carried")
    conversation_id: str
    process_id: str
    seq: int
    state: str
    due_us: int
    deadline_us: int
    attempts: int
    created_us: int


class MessageShown(BaseModel):
    """A message's header data and its delivery word; not its content."""

    sender: str
    message_id: str
    conversation_id: str
    process_id: str
    receiver: str
    message_type: str
    flow: str
    kind: str
    schema_version: str
    digest: str = Field(description="SHA-256 of the signed bytes")
    accepted_us: int
    sent_us: int
    expires_us: int | None
    priority: str
    test: bool
    trace_id: str
    held_by: str = Field(description="whose key signed: participant or node")
    ref_to: str | None
    supersedes: str | None
    advice: list[dict[str, Any]] = Field(description="findings that advise")
    word: str = Field(description="the delivery word, by precedence of receipts")


class MessageWithDeliveries(MessageShown):
    """One message and where it went."""

    deliveries: list[DeliveryShown]


class MessagePage(BaseModel):
    """A keyset page, newest first."""

    messages: list[MessageShown]
    next: str = Field(description="cursor of the next page; empty: this is the last")


class DueShown(BaseModel):
    """A due date as the keeper armed it, from its receipt."""

    timer: str
    item: str
    due: datetime
    provisional: bool


class ReceiptShown(BaseModel):
    """A node's signed word about a message."""

    kind: str
    issuer: str
    recipient: str
    sender: str
    message_id: str
    conversation_id: str
    message_type: str
    digest: str
    process_id: str
    number: int = Field(description="0: the keeper has not counted the message yet")
    state: str
    due_dates: list[DueShown]
    seq: int
    head: str
    issued_at: datetime
    findings: list[FindingShown]
    xml: str = Field(description="the signed receipt")


class FactShown(BaseModel):
    """One thing that happened, chained by digest."""

    seq: int
    at_us: int
    kind: str
    stage: str
    actor: str
    sender: str
    message_id: str
    process_id: str
    took_us: int
    trace_id: str
    digest: str
    detail: dict[str, Any]


class DeadlineShown(BaseModel):
    """A timer."""

    process_id: str
    timer: str
    start_step: str
    item: str
    conversation_id: str
    start_us: int
    due_us: int
    provisional: bool = Field(description="beyond the published calendars")
    calendar: str
    state: str
    kept: bool = Field(description="this node fires it")


class ProcessShown(BaseModel):
    """Where a process stands, and what may come next."""

    process_id: str
    conversation_id: str
    flow: str
    flow_version: str
    keeper: str
    number: int
    state: str
    turn: str = Field(description="participant whose turn it is")
    ended: bool
    opened_us: int
    updated_us: int
    roles: dict[str, str]
    next: dict[str, str] = Field(description="message type → participant that may send it now")
    deadlines: list[DeadlineShown]


class FailureNamed(BaseModel):
    """A failure of a dispute, by name."""

    failure_id: str
    code: str
    stage: str
    state: str


class TraceShown(BaseModel):
    """Everything that this node knows of a dispute and the caller may see, in order; no personal data."""

    conversation_id: str
    chain: str = Field(description="holds, or broken at the first fact that does not")
    facts: list[FactShown]
    messages: list[MessageShown]
    receipts: list[ReceiptShown]
    deliveries: list[DeliveryShown]
    failures: list[FailureNamed]
    processes: list[ProcessShown]


class ConversationShown(BaseModel):
    """A dispute: its processes."""

    conversation_id: str
    processes: list[ProcessShown]
