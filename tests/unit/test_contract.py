"""The two contracts, walked: every branch of F1 with F11 and of F6 (domain.md), refusals and corrections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.contract.draw import draw_all
from gateway.contract.step import expected_state
from gateway.errors import ContractRefused
from gateway.model.payload import Payload
from gateway.model.process import PastStep, StepMessage
from tests.flow_run import (
    CONTRACTS,
    MEDIATION,
    PARTICIPANTS,
    ROOT,
    FlowRun,
    beijing,
    designated,
    mediating,
)


def refusal(run: FlowRun, message: StepMessage) -> ContractRefused:
    """The refusal that the message gets."""
    with pytest.raises(ContractRefused) as caught:
        run.judge(message)
    return caught.value


def test_the_drawings_are_current() -> None:
    """contracts/README.md shows each flow as the code draws it now."""
    assert draw_all(CONTRACTS) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_mediation_that_succeeds() -> None:
    """F1 from designation to close: each step leads on, the turn is where the table says, and the end is an end."""
    run = mediating()
    assert run.state == "mediating"
    assert (
        run.walk("SessionReply", "SessionIdentity", "SessionReport", "SessionRecord", "SessionMinutes") == "mediating"
    )
    assert run.walk("Progress", "ResultSuccess") == "agreed"
    acknowledged = run.judge(run.message("CourtAcknowledge"))
    assert (acknowledged.state, acknowledged.turn, acknowledged.ends) == ("acknowledged", "court", False)
    assert run.walk("CourtAcknowledge") == "acknowledged"
    closed = run.judge(run.message("CaseClose"))
    assert (closed.state, closed.turn, closed.ends) == ("closed", "", True)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        (("DesignationReject",), "returned"),
        (("DesignationReject", "CaseClose"), "closed"),
        (("CaseClose",), "closed"),
        (("DesignationAccept", "ResultFail"), "failed"),
        (("DesignationAccept", "Notification", "ResultFail", "CourtAcknowledge", "CaseClose"), "closed"),
        (("DesignationAccept", "MediatorAssign", "MediatorChange", "Disclosure"), "assigned"),
        (("DesignationAccept", "Notification", "ResultWithdraw", "CourtAcknowledge"), "acknowledged"),
        (("DesignationAccept", "Suspension", "Resumption"), "mediating"),
        (("DesignationAccept", "Suspension", "Progress", "ResultFail"), "failed"),
        (("DesignationAccept", "SessionSchedule", "SessionSwitchOnsite", "ResultSuccess"), "agreed"),
    ],
)
def test_the_branches_of_a_mediation(path: tuple[str, ...], state: str) -> None:
    """Rejection, recall, failure, withdrawal, suspension and the short ways lead where domain.md F1 says."""
    assert designated().walk(*path) == state


def test_the_court_asks_for_a_correction_of_the_result() -> None:
    """A correction request gives the turn back to the body, which reports again, another result if it must."""
    run = mediating()
    run.walk("ResultSuccess")
    run.send("CourtAcknowledge", {"Decision": "correction-requested"})
    assert run.state == "correction-requested"
    assert run.judge(run.message("ResultSuccess")).turn == "court"
    assert run.walk("ResultFail", "CourtAcknowledge") == "acknowledged"


def test_a_value_that_no_guard_has_is_refused() -> None:
    """A decision that is neither acceptance nor correction request leads nowhere; the refusal says what it may be."""
    run = mediating()
    run.walk("ResultSuccess")

    error = refusal(run, run.message("CourtAcknowledge", {"Decision": "perhaps"}))

    assert error.code == "FLW-101"
    assert "Decision=accepted" in error.findings[0].text_en


def test_a_refusal_names_state_turn_and_what_may_come() -> None:
    """FLW-101 helps: the state in both languages, whose turn it is, and every type that would be taken."""
    run = designated()

    finding = refusal(run, run.message("ResultSuccess")).findings[0]

    assert "designated" in finding.text_en
    assert "待接收" in finding.text_zh
    assert "turn of mediator" in finding.text_en
    for taken in (
        "mediation.DesignationAccept (mediator)",
        "mediation.DesignationReject (mediator)",
        "mediation.CaseClose (court)",
    ):
        assert taken in finding.text_en
        assert taken in finding.text_zh


def test_sessions_follow_their_schedule() -> None:
    """A session message before any schedule is refused; minutes may still come when the mediation has ended."""
    run = designated()
    run.walk("DesignationAccept", "Suspension", "Resumption")
    assert "before mediation.SessionSchedule" in str(refusal(run, run.message("SessionReport")))
    assert run.walk("SessionSchedule", "ResultFail", "SessionMinutes") == "failed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sender": "union:t-other"}, "FLW-102"),
        ({"receiver": "court:t-other"}, "FLW-102"),
        ({"copies": (("observer", "union:t-other"),)}, "FLW-106"),
        ({"supersedes": "m1"}, "FLW-103"),
        ({"kind": "correct"}, "FLW-103"),
        ({"kind": "correct", "supersedes": "m99"}, "FLW-112"),
        ({"kind": "void", "supersedes": "m1"}, "FLW-103"),
        ({"payload": {"AcceptedAt": "2026-02-31"}}, "FLW-108"),
        ({"payload": {"AcceptedAt": "2126-02-01T10:00:00+08:00"}}, "FLW-108"),
        ({"occurred_at": beijing("1926-02-01")}, "FLW-108"),
    ],
)
def test_what_an_acceptance_cannot_be(changes: dict[str, Any], code: str) -> None:
    """A stranger, another court, an unforeseen copy, a false correction, an impossible date: each has its code."""
    run = designated()

    assert refusal(run, run.message("DesignationAccept", **changes)).code == code


def test_the_opening_binds_the_roles() -> None:
    """Families are checked, copies bind their role, and what is no opening message opens nothing."""
    run = FlowRun("mediation")
    opened = run.judge(run.message("DesignationRequest", copies=(("observer", PARTICIPANTS["observer"]),)))

    assert opened.opens
    assert opened.roles == {key: PARTICIPANTS[key] for key in ("court", "mediator", "observer")}
    assert refusal(run, run.message("DesignationRequest", sender="union:t-station")).code == "FLW-102"
    assert refusal(run, run.message("DesignationRequest", receiver="job:t-service")).code == "FLW-102"
    assert refusal(run, run.message("DesignationRequest", copies=(("observer", "job:t-service"),))).code == "FLW-102"
    assert refusal(run, run.message("DesignationAccept")).code == "FLW-109"
    assert refusal(run, run.message("DesignationRequest", kind="void", supersedes="m1")).code == "FLW-109"
    assert refusal(designated(), run.message("DesignationRequest")).code == "FLW-101"


def test_documents_and_data_are_asked_for() -> None:
    """The letter of designation must be attached, unless the step was done out of band; a rejection needs its code."""
    run = FlowRun("mediation")
    bare = run.message("DesignationRequest", documents=())
    assert refusal(run, bare).code == "FLW-111"
    assert run.judge(replace(bare, kind="out-of-band")).state == "designated"

    run = designated()
    assert refusal(run, run.message("DesignationReject", {"Reason": {"Text": "无"}})).code == "FLW-108"


def test_corrections_and_voids() -> None:
    """A result can be corrected while the court has it, by its sender and once per version; a void leads back."""
    run = mediating()
    first = run.send("ResultSuccess")
    second = run.send("ResultSuccess", kind="correct", supersedes=first.message_id)
    assert run.state == "agreed"
    assert refusal(run, run.message("ResultSuccess", kind="correct", supersedes=first.message_id)).code == "FLW-112"
    assert refusal(run, run.message("ResultFail", kind="correct", supersedes=second.message_id)).code == "FLW-103"
    run.send("ResultSuccess", kind="void", supersedes=second.message_id)
    assert run.state == "mediating"
    run.walk("ResultFail", "CourtAcknowledge")
    failed = next(one.message_id for one in run.view.steps if one.message_type == "mediation.ResultFail")
    assert refusal(run, run.message("ResultFail", kind="correct", supersedes=failed)).code == "FLW-103"


def test_only_the_newest_step_is_voided() -> None:
    """A result that a later one has followed cannot be voided under it: the state is the later one's."""
    run = mediating()
    first = run.send("ResultSuccess")
    run.send("CourtAcknowledge", {"Decision": "correction-requested"})
    run.send("ResultSuccess")

    assert refusal(run, run.message("ResultSuccess", kind="void", supersedes=first.message_id)).code == "FLW-103"


