"""Hear: a receipt that came over the bus takes effect once, the keeper's strictly by number (protocol.md §3, §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.bus import headers as bus_headers
from gateway.contract.terms import FlowContract
from gateway.errors import NodeError, Parked, StaleConversation, TransferRefused
from gateway.evidence import chain
from gateway.flow import acknowledge, park, rows
from gateway.flow.node import Node, microseconds
from gateway.model.envelope import Header
from gateway.model.ledger import Change, Deadline, Process, Role, Row, StepRow, Survey
from gateway.model.process import PastStep, ProcessView, Timer
from gateway.model.receipt import RECIPIENT_NODE_KINDS, SENDER_NODE_KINDS, Receipt
from gateway.signing import receipts
from gateway.xml import envelope

#: What a receipt says of its message, under the names that the header has too.
_ALIKE = ("sender", "message_id", "conversation_id", "process_id", "message_type", "flow", "flow_version")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a step says of itself beyond the keeper's receipt."""

    kind: str = "new"
    #: The message that it corrects or voids.
    supersedes: str | None = None
    #: When its sender's node accepted it; 0 where only the keeper's receipt is here.
    accepted_us: int = 0


async def hear(xml: bytes, headers: tuple[tuple[str, str], ...], node: Node, *, transfer: bytes) -> None:
    """Store a receipt and let it take effect; one that is stored already changes nothing.

    Raises `TransferRefused` where the issuer may not say this; parks where the message or its process is unknown here.
    """
    receipt = receipts.verify(xml, node.trust, limits=node.limits)
    if headers:
        bus_headers.check_receipt(headers, receipt, receiver=node.name)
    _entitled(receipt, node)
    key = park.Key(
        sender=receipt.sender,
        message_id=receipt.message_id,
        part=f"{receipt.kind}/{receipt.issuer}/{receipt.recipient}",
    )
    about = acknowledge.about_receipt(receipt)
    for _ in range(node.policy.steps):
        survey = await node.ledger.survey("receive", about)
        try:
            await _about_what_is_here(receipt, survey, node)
            _expected_here(receipt, survey, node)
            await _store(receipt, survey, key, node)
        except StaleConversation:
            continue
        except Parked as reason:
            await park.park(key, receipt.conversation_id, reason, node, transfer=transfer, headers=headers)
        return
    raise NodeError("the conversation moved at every attempt", code="NOD-005")


async def _store(receipt: Receipt, survey: Survey, key: park.Key, node: Node) -> None:
    unpark = (key.as_tuple(),)
    if any(
        (row.recipient, row.kind, row.issuer) == (receipt.recipient, receipt.kind, receipt.issuer)
        for row in survey.receipts
    ):
        no_gap_before(receipt, survey.process)
        await node.ledger.commit(Change(name="hear.repeat", unpark=unpark))
        return
    now = node.clock.now_us()
    conversation, facts = chain.extend(survey.conversation, (_happening(receipt),), at_us=now)
    effect = acknowledge.take_effect(
        receipt, node, process=survey.process, stored=survey.receipts, seq=conversation.version
    )
    said = await _said(receipt, survey.process, node)
    steps = numbered(receipt, survey.process, said, node) if receipt.number else ()
    change = Change(
        name="hear.receipt",
        moves=((survey.conversation.version, conversation),),
        rows=(*facts, *effect.rows, *steps, *await park.awaken(survey, key, node)),
        words=effect.words,
        unpark=unpark,
    )
    await node.ledger.commit(change)
    node.wake("deliver")
    node.wake("watch")
    no_gap_before(receipt, survey.process)


def _entitled(receipt: Receipt, node: Node) -> None:
    """Who may issue which kind: the sender's node, the recipient's node, or either (protocol.md §6)."""
    registry = node.registry()
    may = receipt.kind in SENDER_NODE_KINDS and receipt.issuer == registry.node_of(receipt.sender)
    may = may or (receipt.kind in RECIPIENT_NODE_KINDS and receipt.issuer == registry.node_of(receipt.recipient))
    if not may or receipt.kind == "rejected":
        raise TransferRefused(f"{receipt.issuer} may not issue {receipt.kind} here", code="BUS-013")


