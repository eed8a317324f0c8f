"""YAML → contracts: read once at start, all problems named at once (contracts/README.md is the grammar)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from gateway.contract.check import problems
from gateway.contract.period import UNITS, Length
from gateway.contract.terms import ANY, Contracts, FlowContract, MessageTerm, RoleTerm, State, TimerTerm, Transition
from gateway.errors import SettingRefused

Block = dict[str, Any]
_CODE = "NOD-051"
_STARTS = frozenset({"step", "delivered", "set", "asked", "after", "before", "item", "opening", "calendar"})
#: Clocks whose end a payload or the calendar gives, so that they have no length.
_GIVEN = frozenset({"set", "asked", "item", "calendar"})
_FLOW_KEYS = frozenset(
    {
        "flow",
        "title",
        "title_en",
        "version",
        "basis",
        "roles",
        "start",
        "receipt_hours",
        "messages",
        "parts",
        "states",
        "also",
    }
)
_MESSAGE_KEYS = frozenset(
    {"from", "to", "title", "copies", "documents", "requires", "answers", "receipt_hours", "receipt_starts", "at",
     "until", "items", "item", "after", "opening", "correct", "void"}
)  # fmt: skip
_BRANCH_KEYS = frozenset({"from", "to", "when", "once", "starts", "restarts", "moves", "stops"})
_STATE_KEYS = frozenset({"title", "turn", "final", "timers", "pauses", "accepts", "expires"})


class _StrictLoader(yaml.CSafeLoader):
    """YAML in which a key that stands twice is an error: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: Any = False) -> dict[Any, Any]:  # noqa: FBT002 — PyYAML's
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(set(keys)) < len(keys):
            twice = sorted({str(key) for key in keys if keys.count(key) > 1})
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def load_contracts(root: Path) -> Contracts:
    """Every flow of `root`/flows with the clocks of `root`/timers.yaml.

    Raises `SettingRefused` (NOD-051) that lists all problems: a broken file, an unknown key, role, timer or state, a
    state that cannot be reached or cannot end, a message that the keeper neither sends nor receives.
    """
    timers = {name: _timer(name, block) for name, block in _read(root / "timers.yaml").items()}
    files = sorted((root / "flows").glob("*.yaml"))
    flows: dict[tuple[str, str], FlowContract] = {}
    found: list[str] = []
    for file in files:
        contract = _flow(_read(file), folder=file.parent, timers=timers, name=file.name)
        if not file.stem.startswith(contract.flow):
            found.append(f"{file.name}: holds the flow {contract.flow}")
        if (contract.flow, contract.version) in flows:
            found.append(f"{file.name}: {contract.flow}@{contract.version} stands in another file too")
        found += problems(contract)
        flows[contract.flow, contract.version] = contract
    if not files:
        found.append("flows: no contract found")
    if found:
        raise SettingRefused("; ".join(found), code=_CODE)
    return Contracts(flows=flows, timers=timers)


def parse_contract(text: str, *, timers: Mapping[str, TimerTerm], folder: Path, name: str = "text") -> FlowContract:
    """One contract from YAML text, parts from `folder`/parts, its soundness unchecked. Raises `SettingRefused`."""
    return _flow(_parse(text, name), folder=folder, timers=dict(timers), name=name)


def _read(file: Path) -> Block:
    try:
        return _parse(file.read_text(encoding="utf-8"), file.name)
    except OSError as error:
        raise SettingRefused(f"{file.name}: cannot be read: {error.strerror}", code=_CODE) from error


def _parse(text: str, name: str) -> Block:
    try:
        block = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 — the loader is a SafeLoader
    except yaml.YAMLError as error:
        raise SettingRefused(f"{name}: {' '.join(str(error).split())}", code=_CODE) from error
    if not isinstance(block, dict):
        raise SettingRefused(f"{name}: is no mapping", code=_CODE)
    return block


def _flow(block: Block, *, folder: Path, timers: Mapping[str, TimerTerm], name: str) -> FlowContract:
    try:
        _known(block, _FLOW_KEYS, name)
        hours = int(block.get("receipt_hours", 24))
        states = {key: dict(value, accepts=dict(value.get("accepts") or {})) for key, value in block["states"].items()}
        running = frozenset(key for key, value in states.items() if not value.get("final") and key != block["start"])
        messages = {key: _message(key, value, hours=hours, running=running) for key, value in block["messages"].items()}
        for part, binding in (block.get("parts") or {}).items():
            included = _read(folder / "parts" / f"{part}.yaml")
            _groups(included, binding, states)
            messages |= {
                key: _message(key, _named(value, binding), hours=hours, running=running)
                for key, value in included["messages"].items()
            }
        for extra in block.get("also") or ():
            _merge(states, extra["in"], extra["accepts"])
        return FlowContract(
            flow=block["flow"],
            version=str(block["version"]),
            title=block["title"],
            title_en=block["title_en"],
            basis=block["basis"],
            roles={key: _role(key, value) for key, value in block["roles"].items()},
            messages=messages,
            states={key: _state(key, value) for key, value in states.items()},
            start=block["start"],
            timers=timers,
        )
    except KeyError as error:
        raise SettingRefused(f"{name}: {error.args[0]} is missing or names nothing here", code=_CODE) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise SettingRefused(
            f"{name}: has not the shape that contracts/README.md asks for: {error}", code=_CODE
        ) from error


