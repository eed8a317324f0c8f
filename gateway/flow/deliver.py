"""Deliver: one leased delivery to one partner system, and what its answer means (protocol.md §4).

No transaction is open across the partner call; the result is a compare-and-set on the lease.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import orjson
import structlog

from gateway.errors import (
    Finding,
    GatewayError,
    NodeError,
    OutcomeUnknown,
    PartnerError,
    PartnerRefused,
    PartnerUnreachable,
    Refusal,
)
from gateway.evidence import failure
from gateway.flow import conclude, rows
from gateway.flow.node import Node, moment
from gateway.model.ledger import Delivery, Message, Row
from gateway.model.receipt import Receipt, ReceiptKind
from gateway.ports import Adapter, NativeCall, Outcome, Parcel, PartnerEndpoint
from gateway.signing import receipts
from gateway.translate import router
from gateway.transport import trace as w3c
from gateway.xml import envelope

log = structlog.get_logger()
#: The first look again for bytes that are on their way.
SOON_US = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try: what is delivered, to whom, in which dialect."""

    delivery: Delivery
    message: Message
    adapter: Adapter
    endpoint: PartnerEndpoint
    began: int
    call: NativeCall | None = None


async def deliver(delivery: Delivery, node: Node, *, unknown_before: bool = False) -> None:
    """Hand one leased delivery to its partner system; ends as delivered, due again with a date, or a failure record.

    `unknown_before` says that an earlier lease ran out with the call perhaps made: repeated only where that is safe. Raises `NodeError` where this node cannot go on; the lease then runs out and another worker takes over.
    """
    message = await node.ledger.message(delivery.sender, delivery.message_id)
    row = await node.ledger.endpoint(delivery.endpoint)
    if message is None or row is None:
        raise NodeError(f"delivery without its message or endpoint: {delivery.endpoint}", code="NOD-020")
    if await overdue(delivery, message, node) or await _waiting_for_bytes(delivery, message, node):
        return
    adapter, endpoint = router.resolve(row, node.adapters)
    attempt = Attempt(
        delivery=delivery, message=message, adapter=adapter, endpoint=endpoint, began=time.perf_counter_ns()
    )
    if unknown_before and adapter.repeat != "safe":
        await _failed(attempt, OutcomeUnknown("a worker ended in the middle of this call"), node)
        return
    try:
        parcel = await parcel_of(attempt, node)
        attempt = replace(attempt, call=adapter.write(parcel, endpoint, node.keys, now=node.clock.now()))
        outcome = await _call(attempt, node)
    except OutcomeUnknown as unknown:
        await _unknown(attempt, unknown, node)
    except PartnerUnreachable as unreachable:
        await _again(attempt, unreachable, node)
    except (PartnerError, Refusal) as error:
        await _failed(attempt, error, node)
    except NodeError as ours:
        if attempt.call is not None:
            raise
        await _later(attempt, ours, node)
    except Exception as error:  # a fault of ours is a failure to be seen, and not a lease that runs out again and again
        log.exception("delivery.broken", message_id=delivery.message_id, endpoint=delivery.endpoint)
        await _failed(attempt, NodeError(f"this node failed on it: {type(error).__name__}", code="NOD-099"), node)
    else:
        await _delivered(attempt, outcome, node)


async def _call(attempt: Attempt, node: Node) -> Outcome:
    """The partner call; a refusal is raised with the partner's own code."""
    if attempt.call is None:
        raise NodeError("an attempt without a call", code="NOD-021")
    call = replace(attempt.call, headers=(*attempt.call.headers, ("traceparent", _span(attempt, node))))
    status, headers, body = await node.transport.send(call, timeout_s=node.policy.call_timeout_s)
    outcome = attempt.adapter.read_outcome(status, headers, body, attempt.endpoint)
    if outcome.taken or outcome.repeated:
        return outcome
    text = f"{outcome.native_code} {outcome.native_text}".strip()
    if outcome.retryable:
        raise PartnerUnreachable(text)
    raise PartnerRefused(text, native_code=outcome.native_code)


def _span(attempt: Attempt, node: Node) -> str:
    """W3C trace context for the partner: the message's trace, a span of this attempt."""
    return str(w3c.Trace(trace_id=attempt.message.trace_id, span_id=node.ids.uuid7().replace("-", "")[-16:]))


