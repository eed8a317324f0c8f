"""Payloads of domain F9, transfer after failure, and of F15: complaint, settlement, job referral."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p
from tests.payloads_intake import CLAIM, DOSSIER, FACTS, request, request_receipt, request_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload, Value

_CASE = p.case_reference(MediationNumber="T-TJ-2026-0118")
_PARTIES: list[Value] = [p.worker(), p.employer()]
_FAILED: Payload = {"Code": "T05", "Text": "双方对欠付数额分歧较大"}

_WHOLE: dict[str, Payload] = {
    "mediation.TransferArbitration": {
        "CaseReference": _CASE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Claim": [CLAIM],
        "Facts": FACTS,
        "Party": _PARTIES,
        "Evidence": [{"Description": "考勤记录", "Document": p.document("D120", "证据目录.pdf")}],
        "MediationPeriod": {"Start": "2026-03-04", "End": "2026-03-25"},
        "Termination": _FAILED,
        "LimitationFact": [{"Date": "2026-01-12", "Text": "劳动者书面催要工资"}],
        "Consent": [p.answer(p.WORKER, at="2026-03-25T10:00:00+08:00")],
        "Material": DOSSIER,
    },
    "mediation.TransferFiling": {
        "CaseReference": _CASE,
        "OriginalNumber": p.COURT_CASE,
        "OriginalCode": "451020269901000595",
        "Ground": "iou",
        "Claim": [CLAIM],
        "Facts": FACTS,
        "Party": _PARTIES,
        "Termination": _FAILED,
        "Material": DOSSIER,
    },
    "mediation.TransferInspection": {
        "CaseReference": _CASE,
        "Matter": ["01"],
        "Facts": FACTS,
        "Party": _PARTIES,
        "Consent": [p.answer(p.WORKER, at="2026-03-25T10:00:00+08:00")],
    },
    "mediation.TransferReply": {
        "CaseReference": _CASE,
        "Decision": "accepted",
        "DecidedOn": "2026-03-30",
        "NextCaseNumber": "呼劳人仲案字〔2026〕第123号",
        "Document": p.document("D203", "仲裁受理通知书.pdf"),
    },
    # F15: one request, its receipt, its reply.
    "mediation.ComplaintFile": {
        "CaseReference": _CASE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Request": request("对调解员的投诉", "调解员无正当理由多次改期。"),
        "Complainant": p.WORKER,
        "Organisation": p.station(),
        "Mediator": p.mediator(),
    },
    "mediation.ComplaintReceipt": request_receipt(_CASE),
    "mediation.ComplaintResult": request_reply(_CASE, "partly", "已提醒该调解员按期安排会话。"),
    "mediation.JobRefer": {
        "CaseReference": _CASE,
        "Request": request("请求就业帮扶", "劳动者争议已解决，需要求职帮助。"),
        "Need": "placement",
        "Party": [p.worker()],
        "Consent": [p.answer(p.WORKER)],
    },
    "mediation.JobReceipt": request_receipt(_CASE),
    "mediation.JobResult": request_reply(_CASE, "done", "已推荐两个岗位。"),
    # F15: a settlement before the union, and what follows when it is not kept.
    "mediation.SettlementFile": {
        "CaseReference": _CASE,
        "AgreementNumber": "T-HJ-2026-0009",
        "EffectiveDate": "2026-03-18",
        "Organisation": p.station(),
        "Party": _PARTIES,
        "Clause": p.clauses(),
        "Signatory": [p.signatory(p.WORKER, "party"), p.signatory(p.EMPLOYER, "party", mode="wet-ink")],
        "Consent": p.both_answer("2026-03-18T16:00:00+08:00"),
    },
    "mediation.SettlementReceipt": request_receipt(_CASE),
    "mediation.SettlementGuide": {
        "CaseReference": _CASE,
        "Item": [{"Number": "1", "Text": "第一期6000元到期未付"}],
        "GuidedOn": "2026-05-06",
        "Guidance": "可向本站申请调解，也可依法申请仲裁。",
        "SuggestedOrganisation": p.station(),
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
