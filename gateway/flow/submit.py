"""Submit: one envelope from bytes to a durable fact."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.contract import step as contract
from gateway.errors import (
    AlreadyClaimed,
    AttachmentRefused,
    ClaimRefused,
    NodeError,
    Refusal,
    SignatureRefused,
    StaleConversation,
)
from gateway.evidence import chain, failure
from gateway.flow import acknowledge, rows
from gateway.flow.answer import Answer
from gateway.flow.build import built_on
from gateway.flow.compare import compare
from gateway.flow.node import Node, microseconds
from gateway.model.envelope import Permitted, Unpacked, Validated, Verified
from gateway.model.ledger import AttachmentUse, Change, Row, Survey
from gateway.signing import receipts, signature
from gateway.validate import structure
from gateway.xml import envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """One submission on its way to its transaction."""

    #: The one time that clocks start from and that the receipt proves.
    accepted: dt.datetime
    beside: tuple[Row, ...]
    #: perf_counter_ns at its beginning.
    began: int


async def submit(raw: bytes, node: Node, *, beside: Iterable[Row] = ()) -> Answer:
    """Take one envelope from bytes to a durable fact; answer with a signed receipt or a signed rejection.

    `beside` are rows that become durable with the acceptance (a native call's references). Raises `UnreadableEnvelope` when there is
    no header to answer to; every other refusal is an answer. The answer to a repeated (sender, message id) is the stored one, byte for
    byte (idempotent receiver).
    """
    began = time.perf_counter_ns()
    unpacked = envelope.unpack(raw, node.limits)
    try:
        skew = dt.timedelta(microseconds=node.policy.skew_us)
        verified = signature.verify(unpacked, node.trust, at=node.clock.now(), skew=skew)
        _only_local(verified, node)
        validated = None
        for _ in range(node.policy.steps):
            survey = await node.ledger.survey("submit", verified.header)
            if survey.claim is not None:
                return _known(verified, survey)
            validated = validated or structure.validate(verified, node.catalogue, node.rules)
            await _attachments_are_here(validated, node)
            accepted = node.clock.now()
            permitted = _permit(await compare(validated, survey.process, node), survey, node, accepted=accepted)
            call = _Call(accepted=accepted, beside=tuple(beside), began=began)
            try:
                return await _accept(permitted, survey, node, call)
            except (StaleConversation, AlreadyClaimed):
                continue
    except Refusal as refusal:
        return await _reject(unpacked, refusal, node)
    raise NodeError("the conversation moved at every attempt", code="NOD-005")


def _only_local(verified: Verified, node: Node) -> None:
    """A node speaks for its own participants alone (protocol.md §1)."""
    header, registry = verified.header, node.registry()
    if registry.node_of(header.sender) != node.name:
        raise SignatureRefused(f"{header.sender} is not local to {node.name}", code="SIG-030")
    for participant in (header.receiver, *(copy for _, copy in header.copies)):
        if not registry.node_of(participant):
            raise SignatureRefused(f"the registry does not know {participant}", code="SIG-031")


def _known(verified: Verified, survey: Survey) -> Answer:
    """The stored receipt, where these are the same bytes; a conflict where they are others (protocol.md §4)."""
    claim = survey.claim
    if claim is None or claim.digest != verified.digest:
        raise ClaimRefused("this message id stands already for other bytes")
    stored = next(row for row in survey.receipts if row.kind == "accepted")
    return Answer(receipt=receipts.read(stored.xml), repeated=True)


async def _attachments_are_here(validated: Validated, node: Node) -> None:
    for attachment in validated.header.attachments:
        if not await node.blobs.has(attachment.sha256):
            text = f"the bytes of {attachment.document_type} {attachment.sha256} are not at this node: PUT them first"
            raise AttachmentRefused(text, code="ATT-002")


def _permit(validated: Validated, survey: Survey, node: Node, *, accepted: dt.datetime) -> Permitted:
    """The contract's word at the sender's node: the keeper's own message on the counted state, any other on counted plus own pending."""
    header = validated.header
    rows.of_dispute(header, survey.process)
    flow = node.flow(header.flow, header.flow_version)
    message = rows.step_message(validated, accepted=accepted)
    step = contract.step(flow, survey.process, message, calendar=node.calendar)
    advised = replace(validated, advice=(*validated.advice, *step.advice))
    return Permitted(validated=advised, step=step, keeper=step.roles[flow.keeper])


async def _accept(permitted: Permitted, survey: Survey, node: Node, call: _Call) -> Answer:
    """One transaction: claim, fact, message, step, due dates, outbox rows and receipt."""
    header, validated, now = permitted.header, permitted.validated, microseconds(call.accepted)
    number = _next_number(survey) if permitted.keeper == header.sender else 0
    conversation, facts = chain.extend(survey.conversation, (_happening(permitted, number, call.began),), at_us=now)
    steps = rows.step_rows(permitted, survey.process, rows.Standing(number=number, accepted_us=now, at_us=now))
    message = acknowledge.about(header, validated.verified.digest)
    state = permitted.step.state if number else ""
    words = acknowledge.Words(recipient=header.receiver, number=number, state=state, due_dates=steps.due_dates)
    receipt = acknowledge.issue("accepted", message, words, node, conversation=conversation, at_us=now)
    change = Change(
        name="submit.accept",
        moves=((survey.conversation.version, conversation),),
        rows=(
            rows.claim("submit", header, message.digest, verdict="accepted", at_us=now),
            *facts,
            rows.message_row(validated, accepted_us=now, word="accepted", ask_us=rows.ask_us(permitted.step, now)),
            *steps.rows,
            *(await built_on(permitted, node) if number else ()),
            acknowledge.receipt_row(receipt, stored_us=now),
            *acknowledge.outbox(permitted, receipt, node, seq=conversation.version),
            *rows.references(validated.payload, header),
            *(
                AttachmentUse(sha256=a.sha256, sender=header.sender, message_id=header.message_id)
                for a in header.attachments
            ),
            *call.beside,
        ),
    )
    await node.ledger.commit(change)
    node.meter.count("submit", outcome="accepted")
    node.wake("relay")
    return Answer(receipt=receipt)


def _next_number(survey: Survey) -> int:
    return (survey.process.number if survey.process else 0) + 1


def _happening(permitted: Permitted, number: int, began: int) -> chain.Happening:
    header, signer = permitted.header, permitted.validated.verified.signer
    state = permitted.step.state if number else ""
    return chain.Happening(
        kind="accepted",
        actor=header.actor or header.sender,
        stage="submit",
        sender=header.sender,
        message_id=header.message_id,
        process_id=header.process_id,
        detail=(("type", header.message_type), ("number", number), ("state", state), ("held_by", signer.held_by)),
        trace_id=rows.trace_id(header),
        took_us=(time.perf_counter_ns() - began) // 1000,
    )


async def _reject(unpacked: Unpacked, refusal: Refusal, node: Node) -> Answer:
    """A signed rejection and a bounded failure record; it claims nothing, so that garbage cannot burn a message id (protocol.md §4)."""
    header, now = unpacked.header, node.clock.now_us()
    digest = failure.digest_of(unpacked.raw)
    receipt = acknowledge.rejection(header, digest, refusal, node)
    subject = failure.Subject(
        participant=header.sender,
        sender=header.sender,
        message_id=header.message_id,
        conversation_id=header.conversation_id,
        schema_version=header.schema_version,
    )
    record = failure.record(
        refusal, subject, failure_id=node.ids.uuid7(), stage="submit", original=unpacked.raw, at_us=now
    )
    record = failure.bounded(record, expires_us=now + node.policy.bounded_failure_us, answer=receipt.xml)
    await node.ledger.commit(Change(name="submit.reject", rows=(record,)))
    node.meter.count("submit", outcome="rejected", code=refusal.code)
    return Answer(receipt=receipt, refusal=refusal)
