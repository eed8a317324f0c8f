"""Fire: the due timers of the processes kept here, each once, by a message of its own (protocol.md §7)."""

from __future__ import annotations

import structlog

from gateway.contract import expiry
from gateway.contract.terms import DEADLINE_EXPIRED
from gateway.errors import AlreadyClaimed, LeaseLost, Refusal, StaleConversation
from gateway.evidence import chain
from gateway.flow import acknowledge, compose, rows
from gateway.flow.node import Node, microseconds
from gateway.model.envelope import Permitted, Validated
from gateway.model.ids import is_test
from gateway.model.ledger import Change, Deadline, Guard, Survey
from gateway.model.payload import Payload
from gateway.model.process import ProcessView, Step
from gateway.signing import receipts, seal, signature
from gateway.validate import structure
from gateway.xml import envelope

log = structlog.get_logger()


async def fire(node: Node, *, limit: int) -> int:
    """Fire the due timers of processes kept here, each once, after the inbox was read to its end past the due time."""
    read_through = await node.ledger.read_through(acknowledge.topic_of(node.name, node))
    fired = 0
    for deadline in await node.ledger.deadlines_due(node.clock.now_us(), limit):
        if read_through is None or read_through <= deadline.due_us:
            continue
        if await _awaited_in_time(deadline, node):
            continue
        try:
            fired += await _fire(deadline, node)
        except Refusal as refusal:  # a timer that its contract does not let fire must not hold up the others
            log.warning("deadline.stuck", process_id=deadline.process_id, timer=deadline.timer, code=refusal.code)
    if fired:
        node.wake("relay")
    return fired


async def _awaited_in_time(deadline: Deadline, node: Node) -> bool:
    """A parked message of the process that its sender's node accepted by the due time delays the timer (protocol.md §7)."""
    for row in await node.ledger.parked_in(deadline.conversation_id):
        if row.part == "message":
            accepted = receipts.read(seal.unframe(row.transfer, node.limits)[1])
            if accepted.process_id == deadline.process_id and microseconds(accepted.issued_at) <= deadline.due_us:
                return True
    return False


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
    conversation, facts = chain.extend(survey.conversation, (_happening(deadline, permitted, number, node),), at_us=now)
    made = rows.step_rows(permitted, process, rows.Standing(number=number, accepted_us=now, at_us=now))
    about = acknowledge.about(header, permitted.validated.verified.digest)
    words = acknowledge.Words(recipient=header.receiver, number=number, state=step.state, due_dates=made.due_dates)
    receipt = acknowledge.issue("accepted", about, words, node, conversation=conversation, at_us=now)
    ask_us = now + node.policy.ask_after_us
    return Change(
        name="watch.fire",
        moves=((survey.conversation.version, conversation),),
        guards=(_guard(deadline),),
        rows=(
            rows.claim("submit", header, about.digest, verdict="accepted", at_us=now),
            *facts,
            rows.message_row(permitted.validated, accepted_us=now, word="accepted", ask_us=ask_us),
            *made.rows,
            acknowledge.receipt_row(receipt, stored_us=now),
            *acknowledge.outbox(permitted, receipt, node, seq=conversation.version),
        ),
    )


def _guard(deadline: Deadline) -> Guard:
    """A timer fires once, however many workers look at it."""
    timer, start_step, item = _instance(deadline)
    key = (("process_id", deadline.process_id), ("timer", timer), ("start_step", start_step), ("item", item))
    return Guard(table=Deadline, key=key, column="state", expected="armed")


def _happening(deadline: Deadline, permitted: Permitted, number: int, node: Node) -> chain.Happening:
    header, state = permitted.header, permitted.step.state
    return chain.Happening(
        kind="accepted",
        actor=node.name,
        stage="watch",
        sender=node.name,
        message_id=header.message_id,
        process_id=header.process_id,
        detail=(("type", header.message_type), ("timer", deadline.timer), ("number", number), ("state", state)),
        trace_id=rows.trace_id(header),
    )
