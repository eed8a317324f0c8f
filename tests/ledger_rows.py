"""Rows and changes for ledger tests: whole and plausible in one call; a test changes only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.model.envelope import Header
from gateway.model.ledger import (
    Change,
    Claim,
    Conversation,
    Fact,
    Message,
    Outbox,
    Process,
    ReceiptRow,
    Role,
    Row,
    StepRow,
)

NOW_US = 1_700_000_000_000_000
COURT, UNION = "court:t-court", "union:t-station"


def conversation_id(number: int) -> str:
    """The id of the conversation with this number."""
    return f"0190a000-0000-7000-9000-{number:012x}"


def message_id(number: int) -> str:
    """The id of the message with this number."""
    return f"0190a000-0000-7000-8000-{number:012x}"


def process_id(number: int) -> str:
    """The id of the process with this number."""
    return f"0190a000-0000-7000-a000-{number:012x}"


def conversation(number: int, version: int) -> Conversation:
    """A conversation at a version."""
    return Conversation(conversation_id=conversation_id(number), version=version, head=f"{version:064x}")


def fact(number: int, seq: int, /, **changes: Any) -> Fact:
    """The fact `seq` of a conversation."""
    row = Fact(
        stream=conversation_id(number),
        seq=seq,
        kind="accepted",
        at_us=NOW_US + seq,
        actor=COURT,
        sender=COURT,
        message_id=message_id(number),
        process_id=process_id(number),
        stage="submit",
        detail='{"text": "\\"引号\\" and \\\\"}',
        previous="",
        digest=f"{seq:064x}",
        trace_id="0" * 32,
        took_us=310,
    )
    return replace(row, **changes)


def claim(number: int, /, **changes: Any) -> Claim:
    """The submit claim of a message."""
    row = Claim(
        stage="submit", sender=COURT, message_id=message_id(number), digest="d" * 64, verdict="accepted", at_us=NOW_US
    )
    return replace(row, **changes)


def message(number: int, /, **changes: Any) -> Message:
    """A message of the court to the union."""
    row = Message(
        sender=COURT,
        message_id=message_id(number),
        conversation_id=conversation_id(number),
        process_id=process_id(number),
        receiver=UNION,
        message_type="mediation.DesignationRequest",
        flow="designated-mediation",
        kind="new",
        schema_version="1.0",
        digest="d" * 64,
        raw=f"<Envelope n='{number}'>委派\\x00\x01</Envelope>".encode(),
        accepted_us=NOW_US + number,
        sent_us=NOW_US,
        expires_us=None,
        priority="normal",
        test=True,
        trace_id="0" * 32,
        held_by="own",
        ref_to=None,
        supersedes=None,
        advice="[]",
        word="accepted",
        ask_us=None,
        asked=0,
    )
    return replace(row, **changes)


def process(number: int, /, **changes: Any) -> Process:
    """A process in its first state."""
    row = Process(
        process_id=process_id(number),
        conversation_id=conversation_id(number),
        flow="designated-mediation",
        flow_version="1.0",
        keeper=COURT,
        number=1,
        state="designated",
        turn="mediator",
        ended=False,
        expired="",
        opened_us=NOW_US,
        updated_us=NOW_US,
    )
    return replace(row, **changes)


def step(number: int, /, **changes: Any) -> StepRow:
    """The first counted step of a process."""
    row = StepRow(
        process_id=process_id(number),
        sender=COURT,
        message_id=message_id(number),
        message_type="mediation.DesignationRequest",
        number=1,
        state="designated",
        kind="new",
        accepted_us=NOW_US,
        superseded_by=None,
    )
    return replace(row, **changes)


def receipt(number: int, /, **changes: Any) -> ReceiptRow:
    """The accepted receipt of a message."""
    row = ReceiptRow(
        sender=COURT,
        message_id=message_id(number),
        recipient=UNION,
        kind="accepted",
        issuer="node:court",
        conversation_id=conversation_id(number),
        number=1,
        xml=b"<Receipt/>",
        issued_us=NOW_US,
        stored_us=NOW_US,
    )
    return replace(row, **changes)


def outbox(number: int, seq: int, /, **changes: Any) -> Outbox:
    """A record to publish."""
    row = Outbox(
        destination="node:union",
        conversation_id=conversation_id(number),
        seq=seq,
        part="message",
        sender=COURT,
        message_id=message_id(number),
        transfer=b"\x00\x01framed",
        headers="{}",
        at_us=NOW_US,
    )
    return replace(row, **changes)


def rows(*some: Row, name: str = "test.rows") -> Change:
    """A change that only writes rows."""
    return Change(name=name, rows=some)


def accepted(number: int, /, **changes: Any) -> Change:
    """All that an accepted opening message makes durable."""
    change = Change(
        name="submit.accept",
        moves=((0, conversation(number, 2)),),
        rows=(
            claim(number),
            fact(number, 1),
            fact(number, 2),
            message(number),
            process(number),
            Role(process_id=process_id(number), role="court", participant=COURT),
            Role(process_id=process_id(number), role="mediator", participant=UNION),
            step(number),
            receipt(number),
            outbox(number, 2),
        ),
    )
    return replace(change, **changes)


def header(number: int, /, **changes: Any) -> Header:
    """The header of message `number`."""
    made = Header(
        message_id=message_id(number),
        conversation_id=conversation_id(number),
        process_id=process_id(number),
        flow="designated-mediation",
        flow_version="1.0",
        message_type="mediation.DesignationRequest",
        schema_version="1.0",
        sender=COURT,
        receiver=UNION,
        sent_at=datetime(2026, 1, 5, tzinfo=UTC),
        test=True,
        traceparent="",
    )
    return replace(made, **changes)