def test_expected_is_counted_plus_own_pending() -> None:
    """A sender's node reckons with its pending steps, leaves out those that no longer fit, and the keeper with none."""
    run = designated()
    accept, assign = run.message("DesignationAccept"), run.message("MediatorAssign")
    pending = tuple(
        PastStep(
            sender=one.sender,
            message_id=one.message_id,
            message_type=one.message_type,
            number=0,
            accepted_at=one.accepted_at,
        )
        for one in (accept, assign)
    )
    assert expected_state(MEDIATION, "designated", pending) == "assigned"
    assert expected_state(MEDIATION, "returned", pending) == "returned"
    run.process = replace(run.view, steps=(*run.view.steps, *pending))
    assert run.judge(run.message("SessionSchedule"), "submit").state_before == "assigned"
    assert run.judge(run.message("CaseClose"), "submit").state_before == "designated"
    assert run.judge(accept, "receive").state == "accepted"


REVIEW_PATHS: list[tuple[tuple[str, ...], str]] = [
    (("ReviewAccept", "ReviewStatement", "ReviewServed"), "issued"),
    (("ReviewSupplement", "ReviewSupplementReply", "ReviewAccept"), "reviewing"),
    (("ReviewSupplement", "ReviewRefuse"), "refused"),
    (("ReviewRefuse", "ReviewClose"), "closed"),
    (("ReviewAccept", "ReviewVerify", "ReviewVerifyReply", "ReviewNotIssued", "ReviewClose"), "closed"),
    (("ReviewAccept", "ReviewVerify", "ReviewStatement"), "issued"),
    (("ReviewWithdraw", "ReviewClose"), "closed"),
    (("ReviewAccept", "ReviewStatement", "ReviewWithdraw"), "withdrawn"),
]


