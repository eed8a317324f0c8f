"""Pure ledgers of one process under a seeded scheduler: the rule of protocol.md §3 by the contract's own functions.

Nodes speak for roles and meet on wires that keep order per pair of nodes, deliver at least once, and may stand still.
A run submits, delivers, repeats, restarts, partitions and lets time pass by one seed; then all heals and arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from gateway.contract.advance import act, count
from gateway.contract.calendar import BEIJING
from gateway.contract.expiry import expire, overdue
from gateway.contract.step import Stage, step
from gateway.contract.terms import DEADLINE_EXPIRED, FlowContract
from gateway.contract.timing import on_receipt
from gateway.errors import ContractRefused
from gateway.model.process import PastStep, ProcessView, Step, StepMessage
from tests.drawn_payloads import drawn_payload
from tests.flow_run import CALENDAR


class Word(NamedTuple):
    """The keeper's word: `message` is step `number`, or (number 0) it is refused."""

    message: StepMessage
    number: int
    state: str


class Entered(NamedTuple):
    """A recipient's node says that the message has entered its system."""

    message_id: str
    at: datetime


Item = StepMessage | Word | Entered


@dataclass
class Node:
    """One node's ledger for one process."""

    name: str
    view: ProcessView
    history: list[str] = field(default_factory=list)
    #: Receive claims: message id → what was answered, sent again to a duplicate.
    answered: dict[str, Word] = field(default_factory=dict)
    held: dict[int, Word] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    @property
    def pending(self) -> tuple[PastStep, ...]:
        """Own submissions that the keeper has not spoken about."""
        return tuple(one for one in self.view.steps if one.number == 0)


@dataclass
class Wire:
    """A log with a position: what lies before it was taken; after a restart some of it comes again."""

    items: list[Item] = field(default_factory=list)
    position: int = 0
    broken: bool = False


