"""Contracts and schemas fit each other: types, payload paths, the deadline's payload, whole messages."""

from __future__ import annotations

import pytest

from gateway.contract.check import problems
from gateway.contract.expiry import expiry_payload
from gateway.contract.step import step
from gateway.contract.terms import DEADLINE_EXPIRED, FlowContract, MessageTerm
from gateway.errors import ContractRefused
from gateway.model.process import ProcessView, StepMessage
from gateway.xml.shape import Shapes
from tests import payloads
from tests.flow_run import CALENDAR, CONTRACTS, MEDIATION, ROOT, FlowRun, beijing, designated

SHAPES = Shapes((ROOT.parent / "schemas").glob("*/v1.0/*.xsd"))


def paths(contract: FlowContract, term: MessageTerm) -> set[str]:
    """Every payload path that the contract reads of a message type."""
    named = {
        term.at,
        term.until,
        *term.item,
        *term.requires,
        *(path for pair in term.opening.values() for path in pair),
    }
    named |= {f"{folder}/{path}" for folder, *ends in term.items for path in ends}
    named -= {""}
    ways = [branch for state in contract.states.values() for branch in state.accepts.get(term.type, ())]
    return named | {path for branch in ways for path in branch.when}


def missing(message_type: str, path: str) -> str:
    """The first element of a path that the schema does not have, empty where all are there."""
    shape = SHAPES.roots[message_type]
    for name in path.split("/"):
        found = next((child for child in shape.children if child.name == name), None)
        if found is None:
            return f"{message_type}: {name} of {path}"
        shape = found
    return ""


def test_every_message_type_is_an_element_of_the_schemas() -> None:
    """No contract names a message that has no schema."""
    assert [
        text for contract in CONTRACTS.flows.values() for text in problems(contract, known_types=set(SHAPES.roots))
    ] == []


def test_every_element_is_a_message_of_a_contract() -> None:
    """No message of the tables is left without a flow that takes it; a receipt of business may stand in any."""
    taken = {name for contract in CONTRACTS.flows.values() for name in contract.messages}
    families = {name for name in SHAPES.roots if name.partition(".")[0] not in {"envelope", "receipt", "registry"}}

    assert families - taken == {"common.Acknowledgement", DEADLINE_EXPIRED}


@pytest.mark.parametrize("contract", CONTRACTS.flows.values(), ids=lambda contract: contract.flow)
def test_whole_payloads_hold_what_each_state_reads(contract: FlowContract) -> None:
    """In every state every message that it takes, built whole, starts its clocks: no date or datum is looked for in vain."""
    roles = {role.id: f"{role.families[0]}:t-{role.id}" for role in contract.roles.values()}
    made = payloads.all_payloads()
    for state in contract.states.values():
        process = ProcessView(
            process_id="p", conversation_id="c", flow=contract.flow, flow_version=contract.version,
            keeper=roles[contract.keeper], roles=roles, number=1, state=state.id,
        )  # fmt: skip
        for name in state.accepts:
            term = contract.messages[name]
            message = StepMessage(
                message_id="m1", message_type=name, sender=roles[term.sender], receiver=roles[term.receiver],
                accepted_at=beijing("2026-03-02"), payload=made[name](), documents=term.documents,
            )  # fmt: skip
            # FLW-101: a guard of another branch, or what must come before.
            assert refusal(contract, process, message) in {"", "FLW-101"}, (state.id, name)


def refusal(contract: FlowContract, process: ProcessView, message: StepMessage) -> str:
    """The code with which the contract refuses a message, empty where it takes it."""
    try:
        step(contract, process, message, calendar=CALENDAR, stage="receive")
    except ContractRefused as error:
        return error.code
    return ""


def test_every_path_is_an_element_of_the_schemas() -> None:
    """A date, guard or required datum that the schema does not have would silently never be found."""
    found = [
        text
        for contract in CONTRACTS.flows.values()
        for term in contract.messages.values()
        for path in paths(contract, term)
        if (text := missing(term.type, path))
    ]

    assert found == []


def test_the_payload_of_a_deadline_is_an_element() -> None:
    """What the keeper's node fills in for `common.DeadlineExpired` is an instance of its schema's shape."""
    run = designated()
    payload = expiry_payload(MEDIATION, run.view.timers[0], {"Classification": "internal"})

    assert SHAPES.to_payload(SHAPES.to_element(DEADLINE_EXPIRED, payload)) == payload
    assert payload["Timer"] == "T-ACC"


MEDIATION_WAY = (
    "DesignationRequest", "DesignationAccept", "MediatorAssign", "MediatorChange", "Disclosure", "Notification", "SessionSchedule",
    "SessionReply", "SessionIdentity", "SessionReport", "SessionRecord", "SessionMinutes", "SessionSwitchOnsite", "Progress",
    "Extension", "Suspension", "Resumption", "ResultSuccess", "CourtAcknowledge", "CaseClose",
)  # fmt: skip
REVIEW_WAY = (
    "ReviewApply", "ReviewSupplement", "ReviewSupplementReply", "ReviewAccept", "ReviewVerify", "ReviewVerifyReply", "ReviewExtend",
    "ReviewStatement", "ReviewServed", "ReviewClose",
)  # fmt: skip


@pytest.mark.parametrize(("prefix", "way"), [("mediation", MEDIATION_WAY), ("arbitration", REVIEW_WAY)])
def test_whole_messages_walk_the_flow(prefix: str, way: tuple[str, ...]) -> None:
    """The builders' whole payloads, with their own dates, make every step of a flow from its opening to its close."""
    run = FlowRun(prefix)
    for element in way:
        run.send(element, payloads.all_payloads()[f"{prefix}.{element}"]())

    assert run.state == "closed"
    assert run.view.timers
    assert {timer.state for timer in run.view.timers} <= {"stopped", "fired"}
