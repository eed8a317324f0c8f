"""Stepping a process: one pure function at every node (protocol.md §3).

The keeper judges what it counts on the counted state alone. Any other node judges its own submissions on the counted
state plus its own pending steps; one of those that no longer fits is left out until the keeper speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.contract.calendar import Calendar
from gateway.contract.expiry import carried, expire_by_message, in_time
from gateway.contract.parties import bind
from gateway.contract.paths import holds, texts
from gateway.contract.refusal import no_step, refused
from gateway.contract.terms import DEADLINE_EXPIRED, FlowContract, MessageTerm, Transition
from gateway.contract.timing import Clock
from gateway.model.process import PastStep, ProcessView, Step, StepMessage, TimerAction

Stage = Literal["submit", "receive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """What is judged, on which state, after which steps."""

    contract: FlowContract
    process: ProcessView | None
    message: StepMessage
    before: str
    #: The steps that stand, as this stage sees them.
    past: Sequence[PastStep]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """Where a message leads."""

    state: str
    timers: tuple[TimerAction, ...]
    expired: tuple[str, str, int] | None = None


def step(
    contract: FlowContract,
    process: ProcessView | None,
    message: StepMessage,
    *,
    calendar: Calendar,
    stage: Stage = "submit",
) -> Step:
    """What the process becomes if the keeper counts `message`; `process` is None for a message that opens one.

    `stage` is `submit` at the sender's node and `receive` at the keeper's, which counts. Raises `ContractRefused`:
    FLW-101 no step of this state, 102 not this role's participant, 103 or 112 no legal correction, 111 a document or
    108 a datum is missing, 106 a copy not allowed, 107 no timer that is due, 109 no such process to step in.
    """
    if message.message_type == DEADLINE_EXPIRED:
        return expire_by_message(contract, process, message, calendar=calendar, stage=stage)
    counting = stage == "receive" or process is None or message.sender == process.keeper
    before = _before(contract, process, message, counting=counting)
    term = contract.messages.get(message.message_type)
    if term is None:
        raise no_step(contract, before, message.message_type)
    roles = bind(contract, process, message, term)
    case = _Case(
        contract=contract, process=process, message=message, before=before, past=_standing(process, counting=counting)
    )
    clock = Clock(contract, calendar)
    replaces = message.supersedes is not None or message.kind in {"correct", "void"}
    found = _correct(case, clock) if replaces else _advance(case, clock)
    _complete(term, message)
    after = contract.states[found.state]
    return Step(
        message_type=message.message_type,
        sender_role=term.sender,
        receiver_role=term.receiver,
        state_before=before,
        state=found.state,
        turn=after.turn,
        opens=process is None,
        ends=after.final,
        roles=roles,
        timers=found.timers,
        supersedes=message.supersedes,
        expired=found.expired,
        answers=term.answers,
        receipt_hours=term.receipt_hours,
        advice=clock.opening(term, message) if process is None else (),
    )


def expected_state(
    contract: FlowContract, counted: str, pending: Iterable[PastStep], *, history: Sequence[PastStep] = ()
) -> str:
    """The counted state plus own pending steps in order; one that no longer fits is left out (protocol.md §3).

    `history` are the process's counted steps, which `once` and `after` look at. Only keepers' messages have guards and
    a keeper has nothing pending, so that no payload is needed.
    """
    state, past = counted, list(history)
    for one in pending:
        term = contract.messages.get(one.message_type)
        if one.kind == "void":
            state = term.void.get(state, state) if term else state
            continue
        branch = next(iter(contract.branches(state, one.message_type)), None)
        if one.kind == "correct" or term is None or branch is None or _hindrance(term, branch, past):
            continue
        state = branch.to
        past.append(one)
    return state


def _before(contract: FlowContract, process: ProcessView | None, message: StepMessage, *, counting: bool) -> str:
    """The state that the message is judged on."""
    if process is None:
        if message.message_type not in contract.openings or message.kind not in {"new", "out-of-band"}:
            opens = ", ".join(contract.openings)
            en = f"{message.message_type} opens no process of {contract.flow}; it is opened by {opens}"
            raise refused("FLW-109", f"{message.message_type} 不能开始“{contract.title}”流程；应以 {opens} 开始", en)
        return contract.start
    if counting:
        return process.state
    pending = [one for one in process.steps if one.number == 0]
    return expected_state(contract, process.state, pending, history=_standing(process, counting=True))


def _advance(case: _Case, clock: Clock) -> _Found:
    """Take the branch of the state, or the one that the message still had in time when the keeper's timer fired."""
    process, message = case.process, case.message
    if (
        process is not None
        and process.expired
        and process.state == case.before
        and in_time(case.contract, process, message)
    ):
        timer, was, number = process.expired
        branch = _branch(case, was, strict=False)
        if branch and (
            timer not in case.contract.states[branch.to].timers or timer in (*branch.moves, *branch.restarts)
        ):
            return _Found(state=branch.to, timers=clock.late(branch, process, message, timer))
        if branch:  # in time, yet nothing that keeps the term from having ended: it is counted and changes nothing
            return _Found(state=case.before, timers=(), expired=(timer, branch.to, number + 1))
    found = _branch(case, case.before, strict=True)
    if found is None:
        raise no_step(case.contract, case.before, message.message_type)
    return _Found(state=found.to, timers=clock.transition(found, process, message))


