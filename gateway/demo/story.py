"""The story that the demo tells, step by step; a step that cannot be verified ends it (issue: "it runs")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from gateway.demo import show, witness
from gateway.demo.calls import Caller
from gateway.demo.federation import COURT, INSTITUTE, STATION, Seat
from gateway.demo.stage import Site, Stage
from gateway.demo.story_repair import repair

MEDIATION, REVIEW = "designated-mediation", "arbitration-review"
#: Any seventeen digits and a check digit that is not theirs (GB 11643-1999).
_WRONG_ID = "150102199001010012"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """One dispute as the story knows it."""

    conversation: str
    message: str
    #: The court's own number, and the station's.
    number: str
    intake: str = ""
    case: str = ""


class Story:
    """The disputes of the demo, in order."""

    def __init__(self, stage: Stage) -> None:
        """`stage` must run."""
        self.stage = stage
        self.told: list[tuple[str, str]] = []

    def tell(self) -> None:
        """Everything; raises `NodeError` at the first step that is not as it should be."""
        self.mediated()
        self.declined()
        self.refused()
        for conversation in repair(self.stage):
            self.told.append(("repaired 修复重放", conversation))

    def traces(self) -> None:
        """Print the trace of each dispute, at every node that knows it."""
        for title, conversation in self.told:
            for site in self.stage.sites:
                answer = site.caller().call("GET", f"/v1/conversations/{conversation}/trace")
                if answer.status == 200:  # noqa: PLR2004 - HTTP OK
                    show.say(f"\n{title}, at node {site.name}")
                    show.trace(answer.body)

    def mediated(self) -> None:
        """Designation, mediation with a session, agreement, acknowledgement; then arbitration review to the statement."""
        show.heading("1 · A dispute is mediated, and its agreement reviewed 调解成功并经仲裁审查")
        dispute = self._designate()
        native = self._arrived(STATION, "mediation.DesignationRequest", dispute.intake)
        files = native["native"].get("attachments") or []
        witness.expect("the documents arrive with the case", len(files) == 2, [one.get("fileName") for one in files])  # noqa: PLR2004 - the court sent two
        due = self._deadline(dispute, "T-ACC")
        show.verified(f"delivered to the station with 2 documents; to be accepted until {due} 已送达, 应在期限前签收")
        self.stage.clock.leap(hours=24)
        for action, message, state in _MEDIATION:
            self._reports(dispute, action, message, state)
            if action == "accept":
                show.verified(
                    f"accepted in time; the mediation's term ends {self._deadline(dispute, 'T-MED30')} 调解期限已起算"
                )
        self._acknowledge(dispute)
        self._review(dispute)
        self.told.append(("mediated and reviewed 调解与审查", dispute.conversation))

    def declined(self) -> None:
        """The station declines for a coded reason."""
        show.heading("2 · The station declines 不接受委派")
        dispute = self._designate()
        self.stage.clock.leap(hours=3)
        witness.act(self.stage.system(STATION), "reject", case=dispute.intake)
        told = self._arrived(COURT, "mediation.DesignationReject", dispute.number)
        self._stands(COURT, dispute, MEDIATION, "returned")
        show.verified(f"the court's system has the reason {_reason(told['native'])} 法院已收到不接受原因")
        self.told.append(("declined 不接受", dispute.conversation))

    def refused(self) -> None:
        """A wrong check digit is refused at the door: what, where, mend; nothing reaches anybody."""
        show.heading("3 · Refused at the door 受理时即被拒绝")
        system = self.stage.system(COURT)
        before = len(witness.effects(self.stage.system(STATION), "mediation.DesignationRequest"))
        done = witness.attempt(system, "designate", worker_id=_WRONG_ID)
        answer = orjson.loads(done["answer"])
        witness.expect("the gateway refuses it", not done["ok"] and answer["code"] != "0", answer)
        findings = answer["data"]["CW"]
        place = [one for one in findings if "IdNumber" in one["WZ"]]
        witness.expect(
            "the finding names the place and the mend", place and place[0]["SM"] and place[0]["JY"], findings
        )
        for one in findings:
            show.lines(f"{one['DM']} at {one['WZ']}", [f"what 问题: {one['SM']}", f"mend 改正: {one['JY']}"])
        groups = (
            self.stage.site_of(COURT)
            .caller("operator-one")
            .get(f"/v1/failures?stage=submit&participant={COURT.participant}")
        )
        witness.expect("it is a failure record with its cause", groups, groups)
        after = len(witness.effects(self.stage.system(STATION), "mediation.DesignationRequest"))
        witness.expect("nothing reached the station", after == before, after)
        show.verified(
            f"refused with {answer['data']['DM']}, a record of group {groups[0]['fingerprint']}; nothing went out 未发出"
        )

    def _designate(self) -> Dispute:
        done = witness.act(self.stage.system(COURT), "designate")
        data = orjson.loads(done["answer"])["data"]
        dispute = Dispute(conversation=data["GLBH"], message=data["XXBH"], number=done["number"])
        show.verified(f"court designates {dispute.number}: signed receipt, message {dispute.message} 法院委派, 已受理")
        self._word(COURT, dispute.message, "delivered")
        rows = witness.effects(self.stage.system(STATION), "mediation.DesignationRequest")
        found = next(row for row in rows if row["key"] == dispute.message)
        return Dispute(
            conversation=dispute.conversation, message=dispute.message, number=dispute.number, intake=found["number"],
            case=found["native"]["preMediationNo"],
        )  # fmt: skip

    def _reports(self, dispute: Dispute, action: str, message: str, state: str) -> None:
        """The station reports a step; the court's system has it, the keeper has counted it."""
        witness.act(self.stage.system(STATION), action, case=dispute.intake)
        self._arrived(COURT, message, dispute.number)
        self._stands(COURT, dispute, MEDIATION, state)
        show.verified(f"station: {action} → {state}; the court's system has {message} 法院已收到")
        self._quiet(dispute)
        self.stage.clock.leap(hours=24)

    def _acknowledge(self, dispute: Dispute) -> None:
        for action, message, state in (
            ("ack", "mediation.CourtAcknowledge", "acknowledged"),
            ("close", "mediation.CaseClose", "closed"),
        ):
            witness.act(self.stage.system(COURT), action, number=dispute.number)
            self._arrived(STATION, message, dispute.intake)
            self._stands(COURT, dispute, MEDIATION, state)
            show.verified(f"court: {action} → {state}; the station's system has {message} 工作站已收到")
        self._quiet(dispute)

    def _review(self, dispute: Dispute) -> None:
        """The joint application goes to the institution by SOAP, and its answers come back."""
        self.stage.clock.leap(hours=24)
        institute, station = self.stage.system(INSTITUTE), self.stage.system(STATION)
        witness.act(station, "review-apply", case=dispute.intake)
        rows = witness.until(
            "the institution's system has the application",
            lambda: witness.effects(institute, "arbitration.ReviewApply"),
        )
        number = rows[-1]["number"]
        self._stands(INSTITUTE, dispute, REVIEW, "applied")
        show.verified(f"joint application at the institution under {number} 仲裁院已收到审查申请")
        for action, message, state in _REVIEW:
            self._quiet(dispute)
            self.stage.clock.leap(hours=24)
            witness.act(institute, action, case=number)
            self._arrived(STATION, message, dispute.intake)
            self._stands(INSTITUTE, dispute, REVIEW, state)
            show.verified(f"institution: {action} → {state}; the station's system has {message} 工作站已收到")
        self._quiet(dispute)
        by_number = self.stage.site_of(COURT).caller().get(f"/v1/trace?case={quote(dispute.case)}")
        witness.expect(
            "the court's number finds the dispute",
            by_number["conversation_id"] == dispute.conversation,
            by_number["conversation_id"],
        )

    def _arrived(self, seat: Seat, message: str, number: str) -> dict[str, Any]:
        """The system of `seat` took the message for this case, once."""
        system = self.stage.system(seat)
        rows = witness.until(
            f"{seat.participant} has {message} of {number}", lambda: witness.effects(system, message, number=number)
        )
        witness.expect(f"{message} is there once", len(rows) == 1, rows)
        return rows[0]

    def _stands(self, keeper: Seat, dispute: Dispute, flow: str, state: str) -> None:
        """The keeper has counted the step, and every node that knows the process agrees."""

        def look(node: Caller) -> bool:
            return bool(witness.process(node, dispute.conversation, flow).get("state") == state)

        for site in sorted(self._nodes(flow), key=lambda site: keeper not in site.seats):
            witness.until(f"{flow} is {state} at node {site.name}", partial(look, site.caller()))

    def _nodes(self, flow: str) -> list[Site]:
        """Whoever plays a role in the flow."""
        parties = {MEDIATION: (COURT, STATION), REVIEW: (INSTITUTE, STATION)}[flow]
        return [site for site in self.stage.sites if any(seat in site.seats for seat in parties)]

    def _word(self, seat: Seat, message: str, word: str) -> None:
        node = self.stage.site_of(seat).caller()
        witness.until(f"{message} is {word}", lambda: node.get(f"/v1/messages/{message}")["word"] == word)

    def _deadline(self, dispute: Dispute, timer: str) -> str:
        """When a timer of the mediation is due, as the keeper armed it."""
        node = self.stage.site_of(COURT).caller()

        def look() -> list[str]:
            found = witness.process(node, dispute.conversation, MEDIATION)
            return [show.date(one["due_us"]) for one in found.get("deadlines", ()) if one["timer"] == timer]

        return witness.until(f"{timer} is armed", look)[0]

    def _quiet(self, dispute: Dispute) -> None:
        """Nothing of the dispute is under way any more: every message's word is final, at every node that knows it."""
        for site in self.stage.sites:
            witness.until(
                f"all of {dispute.conversation} is delivered at {site.name}", partial(_settled, site.caller(), dispute)
            )