async def parcel_of(attempt: Attempt, node: Node) -> Parcel:
    """What the adapter writes from: read from the bytes that this node has verified when it took them."""
    unpacked = envelope.unpack(attempt.message.raw, node.limits)
    payload = node.catalogue.to_payload(envelope.payload_of(unpacked.tree))
    documents = []
    for attachment in unpacked.header.attachments if attempt.delivery.part == "message" else ():
        data = b"".join([chunk async for chunk in node.blobs.get(attachment.sha256)])
        documents.append((attachment.document_type, attachment.name, attachment.media_type, data))
    return Parcel(
        header=unpacked.header,
        payload=payload,
        raw=attempt.message.raw,
        numbers=await node.ledger.numbers(attempt.delivery.endpoint, conversation_id=attempt.message.conversation_id),
        receipt=await _carried(attempt, node),
        documents=tuple(documents),
        accepted_at=moment(attempt.message.accepted_us),
        advice=tuple(text for _, text, _ in orjson.loads(attempt.message.advice)),
    )


async def _carried(attempt: Attempt, node: Node) -> Receipt | None:
    if attempt.delivery.part == "message":
        return None
    stored = await node.ledger.receipts(attempt.delivery.sender, attempt.delivery.message_id)
    return next(receipts.read(row.xml) for row in stored if row.kind == attempt.delivery.part)


