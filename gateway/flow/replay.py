"""Replay: a failure group → plan (dry run, difference) → approval where needed → the normal flow at the failed stage (protocol.md §9)."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from gateway.errors import AccessRefused, AlreadyClaimed, GatewayError, LeaseLost, NotFound, RequestRefused
from gateway.evidence.mask import masked_lines
from gateway.flow import again, receive, skip
from gateway.flow.deliver import Attempt, dump_call, parcel_of
from gateway.flow.node import Node
from gateway.flow.submit import submit
from gateway.model.ledger import Change, Delivery, Failure, Guard, ReplayClaim, ReplayRow, Row
from gateway.translate import router

#: Growing batches: one, then five, then fifty; each ends before the next begins.
WAVES = (1, 5, 50)
#: Differences shown in a plan; the others are counted.
SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class DryRun:
    """What a replay of one failure would do now."""

    failure_id: str
    #: unchanged | changed | fails
    verdict: str
    #: Lines of a unified difference between the failed attempt and now, personal data masked.
    difference: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Who wants what, and why."""

    actor: str
    reason: str
    #: A whole group, or empty for chosen failures.
    fingerprint: str = ""
    #: Give the deliveries up instead: `undeliverable`, final, always with a second person (protocol.md §4).
    skip: bool = False


async def plan(failures: Sequence[str], node: Node, wish: Wish) -> ReplayRow:
    """Dry-run every failure and keep the plan; it needs a second person for more than 20, for any change, and for a skip (§9).

    Raises `RequestRefused` where nothing open is named, or where something else than a delivery is to be skipped.
    """
    chosen = [await node.ledger.failure(failure_id) for failure_id in failures]
    open_ones = [failure for failure in chosen if failure is not None and failure.state == "failed"]
    if not open_ones:
        raise RequestRefused("no open failure is named: they are resolved, scheduled or unknown here", code="REQ-410")
    if wish.skip and any(failure.stage != "deliver" for failure in open_ones):
        raise RequestRefused("only a failed delivery can be skipped: it holds its lane", code="REQ-414")
    runs = [await dry_run(failure, node) for failure in open_ones]
    changed = sum(run.verdict != "unchanged" for run in runs)
    shown = [
        {"failure": r.failure_id, "verdict": r.verdict, "difference": list(r.difference), "code": r.code}
        for r in runs[:SHOWN]
    ]
    now = node.clock.now_us()
    row = ReplayRow(
        replay_id=node.ids.uuid7(),
        state="planned",
        fingerprint=wish.fingerprint,
        reason=wish.reason,
        planned_by=wish.actor,
        approved_by="",
        needs_second=wish.skip or changed > 0 or len(open_ones) > node.policy.replay_alone,
        total=len(open_ones),
        changed=changed,
        done=0,
        failed=0,
        plan=orjson.dumps({"failures": [f.failure_id for f in open_ones], "shown": shown, "skip": wish.skip}).decode(),
        created_us=now,
        updated_us=now,
    )
    await node.ledger.commit(Change(name="replay.plan", rows=(row,)))
    return row


async def dry_run(failure: Failure, node: Node) -> DryRun:
    """The normal flow up to the door of the partner: what would be sent now against what was sent then; nothing is changed."""
    if failure.stage != "deliver":
        return DryRun(failure_id=failure.failure_id, verdict="unchanged")
    delivery = await node.ledger.delivery(
        failure.participant, failure.sender, message_id=failure.message_id, part=failure.part
    )
    message = await node.ledger.message(failure.sender, failure.message_id)
    row = await node.ledger.endpoint(failure.participant)
    if delivery is None or message is None or row is None:
        raise NotFound("the delivery of this failure is not here any more")
    adapter, endpoint = router.resolve(row, node.adapters)
    attempt = Attempt(
        delivery=delivery, message=message, adapter=adapter, endpoint=endpoint, began=time.perf_counter_ns()
    )
    try:
        now = adapter.write(await parcel_of(attempt, node), endpoint, node.keys, now=node.clock.now())
    except GatewayError as error:
        return DryRun(failure_id=failure.failure_id, verdict="fails", code=error.code)
    difference = difference_of(failure.original, dump_call(now))
    return DryRun(
        failure_id=failure.failure_id, verdict="changed" if difference else "unchanged", difference=difference
    )


def difference_of(before: bytes, after: bytes) -> tuple[str, ...]:
    """A unified difference, a line per native field, with personal data masked; empty where the bytes are equal."""
    if before == after:
        return ()
    lines = difflib.unified_diff(masked_lines(before), masked_lines(after), "failed attempt", "now", lineterm="", n=1)
    return tuple(lines) or ("the bytes differ in personal data alone",)


async def approve(replay_id: str, node: Node, *, actor: str) -> ReplayRow:
    """A second person's consent. Raises `AccessRefused` for the planner, `RequestRefused` for a plan that is not waiting."""
    row = await _replay(replay_id, node)
    if row.needs_second and actor == row.planned_by:
        raise AccessRefused(
            "a plan that changes what is sent, or more than 20 messages, needs a second person", code="ACC-020"
        )
    return await _move(row, node, expected="planned", state="approved", approved_by=actor)


async def control(replay_id: str, node: Node, *, state: str) -> ReplayRow:
    """Pause, resume or cancel. Raises `RequestRefused` where the replay is not in a state for it."""
    row = await _replay(replay_id, node)
    may = {
        "paused": ("running", "approved"),
        "running": ("paused",),
        "cancelled": ("planned", "approved", "running", "paused"),
    }
    if row.state not in may[state]:
        raise RequestRefused(f"a replay that is {row.state} cannot become {state}", code="REQ-411")
    return await _move(row, node, expected=row.state, state=state)


