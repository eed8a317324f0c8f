"""Native: a partner's call in its own dialect becomes one signed message, and is answered in that dialect."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import orjson

from gateway.errors import AccessRefused, ContractRefused, GatewayError, RequestRefused
from gateway.evidence import failure
from gateway.flow import compose, rows
from gateway.flow.answer import Answer
from gateway.flow.node import Node
from gateway.flow.submit import submit
from gateway.model import casenumber
from gateway.model.envelope import Attachment, Header
from gateway.model.ledger import Change, Origin, Row
from gateway.model.process import ProcessView
from gateway.model.receipt import Receipt
from gateway.ports import Adapter, Draft, NativeAnswer, NativeRequest, PartnerEndpoint
from gateway.signing import receipts, signature
from gateway.translate import router
from gateway.transport import trace as w3c

#: A used nonce is kept for twice the clock window of five minutes (product.md §4).
NONCE_US = 600_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """An authenticated native call: whose it is, and what proved it."""

    request: NativeRequest
    adapter: Adapter
    endpoint: PartnerEndpoint
    evidence: Mapping[str, str]


async def receive_native(profile: str, request: NativeRequest, node: Node) -> NativeAnswer:
    """Take a native call: authenticate, read, claim its native key, sign, submit; answer in the dialect, whatever came of it.

    The sender is the credential's participant, never what the body says; a repeated call is one message and gets the same answer.
    Raises `AccessRefused` where no credential names a dialect to answer in.
    """
    adapter = node.adapters.get(profile)
    if adapter is None:
        raise RequestRefused(f"no dialect {profile!r}", code="REQ-404")
    endpoint = router.by_credential(profile, adapter.credential(request), await node.ledger.endpoints())
    draft: Draft | None = None
    try:
        call = Call(
            request=request,
            adapter=adapter,
            endpoint=endpoint,
            evidence=await _authenticate(request, adapter, endpoint, node),
        )
        draft = adapter.read(request, endpoint)
        return await _take(call, draft, node)
    except GatewayError as error:
        await _note(error, request, endpoint, node)
        return adapter.answer(draft, error, endpoint)


async def _authenticate(
    request: NativeRequest, adapter: Adapter, endpoint: PartnerEndpoint, node: Node
) -> Mapping[str, str]:
    """The credential's proof, and its nonce used once."""
    evidence = adapter.authenticate(request, endpoint, now=node.clock.now())
    nonce = evidence.get("nonce", "")
    if nonce and not await node.ledger.use_nonce(evidence["key"], nonce, node.clock.now_us() + NONCE_US):
        raise AccessRefused("this nonce was used before", code="ACC-011")
    return evidence


async def _take(call: Call, draft: Draft, node: Node) -> NativeAnswer:
    origin = await _claim(call, draft, node)
    if origin.answer:
        return call.adapter.answer(draft, receipts.read(origin.answer), call.endpoint)
    stored = await node.ledger.receipts(call.endpoint.participant, origin.message_id)
    accepted = next((receipts.read(row.xml) for row in stored if row.kind == "accepted"), None)
    if accepted is None:
        answer = await _submit(call, draft, origin, node)
        if answer.refusal is not None:
            return call.adapter.answer(draft, answer.refusal, call.endpoint)
        accepted = answer.receipt
    await _keep_answer(origin, accepted, node)
    return call.adapter.answer(draft, accepted, call.endpoint)


async def _claim(call: Call, draft: Draft, node: Node) -> Origin:
    """(participant, native key) → message id, before anything is signed: the first call's id is every repetition's (protocol.md §4)."""
    participant = call.endpoint.participant
    earlier = await node.ledger.origin(participant, draft.native_key)
    if earlier is not None:
        return earlier
    found = await _find(draft, participant, node)
    origin = Origin(
        participant=participant,
        native_key=draft.native_key,
        message_id=node.ids.uuid7(),
        conversation_id=found.conversation_id if found else node.ids.uuid7(),
        profile=call.adapter.profile,
        raw=call.request.body,
        authentication=_evidence(call),
        answer=b"",
        at_us=node.clock.now_us(),
    )
    await node.ledger.commit(Change(name="native.claim", rows=(origin,)))
    return await node.ledger.origin(participant, draft.native_key) or origin


async def _submit(call: Call, draft: Draft, origin: Origin, node: Node) -> Answer:
    """Write the canonical envelope, sign it with the key of the participant that the credential names, and submit it."""
    header = await _header(call, draft, origin, node)
    participant = call.endpoint.participant
    payload = node.catalogue.to_element(draft.message_type, draft.payload)
    raw = signature.sign_envelope(header, payload, node.keys, subject=participant)
    beside: list[Row] = [
        rows.reference(participant, kind, text, conversation_id=header.conversation_id, process_id=header.process_id)
        for kind, text in draft.references
    ]
    # Of several calls under one key the evidence is the one whose message is accepted, not one that was refused before.
    beside.append(replace(origin, raw=call.request.body, authentication=_evidence(call)))
    return await submit(raw, node, beside=beside)


