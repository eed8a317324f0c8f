"""Payloads of domain F11, audio and video sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests import payloads as p

if TYPE_CHECKING:
    from gateway.model.payload import Payload, Value

SESSION = "T-S-2026-0001"
START, END = "2026-03-11T14:30:00+08:00", "2026-03-11T16:00:00+08:00"


def session_schedule(**changes: Value | None) -> Payload:
    """Both sides and the mediator meet by video."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "Start": START,
        "End": END,
        "Mode": "video-joint",
        "RoomRef": "room-20260311-1",
        "Participant": [
            {"Name": p.MEDIATOR, "Role": "mediator", "Channel": "video"},
            {"Name": p.WORKER, "Role": "applicant", "Channel": "onsite"},
            {"Name": p.EMPLOYER, "Role": "respondent", "Channel": "video"},
        ],
        "EquipmentPlace": [{"PartyName": p.WORKER, "Place": "工作站调解室"}],
    }
    return p.changed(base, changes)


def session_reply(**changes: Value | None) -> Payload:
    """A party confirms."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "PartyName": p.EMPLOYER,
        "Reply": "confirm",
        "At": "2026-03-09T10:00:00+08:00",
    }
    return p.changed(base, changes)


def session_identity(**changes: Value | None) -> Payload:
    """Identities were compared at the start."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "Check": [
            {
                "Name": p.WORKER,
                "Role": "applicant",
                "Method": "id-card",
                "Passed": "true",
                "At": "2026-03-11T14:28:00+08:00",
            },
            {
                "Name": p.EMPLOYER,
                "Role": "respondent",
                "Method": "face",
                "Passed": "true",
                "At": "2026-03-11T14:29:00+08:00",
            },
        ],
    }
    return p.changed(base, changes)


def session_report(**changes: Value | None) -> Payload:
    """Who was there, from when to when, and a short outage."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "Start": START,
        "End": END,
        "Presence": [
            {"Name": p.MEDIATOR, "Role": "mediator", "Join": START, "Leave": END, "LeaveReason": "ended"},
            {"Name": p.WORKER, "Role": "applicant", "Join": START, "Leave": END, "LeaveReason": "ended"},
            {"Name": p.EMPLOYER, "Role": "respondent", "Join": START, "Leave": END, "LeaveReason": "ended"},
        ],
        "QualityEvent": [
            {"At": "2026-03-11T15:02:10+08:00", "Kind": "outage", "Name": p.EMPLOYER, "Text": "中断约20秒"}
        ],
    }
    return p.changed(base, changes)


def session_record(**changes: Value | None) -> Payload:
    """The recording stays where it is; its reference, size and digest travel."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "RecordingRef": "station-archive/2026/0001",
        "DurationSeconds": "5400",
        "Size": "734003200",
        "Digest": p.SHA256,
        "Consent": p.both_answer(START),
        "RetainUntil": "2031-03-11",
    }
    return p.changed(base, changes)


def session_minutes(**changes: Value | None) -> Payload:
    """Minutes with undisputed facts, signed by all."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "Minutes": p.document("D110", "调解笔录.pdf"),
        "Signatory": [
            p.signatory(p.WORKER, "party", mode="fingerprint", date="2026-03-11"),
            p.signatory(p.EMPLOYER, "party", date="2026-03-11"),
            p.signatory(p.MEDIATOR, "mediator", date="2026-03-11"),
        ],
        "UndisputedFact": ["双方确认2025年11月、12月未足额支付劳动报酬。"],
    }
    return p.changed(base, changes)


def session_switch_onsite(**changes: Value | None) -> Payload:
    """The session moves to a room, with the other side's consent."""
    base: Payload = {
        "CaseReference": p.case_reference(),
        "SessionId": SESSION,
        "RequestedBy": p.WORKER,
        "Consent": [p.answer(p.EMPLOYER, at="2026-03-10T10:00:00+08:00")],
        "Place": "工作站调解室",
        "Start": START,
    }
    return p.changed(base, changes)


BUILDERS: dict[str, Callable[..., Payload]] = {
    "mediation.SessionSchedule": session_schedule,
    "mediation.SessionReply": session_reply,
    "mediation.SessionIdentity": session_identity,
    "mediation.SessionReport": session_report,
    "mediation.SessionRecord": session_record,
    "mediation.SessionMinutes": session_minutes,
    "mediation.SessionSwitchOnsite": session_switch_onsite,
}
