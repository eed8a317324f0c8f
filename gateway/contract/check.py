"""Is a contract sound? What `gateway contracts check` says and what stops a node with a broken contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gateway.contract.terms import DEADLINE_EXPIRED, FlowContract, MessageTerm, State, TimerTerm, Transition

#: Families of protocol.md §1 that a participant can belong to.
_FAMILIES = frozenset({"court", "arbitration", "union", "mediation", "triage", "inspection", "legal-aid", "job"})
#: List, name and date of an item.
_ITEM_PATHS = 3


def problems(contract: FlowContract, *, known_types: Collection[str] = ()) -> list[str]:
    """Every way in which the contract is unsound, each a sentence with flow, place and reason; empty when it is sound.

    `known_types` are the message types that the schemas have; none given, none compared.
    """
    found = [
        *_roles(contract),
        *_messages(contract, known_types),
        *_states(contract),
        *_transitions(contract),
        *_clocks(contract),
    ]
    if not found:  # what follows walks the states and needs all names to hold
        found = [*_reach(contract)]
    return [f"{contract.flow}@{contract.version}: {text}" for text in found]


def targets(state: State, messages: Mapping[str, MessageTerm] | None = None) -> frozenset[str]:
    """The states that one step from `state` leads to: by message, by expiry, by void where `messages` are given."""
    ways = {branch.to for branches in state.accepts.values() for branch in branches} | set(state.expires.values())
    if messages is not None:
        ways |= {term.void[state.id] for term in messages.values() if state.id in term.void}
    return frozenset(ways)


def _roles(contract: FlowContract) -> Iterator[str]:
    keepers = [role.id for role in contract.roles.values() if role.keeper]
    if len(keepers) != 1:
        yield f"has {len(keepers)} keepers, a process has exactly one"
    for role in contract.roles.values():
        if role.keeper and role.copy:
            yield f"role {role.id} cannot be keeper and copy"
        strangers = set(role.families) - _FAMILIES
        if strangers or not role.families:
            yield f"role {role.id} has no or unknown families {sorted(strangers)}"


def _messages(contract: FlowContract, known_types: Collection[str]) -> Iterator[str]:
    keeper = contract.keeper
    for name, term in contract.messages.items():
        for role in (term.sender, term.receiver, *term.copies):
            if role not in contract.roles:
                yield f"message {name} names the unknown role {role}"
        if keeper not in {term.sender, term.receiver} or term.sender == term.receiver:
            yield f"message {name} must go from or to the keeper {keeper}, which it does not"
        yield from (
            f"message {name} copies to {role}, which is no copy role"
            for role in term.copies
            if not _is_copy(contract, role)
        )
        if name == DEADLINE_EXPIRED:
            yield f"{name} belongs to every contract and is not listed"
        for other in (*term.answers, *term.after):
            if other not in contract.messages:
                yield f"message {name} names the unknown message {other}"
        strangers = (term.correct | set(term.void) | set(term.void.values())) - set(contract.states)
        if strangers:
            yield f"message {name} may be corrected in unknown states {sorted(strangers)}"
        if known_types and name not in known_types:
            yield f"message {name} has no element in the schemas"


def _is_copy(contract: FlowContract, role: str) -> bool:
    term = contract.roles.get(role)
    return term is not None and term.copy


def _states(contract: FlowContract) -> Iterator[str]:
    if contract.start not in contract.states:
        yield f"the start state {contract.start} is not among the states"
    used = {name for state in contract.states.values() for name in state.accepts}
    yield from (f"message {name} is taken in no state" for name in sorted(set(contract.messages) - used))
    for state in contract.states.values():
        if state.turn and (state.turn not in contract.roles or contract.roles[state.turn].copy):
            yield f"state {state.id}: it cannot be the turn of {state.turn}"
        if not state.turn and not state.final:
            yield f"state {state.id}: it is nobody's turn, yet the process has not ended"
        strangers = targets(state) - set(contract.states)
        if strangers:
            yield f"state {state.id} leads to unknown states {sorted(strangers)}"
        if set(state.timers) & set(state.pauses):
            yield f"state {state.id}: a timer cannot run and pause at once"


def _transitions(contract: FlowContract) -> Iterator[str]:
    for state in contract.states.values():
        for name, branches in state.accepts.items():
            term = contract.messages.get(name)
            if term is None:
                yield f"state {state.id} takes {name}, which is not among the messages"
                continue
            yield from (f"state {state.id}: {text}" for text in _branches(contract, term, branches))


def _branches(contract: FlowContract, term: MessageTerm, branches: tuple[Transition, ...]) -> Iterator[str]:
    for branch in branches:
        if branch.sender != term.sender:
            yield f"{term.type} comes from {term.sender}, not from {branch.sender}"
        if branch.when and term.sender != contract.keeper:
            # Other nodes reckon with pending steps, whose branch they must know before the keeper speaks.
            yield f"{term.type} has a guard, but only the keeper's messages may have one"
        target = contract.states.get(branch.to)
        runs = set(target.timers) if target else set()
        for timer in (*branch.starts, *branch.restarts, *branch.moves):
            if timer not in runs:
                yield f"{term.type} touches {timer}, which does not run in {branch.to}"
        if branch.moves and not term.until:
            yield f"{term.type} moves a timer but names no payload date (until)"
        for timer in branch.starts:
            clock = contract.timers.get(timer)
            if clock and not _startable(contract, clock, term):
                yield f"{term.type} cannot start {timer}, which starts by {clock.starts}"
        for timer in branch.stops:
            if timer not in runs:
                yield f"{term.type} stops {timer}, which does not run in {branch.to} and ends by itself"
    if len(branches) > 1 and not all(branch.when for branch in branches[:-1]):
        yield f"{term.type}: a branch without a guard hides those after it"


def _startable(contract: FlowContract, clock: TimerTerm, term: MessageTerm) -> bool:
    """Whether the message says all that the clock needs for its end."""
    match clock.starts:
        case "step" | "after":
            return True
        case "set" | "asked":
            return bool(term.until)
        case "item":
            return bool(term.items) and all(len(one) == _ITEM_PATHS for one in term.items)
        case "before":
            base = contract.timers.get(clock.after)
            return base is not None and base.starts != "before" and _startable(contract, base, term)
        case _:
            return False


def _clocks(contract: FlowContract) -> Iterator[str]:
    for state in contract.states.values():
        for timer in (*state.timers, *state.pauses):
            if timer not in contract.timers:
                yield f"state {state.id} names the unknown timer {timer}"
        if set(state.expires) != set(state.timers):
            yield f"state {state.id}: what expires ({sorted(state.expires)}) must be what runs ({sorted(state.timers)})"
    started = {
        timer
        for state in contract.states.values()
        for branches in state.accepts.values()
        for branch in branches
        for timer in (*branch.starts, *branch.restarts)
    }
    for term in contract.messages.values():
        started |= set(term.receipt_starts)
        for timer in (*term.receipt_starts, *term.opening):
            clock = contract.timers.get(timer)
            wanted = "delivered" if timer in term.receipt_starts else "opening"
            if clock is None or clock.starts != wanted:
                yield f"message {term.type}: {timer} is no timer that starts by {wanted}"
    for state in contract.states.values():
        for timer in set(state.timers) - started:
            yield f"state {state.id}: nothing starts {timer}"


def _reach(contract: FlowContract) -> Iterator[str]:
    """Every state is reached from the start, and from every state an end is reached, without anything being voided."""
    seen, open_ = {contract.start}, [contract.start]
    while open_:
        for target in targets(contract.states[open_.pop()], contract.messages) - seen:
            seen.add(target)
            open_.append(target)
    yield from (f"state {name} is never reached" for name in contract.states if name not in seen)
    ends = {name for name, state in contract.states.items() if state.final}
    if not ends:
        yield "has no final state"
    grown = True
    while grown:
        more = {name for name, state in contract.states.items() if name not in ends and targets(state) & ends}
        grown, ends = bool(more), ends | more
    yield from (f"from state {name} no end is reached" for name in contract.states if name not in ends)
