"""Watch: the clocks of the processes kept here, missing receipts, and what is parked (protocol.md §4, §6, §7)."""

from __future__ import annotations

import orjson

from gateway.contract import expiry
from gateway.contract.terms import DEADLINE_EXPIRED
from gateway.errors import AlreadyClaimed, Finding, LeaseLost, PartnerError, StaleConversation
from gateway.evidence import chain, failure
from gateway.flow import acknowledge, compose, receive, rows
from gateway.flow.node import Node
from gateway.model.envelope import Permitted, Validated
from gateway.model.ids import is_test
from gateway.model.ledger import Change, Claim, Deadline, Guard, Message, ParkedRecord, Survey, Word
from gateway.model.payload import Payload
from gateway.model.process import ProcessView, Step
from gateway.signing import receipts, signature
from gateway.validate import structure
from gateway.xml import envelope


async def watch(node: Node, *, limit: int = 200) -> int:
    """One round of everything that waits for a time; returns how much was done, so that the worker knows whether to rest."""
    done = await retry_parked(node, limit=limit)
    done += await fire(node, limit=limit)
    return done + await ask_again(node, limit=limit)


async def fire(node: Node, *, limit: int) -> int:
    """Fire the due timers of processes kept here, each once, after the inbox was read to its end past the due time."""
    read_through = await node.ledger.read_through(acknowledge.topic_of(node.name, node))
    fired = 0
    for deadline in await node.ledger.deadlines_due(node.clock.now_us(), limit):
        if read_through is None or read_through <= deadline.due_us:
            continue
        if await _awaited_in_time(deadline, node):
            continue
        fired += await _fire(deadline, node)
    if fired:
        node.wake("relay")
    return fired


async def _awaited_in_time(deadline: Deadline, node: Node) -> bool:
    """A parked message of the conversation that came by the due time delays the timer (protocol.md §7)."""
    return any(row.arrived_us <= deadline.due_us for row in await node.ledger.parked_in(deadline.conversation_id))


async def _fire(deadline: Deadline, node: Node) -> int:
    """One transaction: the timer's compare-and-set, the message `common.DeadlineExpired`, its step, receipt and outbox rows."""
    for _ in range(node.policy.steps):
        process = await node.ledger.process_view(deadline.process_id)
        if process is None or process.number == 0:
            return 0
        timer = next((t for t in process.timers if (t.timer, t.start_step, t.item) == _instance(deadline)), None)
        if timer is None or timer.state != "armed":
            return 0
        flow = node.flow(process.flow, process.flow_version)
        step = expiry.expire(flow, process, timer, at=node.clock.now(), calendar=node.calendar)
        payload = expiry.expiry_payload(flow, timer, {"Classification": "internal"})
        validated = _expired_message(payload, process, step, node)
        survey = await node.ledger.survey("submit", validated.header)
        if survey.process != process:
            continue
        try:
            await node.ledger.commit(
                _change(deadline, survey, Permitted(validated=validated, step=step, keeper=process.keeper), node)
            )
        except StaleConversation:
            continue
        except (LeaseLost, AlreadyClaimed):
            return 0
        node.meter.count("watch", outcome="fired", timer=deadline.timer)
        return 1
    return 0


def _instance(deadline: Deadline) -> tuple[str, str, str]:
    return (deadline.timer, deadline.start_step, deadline.item)


def _expired_message(payload: Payload, process: ProcessView, step: Step, node: Node) -> Validated:
    """The signed `common.DeadlineExpired`: the node stands for the keeper as sender, the keeper gets a copy."""
    header = compose.header(
        node,
        process=process,
        sender=node.name,
        receiver=process.roles.get(step.receiver_role, process.keeper),
        message_type=DEADLINE_EXPIRED,
        copies=(("keeper", process.keeper),),
        test=is_test(process.keeper),
    )
    raw = signature.sign_envelope(
        header, node.catalogue.to_element(DEADLINE_EXPIRED, payload), node.keys, subject=node.name
    )
    verified = signature.verify(envelope.unpack(raw, node.limits), node.trust, at=node.clock.now())
    return structure.validate(verified, node.catalogue, node.rules)


def _change(deadline: Deadline, survey: Survey, permitted: Permitted, node: Node) -> Change:
    header, step, now, process = permitted.header, permitted.step, node.clock.now_us(), survey.process
    number = (process.number if process else 0) + 1
    happening = chain.Happening(
        kind="accepted",
        actor=node.name,
        stage="watch",
        sender=node.name,
        message_id=header.message_id,
        process_id=header.process_id,
        detail=(("type", header.message_type), ("timer", deadline.timer), ("number", number), ("state", step.state)),
        trace_id=rows.trace_id(header),
    )
    conversation, facts = chain.extend(survey.conversation, (happening,), at_us=now)
    made = rows.step_rows(permitted, process, rows.Standing(number=number, accepted_us=now, at_us=now))
    about = acknowledge.about(header, permitted.validated.verified.digest)
    words = acknowledge.Words(recipient=header.receiver, number=number, state=step.state, due_dates=made.due_dates)
    receipt = acknowledge.issue("accepted", about, words, node, conversation=conversation, at_us=now)
    key = (
        ("process_id", deadline.process_id),
        ("timer", deadline.timer),
        ("start_step", deadline.start_step),
        ("item", deadline.item),
    )
    return Change(
        name="watch.fire",
        moves=((survey.conversation.version, conversation),),
        guards=(Guard(table=Deadline, key=key, column="state", expected="armed"),),
        rows=(
            Claim(
                stage="submit",
                sender=node.name,
                message_id=header.message_id,
                digest=about.digest,
                verdict="accepted",
                at_us=now,
            ),
            *facts,
            rows.message_row(
                permitted.validated, accepted_us=now, word="accepted", ask_us=now + node.policy.ask_after_us
            ),
            *made.rows,
            acknowledge.receipt_row(receipt, stored_us=now),
            *acknowledge.outbox(permitted, receipt, node, seq=conversation.version),
        ),
    )