async def _waiting_for_bytes(delivery: Delivery, message: Message, node: Node) -> bool:
    """The lane is held while an attachment's bytes are on their way; that is no attempt (protocol.md §5)."""
    if delivery.part != "message":
        return False
    header = envelope.unpack(message.raw, node.limits).header
    for attachment in header.attachments:
        if not await node.blobs.has(attachment.sha256):
            now = node.clock.now_us()
            # Bytes that have just been sent are here soon; those that do not come are asked after ever less often.
            wait = min(max((now - delivery.created_us) // 4, SOON_US), node.policy.retry_first_us)
            after = replace(conclude.freed(delivery), due_us=now + wait)
            await conclude.hold(delivery, after, node)
            return True
    return False


async def overdue(delivery: Delivery, message: Message, node: Node) -> bool:
    """Past its end a delivery is not tried: `expired` where the sender said so, else `undeliverable` (protocol.md §4).

    True where that was so; one that has failed or that nobody fetched ends here too, or its lane would be held for ever.
    """
    now = node.clock.now_us()
    if now <= delivery.deadline_us:
        return False
    expired = delivery.expires_us is not None and now > delivery.expires_us
    text_zh = "有效期已过，未再送达" if expired else "送达期限已过，未能送达"
    text_en = "its ExpiresAt has passed" if expired else "the time for its delivery has passed"
    code = "PAR-010" if expired else "PAR-011"
    error = PartnerError(code=code, findings=[Finding(code=code, text_zh=text_zh, text_en=text_en)])
    await end(delivery, message, node, kind="expired" if expired else "undeliverable", error=error)
    return True


async def end(delivery: Delivery, message: Message, node: Node, *, kind: ReceiptKind, error: GatewayError) -> None:
    """End a delivery for good: the lane is free, the sender learns it by a receipt, and a failure record stays."""
    earlier = await node.ledger.failure_of(delivery.endpoint, delivery.sender, delivery.message_id, delivery.part)
    record = earlier or failure.record(
        error, conclude.subject(delivery, message), failure_id=node.ids.uuid7(), stage="deliver", original=message.raw,
        at_us=node.clock.now_us(),
    )  # fmt: skip
    after = replace(conclude.freed(delivery), state="expired" if kind == "expired" else "skipped")
    ending = conclude.Ending(
        name="deliver.end",
        fact=kind,
        after=after,
        # A receipt is never receipted: of one that its sender's system did not take the record alone tells.
        receipt=kind if delivery.part == "message" else None,
        code=error.code,
        finding=error.findings[0] if error.findings else failure.finding(error),
        extra=(replace(record, state="abandoned", last_us=node.clock.now_us()),),
    )
    await conclude.conclude(delivery, message, node, ending)


async def _delivered(attempt: Attempt, outcome: Outcome, node: Node) -> None:
    """The partner has it: fact, receipt to the sender's node, the partner's numbers, the lane is free."""
    delivery, message = attempt.delivery, attempt.message
    answer = {"ref": outcome.native_ref, "code": outcome.native_code, "repeated": outcome.repeated}
    after = replace(
        conclude.freed(delivery),
        state="delivered",
        attempts=delivery.attempts + 1,
        outcome=orjson.dumps(answer).decode(),
    )
    numbers = [*outcome.references, *([("NativeReference", outcome.native_ref)] if outcome.native_ref else [])]
    extra: list[Row] = [
        rows.reference(
            delivery.endpoint, kind, text, conversation_id=message.conversation_id, process_id=message.process_id
        )
        for kind, text in numbers
    ]
    earlier = await node.ledger.failure_of(delivery.endpoint, delivery.sender, delivery.message_id, delivery.part)
    if earlier is not None and earlier.state != "resolved":
        extra.append(replace(earlier, state="resolved", last_us=node.clock.now_us()))
    await node.ledger.endpoint_outcome(delivery.endpoint, ok=True, now_us=node.clock.now_us(), policy=(0, 0))
    took = (time.perf_counter_ns() - attempt.began) // 1000
    receipt: ReceiptKind | None = "delivered" if delivery.part == "message" else None
    fact = "delivered" if receipt else "carried"
    ending = conclude.Ending(
        name="deliver.done", fact=fact, after=after, receipt=receipt, extra=tuple(extra), took_us=took
    )
    await conclude.conclude(delivery, message, node, ending)
    node.meter.observe("deliver", took / 1e6, profile=attempt.adapter.profile)


async def _again(attempt: Attempt, error: GatewayError, node: Node) -> None:
    """The partner did not take it now: the breaker learns of it."""
    policy, now = node.policy, node.clock.now_us()
    await node.ledger.endpoint_outcome(
        attempt.delivery.endpoint, ok=False, now_us=now, policy=(policy.breaker_failures, policy.breaker_open_us)
    )
    await _later(attempt, error, node)


async def _later(attempt: Attempt, error: GatewayError, node: Node) -> None:
    """Try later: backoff with jitter, never past the end (protocol.md §4, §10)."""
    delivery, policy, now = attempt.delivery, node.policy, node.clock.now_us()
    wait = min(policy.retry_first_us * policy.retry_factor**delivery.attempts, policy.retry_max_us)
    due = now + int(wait * (1 + policy.retry_jitter * (2 * node.ids.random() - 1)))
    outcome = orjson.dumps({"code": error.code}).decode()
    after = replace(
        conclude.freed(delivery),
        due_us=min(due, delivery.deadline_us + 1),
        attempts=delivery.attempts + 1,
        outcome=outcome,
    )
    ending = conclude.Ending(
        name="deliver.again", fact="attempted", after=after, code=error.code, took_us=_took(attempt)
    )
    await conclude.conclude(delivery, attempt.message, node, ending)
    node.meter.count("deliver", outcome="again", code=error.code)


async def _unknown(attempt: Attempt, error: OutcomeUnknown, node: Node) -> None:
    """Sent, and no answer: repeated by itself only where the profile says that repeating is safe."""
    if attempt.adapter.repeat == "safe":
        await _again(attempt, error, node)
    else:
        await _failed(attempt, error, node)


async def _failed(attempt: Attempt, error: GatewayError, node: Node) -> None:
    """Not retried by itself: the lane is held, the failure record waits for a person with the native bytes of the attempt."""
    delivery, message, now = attempt.delivery, attempt.message, node.clock.now_us()
    original = dump_call(attempt.call) if attempt.call else message.raw
    earlier = await node.ledger.failure_of(delivery.endpoint, delivery.sender, delivery.message_id, delivery.part)
    record = failure.record(
        error, conclude.subject(delivery, message), failure_id=earlier.failure_id if earlier else node.ids.uuid7(), stage="deliver",
        original=original, at_us=now,
    )  # fmt: skip
    if earlier:
        record = replace(record, attempts=earlier.attempts + 1, first_us=earlier.first_us)
    outcome = orjson.dumps({"code": error.code}).decode()
    after = replace(conclude.freed(delivery), state="failed", attempts=delivery.attempts + 1, outcome=outcome)
    ending = conclude.Ending(
        name="deliver.failed", fact="failed", after=after, code=error.code, extra=(record,), took_us=_took(attempt)
    )
    await conclude.conclude(delivery, message, node, ending)
    node.meter.count("deliver", outcome="failed", code=error.code)


def _took(attempt: Attempt) -> int:
    return (time.perf_counter_ns() - attempt.began) // 1000


def dump_call(call: NativeCall) -> bytes:
    """A native call as evidence: method, address and body; headers stay out, they may hold a credential."""
    return f"{call.method} {call.url}\n\n".encode() + call.body
