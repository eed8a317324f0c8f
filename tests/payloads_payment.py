"""Payloads of domain F8, the payment order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p
from tests.payloads_intake import CLAIM

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload

ORDER = "（2026）内0102民督7号"
_NEW = p.case_reference(
    PreMediationNumber=None, CaseMark=None, AgreementNumber=p.AGREEMENT_NUMBER, LegalBasis="调解仲裁法 第16条"
)
_CASE = p.changed(_NEW, {"CourtCaseNumber": ORDER})
_ISSUED = p.changed(_CASE, {"PaymentOrderNumber": ORDER})

_WHOLE: dict[str, Payload] = {
    "payment-order.PaymentApply": {
        "CaseReference": _NEW,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "AppliedOn": "2026-06-05",
        "CourtCode": "150102",
        "CourtName": p.COURT_NAME,
        "Party": [p.worker(), p.employer()],
        "Basis": "mediation-16",
        "Matter": ["01"],
        "Amount": "12000.00",
        "DueDate": "2026-05-31",
        "AgreementNumber": p.AGREEMENT_NUMBER,
        "DebtorReachable": "true",
        "NoCounterPerformance": "true",
        "NoPreservation": "true",
        "Facts": "双方达成支付拖欠劳动报酬的调解协议，被申请人逾期未履行。",
        "Evidence": [{"Description": "调解协议书", "Document": p.document("D112", "调解协议书.pdf")}],
        "Signatory": [p.signatory(p.WORKER, "party", date="2026-06-05")],
        "Document": [p.document("D306", "支付令申请书.pdf"), p.document("D112", "调解协议书.pdf")],
    },
    "payment-order.PaymentCorrect": {
        "CaseReference": _NEW,
        "Item": [{"Number": "1", "DocumentType": "D119", "Text": "补交身份证明"}],
        "DueDate": "2026-06-12",
    },
    "payment-order.PaymentCorrectReply": {
        "CaseReference": _NEW,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Item": [{"Number": "1", "Text": "现补交", "Document": p.document("D119", "身份证明.pdf")}],
        "SuppliedOn": "2026-06-10",
    },
    "payment-order.PaymentAccept": {
        "CaseReference": _CASE,
        "CourtCaseNumber": ORDER,
        "Judge": p.official(),
        "AcceptedOn": "2026-06-12",
        "Document": p.document("D303", "受理通知书.pdf"),
    },
    "payment-order.PaymentRefuse": {
        "CaseReference": _NEW,
        "Reason": {"Code": "P06", "Text": "本院无管辖权"},
        "DecidedOn": "2026-06-12",
        "Document": p.document("D303", "不予受理通知书.pdf"),
    },
    "payment-order.PaymentIssued": {
        "CaseReference": _ISSUED,
        "PaymentOrderNumber": ORDER,
        "IssuedOn": "2026-06-24",
        "Judge": p.official(),
        "Amount": "12000.00",
        "Document": p.document("D307", "支付令.pdf"),
    },
    "payment-order.PaymentDismissed": {
        "CaseReference": _CASE,
        "RulingNumber": ORDER,
        "Date": "2026-06-24",
        "Reason": {"Code": "Q04", "Text": "履行期限尚未届满"},
        "Document": p.document("D309", "驳回申请裁定书.pdf"),
    },
    "payment-order.PaymentWithdraw": {
        "CaseReference": _CASE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Withdrawal": {"PartyName": [p.WORKER], "Date": "2026-06-15", "Reason": {"Code": "performed"}},
    },
    "payment-order.PaymentServed": {
        "CaseReference": _ISSUED,
        "PaymentOrderNumber": ORDER,
        "Service": [{"PartyName": p.EMPLOYER, "Method": "direct", "ReceivedAt": "2026-06-29T10:00:00+08:00"}],
    },
    "payment-order.PaymentNotServed": {
        "CaseReference": _ISSUED,
        "PaymentOrderNumber": ORDER,
        "FailedOn": "2026-07-24",
        "Method": "mail",
        "Text": "邮件退回，地址无人",
    },
    "payment-order.PaymentObjection": {
        "CaseReference": _ISSUED,
        "PaymentOrderNumber": ORDER,
        "ObjectedOn": "2026-07-06",
        "Written": "true",
        "Claim": [CLAIM],
        "Ground": "对欠付数额有争议",
        "Document": p.document("D308", "支付令异议书.pdf"),
    },
    "payment-order.PaymentObjectionDismissed": {
        "CaseReference": _ISSUED,
        "PaymentOrderNumber": ORDER,
        "Reason": {"Code": "Y03", "Text": "仅称无清偿能力"},
        "Date": "2026-07-08",
        "Document": p.document("D309", "驳回异议裁定书.pdf"),
    },
    "payment-order.PaymentTerminated": {
        "CaseReference": _ISSUED,
        "RulingNumber": ORDER,
        "Date": "2026-07-10",
        "Reason": {"Code": "X04", "Text": "债务人异议成立"},
        "Branch": "arbitration",
        "Document": p.document("D309", "终结督促程序裁定书.pdf"),
    },
    "payment-order.PaymentNoSuit": {
        "CaseReference": _ISSUED,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "StatedOn": "2026-07-14",
        "Text": "不同意转入诉讼，将另行申请仲裁。",
    },
    "payment-order.PaymentEffective": {
        "CaseReference": _ISSUED,
        "PaymentOrderNumber": ORDER,
        "EffectiveDate": "2026-07-14",
        "Amount": "12000.00",
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
