"""Payloads of domain F1, designated mediation, and of the messages that every flow may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests import payloads as p

if TYPE_CHECKING:
    from gateway.model.payload import Payload, Value


def designation_request(**changes: Value | None) -> Payload:
    """The court designates; intake, consent and selection of the parties travel inside."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "Intake": {
            "CourtCode": "150102",
            "CourtName": p.COURT_NAME,
            "IntakeNumber": "T20260302-0595",
            "Date": "2026-03-02",
            "Channel": "platform",
            "Cause": {"@version": "2025", "#text": "205(5)"},
            "Nature": "1",
            "Amount": "12800.00",
            "Claim": [{"Text": "支付2025年11月、12月劳动报酬", "Matter": "01", "Amount": "12800.00"}],
            "Facts": "申请人自2024年5月起在被申请人处任装卸工，被申请人未足额支付2025年11月、12月劳动报酬。",
            "GroupSize": "1",
        },
        "Party": [p.worker(), p.employer()],
        "Consent": p.both_answer(),
        "Selection": {"SelectedBy": "parties", "OrganisationId": "union:t-station", "Date": "2026-03-03"},
        "Designation": {
            "Type": "01",
            "Organisation": p.station(),
            "TermStart": "accepted",
            "TermDays": "30",
            "Material": [
                {"DocumentType": "D105", "Name": "委派调解函.pdf", "Copies": "1", "Digest": p.SHA256},
                {"DocumentType": "D101", "Name": "调解申请书.pdf", "Copies": "2", "Pages": "3"},
                {"DocumentType": "D104", "Name": "送达地址确认书.pdf", "Copies": "2"},
            ],
            "ContactJudge": p.official(),
            "Privacy": "internal",
        },
    }
    return p.changed(base, changes)


def designation_accept(**changes: Value | None) -> Payload:
    """The station accepts and signs for the materials."""
    base: Payload = {
        "CaseReference": p.case_reference(UnionIntakeNumber="新工法援2026-118"),
        "AcceptedAt": "2026-03-04T09:30:00+08:00",
        "Mediator": [p.mediator()],
        "Acceptance": p.signatory(p.STATION_NAME, "organisation", date="2026-03-04"),
        "TermEnd": "2026-04-03",
    }
    return p.changed(base, changes)


def designation_reject(**changes: Value | None) -> Payload:
    """The station declines for a coded reason."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "DecidedAt": "2026-03-04T09:30:00+08:00",
        "Reason": {"Code": "A05", "Text": "本月调解力量不足，暂停接案"},
    }
    return p.changed(base, changes)


def mediator_assign(**changes: Value | None) -> Payload:
    """The station names the mediator."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "AssignedAt": "2026-03-04T14:00:00+08:00",
        "Mediator": [p.mediator()],
    }
    return p.changed(base, changes)


def mediator_change(**changes: Value | None) -> Payload:
    """Another mediator takes over."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "ChangedAt": "2026-03-09T09:00:00+08:00",
        "FormerMediator": [p.mediator()],
        "Mediator": [p.mediator(MediatorId="T-M-0002", Name="测试辛")],
        "Reason": {"Code": "D02", "Text": "与一方当事人有利害关系"},
        "RequestedBy": p.EMPLOYER,
    }
    return p.changed(base, changes)


def disclosure(**changes: Value | None) -> Payload:
    """The mediator discloses; both parties agree that the mediation goes on."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "Mediator": p.mediator(),
        "Ground": "D03",
        "Description": "曾参加被申请人组织的法律培训",
        "DisclosedAt": "2026-03-05T09:00:00+08:00",
        "Consent": p.both_answer("2026-03-05T10:00:00+08:00"),
        "Decision": "continue",
    }
    return p.changed(base, changes)


def notification(**changes: Value | None) -> Payload:
    """The other party was reached at the second attempt and agrees."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "Attempt": [
            {"PartyName": p.EMPLOYER, "At": "2026-03-04T15:00:00+08:00", "Channel": "phone", "Result": "unreachable"},
            {"PartyName": p.EMPLOYER, "At": "2026-03-05T09:10:00+08:00", "Channel": "phone", "Result": "reached"},
        ],
        "Consent": [p.answer(p.EMPLOYER, at="2026-03-05T09:12:00+08:00")],
    }
    return p.changed(base, changes)


def progress(**changes: Value | None) -> Payload:
    """A note on the way."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "Stage": "08",
        "Summary": "已组织一次视频调解，双方就数额接近一致。",
        "NextAction": "组织第二次调解",
        "NextDate": "2026-03-18",
    }
    return p.changed(base, changes)