def _branch(case: _Case, state: str, *, strict: bool) -> Transition | None:
    """The first branch whose guard holds. Where `strict`, raises `ContractRefused` (FLW-101) with the hindrance."""
    message = case.message
    branches = case.contract.branches(state, message.message_type)
    found = next((branch for branch in branches if holds(message.payload, branch.when)), None)
    why = ("", "")
    if branches and found is None:
        guards = "; ".join(f"{path}={value}" for branch in branches for path, value in branch.when.items())
        why = (f"（内容须为 {guards}）", f" unless it says {guards}")
    elif found is not None:
        why = _hindrance(case.contract.messages[message.message_type], found, case.past) or why
    if any(why):
        if strict:
            raise no_step(case.contract, state, message.message_type, why)
        return None
    return found


def _hindrance(term: MessageTerm, branch: Transition, past: Sequence[PastStep]) -> tuple[str, str] | None:
    """What in the history is in the way, (zh, en): it comes once only, or needs another before it."""
    types = {one.message_type for one in past}
    if branch.once and term.type in types:
        return "（只能一次，已有在先者）", " a second time"
    if term.after and not types & set(term.after):
        needed = ", ".join(term.after)
        return f"（须先有 {needed}）", f" before {needed}"
    return None


def _standing(process: ProcessView | None, *, counting: bool) -> list[PastStep]:
    """Steps that stand: counted (in the sender's own view pending too), not superseded, not themselves a void."""
    least, steps = 1 if counting else 0, process.steps if process else ()
    return [one for one in steps if one.number >= least and one.superseded_by is None and one.kind != "void"]


def _correct(case: _Case, clock: Clock) -> _Found:
    """A step that corrects or voids an earlier one of the same sender, process and type (protocol.md §4)."""
    contract, process, message, before = case.contract, case.process, case.message, case.before
    original = _superseded(case.past, message)
    term = contract.messages[message.message_type]
    newest = next(one for one in reversed(case.past) if one.message_type == original.message_type)
    if message.kind == "correct":
        if before not in term.correct:
            raise _uncorrectable(contract, before, message)
        timers = clock.corrected(before, process, message) if newest is original else ()
        return _Found(state=before, timers=timers, expired=carried(process))
    target = term.void.get(before)
    if target is None or (target != before and newest is not original):
        raise _uncorrectable(contract, before, message)
    if target == before:
        return _Found(state=before, timers=(), expired=carried(process))
    return _Found(state=target, timers=clock.voided(contract.states[target], process, message))


def _superseded(past: Sequence[PastStep], message: StepMessage) -> PastStep:
    """The step that `Supersedes` names. Raises `ContractRefused`: FLW-103 not of this kind, FLW-112 not standing."""
    if message.supersedes is None or message.kind not in {"correct", "void"}:
        en = f"Kind {message.kind} and Supersedes do not fit: correct and void name the message that they replace"
        raise refused(
            "FLW-103",
            f"Kind 为 {message.kind} 与 Supersedes 不一致：更正、作废须指明原消息",
            en,
            xpath="/Envelope/Header/Supersedes",
        )
    original = next((one for one in past if one.message_id == message.supersedes), None)
    if original is None:
        en = f"message {message.supersedes} is no step of this process that still stands"
        raise refused(
            "FLW-112", f"消息 {message.supersedes} 不是本流程中仍有效的步骤", en, xpath="/Envelope/Header/Supersedes"
        )
    if (original.sender, original.message_type) != (message.sender, message.message_type):
        en = "a message can only be superseded by the same sender with the same type"
        raise refused("FLW-103", "只能由同一发送方以同类消息更正或作废", en, xpath="/Envelope/Header/Supersedes")
    return original


def _uncorrectable(contract: FlowContract, state: str, message: StepMessage) -> Exception:
    word = {"correct": "更正", "void": "作废"}[message.kind]
    en = f"{contract.flow}: in state {state} a {message.message_type} can not be superseded by {message.kind}"
    return refused(
        "FLW-103",
        f"{contract.title}：状态 {state} 下不得{word} {message.message_type}",
        en,
        xpath="/Envelope/Header/Kind",
    )


def _complete(term: MessageTerm, message: StepMessage) -> None:
    """Raises `ContractRefused` for a document (FLW-111) or datum (FLW-108) that the contract asks for in vain."""
    if message.kind == "void":
        return
    lacking = [path for path in term.requires if not texts(message.payload, path)]
    if lacking:
        en = f"{term.type} needs {', '.join(lacking)}"
        raise refused(
            "FLW-108", f"{term.type} 缺少 {', '.join(lacking)}", en, xpath=f"/Envelope/Payload/*/{lacking[0]}"
        )
    documents = [code for code in term.documents if code not in message.documents]
    if documents and message.kind != "out-of-band":
        en = f"{term.type} needs the documents {', '.join(documents)} among its attachments"
        raise refused(
            "FLW-111", f"{term.type} 须附文书 {', '.join(documents)}", en, xpath="/Envelope/Header/Attachments"
        )
