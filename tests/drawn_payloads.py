"""Payloads that hold what a contract reads of a message, drawn by a seed: guards, required data, dates that are near."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from random import Random

from gateway.contract.terms import PRESENT, FlowContract
from gateway.contract.walk import put
from gateway.model.payload import Payload
from tests.flow_run import NEEDED


def drawn_payload(contract: FlowContract, message_type: str, *, now: datetime, chance: Random) -> Payload:
    """What the type needs, mostly with the values of one of its guards, sometimes without a date that it should have."""

    def day(last: int) -> str:
        return str((now + timedelta(days=chance.randint(0, last))).date())

    term = contract.messages[message_type]
    payload: Payload = deepcopy(NEEDED.get(message_type, {}))
    branches = [branch for state in contract.states.values() for branch in state.accepts.get(message_type, ())]
    if chance.random() < 0.7:
        for path, value in chance.choice(branches).when.items():
            put(payload, path, day(20) if value == PRESENT else value)
    for path in term.requires:
        put(payload, path, "A01")
    if term.until and chance.random() < 0.9:
        put(payload, term.until, day(9))
    for folder, name, date in term.items[:1]:
        put(payload, folder, [{name: str(item), date: day(20)} for item in range(chance.randint(0, 3))])
    for path in term.item[:1]:
        put(payload, path, str(chance.randint(0, 2)))
    return payload
