"""What a simulated station says of a mediation, in its own dialect: camelCase, words for codes, offsets in times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from adapters import samples

Case: TypeAlias = "Mapping[str, Any]"
Making: TypeAlias = "Callable[[Case, Mapping[str, Any], datetime], dict[str, Any]]"
FORM = "%Y-%m-%dT%H:%M:%S+08:00"
MEDIATOR = {"mediatorId": "T-M-0001", "name": "测试丙", "certificateNo": "内调员字第0001号", "presiding": "true"}
STATION = {
    "organisationId": "union:t-station",
    "name": "新城区工会法律服务工作站（测试）",
    "type": "06",
    "region": samples.REGION,
}


def head(case: Case) -> dict[str, Any]:
    """The numbers that every call of a case carries."""
    keys = ("intakeNo", "preMediationNo", "caseMark", "consentRef", "classification", "agreementNo")
    return {key: case[key] for key in keys if case.get(key)}


def attachment(kind: str, name: str) -> dict[str, Any]:
    """A file of a call."""
    return {"documentType": kind, "fileName": name, "mediaType": "application/pdf", "content": samples.pdf(name)}


def at(now: datetime, *, minutes: int = 0) -> str:
    """A moment as this system writes it."""
    return samples.instant(now, FORM, minutes=minutes)


def signatory(name: str, role: str, now: datetime, *, mode: str = "ELECTRONIC") -> dict[str, Any]:
    """One signature or seal."""
    return {"name": name, "role": role, "mode": mode, "date": samples.day(now)}


def clauses(case: Case, now: datetime) -> list[dict[str, Any]]:
    """Two clauses; the instalments of the first add up to its amount."""
    worker, employer = names_of(case)
    first, second = samples.day(now, days=30), samples.day(now, days=60)
    return [
        {
            "number": "1",
            "obligor": employer,
            "obligee": worker,
            "item": "支付拖欠的劳动报酬",
            "matter": "01",
            "amount": "12000.00",
            "dueDate": second,
            "instalments": [
                {"number": "1", "dueDate": first, "amount": "6000.00"},
                {"number": "2", "dueDate": second, "amount": "6000.00"},
            ],
            "mode": "银行转账",
            "text": f"被申请人于{first}前、{second}前各支付申请人劳动报酬6000元。",
        },
        {"number": "2", "obligor": worker, "obligee": employer, "item": "双方再无其他劳动争议"},
    ]


def agreement(case: Case, now: datetime) -> dict[str, Any]:
    """The agreement, signed by both parties and the mediator and sealed by the station."""
    worker, employer = names_of(case)
    return {
        "agreementNo": case["agreementNo"],
        "effectiveDate": samples.day(now),
        "organisation": STATION,
        "mediators": [MEDIATOR],
        "clauses": clauses(case, now),
        "signatories": [
            signatory(worker, "PARTY", now, mode="FINGERPRINT"),
            signatory(employer, "PARTY", now, mode="WET_INK"),
            signatory(MEDIATOR["name"], "MEDIATOR", now),
            signatory(STATION["name"], "ORGANISATION", now),
        ],
        "undisputedFacts": ["双方确认拖欠劳动报酬共计12000元。"],
        "followUps": ["ARBITRATION_REVIEW"],
    }


def names_of(case: Case) -> tuple[str, str]:
    """(worker, employer) of the case."""
    names = [party["name"] for party in case.get("parties") or ()]
    return (names[0], names[1]) if len(names) > 1 else ("测试甲", "测试乙商贸有限公司")


def both_agree(case: Case, now: datetime) -> list[dict[str, Any]]:
    """Both parties' consent."""
    return [
        {"partyName": name, "answer": "AGREE", "channel": "PHONE", "at": at(now, minutes=-5)} for name in names_of(case)
    ]


def _accept(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"acceptedAt": at(now), "acceptance": signatory(STATION["name"], "ORGANISATION", now)}


def _reject(_: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"decidedAt": at(now), "reasonCode": data.get("reason", "A05"), "reasonText": "本月调解力量不足，暂停接案"}


def _assign(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"assignedAt": at(now), "mediators": [MEDIATOR]}


def _change(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    other = MEDIATOR | {"mediatorId": "T-M-0002", "name": "测试辛"}
    return {
        "changedAt": at(now),
        "formerMediators": [MEDIATOR],
        "mediators": [other],
        "reasonCode": "D02",
        "reasonText": "有利害关系",
    }


def _disclose(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    told = {
        "mediator": MEDIATOR,
        "ground": "D03",
        "description": "曾参加被申请人组织的法律培训",
        "disclosedAt": at(now, minutes=-60),
    }
    return told | {"consents": both_agree(case, now), "decision": "CONTINUE"}


def _notify(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    employer = names_of(case)[1]
    reached = {"partyName": employer, "at": at(now, minutes=-10), "channel": "PHONE", "result": "REACHED"}
    return {"attempts": [reached], "consents": both_agree(case, now)}


def _progress(_: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    summary = data.get("summary", "已组织一次视频调解，双方就数额接近一致。")
    return {"stage": "08", "summary": summary, "nextAction": "组织第二次调解", "nextDate": samples.day(now, days=7)}


def _extend(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    longer = {"newEndDate": samples.day(now, days=44), "consents": both_agree(case, now)}
    return longer | {"attachments": [attachment("D114", "延长调解期限同意书.pdf")]}


def _suspend(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"reasonCode": "APPRAISAL", "reasonText": "委托诉前鉴定", "from": samples.day(now)}


def _resume(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"from": samples.day(now)}


def _success(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    reached = {
        "endedAt": at(now),
        "agreement": agreement(case, now),
        "performanceState": "1",
        "followUp": "ARBITRATION_REVIEW",
    }
    return reached | {"attachments": [attachment("D112", "调解协议书.pdf")]}


def _fail(_: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    ended = {"endedAt": at(now), "reasonCode": data.get("reason", "T05"), "reasonText": "双方对加班事实分歧较大"}
    return ended | {"hints": ["建议调取考勤记录"], "attachments": [attachment("D116", "终止调解情况表.pdf")]}


def _withdraw(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    worker = names_of(case)[0]
    told = {"partyNames": [worker], "date": samples.day(now), "reasonCode": "T02", "reasonText": "双方自行和解"}
    return told | {
        "onBehalfOf": [{"partyNames": [worker], "channel": "ONSITE", "evidence": {"description": "当事人到站提交"}}]
    }


MEDIATION: Mapping[str, tuple[str, Making]] = {
    "accept": ("/mediation/accept", _accept),
    "reject": ("/mediation/reject", _reject),
    "assign": ("/mediation/assign", _assign),
    "change": ("/mediation/change", _change),
    "disclose": ("/mediation/disclose", _disclose),
    "notify": ("/mediation/notify", _notify),
    "progress": ("/mediation/progress", _progress),
    "extend": ("/mediation/extend", _extend),
    "suspend": ("/mediation/suspend", _suspend),
    "resume": ("/mediation/resume", _resume),
    "success": ("/mediation/success", _success),
    "fail": ("/mediation/fail", _fail),
    "withdraw": ("/mediation/withdraw", _withdraw),
}
