"""The clocks of the two contracts: what starts, moves, pauses and ends them, who is in time (protocol.md §7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.contract.advance import Entry, deadlines
from gateway.contract.expiry import expire
from gateway.errors import ContractRefused
from gateway.model.process import StepMessage
from tests.flow_run import CALENDAR, MEDIATION, FlowRun, beijing, designated, mediating


def test_silence_returns_the_designation() -> None:
    """T-ACC runs three working days from entry into the body's system; then the court may designate anew (S3 12)."""
    run = designated("2026-03-05")

    assert run.due("T-ACC") == "2026-03-10"
    assert run.until("2026-03-10T23:59") == []
    assert run.until("2026-03-11") == ["T-ACC"]
    assert (run.state, run.judge(run.message("CaseClose")).state) == ("returned", "closed")


def test_the_clock_starts_with_the_first_entry() -> None:
    """Neither sending nor a second receipt starts T-ACC; the first delivered or retrieved does."""
    run = FlowRun("mediation", "2026-03-02")
    request = run.send("DesignationRequest")
    run.deliver(request, kind="received")
    assert run.view.timers == ()
    run.now = beijing("2026-03-04")
    run.deliver(request, kind="retrieved")
    run.now = beijing("2026-03-06")
    run.deliver(request)

    assert (len(run.view.timers), run.due("T-ACC")) == (1, "2026-03-09")


def test_a_late_entry_starts_nothing() -> None:
    """A receipt that comes when the body has answered already arms no clock."""
    run = FlowRun("mediation")
    request = run.send("DesignationRequest")
    run.send("DesignationAccept")
    run.deliver(request)

    assert run.timer("T-ACC") is None


def test_an_acceptance_in_time_is_taken_after_the_expiry() -> None:
    """Accepted at its sender's node by the due time, it counts though the timer fired first, and its clocks run."""
    run = designated("2026-03-05")
    run.until("2026-03-11")
    late = run.message("DesignationAccept")
    with pytest.raises(ContractRefused):
        run.judge(late)
    in_time = replace(late, accepted_at=beijing("2026-03-10T23:59"))

    assert run.judge(in_time).state == "accepted"
    run.take(in_time, run.judge(in_time))
    assert run.due("T-MED30") == "2026-04-09"


def test_nobody_is_in_time_once_the_expiry_was_built_on() -> None:
    """After the court has closed the returned case, an acceptance in time comes too late."""
    run = designated("2026-03-05")
    run.until("2026-03-11")
    run.send("CaseClose")

    with pytest.raises(ContractRefused) as caught:
        run.judge(run.message("DesignationAccept", accepted_at=beijing("2026-03-10")))
    assert caught.value.code == "FLW-101"


def test_the_term_of_the_mediation() -> None:
    """T-MED30 counts from the acceptance that the payload names; at its end the mediation ends, the report is owed."""
    run = designated()
    run.send("DesignationAccept", {"AcceptedAt": "2026-03-02T09:00:00+08:00"}, accepted_at=beijing("2026-03-03"))
    run.walk("Notification")

    assert run.due("T-MED30") == "2026-04-01"
    assert run.until("2026-04-02") == ["T-MED30"]
    assert (run.state, run.walk("ResultFail", "CourtAcknowledge")) == ("term-ended", "acknowledged")


def test_what_was_in_time_but_does_not_keep_the_term_changes_nothing() -> None:
    """Progress of the last day is counted, the term stays ended, and a result of that day still counts."""
    run = mediating()
    run.until("2026-04-02")
    last_day = beijing("2026-04-01T20:00")
    for element in ("Progress", "SessionReport"):
        run.send(element, accepted_at=last_day)
        assert run.state == "term-ended"
    run.send("ResultSuccess", accepted_at=last_day)

    assert run.state == "agreed"


def test_an_extension_in_time_takes_the_term_up_again() -> None:
    """An extension of the last day that arrives after the expiry brings the mediation back, with its agreed end."""
    run = mediating()
    run.until("2026-04-02")
    run.send("Extension", {"NewEndDate": "2026-05-10"}, accepted_at=beijing("2026-04-01T20:00"))

    assert (run.state, run.due("T-MED30")) == ("mediating", "2026-05-10")
    assert run.until("2026-05-11") == ["T-MED30"]


