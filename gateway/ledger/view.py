"""Rows of a process as the view that the contract judges by: the same for a plain read and for a survey."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from gateway.model.ledger import Deadline, Process, Role, StepRow
from gateway.model.process import PastStep, ProcessView, Timer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at_us: int) -> datetime:
    """A time from microseconds UTC; by addition, because floating point loses microseconds."""
    return _EPOCH + timedelta(microseconds=at_us)


def process_view(
    process: Process, roles: Iterable[Role], steps: Iterable[StepRow], deadlines: Iterable[Deadline]
) -> ProcessView:
    """A process with its counted steps in order, then its pending ones.

    Steps beyond a gap in the numbers wait outside (protocol.md §3).
    """
    steps = tuple(steps)
    counted = sorted((row for row in steps if row.number <= process.number and row.number >= 0), key=_order)
    timers = sorted(deadlines, key=lambda row: (row.due_us, row.timer, row.start_step, row.item))
    expired = json.loads(process.expired) if process.expired else None
    return ProcessView(
        process_id=process.process_id,
        conversation_id=process.conversation_id,
        flow=process.flow,
        flow_version=process.flow_version,
        keeper=process.keeper,
        roles={row.role: row.participant for row in sorted(roles, key=lambda row: row.role)},
        number=process.number,
        state=process.state,
        steps=tuple(map(_past_step, counted)),
        timers=tuple(map(_timer, timers)),
        expired=None if expired is None else (expired[0], expired[1], expired[2]),
        held=tuple(_past_step(row) for row in sorted(steps, key=_order) if row.number > process.number),
    )


def _order(row: StepRow) -> tuple[bool, int, int, str]:
    return (row.number == 0, row.number, row.accepted_us, row.message_id)


def _past_step(row: StepRow) -> PastStep:
    return PastStep(
        sender=row.sender,
        message_id=row.message_id,
        message_type=row.message_type,
        number=row.number,
        state=row.state,
        kind=row.kind,
        accepted_at=moment(row.accepted_us),
        superseded_by=row.superseded_by,
    )


def _timer(row: Deadline) -> Timer:
    return Timer(
        timer=row.timer,
        start_step=row.start_step,
        item=row.item,
        start=moment(row.start_us),
        due=moment(row.due_us),
        provisional=row.provisional,
        calendar=row.calendar,
        state=cast("Literal['armed', 'paused', 'stopped', 'fired']", row.state),
        paused_at=None if row.paused_us is None else moment(row.paused_us),
        paused=tuple((moment(since), moment(until)) for since, until in json.loads(row.pauses)),
    )