def _evidence(call: Call) -> str:
    return orjson.dumps(dict(call.evidence), option=orjson.OPT_SORT_KEYS).decode()


async def _header(call: Call, draft: Draft, origin: Origin, node: Node) -> Header:
    participant = call.endpoint.participant
    process = await _process(call, draft, origin, node)
    return compose.header(
        node,
        process=process,
        sender=participant,
        receiver=draft.receiver or _addressee(draft, process, node),
        message_type=draft.message_type,
        copies=draft.copies,
        test=draft.test or participant.partition(":")[2].startswith("t-"),
        message_id=origin.message_id,
        sent_us=origin.at_us,
        kind=draft.kind,
        ref_to=_answered(process, participant),
        supersedes=await _corrected(draft, participant, node),
        actor=draft.actor or None,
        occurred_at=draft.occurred_at,
        attachments=await _keep_documents(draft, node),
        trace=_trace_of(call.request),
    )


def _trace_of(request: NativeRequest) -> str:
    """The caller's own W3C trace context, where it sends one that is well formed."""
    came = w3c.parse(request.headers.get("traceparent", ""))
    return str(came) if came else ""


async def _process(call: Call, draft: Draft, origin: Origin, node: Node) -> ProcessView:
    """The running process that the call's numbers name, or the one that this message opens."""
    flow = node.contracts.current(draft.flow) if draft.flow else None
    if flow and draft.message_type in flow.openings:
        return ProcessView(
            process_id=origin.message_id,
            conversation_id=origin.conversation_id,
            flow=flow.flow,
            flow_version=flow.version,
            keeper="",
            roles={},
            number=0,
            state=flow.start,
        )
    found = await _find(draft, call.endpoint.participant, node)
    if found is None:
        wanted = ", ".join(f"{kind} {text}" for kind, text in draft.refers)
        raise ContractRefused(f"no process here is known to {call.endpoint.participant} by {wanted}", code="FLW-104")
    return found


async def _find(draft: Draft, participant: str, node: Node) -> ProcessView | None:
    for kind, text in draft.refers:
        reference = await node.ledger.resolve(participant, kind, casenumber.key(text))
        if reference is not None:
            view = await node.ledger.process_view(reference.process_id)
            if view is not None:
                return view
    return None


def _addressee(draft: Draft, process: ProcessView, node: Node) -> str:
    """The participant of the role that the contract addresses this message to."""
    flow = node.flow(process.flow, process.flow_version)
    message = flow.messages.get(draft.message_type)
    if message is None or message.receiver not in process.roles:
        raise ContractRefused(f"{draft.message_type} has no addressee in {process.flow}", code="FLW-105")
    return process.roles[message.receiver]


def _answered(process: ProcessView, participant: str) -> str | None:
    """The newest counted message of another side: what this one answers."""
    others = [
        step
        for step in process.steps
        if step.number > 0 and step.sender != participant and not step.sender.startswith("node:")
    ]
    return max(others, key=lambda step: step.number).message_id if others else None


async def _corrected(draft: Draft, participant: str, node: Node) -> str | None:
    if not draft.corrects:
        return None
    origin = await node.ledger.origin(participant, draft.corrects)
    if origin is None:
        raise RequestRefused(f"nothing was sent under {draft.corrects!r} that could be corrected", code="REQ-405")
    return origin.message_id


async def _keep_documents(draft: Draft, node: Node) -> tuple[Attachment, ...]:
    kept = []
    for document_type, name, media_type, data in draft.documents:
        digest = hashlib.sha256(data).hexdigest()
        await node.blobs.put(digest, _once(data), limit=node.policy.attachment_limit)
        kept.append(
            Attachment(document_type=document_type, name=name, media_type=media_type, size=len(data), sha256=digest)
        )
    return tuple(kept)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _keep_answer(origin: Origin, receipt: Receipt, node: Node) -> None:
    await node.ledger.commit(Change(name="native.answer", rows=(replace(origin, answer=receipt.xml),)))


async def _note(error: GatewayError, request: NativeRequest, endpoint: PartnerEndpoint, node: Node) -> None:
    """What could not be read or proved is a bounded failure record with the bytes as they came."""
    now = node.clock.now_us()
    subject = failure.Subject(participant=endpoint.participant)
    record = failure.record(
        error, subject, failure_id=node.ids.uuid7(), stage="submit", original=request.body, at_us=now
    )
    await node.ledger.commit(
        Change(name="native.note", rows=(failure.bounded(record, expires_us=now + node.policy.bounded_failure_us),))
    )
