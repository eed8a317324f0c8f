"""From what a flow has proved to the rows that make it durable; pure, no port is called here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from gateway.errors import ContractRefused
from gateway.flow.node import SECOND_US, microseconds, moment
from gateway.model import casenumber
from gateway.model.envelope import Header, Permitted, Validated
from gateway.model.ledger import Claim, Deadline, Message, Process, Reference, Role, Row, StepRow
from gateway.model.payload import Payload
from gateway.model.process import ProcessView, Step, StepMessage, Timer, TimerAction
from gateway.model.receipt import DueDate, Receipt

#: CaseReference element → kind of number (domain.md §3.3); what is not here is no number of a system.
_NUMBERS = (
    "CourtCaseNumber", "CaseMark", "PreMediationNumber", "ArbitrationCaseNumber", "ArbitrationReviewNumber", "UnionIntakeNumber",
    "MediationNumber", "TriageNumber", "AgreementNumber", "RulingNumber", "PaymentOrderNumber", "EnforcementNumber", "UnifiedNumber",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRows:
    """The rows of one step, and the due dates that the keeper's receipt shows after it."""

    rows: tuple[Row, ...]
    due_dates: tuple[DueDate, ...]


def step_message(validated: Validated, accepted: dt.datetime) -> StepMessage:
    """The message as the contract sees it."""
    header = validated.header
    return StepMessage(
        message_id=header.message_id,
        message_type=header.message_type,
        sender=header.sender,
        receiver=header.receiver,
        copies=header.copies,
        kind=header.kind,
        ref_to=header.ref_to,
        supersedes=header.supersedes,
        accepted_at=accepted,
        occurred_at=header.occurred_at,
        payload=validated.payload,
        documents=tuple(attachment.document_type for attachment in header.attachments),
    )


def of_dispute(said: Header | Receipt, process: ProcessView | None) -> None:
    """A process has one conversation, whose version every step compares, and one contract, pinned when it was opened (§2, §4).

    Raises `ContractRefused` FLW-109.
    """
    if process is None:
        return
    pinned = (process.conversation_id, process.flow, process.flow_version)
    if (said.conversation_id, said.flow, said.flow_version) != pinned:
        text = f"process {process.process_id} runs {process.flow}@{process.flow_version} in another conversation or version"
        raise ContractRefused(text, code="FLW-109")


def claim(stage: Literal["submit", "receive"], header: Header, digest: str, *, verdict: str, at_us: int) -> Claim:
    """(stage, sender, message id) taken for these bytes; submit and receive claim apart, so that one node can be both ends."""
    return Claim(
        stage=stage, sender=header.sender, message_id=header.message_id, digest=digest, verdict=verdict, at_us=at_us
    )


