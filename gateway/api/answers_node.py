"""What the API answers about the node: inbox, attachments, failures, replays, registry, endpoints, health."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Waiting(BaseModel):
    """One thing that waits for the caller's participant; its bytes are at /v1/messages/{message_id}/raw."""

    message_id: str
    sender: str
    conversation_id: str
    part: str = Field(description="message, or the receipt that is carried")
    seq: int
    since_us: int


class Confirmed(BaseModel):
    """The end of a delivery by the participant's own word."""

    message_id: str
    word: str


class Stored(BaseModel):
    """An attachment whose bytes are here."""

    sha256: str
    size: int


class FailureGroupShown(BaseModel):
    """Failures of one cause."""

    fingerprint: str
    stage: str
    code: str
    rule: str
    participant: str
    schema_version: str
    count: int
    open: int = Field(description="members that are still failed or scheduled")
    first_us: int
    last_us: int
    example_id: str


class FailureShown(BaseModel):
    """One failure, without the bytes that it failed on."""

    failure_id: str
    stage: str
    code: str
    rule: str
    participant: str
    schema_version: str
    fingerprint: str
    sender: str
    message_id: str
    conversation_id: str
    part: str
    detail: dict[str, Any]
    state: str
    attempts: int
    first_us: int
    last_us: int
    expires_us: int | None


class ReplayShown(BaseModel):
    """A replay: plan, consent, progress."""

    replay_id: str
    state: str
    fingerprint: str
    reason: str
    planned_by: str
    approved_by: str
    needs_second: bool
    total: int
    changed: int
    done: int
    failed: int
    plan: dict[str, Any] = Field(description="ids of the failures, and the dry run's differences, masked")
    created_us: int
    updated_us: int


class ParticipantShown(BaseModel):
    """The newest registry entry of a participant, without certificates."""

    id: str
    serial: int
    name_zh: str
    name_en: str
    credit_code: str
    region: str
    family: str
    roles: list[str]
    node: str
    revoked: bool


class CertificateShown(BaseModel):
    """A certificate's window."""

    subject: str
    held_by: str
    not_before: str
    not_after: str


class EndpointShown(BaseModel):
    """A participant's partner system, without its secret."""

    participant: str
    profile: str
    url: str
    settings: dict[str, Any]
    secret: str = Field(description="set, or empty")
    paused: bool
    failures: int = Field(description="consecutive failures")
    open_until_us: int = Field(description="until when the breaker lets nothing through")
    updated_us: int


class Alive(BaseModel):
    """The process runs."""

    status: str


class Ready(BaseModel):
    """Whether the node can take messages."""

    status: str
    node: str = ""
    code: str = ""
