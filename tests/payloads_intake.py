"""Payloads of domain F2–F4: entrusted mediation, a party's own application, a body's own intake and what it hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload, Value

CIVIL_CASE = "（2026）内0102民初1033号"
INTAKE = "新工法援2026-118"
CAUSE: Payload = {"@version": "2025", "#text": "205(5)"}
CLAIM: Payload = {"Text": "支付2025年11月、12月劳动报酬", "Matter": "01", "Amount": "12800.00"}
FACTS = "申请人自2024年5月起在被申请人处任装卸工，被申请人未足额支付2025年11月、12月劳动报酬。"
REQUEST_ID = "019cad6f-3c00-7000-8000-00000000000d"
DOSSIER: list[Value] = [
    {"DocumentType": "D101", "Name": "调解申请书.pdf", "Copies": "1"},
    {"DocumentType": "D120", "Name": "证据目录.pdf", "Copies": "1", "Pages": "6", "Digest": p.SHA256},
]


def request(title: str, text: str, *documents: Payload) -> Payload:
    """The part that every request of domain F15 has."""
    attached: Payload = {"Document": list(documents)} if documents else {}
    return {"Title": title, "Text": text, "ReplyBy": "2026-04-30", **attached}


def request_receipt(reference: Payload) -> Payload:
    """The addressee has the request."""
    return {
        "CaseReference": reference,
        "RequestId": REQUEST_ID,
        "ReceivedAt": "2026-04-02T09:00:00+08:00",
        "ReceivedBy": "测试癸",
        "Number": "T-2026-0042",
    }


def request_reply(reference: Payload, outcome: str, text: str) -> Payload:
    """The addressee answers the request."""
    return {
        "CaseReference": reference,
        "RequestId": REQUEST_ID,
        "Outcome": outcome,
        "RepliedOn": "2026-04-20",
        "Text": text,
    }


_CIVIL = p.case_reference(CourtCaseNumber=CIVIL_CASE, LegalBasis="法释〔2016〕14号 第11条")
_OWN = p.case_reference(
    PreMediationNumber=None, CaseMark=None, UnionIntakeNumber=INTAKE, LegalBasis="调解仲裁法 第10条"
)
_BARE: Payload = {
    "LegalBasis": "法释〔2021〕23号 第8条",
    "ConsentRef": "T-CONSENT-2026-0595",
    "Classification": "sensitive",
}
_PARTIES: list[Value] = [p.worker(), p.employer()]

_WHOLE: dict[str, Payload] = {
    # F2: the case is filed and stays with its judge.
    "mediation.EntrustmentRequest": {
        "CaseReference": _CIVIL,
        "CourtCaseNumber": CIVIL_CASE,
        "CaseMark": "451020269901000595",
        "Procedure": "summary",
        "Cause": CAUSE,
        "Claim": [CLAIM],
        "Facts": FACTS,
        "Party": _PARTIES,
        "Consent": p.both_answer(),
        "Designation": {
            "Type": "02",
            "Organisation": p.station(),
            "TermStart": "accepted",
            "TermDays": "7",
            "Material": [{"DocumentType": "D106", "Name": "委托调解函.pdf", "Copies": "1", "Digest": p.SHA256}],
            "ContactJudge": p.official(),
            "Privacy": "internal",
        },
    },
    "mediation.EntrustmentExtend": {
        "CaseReference": _CIVIL,
        "Procedure": "summary",
        "FormerEndDate": "2026-03-11",
        "NewEndDate": "2026-03-26",
        "Consent": p.both_answer("2026-03-10T10:00:00+08:00"),
        "TrialLimitDeduction": {"Start": "2026-03-12", "End": "2026-03-26"},
        "Judge": p.official(),
    },
    # F3: a party applies on the court's platform.
    "mediation.Application": {
        "CaseReference": _BARE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "AppliedOn": "2026-03-02",
        "CourtName": p.COURT_NAME,
        "Cause": CAUSE,
        "Claim": [CLAIM],
        "Facts": FACTS,
        "Party": _PARTIES,
        "Document": [p.document("D101", "调解申请书.pdf")],
    },
    "mediation.CourtReturn": {
        "CaseReference": _BARE,
        "Reason": {"Code": "B02", "Text": "邀请法院对本案无管辖权"},
        "DecidedAt": "2026-03-03T15:00:00+08:00",
        "Handler": p.official(),
    },
    # F4: a station registers its own case and hands it on.
    "mediation.IntakeRegister": {
        "CaseReference": _OWN,
        "IntakeNumber": INTAKE,
        "Date": "2026-03-02",
        "Mode": "oral",
        "Organisation": p.station(),
        "Cause": CAUSE,
        "Matter": ["01"],
        "Persons": "1",
        "Amount": "12800.00",
        "Group": "false",
        "Claim": [CLAIM],
        "Facts": FACTS,
        "Party": _PARTIES,
        "Document": [p.document("D102", "口头申请记录.pdf")],
    },
    "mediation.IntakeAccept": {
        "CaseReference": _OWN,
        "IntakeNumber": INTAKE,
        "AcceptedOn": "2026-03-04",
        "TermEnd": "2026-03-19",
        "Mediator": [p.mediator()],
    },
    "mediation.IntakeRefuse": {
        "CaseReference": _OWN,
        "Reason": {"Code": "E02", "Text": "被申请人书面表示不同意调解"},
        "DecidedOn": "2026-03-04",
        "Remedy": "可依法申请劳动仲裁",
        "Document": p.document("D116", "不予受理通知书.pdf"),
    },
    "mediation.Escalate": {
        "CaseReference": _OWN,
        "Outcome": "agreed",
        "Target": "confirmation",
        "Consent": p.both_answer("2026-03-18T16:00:00+08:00"),
        "Agreement": p.agreement(),
        "UndisputedFact": ["双方确认拖欠劳动报酬共计12000元。"],
        "Material": DOSSIER,
    },
    "mediation.LegalAidRefer": {
        "CaseReference": _OWN,
        "Request": request("请求法律援助", "劳动者追索劳动报酬，经济困难。", p.document("D402", "法律援助申请表.pdf")),
        "NeedType": "representation",
        "Party": [p.worker()],
        "Consent": [p.answer(p.WORKER)],
    },
    "mediation.LegalAidReceipt": request_receipt(_OWN),
    "mediation.LegalAidResult": request_reply(_OWN, "done", "已指派律师提供法律援助。"),
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
