"""Do all nodes of a process end alike? The keeper's rule (protocol.md §3) over real and random contracts."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from gateway.contract.check import problems, targets
from gateway.contract.period import Length
from gateway.contract.terms import FlowContract, MessageTerm, RoleTerm, State, TimerTerm, Transition
from tests.flow_run import CONTRACTS, MEDIATION, REVIEW
from tests.pure_ledgers import Federation

CLOCK = TimerTerm(
    id="T-RND", zh="试", en="drawn", starts="step", event_zh="试", event_en="drawn",
    length=Length(count=1, unit="working-days"),
    expiry_zh="试", expiry_en="drawn", source="test", counts="submitted", mark="design",
)  # fmt: skip
ROLES = {
    "K": RoleTerm(id="K", title="管理方", families=("court",), keeper=True),
    "U": RoleTerm(id="U", title="甲", families=("union",)),
    "A": RoleTerm(id="A", title="乙", families=("arbitration",)),
}


def draw_contract(chance: Random) -> FlowContract:
    """Two or three roles, three to six states, four to nine types, crossing; corrections, a clock, always an end."""
    roles = dict(list(ROLES.items())[: chance.choice((2, 2, 3))])
    names = ["start", *(f"s{n}" for n in range(chance.randint(2, 5)))]
    timed, after = chance.choice(names[1:]), chance.choice(names[1:])
    messages = {
        f"m.T{number}": draw_message(f"m.T{number}", roles, names, chance) for number in range(chance.randint(4, 9))
    }
    accepts: dict[str, dict[str, tuple[Transition, ...]]] = {name: {} for name in names}
    for name, term in messages.items():
        for state in chance.sample(names, chance.randint(1, len(names))):
            to = chance.choice(names[1:])
            starts = ("T-RND",) if to == timed and state != timed else ()
            accepts[state][name] = (Transition(sender=term.sender, to=to, once=chance.random() < 0.1, starts=starts),)
    messages["m.Close"] = MessageTerm(type="m.Close", title="结", sender="K", receiver="U", receipt_hours=24)
    states = {"end": State(id="end", title="终", final=True)}
    for name in names:
        accepts[name]["m.Close"] = (Transition(sender="K", to="end"),)
        clock = {"T-RND": after} if name == timed else {}
        turn = chance.choice(sorted(roles))
        states[name] = State(id=name, title=name, turn=turn, accepts=accepts[name], timers=tuple(clock), expires=clock)
    contract = FlowContract(
        flow="drawn", version="1.0", title="试", title_en="drawn", basis="test", roles=roles, messages=messages,
        states=states, start="start", timers={"T-RND": CLOCK},
    )  # fmt: skip
    return prune(contract)


def draw_message(name: str, roles: dict[str, RoleTerm], states: list[str], chance: Random) -> MessageTerm:
    """A type with a drawn sender, the keeper at one end, and drawn states in which it is corrected or voided."""
    sender = chance.choice(sorted(roles))
    receiver = "K" if sender != "K" else chance.choice([role for role in sorted(roles) if role != "K"])
    correct = frozenset(chance.sample(states[1:], chance.randint(0, len(states) - 1)))
    void = {state: chance.choice(states[1:]) for state in states[1:] if chance.random() < 0.2}
    return MessageTerm(
        type=name, title=name, sender=sender, receiver=receiver, receipt_hours=24, correct=correct, void=void
    )


def prune(contract: FlowContract) -> FlowContract:
    """The contract without the states that the draw left unreachable, and without what only they used."""
    seen, ways = {contract.start}, [contract.start]
    while ways:
        for target in targets(contract.states[ways.pop()]) - seen:
            seen.add(target)
            ways.append(target)
    states = {name: state for name, state in contract.states.items() if name in seen}
    used = {name for state in states.values() for name in state.accepts}
    messages = {
        name: replace(term, correct=term.correct & seen, void={a: b for a, b in term.void.items() if {a, b} <= seen})
        for name, term in contract.messages.items()
        if name in used
    }
    if not any(
        branch.starts for state in states.values() for branches in state.accepts.values() for branch in branches
    ):
        states = {name: replace(state, timers=(), expires={}) for name, state in states.items()}
    return replace(contract, states=states, messages=messages)


def differences(federation: Federation) -> list[str]:
    """What is not as it should be when everything has arrived."""
    nodes = list(federation.nodes.values())
    found = []
    if len({node.view.state for node in nodes}) > 1:
        found.append("state")
    if len({tuple(node.history) for node in nodes}) > 1:
        found.append("history")
    for node in nodes:
        if node.pending or node.held:
            found.append("unsettled")
        if any((one in node.history) == (one in node.refused) for one in node.accepted):
            found.append("lost")
        if [one.number for one in node.view.steps] != list(range(1, node.view.number + 1)):
            found.append("numbers")
    return found


@pytest.mark.parametrize("block", range(8))
def test_all_nodes_of_a_drawn_contract_agree(block: int) -> None:
    """Random sound contracts, two or three roles on one to three nodes: same state and history, nothing lost."""
    for seed in range(block * 150, block * 150 + 150):
        chance = Random(seed)
        contract = draw_contract(chance)
        assert problems(contract) == [], seed
        federation = Federation(contract, chance)
        federation.run(chance.randint(10, 60))

        assert differences(federation) == [], seed


#: Schedules of a flow: the first two get most of them, all together take their seconds of the suite.
SCHEDULES = {MEDIATION.flow: 120, REVIEW.flow: 120}


@pytest.mark.parametrize("contract", CONTRACTS.flows.values(), ids=lambda contract: contract.flow)
def test_all_nodes_of_a_real_contract_agree(contract: FlowContract) -> None:
    """Every flow of the law under the same schedules, with its real clocks and corrections: same state, same history."""
    reached: set[str] = set()
    for seed in range(SCHEDULES.get(contract.flow, 40)):
        chance = Random(seed)
        federation = Federation(contract, chance)
        federation.run(chance.randint(100, 300))
        reached |= {one.state for one in federation.keeper.view.steps}

        assert differences(federation) == [], seed
    assert len(reached) > len(contract.states) // 2


def test_each_end_for_itself_would_not_agree() -> None:
    """The test has teeth: the same schedules under the rule that the keeper replaces end in different histories."""
    broken = 0
    for seed in range(200):
        chance = Random(seed)
        federation = Federation(draw_contract(chance), chance, rule="own")
        federation.run(chance.randint(10, 60))
        broken += bool({"state", "history"} & set(differences(federation)))

    assert broken > 20


def test_the_real_contracts_are_sound() -> None:
    """Every state is reached and reaches an end, in each contract that a node takes."""
    assert [text for contract in CONTRACTS.flows.values() for text in problems(contract)] == []