def test_a_suspension_in_time_pauses_the_term_after_its_expiry() -> None:
    """A suspension of the last day is taken, the clock stands still and runs on for what was left."""
    run = mediating()
    run.until("2026-04-02")
    run.send("Suspension", {"From": "2026-03-30"}, accepted_at=beijing("2026-04-01T20:00"))
    assert (run.state, run.due("T-MED30", state="paused")) == ("suspended", "2026-04-01")
    run.send("Resumption", {"From": "2026-04-10"})

    assert (run.state, run.due("T-MED30")) == ("mediating", "2026-04-13")


def test_an_extension_moves_the_term_and_its_correction_moves_it_again() -> None:
    """The parties' agreed date stands as it is, on a Saturday too (P7); a corrected one replaces it."""
    run = mediating()
    extension = run.send("Extension", {"NewEndDate": "2026-04-18"})
    assert run.due("T-MED30") == "2026-04-18"
    run.send("Extension", {"NewEndDate": "2026-04-25"}, kind="correct", supersedes=extension.message_id)

    assert run.due("T-MED30") == "2026-04-25"


def test_suspensions_add_up() -> None:
    """Two pauses take their days out of the term, the rule of P2 applied to what results."""
    run = mediating()
    for since, until in (("2026-03-10", "2026-03-15"), ("2026-03-20", "2026-03-23")):
        run.now = beijing(since)
        run.send("Suspension", {"From": since})
        assert run.until(until) == []
        run.send("Resumption", {"From": until})

    assert run.due("T-MED30") == "2026-04-09"


def test_a_ledger_that_forgot_an_earlier_pause_loses_no_day() -> None:
    """Where the earlier interval is not at hand, the end that is known moves by the new pause."""
    run = mediating()
    run.send("Suspension", {"From": "2026-03-10"})
    run.send("Resumption", {"From": "2026-03-15"})
    run.process = replace(run.view, timers=tuple(replace(one, paused=()) for one in run.view.timers))
    run.send("Suspension", {"From": "2026-03-20"})
    run.send("Resumption", {"From": "2026-03-23"})

    assert run.due("T-MED30") == "2026-04-10"


def test_a_suspension_after_an_extension_moves_the_agreed_date() -> None:
    """The days of the pause are added to the date that the parties had agreed."""
    run = mediating()
    run.send("Extension", {"NewEndDate": "2026-04-18"})
    run.send("Suspension", {"From": "2026-03-10"})
    run.now = beijing("2026-03-15")
    run.send("Resumption", {"From": "2026-03-15"})

    assert run.due("T-MED30") == "2026-04-23"


def test_a_paused_clock_does_not_fire() -> None:
    """While an appraisal goes on, the term does not end (S3 26)."""
    run = mediating()
    run.send("Suspension", {"From": "2026-03-10"})

    assert run.until("2026-06-01") == []
    assert run.state == "suspended"


def test_a_flag_changes_no_state() -> None:
    """T-ASK reminds and T-CACK flags: the step is counted, the state and the turn stay."""
    run = designated()
    run.send("DesignationAccept")
    assert run.until("2026-03-06") == ["T-ASK"]
    assert run.state == "accepted"
    run.walk("Notification", "ResultFail")
    assert run.due("T-CACK") == "2026-03-11"
    assert run.until("2026-03-12") == ["T-CACK"]
    assert run.walk("CourtAcknowledge") == "acknowledged"


def test_a_void_result_lets_the_term_run_on() -> None:
    """A result that is voided is as if it had not been: the term has its old end, and fires if that has passed."""
    run = mediating()
    result = run.send("ResultSuccess")
    assert run.timer("T-MED30") is None
    run.now = beijing("2026-04-10")
    run.send("ResultSuccess", kind="void", supersedes=result.message_id)

    assert run.due("T-MED30") == "2026-04-01"
    assert run.until("2026-04-10T11:00") == ["T-MED30"]
    assert run.state == "term-ended"


