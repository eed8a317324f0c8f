"""A contract as pictures: Mermaid state and sequence diagrams, its clocks as a table (see contracts/README.md)."""

from __future__ import annotations

from collections import defaultdict

from gateway.contract.period import Unit
from gateway.contract.terms import Contracts, FlowContract, State

_UNITS: dict[Unit, str] = {"hours": "h", "days": "cd", "working-days": "wd", "months": "months", "years": "y"}


def draw_states(contract: FlowContract) -> str:
    """A Mermaid state diagram: one arrow a pair of states, labelled with the message types that lead there."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(contract.start)}"]
    lines += [f'    state "{state.title} {state.id}" as {_id(state.id)}' for state in contract.states.values()]
    for state in contract.states.values():
        for target, labels in _arrows(contract, state).items():
            lines.append(f"    {_id(state.id)} --> {_id(target)}: {' / '.join(labels)}")
        stays = _stays(state)
        if stays:
            lines.append(f"    note right of {_id(state.id)}: {', '.join(stays)}")
        if state.final:
            lines.append(f"    {_id(state.id)} --> [*]")
    return "\n".join(lines)


def draw_sequence(contract: FlowContract) -> str:
    """A Mermaid sequence diagram: who may send what to whom, in the order in which the contract names the messages."""
    lines = ["sequenceDiagram", "    autonumber"]
    for role in contract.roles.values():
        keeper = "（管理方 keeper）" if role.keeper else ""
        if not role.copy:
            lines.append(f"    participant {_id(role.id)} as {role.title} {role.id}{keeper}")
    for term in contract.messages.values():
        arrow = "->>" if term.sender == contract.keeper else "-->>"
        lines.append(f"    {_id(term.sender)}{arrow}{_id(term.receiver)}: {term.title} {_short(term.type)}")
    return "\n".join(lines)


def draw_clocks(contract: FlowContract) -> str:
    """A Markdown table of the clocks that the contract runs, with length, start, expiry, source and mark."""
    used = [timer for state in contract.states.values() for timer in (*state.timers, *state.pauses)]
    used += [timer for term in contract.messages.values() for timer in term.opening]
    lines = [
        "| clock | what | length | starts | on expiry | counts | source | mark |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(used):
        clock = contract.timers[name]
        length = f"{clock.length.count} {_UNITS[clock.length.unit]}" if clock.length else "set by the payload"
        lines.append(
            f"| {name} | {clock.zh} · {clock.en} | {length} | {clock.event_zh} · {clock.event_en} "
            f"| {clock.expiry_zh} · {clock.expiry_en} | {clock.counts} | {clock.source} | {clock.mark} |"
        )
    return "\n".join(lines)


def draw(contract: FlowContract) -> str:
    """One flow as a Markdown section: title, states, sequence, clocks."""
    return "\n\n".join(
        (
            f"## {contract.title} · {contract.title_en} (`{contract.flow}` {contract.version})",
            contract.basis,
            f"```mermaid\n{draw_states(contract)}\n```",
            f"```mermaid\n{draw_sequence(contract)}\n```",
            draw_clocks(contract),
        )
    )


def draw_all(contracts: Contracts) -> str:
    """All flows, in the order of their names."""
    return "\n\n".join(draw(contracts.flows[key]) for key in sorted(contracts.flows)) + "\n"


def _arrows(contract: FlowContract, state: State) -> dict[str, list[str]]:
    """Next state → labels, for what leaves the state: messages, expiries and voids."""
    arrows: dict[str, list[str]] = defaultdict(list)
    for name, branches in state.accepts.items():
        for branch in branches:
            if branch.to != state.id:
                guard = "".join(f" [{path}={value}]" for path, value in branch.when.items())
                arrows[branch.to].append(f"{_short(name)}{guard}")
    for timer, target in state.expires.items():
        if target != state.id:
            arrows[target].append(f"⏰ {timer}")
    for term in contract.messages.values():
        target = term.void.get(state.id, state.id)
        if target != state.id:
            arrows[target].append(f"void {_short(term.type)}")
    return dict(arrows)


def _stays(state: State) -> list[str]:
    """What the state takes without moving."""
    taken = [
        _short(name) for name, branches in state.accepts.items() if any(branch.to == state.id for branch in branches)
    ]
    return taken + [f"⏰ {timer}" for timer, target in state.expires.items() if target == state.id]


def _id(name: str) -> str:
    return name.replace("-", "_")


def _short(message_type: str) -> str:
    return message_type.partition(".")[2]