def extension(**changes: Value | None) -> Payload:
    """All parties agree to a longer term."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "FormerEndDate": "2026-04-03",
        "NewEndDate": "2026-04-17",
        "Consent": p.both_answer("2026-03-30T10:00:00+08:00"),
    }
    return p.changed(base, changes)


def suspension(**changes: Value | None) -> Payload:
    """An appraisal stops the clock."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "Reason": {"Code": "appraisal", "Text": "委托诉前鉴定"},
        "From": "2026-03-10",
    }
    return p.changed(base, changes)


def resumption(**changes: Value | None) -> Payload:
    """The appraisal is back."""
    base: Payload = {"CaseReference": p.case_reference(), "From": "2026-03-16"}
    return p.changed(base, changes)


def result_success(**changes: Value | None) -> Payload:
    """An agreement, signed and sealed."""
    base: Payload = {
        "CaseReference": p.case_reference(AgreementNumber=p.AGREEMENT_NUMBER),
        "EndedAt": "2026-03-18T16:20:00+08:00",
        "Agreement": p.agreement(),
        "PerformanceState": "1",
        "FollowUp": "arbitration-review",
    }
    return p.changed(base, changes)


def result_fail(**changes: Value | None) -> Payload:
    """No agreement: the positions are too far apart."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "EndedAt": "2026-03-18T16:20:00+08:00",
        "Reason": {"Code": "T05", "Text": "双方对加班事实分歧较大"},
        "Hint": ["建议调取2025年11月、12月考勤记录"],
        "UndisputedFact": ["双方确认劳动关系存续至2025年12月31日。"],
        "Material": [{"DocumentType": "D101", "Name": "调解申请书.pdf", "Copies": "2"}],
    }
    return p.changed(base, changes)


def result_withdraw(**changes: Value | None) -> Payload:
    """The applicant withdraws: settled out of the mediation."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Withdrawal": {
            "PartyName": [p.WORKER],
            "Date": "2026-03-12",
            "Reason": {"Code": "T02", "Text": "双方自行和解"},
        },
    }
    return p.changed(base, changes)


def court_acknowledge(**changes: Value | None) -> Payload:
    """The court accepts the result; no further case."""
    base: Payload = {
        "CaseReference": p.case_reference(AgreementNumber=p.AGREEMENT_NUMBER),
        "Decision": "accepted",
        "DecidedAt": "2026-03-20T09:00:00+08:00",
        "Closed": "true",
    }
    return p.changed(base, changes)


def case_close(**changes: Value | None) -> Payload:
    """The court closes."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "CloseMode": "13",
        "ClosedOn": "2026-03-20",
        "ArchiveNumber": "内0102诉前调2026-595",
    }
    return p.changed(base, changes)


def deadline_expired(**changes: Value | None) -> Payload:
    """The keeper's node says that the three working days of acceptance are over."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "Timer": "T-ACC",
        "StartStep": "019cad6f-3c00-7000-8000-000000000001",
        "Due": "2026-03-05T23:59:59.999999+08:00",
        "Source": "delivered 2026-03-02T10:00:05+08:00",
        "CalendarVersion": "chinesecalendar-1.11.0",
    }
    return p.changed(base, changes)


def acknowledgement(**changes: Value | None) -> Payload:
    """A business sign-for, apart from the technical receipt."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "MessageId": "019cad6f-3c00-7000-8000-000000000001",
        "ReceivedAt": "2026-03-02T11:00:00+08:00",
        "ReceivedBy": p.STATION_NAME,
    }
    return p.changed(base, changes)


BUILDERS: dict[str, Callable[..., Payload]] = {
    "mediation.DesignationRequest": designation_request,
    "mediation.DesignationAccept": designation_accept,
    "mediation.DesignationReject": designation_reject,
    "mediation.MediatorAssign": mediator_assign,
    "mediation.MediatorChange": mediator_change,
    "mediation.Disclosure": disclosure,
    "mediation.Notification": notification,
    "mediation.Progress": progress,
    "mediation.Extension": extension,
    "mediation.Suspension": suspension,
    "mediation.Resumption": resumption,
    "mediation.ResultSuccess": result_success,
    "mediation.ResultFail": result_fail,
    "mediation.ResultWithdraw": result_withdraw,
    "mediation.CourtAcknowledge": court_acknowledge,
    "mediation.CaseClose": case_close,
    "common.DeadlineExpired": deadline_expired,
    "common.Acknowledgement": acknowledgement,
}