class Federation:
    """The nodes of one process; `rule` own is what the keeper replaces, each end for itself."""

    def __init__(self, contract: FlowContract, chance: Random, *, rule: str = "keeper") -> None:
        self.contract, self.chance, self.rule = contract, chance, rule
        self.now = datetime(2026, 3, 2, 9, tzinfo=BEIJING)
        self.roles = {role.id: f"{role.families[0]}:t-{role.id}" for role in contract.roles.values() if not role.copy}
        sites = {role: chance.choice(("n1", "n2", "n3")) for role in self.roles}
        view = ProcessView(
            process_id="p", conversation_id="c", flow=contract.flow, flow_version=contract.version,
            keeper=self.roles[contract.keeper], roles=self.roles, number=0, state=contract.start,
        )  # fmt: skip
        self.nodes = {name: Node(name, view) for name in sorted(set(sites.values()))}
        self.at = {participant: self.nodes[sites[role]] for role, participant in self.roles.items()}
        self.keeper = self.at[view.keeper]
        self.wires = {(a, b): Wire() for a in self.nodes for b in self.nodes}
        self.next_id = 0

    # submit ------------------------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Somebody hands in some message; the node refuses it at the door where it is no step of the expected state."""
        term = self.contract.messages[self.chance.choice(sorted(self.contract.messages))]
        if self.ending(term.type) and self.chance.random() < 0.9:
            return  # an early end would leave most of the contract unwalked
        node, sender = self.at[self.roles[term.sender]], self.roles[term.sender]
        self.next_id += 1
        message = StepMessage(
            message_id=f"m{self.next_id}", message_type=term.type, sender=sender, receiver=self.roles[term.receiver],
            accepted_at=self.now, payload=drawn_payload(self.contract, term.type, now=self.now, chance=self.chance), documents=term.documents,
        )  # fmt: skip
        own = [one for one in node.view.steps if (one.sender, one.message_type) == (sender, term.type)]
        if own and self.chance.random() < 0.3:
            kind = self.chance.choice(("correct", "correct", "void"))
            message = replace(message, kind=kind, supersedes=self.chance.choice(own).message_id)
        found = self.judge(node, message, "submit")
        if found is None:
            return
        node.accepted.add(message.message_id)
        if self.rule == "own":
            self.apply(node, message, found)
            self.send(node, self.at[message.receiver], message)
        elif node is self.keeper and sender == node.view.keeper:
            self.count(message, found)
        else:
            past = self.past(message)
            node.view = replace(node.view, steps=(*node.view.steps, past))
            self.send(node, self.keeper, message)

    def ending(self, message_type: str) -> bool:
        """Whether the type leads to ends only."""
        ways = [branch for state in self.contract.states.values() for branch in state.accepts.get(message_type, ())]
        return all(self.contract.states[branch.to].final for branch in ways)

    def judge(self, node: Node, message: StepMessage, stage: Stage) -> Step | None:
        """The contract's word at a node, None for a refusal."""
        try:
            return step(self.contract, node.view, message, calendar=CALENDAR, stage=stage)
        except ContractRefused:
            return None

    # receive -----------------------------------------------------------------------------------------------------

    def receive(self, origin: str, node: Node, item: Item) -> None:
        """What a node does with a record of its inbox; everything may come twice."""
        if isinstance(item, Entered):
            actions = on_receipt(
                self.contract, node.view, message_id=item.message_id, kind="delivered", at=item.at, calendar=CALENDAR
            )
            node.view = replace(
                node.view, timers=act(node.view.timers, actions, message_id=item.message_id, at=item.at)
            )
        elif isinstance(item, Word):
            self.hear(node, item)
        elif item.message_id in node.answered:
            self.send(node, self.nodes[origin], node.answered[item.message_id])
        else:
            found = self.judge(node, item, "receive")
            if self.rule == "own":
                node.answered[item.message_id] = Word(item, 0, "")
                if found is not None:
                    self.apply(node, item, found)
            elif found is None:
                node.answered[item.message_id] = Word(item, 0, node.view.state)
                self.tell(self.nodes[origin], node.answered[item.message_id])
            else:
                self.count(item, found)

    def count(self, message: StepMessage, found: Step) -> None:
        """The keeper commits the step under the next number and tells every node of the process."""
        self.apply(self.keeper, message, found)
        word = Word(message, self.keeper.view.number, self.keeper.view.state)
        self.keeper.answered[message.message_id] = word
        for node in self.nodes.values():
            self.tell(node, word)

    def tell(self, node: Node, word: Word) -> None:
        """A receipt takes effect where it is first stored; within the keeper's node that is where it is issued."""
        if node is self.keeper:
            self.settle(node, word)
        else:
            self.send(self.keeper, node, word)

    def hear(self, node: Node, word: Word) -> None:
        """Apply the keeper's steps strictly by number; a gap holds what follows."""
        if word.number == 0:
            self.settle(node, word)
        elif word.number > node.view.number:
            node.held[word.number] = word
        while (ready := node.held.pop(node.view.number + 1, None)) is not None:
            past = self.past(ready.message, number=ready.number, state=ready.state)
            steps = [
                replace(one, superseded_by=past.message_id) if one.message_id == ready.message.supersedes else one
                for one in node.view.steps
            ]
            steps = [*(one for one in steps if one.message_id != past.message_id), past]
            node.view = replace(
                node.view,
                number=ready.number,
                state=ready.state,
                steps=tuple(sorted(steps, key=lambda one: one.number or 10**6)),
            )
            node.history.append(past.message_id)
            if self.at.get(ready.message.receiver) is node:
                self.send(node, self.keeper, Entered(past.message_id, self.now))

    def past(self, message: StepMessage, *, number: int = 0, state: str = "") -> PastStep:
        """The message as a step of the ledger, pending where it has no number."""
        return PastStep(
            sender=message.sender,
            message_id=message.message_id,
            message_type=message.message_type,
            number=number,
            state=state,
            kind=message.kind,
            accepted_at=message.accepted_at,
        )

    def settle(self, node: Node, word: Word) -> None:
        """A refusal drops the pending step."""
        if word.number == 0 and word.message.message_id in node.accepted:
            node.refused.add(word.message.message_id)
            kept = (one for one in node.view.steps if one.number or one.message_id != word.message.message_id)
            node.view = replace(node.view, steps=tuple(kept))

    def apply(self, node: Node, message: StepMessage, found: Step) -> None:
        """The step in the ledger."""
        node.view = count(node.view, message, found)
        node.history.append(message.message_id)

    def fire(self) -> None:
        """The keeper fires what is overdue, by messages of its own."""
        while self.rule == "keeper" and (due := overdue(self.contract, self.keeper.view, now=self.now)):
            found = expire(self.contract, self.keeper.view, due[0], at=self.now, calendar=CALENDAR)
            self.next_id += 1
            receiver = found.roles[found.receiver_role]
            message = StepMessage(
                message_id=f"m{self.next_id}",
                message_type=DEADLINE_EXPIRED,
                sender="node:n",
                receiver=receiver,
                accepted_at=self.now,
            )
            self.count(message, found)

    # bus and time ------------------------------------------------------------------------------------------------

    def send(self, origin: Node, target: Node, item: Item) -> None:
        """Behind everything that this node sent to that one before."""
        self.wires[origin.name, target.name].items.append(item)

    def deliver(self) -> bool:
        """Take the next item of some wire that is not broken; False where nothing is under way."""
        busy = [pair for pair, wire in self.wires.items() if not wire.broken and wire.position < len(wire.items)]
        if not busy:
            return False
        origin, target = pair = self.chance.choice(busy)
        wire = self.wires[pair]
        wire.position += 1
        self.receive(origin, self.nodes[target], wire.items[wire.position - 1])
        return True

    def disturb(self) -> None:
        """A restart that forgets what was taken last, a wire that breaks or heals, or time that passes."""
        wire = self.chance.choice(list(self.wires.values()))
        match self.chance.choice(("restart", "partition", "time")):
            case "restart":
                wire.position -= min(wire.position, self.chance.randint(1, 4))
            case "partition":
                wire.broken = not wire.broken
            case _:
                self.now += timedelta(hours=self.chance.choice((1, 8, 30, 100, 400)))
                self.fire()

    def run(self, events: int) -> None:
        """Drawn events, then everything heals and arrives."""
        for _ in range(events):
            draw = self.chance.random()
            if draw < 0.4:
                self.submit()
            elif draw < 0.85:
                self.deliver()
            else:
                self.disturb()
        for wire in self.wires.values():
            wire.broken = False
        while self.deliver():
            self.fire()
