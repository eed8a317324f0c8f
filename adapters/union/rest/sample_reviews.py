"""What a simulated station says of sessions and of a review, in its own dialect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters import samples
from adapters.union.rest.sample_calls import (
    MEDIATOR,
    Case,
    Making,
    agreement,
    at,
    attachment,
    both_agree,
    names_of,
    signatory,
)

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def _people(case: Case) -> list[tuple[str, str]]:
    worker, employer = names_of(case)
    return [(MEDIATOR["name"], "MEDIATOR"), (worker, "APPLICANT"), (employer, "RESPONDENT")]


def _session(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"sessionId": str(data.get("session", "T-S-0001"))}


def _schedule(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    people = [{"name": name, "role": role, "channel": "VIDEO"} for name, role in _people(case)]
    when = {"start": at(now, minutes=60), "end": at(now, minutes=150), "mode": "VIDEO_JOINT", "roomRef": "room-1"}
    return _session(data) | when | {"participants": people}


def _reply(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return _session(data) | {"partyName": names_of(case)[1], "reply": "CONFIRM", "at": at(now)}


def _identity(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    checks = [
        {"name": name, "role": role, "method": "FACE", "passed": True, "at": at(now)}
        for name, role in _people(case)[1:]
    ]
    return _session(data) | {"checks": checks}


def _report(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    start, end = at(now, minutes=-90), at(now)
    rows = [
        {"name": name, "role": role, "join": start, "leave": end, "leaveReason": "ENDED"}
        for name, role in _people(case)
    ]
    return _session(data) | {"start": start, "end": end, "presences": rows}


def _record(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    held = {"recordingRef": "station-archive/0001", "durationSeconds": 5400, "size": 734003200, "digest": _DIGEST}
    return _session(data) | held | {"consents": both_agree(case, now), "retainUntil": samples.day(now, days=1826)}


def _minutes(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    worker, employer = names_of(case)
    signed = [
        signatory(worker, "PARTY", now),
        signatory(employer, "PARTY", now),
        signatory(MEDIATOR["name"], "MEDIATOR", now),
    ]
    document = {"documentType": "D110", "name": "调解笔录.pdf"}
    return _session(data) | {
        "minutes": document,
        "signatories": signed,
        "attachments": [attachment("D110", "调解笔录.pdf")],
    }


def _onsite(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    worker = names_of(case)[0]
    return _session(data) | {"requestedBy": worker, "consents": both_agree(case, now), "place": "工作站调解室"}


def _for_both(case: Case) -> dict[str, Any]:
    evidence = {"description": "当事人到站提交，现场签名"}
    return {"onBehalfOf": [{"partyNames": list(names_of(case)), "channel": "ONSITE", "evidence": evidence}]}


def _apply(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    applicants = [dict(party) | {"role": "JOINT_APPLICANT"} for party in case.get("parties") or ()]
    made = case.get("agreement") or agreement(case, now)
    return _for_both(case) | {
        "joint": True,
        "appliedOn": samples.day(now),
        "applicants": applicants,
        "agreement": made,
        "matters": ["01"],
        "amount": "12000.00",
        "notJudiciallyConfirmed": True,
        "signatories": [signatory(name, "PARTY", now) for name in names_of(case)],
        "arbitrationCode": str(data.get("arbitration") or case.get("arbitration") or "arbitration:t-hohhot"),
        "attachments": [attachment("D205", "仲裁审查申请书.pdf"), attachment("D112", "调解协议书.pdf")],
    }


def _supplement_reply(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    item = {"number": 1, "text": "现补交", "document": {"documentType": "D119", "name": "法定代表人身份证明.pdf"}}
    return _for_both(case) | {
        "items": [item],
        "suppliedOn": samples.day(now),
        "attachments": [attachment("D119", "法定代表人身份证明.pdf")],
    }


def _verify_reply(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "replies": [{"number": 1, "text": "申请人到场，被申请人以视频参加并邮寄盖章"}],
        "repliedOn": samples.day(now),
    }


def _review_withdraw(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    told = {
        "partyNames": [names_of(case)[0]],
        "date": samples.day(now),
        "reasonCode": "PERFORMED",
        "reasonText": "已全部履行",
    }
    return _for_both(case) | told


SESSIONS: Mapping[str, tuple[str, Making]] = {
    "schedule": ("/session/schedule", _schedule),
    "reply": ("/session/reply", _reply),
    "identity": ("/session/identity", _identity),
    "session": ("/session/report", _report),
    "record": ("/session/record", _record),
    "minutes": ("/session/minutes", _minutes),
    "onsite": ("/session/onsite", _onsite),
}
REVIEWS: Mapping[str, tuple[str, Making]] = {
    "review-apply": ("/review/apply", _apply),
    "supplement-reply": ("/review/supplement-reply", _supplement_reply),
    "verify-reply": ("/review/verify-reply", _verify_reply),
    "review-withdraw": ("/review/withdraw", _review_withdraw),
}