@pytest.mark.parametrize(("path", "state"), REVIEW_PATHS)
def test_the_branches_of_a_review(path: tuple[str, ...], state: str) -> None:
    """Supplement, refusal, verification, withdrawal before service and closing lead where domain.md F6 says."""
    run = FlowRun("arbitration")
    run.send("ReviewApply")

    assert run.walk(*path) == state


def test_a_statement_is_effective_when_both_were_served() -> None:
    """A report of one party's receipt changes nothing; one with the effective date does, and then nobody withdraws."""
    run = FlowRun("arbitration")
    run.walk("ReviewApply", "ReviewAccept", "ReviewStatement", "ReviewServed")
    served: Payload = {"EffectiveDate": "2026-03-12"}

    assert run.state == "issued"
    assert run.judge(run.message("ReviewServed", served)).state == "served"
    run.send("ReviewServed", served)
    assert refusal(run, run.message("ReviewWithdraw")).code == "FLW-101"


def test_a_review_is_extended_once() -> None:
    """The second extension is refused, while the first stands (办案规则 art. 76)."""
    run = FlowRun("arbitration")
    run.walk("ReviewApply", "ReviewAccept", "ReviewExtend")

    assert "a second time" in str(refusal(run, run.message("ReviewExtend")))


def test_a_late_application_is_advised_not_refused() -> None:
    """An application after the 15 days is taken; the finding says when they ended and by which rule (T-REVAPP)."""
    run = FlowRun("arbitration", "2026-03-20")
    late = run.judge(run.message("ReviewApply", {"Agreement": {"EffectiveDate": "2026-03-02"}}))
    in_time = run.judge(run.message("ReviewApply", {"Agreement": {"EffectiveDate": "2026-03-10"}}))

    assert [(one.code, one.severity) for one in late.advice] == [("FLW-120", "advise")]
    assert "2026-03-17" in late.advice[0].text_en
    assert in_time.advice == ()
