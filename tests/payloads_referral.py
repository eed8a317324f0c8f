"""Payloads of domain F5, arbitration sends to mediation, of F9, results shared, and of the award comparison of F15."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p
from tests.payloads_arbitration import STATEMENT
from tests.payloads_intake import CIVIL_CASE, CLAIM, FACTS, request, request_receipt, request_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload, Value

ARBITRATION_CASE = "呼劳人仲案字〔2026〕第123号"
AWARD = "呼劳人仲裁字〔2026〕第45号"
_CASE = p.case_reference(
    PreMediationNumber=None,
    CaseMark=None,
    ArbitrationCaseNumber=ARBITRATION_CASE,
    LegalBasis="人力资源和社会保障部令第33号 第69条",
)
_PARTIES: list[Value] = [p.worker(), p.employer()]
SERVICE: list[Value] = [
    {"PartyName": p.WORKER, "Method": "direct", "ReceivedAt": "2026-04-10T10:00:00+08:00"},
    {"PartyName": p.EMPLOYER, "Method": "mail", "ReceivedAt": "2026-04-12T15:00:00+08:00"},
]

_WHOLE: dict[str, Payload] = {
    # F5: the institution suggests, entrusts, and takes the case back.
    "arbitration.MediationSuggest": {
        "CaseReference": _CASE,
        "SuggestedOn": "2026-03-03",
        "Organisation": [p.station()],
        "Party": _PARTIES,
        "Claim": [CLAIM],
        "ReplyBy": "2026-03-09",
        "Document": p.document("D201", "调解建议书.pdf"),
    },
    "arbitration.MediationSuggestReply": {
        "CaseReference": _CASE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER, p.EMPLOYER),
        "Consent": p.both_answer("2026-03-05T10:00:00+08:00"),
        "RepliedOn": "2026-03-05",
    },
    "arbitration.MediationEntrust": {
        "CaseReference": _CASE,
        "ArbitrationCaseNumber": ARBITRATION_CASE,
        "Arbitrator": p.official("测试戊"),
        "Organisation": p.station(),
        "Party": _PARTIES,
        "Consent": p.both_answer("2026-03-10T10:00:00+08:00"),
        "Claim": [CLAIM],
        "Facts": FACTS,
        "TermDays": "10",
        "Document": [p.document("D106", "委托调解函.pdf"), p.document("D202", "仲裁申请书.pdf")],
    },
    "arbitration.MediationStatement": {
        "CaseReference": _CASE,
        "StatementNumber": STATEMENT,
        "Date": "2026-03-30",
        "Arbitrator": p.official("测试戊"),
        "AgreementNumber": p.AGREEMENT_NUMBER,
        "Clause": p.clauses(),
        "Service": SERVICE,
        "EffectiveDate": "2026-04-12",
        "Document": p.document("D207", "仲裁调解书.pdf"),
    },
    "arbitration.HearingResume": {
        "CaseReference": _CASE,
        "ResumedOn": "2026-03-26",
        "Reason": {"Code": "T05", "Text": "双方对欠付数额分歧较大"},
        "HearingAt": "2026-04-07T09:00:00+08:00",
    },
    # F9: what became of the arbitration.
    "arbitration.AwardShare": {
        "CaseReference": _CASE,
        "AwardNumber": AWARD,
        "AwardedOn": "2026-04-09",
        "Finality": "final",
        "Item": [{"Number": "1", "Matter": "01", "Text": "被申请人支付劳动报酬", "Amount": "12000.00"}],
        "Service": SERVICE,
        "Document": p.document("D209", "仲裁裁决书.pdf"),
    },
    "arbitration.RefuseShare": {
        "CaseReference": _CASE,
        "Reason": {"Code": "refused", "Text": "不属于劳动争议"},
        "DecidedOn": "2026-03-09",
        "Claim": [CLAIM],
        "Document": p.document("D203", "仲裁不予受理通知书.pdf"),
    },
    # F15: an award beside the judgment on the same case.
    "arbitration.AwardCompare": {
        "CaseReference": p.changed(_CASE, {"CourtCaseNumber": CIVIL_CASE}),
        "Request": request("裁审结果比对", "请就差异说明意见。"),
        "AwardNumber": AWARD,
        "JudgmentNumber": CIVIL_CASE,
        "Item": [
            {
                "Number": "1",
                "Matter": "01",
                "Award": "支付12000元",
                "Judgment": "支付12800元",
                "AwardAmount": "12000.00",
                "JudgmentAmount": "12800.00",
            }
        ],
        "Difference": "amount",
    },
    "arbitration.AwardCompareReceipt": request_receipt(_CASE),
    "arbitration.AwardCompareReply": request_reply(_CASE, "adopted", "差异因加班工资基数不同，已纳入研讨。"),
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