async def run(replay_id: str, node: Node) -> ReplayRow:
    """Run an approved plan in growing waves; resumable, since each failure is claimed once and moved by compare-and-set.

    Raises `RequestRefused` for a plan that still needs its second person.
    """
    row = await _replay(replay_id, node)
    if row.state == "planned" and not row.needs_second:
        row = await _move(row, node, expected="planned", state="approved")
    if row.state == "approved":
        row = await _move(row, node, expected="approved", state="running")
    if row.state != "running":
        raise RequestRefused(f"this replay is {row.state}: approve or resume it first", code="REQ-412")
    planned = orjson.loads(row.plan)
    act = skip.skip_one if planned.get("skip") else replay_one
    pending = list(planned["failures"])[row.done + row.failed :]
    wave = 0
    while pending:
        size = WAVES[min(wave, len(WAVES) - 1)]
        batch, pending, wave = pending[:size], pending[size:], wave + 1
        moved = [await act(failure_id, row.replay_id, node) for failure_id in batch]
        row = await _replay(replay_id, node)
        if row.state != "running":
            return row
        row = await _progress(row, node, done=sum(moved), failed=len(moved) - sum(moved))
    return await _move(row, node, expected="running", state="done")


async def replay_one(failure_id: str, replay_id: str, node: Node) -> bool:
    """Put one failure back into its stage; False where somebody else did (exactly one replay holds a failure)."""
    failure = await node.ledger.failure(failure_id)
    if failure is None:
        return False
    if failure.state != "failed":
        held = failure_id in await node.ledger.replay_failures(replay_id)
        cut_off = held and failure.state == "scheduled" and failure.stage != "deliver"
        return await _enter(failure, node) if cut_off else held
    claim = ReplayClaim(failure_id=failure_id, replay_id=replay_id)
    guard = Guard(table=Failure, key=(("failure_id", failure_id),), column="state", expected="failed")
    scheduled = replace(failure, state="scheduled", last_us=node.clock.now_us())
    extra, more = await _due_again(failure, node)
    try:
        await node.ledger.commit(Change(name="replay.schedule", guards=(guard, *more), rows=(claim, scheduled, *extra)))
    except (LeaseLost, AlreadyClaimed):
        return False
    node.meter.count("replay", stage=failure.stage)
    return await _enter(scheduled, node)


async def _enter(failure: Failure, node: Node) -> bool:
    """The normal flow at the failed stage; idempotent, so that a replay cut off in between enters it again."""
    if failure.stage == "deliver":
        node.wake("deliver")
    elif failure.stage == "receive":
        await receive.take(failure.original, (), node)
        await _resolve(failure, node)
    elif failure.stage == "relay":
        sent = await again.send_again(failure.sender, failure.message_id, node)
        await _resolve(failure, node, state="resolved" if sent else "failed")
    else:
        answer = await submit(failure.original, node)
        await _resolve(failure, node, state="resolved" if answer.refusal is None else "failed")
    return True


async def _due_again(failure: Failure, node: Node) -> tuple[tuple[Row, ...], tuple[Guard, ...]]:
    """The row that automatic retry uses: due now, in its lane, with a compare-and-set on its state."""
    if failure.stage != "deliver":
        return (), ()
    delivery = await node.ledger.delivery(
        failure.participant, failure.sender, message_id=failure.message_id, part=failure.part
    )
    if delivery is None:
        raise NotFound("the delivery of this failure is not here any more")
    now = node.clock.now_us()
    due = replace(
        delivery, state="due", due_us=now, deadline_us=max(delivery.deadline_us, now + node.policy.retry_span_us)
    )
    key = (
        ("endpoint", delivery.endpoint),
        ("sender", delivery.sender),
        ("message_id", delivery.message_id),
        ("part", delivery.part),
    )
    return (due,), (Guard(table=Delivery, key=key, column="state", expected="failed"),)


async def _resolve(failure: Failure, node: Node, *, state: str = "resolved") -> None:
    await node.ledger.commit(
        Change(name="replay.resolve", rows=(replace(failure, state=state, last_us=node.clock.now_us()),))
    )


async def _replay(replay_id: str, node: Node) -> ReplayRow:
    row = await node.ledger.replay(replay_id)
    if row is None:
        raise NotFound(f"no replay {replay_id} here")
    return row


async def _move(row: ReplayRow, node: Node, *, expected: str, state: str, approved_by: str = "") -> ReplayRow:
    after = replace(row, state=state, approved_by=approved_by or row.approved_by, updated_us=node.clock.now_us())
    guard = Guard(table=ReplayRow, key=(("replay_id", row.replay_id),), column="state", expected=expected)
    try:
        await node.ledger.commit(Change(name=f"replay.{state}", guards=(guard,), rows=(after,)))
    except LeaseLost as lost:
        raise RequestRefused(f"this replay is no longer {expected}", code="REQ-411") from lost
    return after


async def _progress(row: ReplayRow, node: Node, *, done: int, failed: int) -> ReplayRow:
    after = replace(row, done=row.done + done, failed=row.failed + failed, updated_us=node.clock.now_us())
    guard = Guard(table=ReplayRow, key=(("replay_id", row.replay_id),), column="state", expected="running")
    try:
        await node.ledger.commit(Change(name="replay.progress", guards=(guard,), rows=(after,)))
    except LeaseLost:
        return await _replay(row.replay_id, node)
    return after
