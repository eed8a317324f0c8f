"""Each flow's branches, walked with the functions that nodes judge with: where domain.md §2 says that they lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from gateway.contract.calendar import BEIJING
from gateway.contract.step import step
from gateway.contract.walk import Walk
from gateway.model.process import StepMessage
from tests.flow_run import CALENDAR, CONTRACTS


def walked(flow: str, way: str) -> Walk:
    """Steps divided by blanks: an element, `element>state` for the branch that leads there, or `+N` days."""
    contract = CONTRACTS.current(flow)
    assert contract is not None
    walk = Walk(contract, calendar=CALENDAR, now=datetime(2026, 3, 2, 10, tzinfo=BEIJING))
    for word in way.split():
        if word.startswith("+"):
            walk.wait(int(word))
            continue
        element, _, to = word.partition(">")
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
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept ResultSuccess CourtAcknowledge>acknowledged CourtMediationStatement>statement CourtMediationStatement>effective CaseClose", "closed"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept ResultSuccess CourtAcknowledge>acknowledged CourtStatementRefuse", "statement-refused"),
    ("entrusted-mediation", "EntrustmentRequest>entrusted-ordinary DesignationAccept ResultWithdraw CourtAcknowledge>acknowledged CourtWithdrawRuling", "suit-withdrawn"),
    ("transfer", "AwardShare +40 AwardShare", "award-shared"),
    ("transfer", "RefuseShare", "refusal-shared"),
    ("arbitration-referral", "MediationSuggest MediationSuggestReply MediationEntrust DesignationAccept SessionSchedule ResultSuccess MediationStatement>statement MediationStatement>effective", "effective"),
    ("arbitration-referral", "MediationSuggest +30 HearingResume", "resumed"),
    ("arbitration-referral", "MediationEntrust DesignationAccept +30 HearingResume", "resumed"),
    ("arbitration-referral", "MediationEntrust +10", "returned"),
    ("judicial-confirmation", "ConfirmationApply ConfirmationSupplement ConfirmationSupplementReply ConfirmationAccept ConfirmationInquire ConfirmationInquireReply ConfirmationValid ConfirmationServed>valid ConfirmationServed>served +30", "served"),
    ("judicial-confirmation", "ConfirmationApply ConfirmationSupplement +30 ConfirmationWithdrawRuling", "withdrawn"),
    ("judicial-confirmation", "ConfirmationApply ConfirmationAccept ConfirmationWithdraw ConfirmationWithdrawRuling>examining +40 ConfirmationDismissed", "dismissed"),
    ("judicial-confirmation", "ConfirmationApply ConfirmationRefuse", "refused"),
    ("payment-order", "PaymentApply PaymentCorrect PaymentCorrectReply PaymentAccept PaymentIssued PaymentServed +20 PaymentEffective", "effective"),
    ("payment-order", "PaymentApply PaymentAccept PaymentIssued +40 PaymentTerminated>terminated +10", "suit"),
    ("payment-order", "PaymentApply PaymentAccept PaymentIssued PaymentNotServed PaymentTerminated>terminated PaymentNoSuit", "no-suit"),
    ("payment-order", "PaymentApply PaymentAccept PaymentIssued PaymentServed PaymentObjection PaymentTerminated>to-arbitration", "to-arbitration"),
    ("payment-order", "PaymentApply PaymentAccept PaymentIssued PaymentServed PaymentObjection PaymentTerminated>ended", "ended"),
    ("payment-order", "PaymentApply PaymentAccept PaymentIssued PaymentServed PaymentObjection PaymentObjectionDismissed +20 PaymentEffective", "effective"),
    ("payment-order", "PaymentApply PaymentAccept PaymentDismissed", "dismissed"),
    ("payment-order", "PaymentApply PaymentRefuse", "refused"),
    ("payment-order", "PaymentApply PaymentAccept PaymentIssued PaymentWithdraw", "withdrawn"),
    ("enforcement", "EnforcementApply EnforcementAccept EnforcementNotice EnforcementClose", "closed"),
    ("enforcement", "EnforcementApply +20 EnforcementRefuse", "refused"),
    ("award-comparison", "AwardCompare AwardCompareReceipt AwardCompareReply", "answered"),
    ("performance", "Assess Notice +5 Report +20 Default Visit Close", "closed"),
    ("advisory", "AdvisoryIssue AdvisoryReceipt +30 AdvisoryReply AdvisoryClose", "closed"),
    ("advisory", "Alert Alert", "alerted"),
    ("statistics", "AnnualReport", "reported"),
    ("statistics", "Reconciliation ReconciliationDifference RereportRequest +40 RereportConfirm", "compared"),
    ("roster", "Recommend ReviewResult>listed MediatorUpsert Suspend>suspended ReviewResult>listed Snapshot Difference Remove>removed", "removed"),
    ("roster", "Recommend ReviewResult>refused", "refused"),
    ("roster", "Snapshot Difference", "compared"),
    ("roster", "Performance", "performance"),
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


def test_a_confirmation_runs_its_targets_beside_the_hard_limit() -> None:
    """Fifteen and twenty-five days are targets, thirty the limit (domain.md §6 no. 20); all three run from the registration."""
    walk = walked("judicial-confirmation", "ConfirmationApply ConfirmationAccept")

    assert clocks(walk) == {"T-CONF15": "03-17", "T-CONF25": "03-27", "T-CONF": "04-01"}


def test_the_seven_days_begin_with_the_receipt_of_the_ruling() -> None:
    """A terminated payment order: the applicant has seven days, and only on the branch that turns into a suit."""
    suit = walked("payment-order", "PaymentApply PaymentAccept PaymentTerminated>terminated")
    arbitration = walked("payment-order", "PaymentApply PaymentAccept PaymentTerminated>to-arbitration")

    assert clocks(suit) == {"T-PAY7": "03-09"}
    assert clocks(arbitration) == {}


def test_each_obligation_has_its_own_clock() -> None:
    """Performance: a clause and its instalment are watched apart, warned of before their day, and stop when performed."""
    noticed = walked("performance", "Notice")
    days = {"T-PERF7": "03-13", "T-PERF3": "03-19", "T-PERF": "03-22"}
    expected = {f"{timer}#{item}": day for timer, day in days.items() for item in ("1", "1.1")}
    assert expected.items() <= clocks(noticed).items()
    assert clocks(noticed)["T-VISIT"] == "03-17"

    performed = walked("performance", "Notice")
    report = next(one for one in performed.next() if one.moves == ("T-PERF", "T-PERF7", "T-PERF3"))
    performed.take(report)
    assert set(clocks(performed)) == {"T-VISIT"}


def test_a_request_without_a_term_runs_no_clock() -> None:
    """The asked term is the issuer's to give: with it T-REPLY runs to its day, without it the letter stands alone."""
    contract = CONTRACTS.flows["advisory", "1.0"]
    term = contract.messages["advisory.AdvisoryIssue"]
    issued = StepMessage(
        message_id="m1",
        message_type=term.type,
        sender="union:t-issuer",
        receiver="court:t-addressee",
        accepted_at=datetime(2026, 3, 2, 10, tzinfo=BEIJING),
        documents=term.documents,
    )
    with_term = replace(issued, payload={"Request": {"ReplyBy": "2026-03-20"}})

    assert step(contract, None, issued, calendar=CALENDAR, stage="receive").timers == ()
    assert [one.timer for one in step(contract, None, with_term, calendar=CALENDAR, stage="receive").timers] == [
        "T-REPLY"
    ]


def test_a_third_dispatch_is_a_persons_decision() -> None:
    """After two bounces the target can only accept: the dispatch comes back no more (domain.md F12 no. 4)."""
    assert "mediation.TriageBounce" in {
        one.message_type for one in walked("triage", "TriageDispatch>dispatched").next()
    }
    decided = {one.message_type for one in walked("triage", "TriageDispatch>decided").next()}
    assert "mediation.TriageBounce" not in decided
    assert "mediation.TriageAccept" in decided


def test_whoever_sends_has_come_in_before() -> None:
    """Only an opening message or the keeper brings in a role (protocol.md §3): a role that neither does could never send."""
    for contract in CONTRACTS.flows.values():
        terms = contract.messages.values()
        opening = {contract.messages[name].sender for name in contract.openings}
        addressed = {term.receiver for term in terms if term.sender == contract.keeper}
        assert {term.sender for term in terms} <= opening | addressed | {contract.keeper}, contract.flow


def test_every_flow_is_walked() -> None:
    """No flow of the law is without a way here (F1 and F6 have their own tests)."""
    assert {flow for flow, _, _ in WAYS} | {"designated-mediation", "arbitration-review"} == {
        flow for flow, _ in CONTRACTS.flows
    }
