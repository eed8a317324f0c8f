"""Each flow's branches, walked with the functions that nodes judge with: where domain.md §2 says that they lead."""

from __future__ import annotations

from datetime import datetime

import pytest

from gateway.contract.calendar import BEIJING
from gateway.contract.walk import Walk
from tests.flow_run import CALENDAR, CONTRACTS


def walked(flow: str, way: str) -> Walk:
    """Steps divided by blanks: an element, `element>state` for the branch that leads there, or `+N` days."""
    contract = CONTRACTS.current(flow)
    assert contract is not None
    walk = Walk(contract, calendar=CALENDAR, now=datetime(2026, 3, 2, 10, tzinfo=BEIJING))
    for step in way.split():
        if step.startswith("+"):
            walk.wait(int(step))
            continue
        element, _, to = step.partition(">")
        found = [one for one in walk.next() if one.message_type.endswith(f".{element}") and to in {"", one.to}]
        assert found, f"{flow}: {element} cannot come in {walk.state.id}"
        walk.take(found[0])
    return walk


def clocks(walk: Walk) -> dict[str, str]:
    """Running timer (with its item) → the day on which it ends."""
    return {f"{one.timer}#{one.item}" if one.item else one.timer: f"{one.due:%m-%d}" for one in walk.clocks}


WAYS = [
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept SessionSchedule ResultSuccess", "agreed"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-summary +10", "returned"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-summary DesignationAccept +8", "term-ended"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept +8", "accepted"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept Suspension +60 Resumption", "mediating"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationReject CaseClose", "closed"),
    ("party-application", "Application CourtReturn", "application-returned"),
    ("party-application", "Application DesignationRequest DesignationAccept SessionSchedule ResultFail", "failed"),
    ("party-application", "DesignationRequest +10", "returned"),
    ("own-intake", "IntakeRegister IntakeRefuse Escalate", "escalated"),
    ("own-intake", "IntakeRegister IntakeAccept SessionSchedule ResultFail LegalAidRefer LegalAidResult Escalate CaseClose", "closed"),
    ("own-intake", "IntakeRegister IntakeAccept +20 ResultSuccess Escalate", "escalated"),
    ("transfer", "TransferArbitration +10 TransferReply>arbitrating", "arbitrating"),
    ("transfer", "TransferFiling TransferReply>filing-pending TransferReply>filed", "filed"),
    ("transfer", "TransferInspection TransferReply>refused", "refused"),
    ("triage", "TriageIntake TriageClassify TriageDispatch>dispatched TriageBounce", "bounced"),
    ("triage", "TriageDispatch>decided TriageAccept TriageSupervise TriageJoint TriageSuperviseReply", "accepted"),
    ("triage", "TriageAlert", "alerted"),
    ("complaint", "ComplaintFile ComplaintReceipt ComplaintResult", "answered"),
    ("job-referral", "JobRefer JobResult", "answered"),
    ("settlement", "SettlementFile SettlementReceipt +30 SettlementGuide", "guided"),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "way", "state"), WAYS)
def test_a_way_through_a_flow(flow: str, way: str, state: str) -> None:
    """The branch ends in the state that domain.md §2 names for it."""
    assert walked(flow, way).state.id == state


def test_the_procedure_of_the_trial_gives_the_term() -> None:
    """Entrusted mediation: fifteen days in the ordinary, seven in the summary procedure; an extension moves the one that runs."""
    ordinary = walked("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept")
    summary = walked("entrusted-mediation", "EntrustmentRequest>entrusted-summary DesignationAccept")
    extended = walked("entrusted-mediation", "EntrustmentRequest>entrusted-summary DesignationAccept EntrustmentExtend")

    assert clocks(ordinary) == {"T-ASK": "03-05", "T-MED15": "03-17"}
    assert clocks(summary) == {"T-ASK": "03-05", "T-MED7": "03-09"}
    assert clocks(extended) == {"T-ASK": "03-05", "T-MED7": "03-22"}


def test_an_own_case_runs_two_clocks_and_warns_of_the_limitation() -> None:
    """Fifteen days from receipt and from acceptance; after failure the limitation runs anew, with its three warnings."""
    accepted = walked("own-intake", "IntakeRegister +1 IntakeAccept>accepted SessionSchedule")
    failed = walked("own-intake", "IntakeRegister IntakeAccept SessionSchedule ResultFail")

    assert {"T-MED15L": "03-17"}.items() <= clocks(accepted).items()
    assert [one.timer for one in failed.clocks] == ["T-LIM60", "T-LIM30", "T-LIM7", "T-LIM1Y"]
    assert clocks(failed)["T-LIM1Y"] == "03-02"


def test_every_flow_is_walked() -> None:
    """No flow of the law is without a way here (F1 and F6 have their own tests)."""
    assert {flow for flow, _, _ in WAYS} | {"designated-mediation", "arbitration-review"} == {
        flow for flow, _ in CONTRACTS.flows
    }