def _groups(part: Block, binding: Block, states: dict[str, Block]) -> None:
    """Merge what an included part takes, group by group, into the states that the flow binds to the group."""
    strangers = sorted(set(binding) - set(part["groups"]) - {"roles"})
    if strangers:
        raise SettingRefused(f"part {part['part']} has no group {', '.join(strangers)}", code=_CODE)
    for group, accepts in part["groups"].items():
        _merge(states, binding.get(group, ()), {key: _named(value, binding) for key, value in accepts.items()})


def _named(block: Block, binding: Block) -> Block:
    """A part's message or branch, its roles named as the flow names them."""
    return {key: binding["roles"][value] if key in {"from", "to"} else value for key, value in block.items()}


def _merge(states: dict[str, Block], names: Iterable[str], accepts: Block) -> None:
    """Add what several states take alike; what a state says itself stands."""
    for name in names:
        states[name]["accepts"] = {**accepts, **states[name]["accepts"]}


def _message(name: str, block: Block, *, hours: int, running: frozenset[str]) -> MessageTerm:
    _known(block, _MESSAGE_KEYS, name)
    correct, void = block.get("correct") or (), block.get("void") or {}
    return MessageTerm(
        type=name,
        title=block["title"],
        sender=block["from"],
        receiver=block["to"],
        copies=tuple(block.get("copies") or ()),
        documents=tuple(block.get("documents") or ()),
        requires=tuple(block.get("requires") or ()),
        answers=tuple(block.get("answers") or ()),
        receipt_hours=int(block.get("receipt_hours", hours)),
        receipt_starts=tuple(block.get("receipt_starts") or ()),
        at=block.get("at", ""),
        until=block.get("until", ""),
        items=tuple(tuple(one) for one in block.get("items") or ()),
        item=tuple(block.get("item") or ()),
        after=tuple(block.get("after") or ()),
        opening={key: tuple(value) for key, value in (block.get("opening") or {}).items()},
        correct=running if correct == ANY else frozenset(correct),
        void={key: key for key in running} if void == ANY else dict(void),
    )


def _state(name: str, block: Block) -> State:
    _known(block, _STATE_KEYS, name)
    accepts = {
        key: tuple(_branch(name, one) for one in (value if isinstance(value, list) else [value]))
        for key, value in block["accepts"].items()
    }
    return State(
        id=name,
        title=block["title"],
        turn=block.get("turn", ""),
        final=bool(block.get("final", False)),
        timers=tuple(block.get("timers") or ()),
        pauses=tuple(block.get("pauses") or ()),
        accepts=accepts,
        expires=dict(block.get("expires") or {}),
    )


def _branch(state: str, block: Block) -> Transition:
    _known(block, _BRANCH_KEYS, state)
    return Transition(
        sender=block["from"],
        to=block.get("to", state),
        when={key: str(value) for key, value in (block.get("when") or {}).items()},
        once=bool(block.get("once", False)),
        starts=tuple(block.get("starts") or ()),
        restarts=tuple(block.get("restarts") or ()),
        moves=tuple(block.get("moves") or ()),
        stops=tuple(block.get("stops") or ()),
    )


def _role(name: str, block: Block) -> RoleTerm:
    _known(block, frozenset({"family", "keeper", "copy", "title"}), name)
    return RoleTerm(
        id=name,
        title=block["title"],
        families=tuple(block["family"]),
        keeper=bool(block.get("keeper", False)),
        copy=bool(block.get("copy", False)),
    )


def _timer(name: str, block: Block) -> TimerTerm:
    try:
        starts, _, after = str(block["starts"]).partition(" ")
        length = block.get("length")
        if (
            starts not in _STARTS
            or block["counts"] not in {"submitted", "received"}
            or (length is None) != (starts in _GIVEN)
            or bool(after) != (starts in {"after", "before"})
            or bool(block.get("yearly")) != (starts == "calendar")
        ):
            raise SettingRefused(
                f"timers.yaml: {name}: starts, counts or length is not one that README.md names", code=_CODE
            )
        if length is not None and (length["unit"] not in UNITS or int(length["count"]) < 1):
            raise SettingRefused(f"timers.yaml: {name}: length {length} has no such unit or count", code=_CODE)
        return TimerTerm(
            id=name,
            zh=block["zh"],
            en=block["en"],
            starts=starts,  # type: ignore[arg-type]  # tested above against the literal's values
            after=after,
            yearly=str(block.get("yearly", "")),
            event_zh=block["event"]["zh"],
            event_en=block["event"]["en"],
            length=None if length is None else Length(count=int(length["count"]), unit=length["unit"]),
            expiry_zh=block["expiry"]["zh"],
            expiry_en=block["expiry"]["en"],
            source=block["source"],
            counts=block["counts"],
            mark=block["mark"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingRefused(f"timers.yaml: {name}: {type(error).__name__} {error}", code=_CODE) from error


def _known(block: Block, keys: frozenset[str], name: str) -> None:
    strangers = sorted(set(block) - keys)
    if strangers:
        raise SettingRefused(f"{name}: unknown {', '.join(strangers)}; known are {', '.join(sorted(keys))}", code=_CODE)