async def ask_again(node: Node, *, limit: int) -> int:
    """A receipt that does not come: the same bytes are queued again, three times, then `timeout` says so (protocol.md §6)."""
    waiting = await node.ledger.unanswered(node.clock.now_us(), limit)
    for message in waiting:
        if message.asked < node.policy.asks:
            await _queue_again(message, node)
        else:
            await _time_out(message, node)
    if waiting:
        node.wake("relay")
    return len(waiting)


async def _queue_again(message: Message, node: Node) -> None:
    stored = await node.ledger.receipts(message.sender, message.message_id)
    accepted = next(receipts.read(row.xml) for row in stored if row.kind == "accepted")
    header = envelope.unpack(message.raw, node.limits).header
    about = acknowledge.about(header, message.digest)
    destinations = {node.registry().node_of(message.receiver)} - {""}
    survey = await node.ledger.survey("receive", about)
    outbox = acknowledge.message_outbox(
        about, message.raw, accepted, node, destinations=destinations, seq=survey.conversation.version,
        again=f"/{message.message_id}",
    )  # fmt: skip
    later = node.clock.now_us() + node.policy.ask_after_us
    word = Word(
        sender=message.sender, message_id=message.message_id, word=message.word, ask_us=later, asked=message.asked + 1
    )
    await node.ledger.commit(Change(name="watch.ask", rows=tuple(outbox), words=(word,)))


async def _time_out(message: Message, node: Node) -> None:
    """Silence after the last question: a negative receipt to the sender's system, and a failure record."""
    header = envelope.unpack(message.raw, node.limits).header
    about, error = acknowledge.about(header, message.digest), PartnerError("no receipt came", code="PAR-012")
    survey = await node.ledger.survey("receive", about)
    now = node.clock.now_us()
    happening = chain.Happening(
        kind="timeout",
        actor=node.name,
        stage="watch",
        sender=message.sender,
        message_id=message.message_id,
        process_id=message.process_id,
    )
    conversation, facts = chain.extend(survey.conversation, (happening,), at_us=now)
    finding = Finding(code=error.code, text_zh="对方节点未回执", text_en="no receipt came from the recipient's node")
    words = acknowledge.Words(recipient=message.receiver, findings=(finding,))
    receipt = acknowledge.issue("timeout", about, words, node, conversation=conversation, at_us=now)
    effect = acknowledge.take_effect(
        receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version
    )
    subject = failure.Subject(
        participant=message.receiver, sender=message.sender, message_id=message.message_id,
        conversation_id=message.conversation_id, schema_version=message.schema_version,
    )  # fmt: skip
    record = failure.record(error, subject, failure_id=node.ids.uuid7(), stage="relay", original=message.raw, at_us=now)
    change = Change(
        name="watch.timeout",
        moves=((survey.conversation.version, conversation),),
        rows=(*facts, *effect.rows, record),
        words=effect.words,
    )
    try:
        await node.ledger.commit(change)
    except StaleConversation:
        return
    node.wake("deliver")


async def retry_parked(node: Node, *, limit: int) -> int:
    """Try parked transfers again whose date has come; past their limit they become failure records."""
    due = await node.ledger.parked_due(node.clock.now_us(), limit)
    for record in due:
        await try_again(record, node)
    return len(due)


async def try_again(record: ParkedRecord, node: Node) -> None:
    """One parked transfer through the normal receive; past its limit it is a failure record and holds nothing any more."""
    if node.clock.now_us() > record.until_us:
        error = PartnerError(f"what it waited for did not come: {record.wait_for}", code="PRK-010")
        subject = failure.Subject(
            participant=record.sender,
            sender=record.sender,
            message_id=record.message_id,
            conversation_id=record.conversation_id,
        )
        now = node.clock.now_us()
        kept = failure.record(
            error, subject, failure_id=node.ids.uuid7(), stage="receive", original=record.transfer, at_us=now
        )
        key = (record.sender, record.message_id, record.part)
        await node.ledger.commit(Change(name="watch.unpark", rows=(kept,), unpark=(key,)))
        return
    headers = tuple((name, value) for name, value in orjson.loads(record.headers))
    await receive.take(record.transfer, headers, node, parked=True)