def agrees(receipt: Receipt, other: Receipt | Header) -> bool:
    """Whether the receipt places its message where `other` does: a number must not move another process than the one that was sent."""
    return all(getattr(receipt, name) == getattr(other, name) for name in _ALIKE)


async def _about_what_is_here(receipt: Receipt, survey: Survey, node: Node) -> None:
    """A receipt is about the bytes that are here, from the node of one of their addressees, in the dispute of its process."""
    rows.of_dispute(receipt, survey.process)
    stored = next((row for row in survey.receipts if row.kind == "accepted"), None)
    accepted = receipts.read(stored.xml) if stored else receipt
    if receipt.digest != accepted.digest or not agrees(receipt, accepted):
        raise TransferRefused("the receipt is about another message than the one that is here", code="BUS-010")
    message = None
    if receipt.recipient != accepted.recipient:
        message = await node.ledger.message(receipt.sender, receipt.message_id)
    copies = envelope.unpack(message.raw, node.limits).header.copies if message else ()
    if message and receipt.recipient not in {participant for _, participant in copies}:
        raise TransferRefused(f"the message is not for {receipt.recipient}", code="BUS-013")


def _expected_here(receipt: Receipt, survey: Survey, node: Node) -> None:
    """A receipt about nothing that is known here waits for its message, one of an unknown contract version for the version."""
    if receipt.number and node.contracts.find(receipt.flow, receipt.flow_version) is None:
        raise Parked(
            "a contract version that this node does not take yet", wait_for=f"version:{receipt.flow}", code="PRK-003"
        )
    if (
        receipt.number == 0
        and node.is_local(receipt.sender)
        and not any(row.kind == "accepted" for row in survey.receipts)
    ):
        raise Parked(
            "the message of this receipt is unknown here", wait_for=f"message:{receipt.message_id}", code="PRK-005"
        )


def numbered(receipt: Receipt, process: ProcessView | None, said: Said, node: Node) -> tuple[Row, ...]:
    """The keeper's word applied by number: the next one moves the process, an earlier one is here already, a later one is held.

    A node that hears of a process for the first time (a copy role named late) joins it at the number it hears.
    """
    _of_keeper(receipt, process, node)
    step = _step_row(receipt, said)
    if process is not None and receipt.number <= process.number:
        # Our own step whose number comes late is pending no more.
        return (step,) if any(one.message_id == step.message_id and not one.number for one in process.steps) else ()
    if _is_ahead(receipt, process):
        return (step,)
    flow = node.flow(receipt.flow, receipt.flow_version)
    roles = {**_roles(flow, receipt), **(process.roles if process else {})}
    number, state = _following(receipt, process.held if process else ())
    known = process.roles if process else {}
    return (
        step,
        *(rows.superseded(process, said.supersedes, by=receipt.message_id) if said.supersedes else ()),
        *(Role(process_id=receipt.process_id, role=r, participant=p) for r, p in roles.items() if r not in known),
        Process(
            process_id=receipt.process_id,
            conversation_id=receipt.conversation_id,
            flow=receipt.flow,
            flow_version=receipt.flow_version,
            keeper=process.keeper if process else roles[flow.keeper],
            number=number,
            state=state,
            turn=roles.get(flow.states[state].turn, ""),
            ended=flow.states[state].final,
            expired="",
            opened_us=microseconds(receipt.issued_at),
            updated_us=node.clock.now_us(),
        ),
        *_shown(receipt, process.timers if process else ()),
    )


def no_gap_before(receipt: Receipt, process: ProcessView | None) -> None:
    """Raises `Parked` for a number behind a gap: it waits for the numbers before it, and after a limit it is a failure (§3)."""
    if process is not None and _is_ahead(receipt, process):
        wait_for = f"number:{process.process_id}:{process.number + 1}"
        raise Parked("the keeper's earlier numbers have not come", wait_for=wait_for, code="PRK-008")


