"""Payloads of domain F13, performance of an agreement and the visit after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload

_CASE = p.case_reference(AgreementNumber=p.AGREEMENT_NUMBER, LegalBasis="调解仲裁法 第15条")
_HEAD: Payload = {"CaseReference": _CASE, "AgreementNumber": p.AGREEMENT_NUMBER}

_WHOLE: dict[str, Payload] = {
    "performance.Notice": {
        **_HEAD,
        "NoticedOn": "2026-03-18",
        "Clause": p.clauses(),
        "Consequence": ["arbitration", "payment-order"],
        "Document": p.document("D117", "履行告知书.pdf"),
    },
    "performance.Assess": {
        **_HEAD,
        "AssessedOn": "2026-03-18",
        "Grade": "fair",
        "Risk": ["被申请人现金流紧张，需分期"],
        "Assessor": p.official("测试癸"),
    },
    "performance.Remind": {
        **_HEAD,
        "Obligor": p.EMPLOYER,
        "ClauseNumber": "1",
        "InstalmentNumber": "1",
        "DueDate": "2026-04-30",
        "Amount": "6000.00",
        "RemindedAt": "2026-04-23T09:00:00+08:00",
        "Channel": "sms",
    },
    "performance.Report": {
        **_HEAD,
        "ReportedOn": "2026-05-06",
        "PerformanceState": "3",
        "ClauseNumber": "1",
        "InstalmentNumber": "1",
        "PaidAmount": "6000.00",
        "PaidOn": "2026-04-29",
        "Evidence": [{"Description": "银行转账回单"}],
    },
    "performance.Visit": {
        **_HEAD,
        "VisitedOn": "2026-06-15",
        "Channel": "phone",
        "PartyName": [p.WORKER],
        "Satisfaction": "satisfied",
        "Document": p.document("D118", "回访记录.pdf"),
    },
    "performance.Default": {
        **_HEAD,
        "DefaultedOn": "2026-06-01",
        "Item": [
            {"ClauseNumber": "1", "InstalmentNumber": "2", "DueDate": "2026-05-31", "Days": "1", "Amount": "6000.00"}
        ],
        "Remedy": "payment-order",
    },
    "performance.Close": {
        **_HEAD,
        "PerformanceState": "2",
        "PerformedOn": "2026-05-29",
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