def message_row(validated: Validated, *, accepted_us: int, word: str, ask_us: int | None) -> Message:
    """The message as it is kept: original bytes and what is searched by."""
    header, verified = validated.header, validated.verified
    return Message(
        sender=header.sender,
        message_id=header.message_id,
        conversation_id=header.conversation_id,
        process_id=header.process_id,
        receiver=header.receiver,
        message_type=header.message_type,
        flow=header.flow,
        kind=header.kind,
        schema_version=header.schema_version,
        digest=verified.digest,
        raw=verified.raw,
        accepted_us=accepted_us,
        sent_us=microseconds(header.sent_at),
        expires_us=microseconds(header.expires_at) if header.expires_at else None,
        priority=header.priority,
        test=header.test,
        trace_id=trace_id(header),
        held_by=verified.signer.held_by,
        ref_to=header.ref_to,
        supersedes=header.supersedes,
        advice=orjson.dumps([[f.code, f.text_zh, f.text_en] for f in validated.advice]).decode()
        if validated.advice
        else "[]",
        word=word,
        ask_us=ask_us,
        asked=0,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a step stands: its number (0 while pending), when its sender's node accepted it, and when this is written."""

    number: int
    accepted_us: int
    at_us: int


def step_rows(permitted: Permitted, process: ProcessView | None, standing: Standing) -> StepRows:
    """The process after a step: counted (number ≥ 1, at the keeper's node) or pending (number 0, at the sender's).

    A pending step moves nothing but itself; where it opens the process, the row stands with number 0 until the keeper speaks.
    """
    header, step, number, at_us = permitted.header, permitted.step, standing.number, standing.at_us
    pending = number == 0
    rows: list[Row] = [_step_row(permitted, standing)]
    if pending and process is not None:
        return StepRows(rows=tuple(rows), due_dates=())
    known = process.roles if process else {}
    rows += [
        Role(process_id=header.process_id, role=r, participant=p) for r, p in step.roles.items() if known.get(r) != p
    ]
    rows.append(
        Process(
            process_id=header.process_id,
            conversation_id=header.conversation_id,
            flow=header.flow,
            flow_version=header.flow_version,
            keeper=permitted.keeper,
            number=number,
            state=step.state_before if pending else step.state,
            turn=step.roles.get(step.turn, "") if not pending else permitted.keeper,
            ended=step.ends and not pending,
            expired=orjson.dumps(step.expired).decode() if step.expired else "",
            opened_us=standing.accepted_us,
            updated_us=at_us,
        )
    )
    if pending:
        return StepRows(rows=tuple(rows), due_dates=())
    if step.supersedes:
        rows += superseded(process, step.supersedes, by=header.message_id)
    timers = apply(process.timers if process else (), step.timers, start_step=header.message_id, at=moment(at_us))
    rows += [deadline_row(timer, header.process_id, header.conversation_id, kept=True) for timer in timers]
    return StepRows(rows=tuple(rows), due_dates=due_dates(timers))


def _step_row(permitted: Permitted, standing: Standing) -> StepRow:
    header = permitted.header
    return StepRow(
        process_id=header.process_id,
        sender=header.sender,
        message_id=header.message_id,
        message_type=header.message_type,
        number=standing.number,
        state=permitted.step.state if standing.number else "",
        kind=header.kind,
        accepted_us=standing.accepted_us,
        superseded_by=None,
    )


def superseded(process: ProcessView | None, message_id: str, *, by: str) -> list[StepRow]:
    """The step that a correction or void replaces, marked with it; empty where it is unknown here."""
    return [
        StepRow(
            process_id=process.process_id,
            sender=past.sender,
            message_id=past.message_id,
            message_type=past.message_type,
            number=past.number,
            state=past.state,
            kind=past.kind,
            accepted_us=microseconds(past.accepted_at),
            superseded_by=by,
        )
        for past in (process.steps if process else ())
        if process is not None and past.message_id == message_id
    ]


def apply(
    timers: Iterable[Timer], actions: Iterable[TimerAction], *, start_step: str, at: dt.datetime
) -> tuple[Timer, ...]:
    """All timers of the process after the actions; a timer that is armed anew stands under its new start step (protocol.md §7)."""
    after = {(timer.timer, timer.start_step, timer.item): timer for timer in timers}
    for action in actions:
        if action.action == "arm" and action.start and action.due:
            after[action.timer, start_step, action.item] = Timer(
                timer=action.timer, start_step=start_step, item=action.item, start=action.start, due=action.due,
                provisional=action.provisional, calendar=action.calendar, paused=action.paused,
            )  # fmt: skip
            continue
        for key, timer in after.items():
            if timer.timer == action.timer and timer.state in ("armed", "paused") and action.item in ("", timer.item):
                after[key] = _moved(timer, action, at)
    return tuple(after.values())


def _moved(timer: Timer, action: TimerAction, at: dt.datetime) -> Timer:
    if action.action in ("stop", "fire"):
        return replace(timer, state="stopped" if action.action == "stop" else "fired", paused_at=None)
    if action.action == "pause":
        return replace(timer, state="paused", paused_at=action.start or at)
    return replace(
        timer,
        state="armed",
        paused_at=None,
        paused=action.paused or timer.paused,
        due=action.due or timer.due,
        provisional=action.provisional,
        calendar=action.calendar or timer.calendar,
    )


def deadline_row(timer: Timer, process_id: str, conversation_id: str, *, kept: bool) -> Deadline:
    """A timer as the ledger keeps it; only the keeper's node fires (`kept`)."""
    return Deadline(
        process_id=process_id,
        timer=timer.timer,
        start_step=timer.start_step,
        item=timer.item,
        conversation_id=conversation_id,
        start_us=microseconds(timer.start),
        due_us=microseconds(timer.due),
        provisional=timer.provisional,
        calendar=timer.calendar,
        state=timer.state,
        kept=kept,
        paused_us=microseconds(timer.paused_at) if timer.paused_at else None,
        pauses=orjson.dumps([[microseconds(a), microseconds(b)] for a, b in timer.paused]).decode(),
    )


def due_dates(timers: Iterable[Timer]) -> tuple[DueDate, ...]:
    """What a receipt shows: the armed timers."""
    return tuple(
        DueDate(timer=t.timer, item=t.item, due=t.due, provisional=t.provisional) for t in timers if t.state == "armed"
    )


def ask_us(step: Step, now_us: int) -> int:
    """When the sender's node asks again for a receipt that did not come: the contract says after how many hours."""
    return now_us + step.receipt_hours * 3600 * SECOND_US


def references(payload: Payload, header: Header) -> tuple[Reference, ...]:
    """Every number of the CaseReference, so that a case is found by any number of any system in any spelling (domain.md §3.3)."""
    case = payload.get("CaseReference")
    if not isinstance(case, dict):
        return ()
    return tuple(
        reference(header.sender, kind, text, conversation_id=header.conversation_id, process_id=header.process_id)
        for kind in _NUMBERS
        if isinstance(text := case.get(kind), str) and text
    )


def reference(participant: str, kind: str, text: str, *, conversation_id: str, process_id: str) -> Reference:
    """One number of one system: kept as written, found by its normal form."""
    return Reference(
        participant=participant,
        kind=kind,
        number_key=casenumber.key(text),
        conversation_id=conversation_id,
        process_id=process_id,
        original=text,
    )


def trace_id(header: Header) -> str:
    """The trace id of a W3C traceparent; per hop only this must agree."""
    return header.traceparent[3:35]