_MEDIATION = (
    ("accept", "mediation.DesignationAccept", "accepted"),
    ("assign", "mediation.MediatorAssign", "assigned"),
    ("schedule", "mediation.SessionSchedule", "mediating"),
    ("identity", "mediation.SessionIdentity", "mediating"),
    ("session", "mediation.SessionReport", "mediating"),
    ("minutes", "mediation.SessionMinutes", "mediating"),
    ("success", "mediation.ResultSuccess", "agreed"),
)
_REVIEW = (
    ("accept", "arbitration.ReviewAccept", "reviewing"),
    ("statement", "arbitration.ReviewStatement", "issued"),
    ("served", "arbitration.ReviewServed", "served"),
    ("close", "arbitration.ReviewClose", "closed"),
)


def _settled(node: Caller, dispute: Dispute) -> bool:
    answer = node.call("GET", f"/v1/conversations/{dispute.conversation}/trace")
    if answer.status != 200:  # noqa: PLR2004 - HTTP OK
        return True
    return all(message["word"] == "delivered" for message in answer.body["messages"])


def _reason(native: dict[str, Any]) -> str:
    """The reason's code and text, whatever the court's dialect calls them."""
    return " ".join(
        str(value) for key, value in native.items() if key in ("BJSYY", "YY", "YYDM", "YYSM", "YYLX", "YYNR")
    )
