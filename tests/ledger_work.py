"""What is still to be done, as rows for ledger tests: whole in one call; a test changes only what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.model.ledger import Deadline, Delivery, Endpoint, Failure, ParkedRecord
from tests.ledger_rows import COURT, NOW_US, UNION, conversation_id, message_id, process_id


def delivery(number: int, seq: int, /, **changes: Any) -> Delivery:
    """A delivery that is due now, in the lane (union, conversation)."""
    row = Delivery(
        endpoint=UNION,
        sender=COURT,
        message_id=message_id(1000 * number + seq),
        part="message",
        conversation_id=conversation_id(number),
        process_id=process_id(number),
        seq=seq,
        state="due",
        due_us=NOW_US,
        deadline_us=NOW_US + 1_000_000,
        expires_us=None,
        attempts=0,
        lease=None,
        lease_until_us=None,
        priority=0,
        created_us=NOW_US,
        outcome="",
    )
    return replace(row, **changes)


def endpoint(participant: str = UNION, /, **changes: Any) -> Endpoint:
    """A partner system that is well."""
    row = Endpoint(
        participant=participant,
        profile="union/rest",
        url="http://127.0.0.1:1/",
        settings="{}",
        secret=b"",
        paused=False,
        failures=0,
        open_until_us=0,
        updated_us=NOW_US,
    )
    return replace(row, **changes)


def failure(number: int, /, **changes: Any) -> Failure:
    """An open failure of a delivery."""
    row = Failure(
        failure_id=f"0190b000-0000-7000-8000-{number:012x}",
        stage="deliver",
        code="PAR-003",
        rule="",
        participant=UNION,
        schema_version="1.0",
        fingerprint="f" * 32,
        sender=COURT,
        message_id=message_id(number),
        conversation_id=conversation_id(number),
        part="message",
        detail="{}",
        original=b"native",
        state="failed",
        attempts=1,
        first_us=NOW_US,
        last_us=NOW_US + number,
        expires_us=None,
    )
    return replace(row, **changes)


def deadline(number: int, timer: str = "T-ACC", /, **changes: Any) -> Deadline:
    """An armed timer that this node keeps."""
    row = Deadline(
        process_id=process_id(number),
        timer=timer,
        start_step=message_id(number),
        item="",
        conversation_id=conversation_id(number),
        start_us=NOW_US,
        due_us=NOW_US + number,
        provisional=False,
        calendar="2026",
        state="armed",
        kept=True,
        paused_us=None,
    )
    return replace(row, **changes)


def parked(number: int, /, **changes: Any) -> ParkedRecord:
    """A record that waits for its predecessor."""
    row = ParkedRecord(
        sender=COURT,
        message_id=message_id(number),
        conversation_id=conversation_id(number),
        part="message",
        wait_for=f"message:{message_id(number + 1)}",
        code="PRK-001",
        transfer=b"framed",
        headers="{}",
        arrived_us=NOW_US + number,
        next_us=NOW_US + number,
        until_us=NOW_US + 10_000,
    )
    return replace(row, **changes)