def _is_ahead(receipt: Receipt, process: ProcessView | None) -> bool:
    return process is not None and process.number > 0 and receipt.number > process.number + 1


def _step_row(receipt: Receipt, said: Said) -> StepRow:
    return StepRow(
        process_id=receipt.process_id,
        sender=receipt.sender,
        message_id=receipt.message_id,
        message_type=receipt.message_type,
        number=receipt.number,
        state=receipt.state,
        kind=said.kind,
        accepted_us=said.accepted_us or microseconds(receipt.issued_at),
        superseded_by=None,
    )


async def _said(receipt: Receipt, process: ProcessView | None, node: Node) -> Said:
    """What this node knows of its own pending step; a node without the bytes knows the number alone."""
    past = next((step for step in process.steps if step.message_id == receipt.message_id), None) if process else None
    if past is None:
        return Said()
    if past.kind not in ("correct", "void"):
        return Said(kind=past.kind, accepted_us=microseconds(past.accepted_at))
    message = await node.ledger.message(receipt.sender, receipt.message_id)
    replaced = message.supersedes if message else None
    return Said(kind=past.kind, supersedes=replaced, accepted_us=microseconds(past.accepted_at))


def _of_keeper(receipt: Receipt, process: ProcessView | None, node: Node) -> None:
    """A number counts from the keeper's node alone (protocol.md §3). Raises `TransferRefused`."""
    flow = node.flow(receipt.flow, receipt.flow_version)
    keeper = process.keeper if process else _roles(flow, receipt).get(flow.keeper, "")
    if not keeper or node.registry().node_of(keeper) != receipt.issuer:
        raise TransferRefused("a number from a node that is not the keeper's", code="BUS-014")


def _following(receipt: Receipt, steps: Sequence[PastStep]) -> tuple[int, str]:
    """The last number without a gap: steps that were held behind this one follow it."""
    held = {step.number: step.state for step in steps if step.number > receipt.number}
    number, state = receipt.number, receipt.state
    while number + 1 in held:
        number, state = number + 1, held[number + 1]
    return number, state


def _shown(receipt: Receipt, timers: Sequence[Timer]) -> list[Deadline]:
    """The keeper's due dates, for show: armed as its receipt says, stopped where it no longer names them."""
    named = {(due.timer, due.item): due for due in receipt.due_dates}
    shown = [
        Timer(timer=d.timer, item=d.item, start_step=_start(timers, d.timer, d.item) or receipt.message_id, start=receipt.issued_at, due=d.due,
              provisional=d.provisional)
        for d in receipt.due_dates
    ]  # fmt: skip
    gone = [
        replace(t, state="stopped") for t in timers if t.state in ("armed", "paused") and (t.timer, t.item) not in named
    ]
    return [
        rows.deadline_row(timer, receipt.process_id, receipt.conversation_id, kept=False) for timer in (*shown, *gone)
    ]


def _start(timers: Sequence[Timer], timer: str, item: str) -> str:
    return next(
        (t.start_step for t in timers if (t.timer, t.item) == (timer, item) and t.state in ("armed", "paused")), ""
    )


def _roles(flow: FlowContract, receipt: Receipt) -> dict[str, str]:
    """The roles that a message of this type names: its sender's and its receiver's."""
    message = flow.messages.get(receipt.message_type)
    if message is None or receipt.sender.startswith("node:"):
        return {}
    return {message.sender: receipt.sender, message.receiver: receipt.recipient}


def _happening(receipt: Receipt) -> chain.Happening:
    detail = (
        ("kind", receipt.kind),
        ("number", receipt.number),
        ("state", receipt.state),
        ("issuer_seq", receipt.seq),
        ("issuer_head", receipt.head),
    )
    return chain.Happening(
        kind="receipt",
        actor=receipt.issuer,
        stage="receive",
        sender=receipt.sender,
        message_id=receipt.message_id,
        process_id=receipt.process_id,
        detail=detail,
    )