def test_a_corrected_acceptance_reckons_anew() -> None:
    """Another acceptance date gives another end to the clocks that it started."""
    run = designated()
    first = run.send("DesignationAccept", {"AcceptedAt": "2026-03-02T10:00:00+08:00"})
    assert (run.due("T-MED30"), run.due("T-ASK")) == ("2026-04-01", "2026-03-05")
    corrected = {"AcceptedAt": "2026-03-03T10:00:00+08:00"}
    run.send("DesignationAccept", dict(corrected), kind="correct", supersedes=first.message_id)

    assert (run.due("T-MED30"), run.due("T-ASK")) == ("2026-04-02", "2026-03-06")


def test_the_clocks_of_a_review() -> None:
    """The supplement's reply restarts the decision; the term is five working days, and five more from its end."""
    run = FlowRun("arbitration", "2026-03-02")
    run.send("ReviewApply")
    assert run.due("T-REVACC") == "2026-03-05"
    run.send("ReviewSupplement", {"DueDate": "2026-03-09"})
    assert (run.due("T-REVACC"), run.due("T-SUPP")) == ("", "2026-03-09")
    run.now = beijing("2026-03-06")
    run.send("ReviewSupplementReply")
    assert (run.due("T-REVACC"), run.due("T-SUPP")) == ("2026-03-11", "")
    run.send("ReviewAccept", {"AcceptedOn": "2026-03-09"})
    assert run.due("T-REV") == "2026-03-16"
    run.send("ReviewExtend")
    assert (run.due("T-REV"), run.due("T-REVX")) == ("", "2026-03-23")
    run.walk("ReviewStatement")
    assert run.due("T-REVX") == ""


def test_a_reply_in_time_counts_after_the_date_for_supplements() -> None:
    """The date set for supplements has passed, the reply was accepted on it: it is taken and the next clock starts."""
    run = FlowRun("arbitration", "2026-03-02")
    run.send("ReviewApply")
    run.send("ReviewSupplement", {"DueDate": "2026-03-09"})
    assert run.until("2026-03-10") == ["T-SUPP"]
    run.send("ReviewSupplementReply", accepted_at=beijing("2026-03-09T23:00"))

    assert (run.state, run.due("T-REVACC")) == ("applied", "2026-03-12")


def test_only_the_keepers_node_fires_and_only_what_is_due() -> None:
    """A deadline message from a participant, received, for an unknown timer or before its time is FLW-107."""
    run = designated()
    timer = run.view.timers[0]
    message = StepMessage(
        message_id="x",
        message_type="common.DeadlineExpired",
        sender="node:local",
        receiver="union:t-station",
        accepted_at=beijing("2026-03-20"),
        payload={"Timer": "T-ACC"},
    )

    assert run.judge(message, "submit").state == "returned"
    wrong = [
        (replace(message, sender="court:t-court"), "submit"),
        (message, "receive"),
        (replace(message, payload={"Timer": "T-MED30"}), "submit"),
        (replace(message, payload={}), "submit"),
        (replace(message, accepted_at=timer.due), "submit"),
    ]
    codes = []
    for one, stage in wrong:
        with pytest.raises(ContractRefused) as caught:
            run.judge(one, "submit" if stage == "submit" else "receive")
        codes.append(caught.value.code)
    assert codes == ["FLW-107"] * len(wrong)


def test_a_fired_timer_does_not_fire_again() -> None:
    """The second firing of the same timer is refused: it does not run any more."""
    run = designated()
    timer = run.view.timers[0]
    run.until("2026-03-20")

    with pytest.raises(ContractRefused):
        expire(MEDIATION, run.view, timer, at=run.now + timedelta(days=1), calendar=CALENDAR)


def test_deadlines_are_a_function_of_the_events() -> None:
    """Any node that has the counted messages and the entry receipt reckons the timers that the keeper has."""
    run = mediating()
    run.send("Suspension", {"From": "2026-03-10"})
    run.send("Resumption", {"From": "2026-03-15"})
    run.until("2026-05-01")
    opening, *rest = run.history
    events: list[StepMessage | Entry] = [
        opening,
        Entry(message_id=opening.message_id, kind="delivered", at=opening.accepted_at),
        *rest,
    ]

    assert deadlines(MEDIATION, events, calendar=CALENDAR) == run.view.timers
