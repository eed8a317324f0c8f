"""Payloads of domain F7, judicial confirmation, of the court's part of F2, and of the enforcement of F15."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p
from tests.payloads_intake import CIVIL_CASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload, Value

CONFIRMATION_CASE = "（2026）内0102诉前调确31号"
ENFORCEMENT_CASE = "（2026）内0102执88号"
STATEMENT = "（2026）内0102诉前调书7号"
_NEW = p.case_reference(AgreementNumber=p.AGREEMENT_NUMBER, LegalBasis="民事诉讼法 第205条")
_CASE = p.changed(_NEW, {"CourtCaseNumber": CONFIRMATION_CASE})
_CIVIL = p.case_reference(CourtCaseNumber=CIVIL_CASE, LegalBasis="民事调解规定 第10条")
_TITLE = p.changed(_NEW, {"RulingNumber": CONFIRMATION_CASE, "LegalBasis": "民事诉讼法 第250条"})
_ENFORCED = p.changed(_TITLE, {"EnforcementNumber": ENFORCEMENT_CASE})
_SERVICE: list[Value] = [
    {"PartyName": p.WORKER, "Method": "electronic", "ReceivedAt": "2026-04-14T10:00:00+08:00"},
    {"PartyName": p.EMPLOYER, "Method": "direct", "ReceivedAt": "2026-04-15T15:00:00+08:00"},
]

_WHOLE: dict[str, Payload] = {
    "confirmation.ConfirmationApply": {
        "CaseReference": _NEW,
        "OnBehalfOf": p.on_behalf_of(p.WORKER, p.EMPLOYER),
        "Joint": "true",
        "AppliedOn": "2026-03-23",
        "CourtCode": "150102",
        "CourtName": p.COURT_NAME,
        "Venue": "inviting-court",
        "Applicant": [p.worker(Role="joint-applicant"), p.employer(Role="joint-applicant")],
        "Agreement": p.agreement(FollowUp=["judicial-confirmation"]),
        "PresidedProof": p.document("D302", "主持调解的证明.pdf"),
        "NotUnderReview": "true",
        "Undertaking": ["双方承诺协议出于自愿，无虚假调解。"],
        "Signatory": [
            p.signatory(p.WORKER, "party", date="2026-03-23"),
            p.signatory(p.EMPLOYER, "party", date="2026-03-23"),
        ],
    },
    "confirmation.ConfirmationSupplement": {
        "CaseReference": _NEW,
        "Item": [{"Number": "1", "DocumentType": "D119", "Text": "补交法定代表人身份证明"}],
        "DueDate": "2026-03-30",
    },
    "confirmation.ConfirmationSupplementReply": {
        "CaseReference": _NEW,
        "OnBehalfOf": p.on_behalf_of(p.EMPLOYER),
        "Item": [{"Number": "1", "Text": "现补交", "Document": p.document("D119", "法定代表人身份证明.pdf")}],
        "SuppliedOn": "2026-03-25",
    },
    "confirmation.ConfirmationAccept": {
        "CaseReference": _CASE,
        "CourtCaseNumber": CONFIRMATION_CASE,
        "Judge": p.official(),
        "AcceptedOn": "2026-03-26",
        "Document": p.document("D303", "受理通知书.pdf"),
    },
    "confirmation.ConfirmationRefuse": {
        "CaseReference": _NEW,
        "Reason": {"Code": "J02", "Text": "本院无管辖权"},
        "DecidedOn": "2026-03-26",
        "Remedy": "可向有管辖权的人民法院申请",
        "Document": p.document("D303", "不予受理裁定书.pdf"),
    },
    "confirmation.ConfirmationInquire": {
        "CaseReference": _CASE,
        "InquiryAt": "2026-04-01T09:00:00+08:00",
        "Mode": "video",
        "PartyName": [p.WORKER, p.EMPLOYER],
        "Question": [{"Number": "1", "Text": "协议是否出于自愿"}],
    },
    "confirmation.ConfirmationInquireReply": {
        "CaseReference": _CASE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER, p.EMPLOYER),
        "Attended": [p.WORKER, p.EMPLOYER],
        "RepliedOn": "2026-04-01",
        "Reply": [{"Number": "1", "Text": "双方均答：自愿"}],
    },
    "confirmation.ConfirmationWithdraw": {
        "CaseReference": _CASE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Withdrawal": {
            "PartyName": [p.WORKER],
            "Date": "2026-03-30",
            "Reason": {"Code": "performed", "Text": "已全部履行"},
        },
    },
    "confirmation.ConfirmationWithdrawRuling": {
        "CaseReference": _CASE,
        "RulingNumber": CONFIRMATION_CASE,
        "Date": "2026-03-31",
        "Permitted": "true",
        "Document": p.document("D304", "准许撤回裁定书.pdf"),
    },
    "confirmation.ConfirmationValid": {
        "CaseReference": _CASE,
        "RulingNumber": CONFIRMATION_CASE,
        "Date": "2026-04-10",
        "Judge": p.official(),
        "AgreementNumber": p.AGREEMENT_NUMBER,
        "Clause": p.clauses(),
        "Document": p.document("D304", "确认有效裁定书.pdf"),
    },
    "confirmation.ConfirmationDismissed": {
        "CaseReference": _CASE,
        "RulingNumber": CONFIRMATION_CASE,
        "Date": "2026-04-10",
        "Judge": p.official(),
        "Reason": {"Code": "K05", "Text": "履行期限不明确"},
        "Remedy": "可变更协议或依法申请仲裁",
        "Document": p.document("D304", "驳回申请裁定书.pdf"),
    },
    "confirmation.ConfirmationServed": {
        "CaseReference": _CASE,
        "RulingNumber": CONFIRMATION_CASE,
        "Service": _SERVICE,
        "EffectiveDate": "2026-04-15",
    },
    # F2: what the court makes of an entrusted mediation.
    "confirmation.CourtMediationStatement": {
        "CaseReference": _CIVIL,
        "StatementNumber": STATEMENT,
        "Date": "2026-03-20",
        "Judge": p.official(),
        "AgreementNumber": p.AGREEMENT_NUMBER,
        "Clause": p.clauses(),
        "Service": _SERVICE,
        "EffectiveDate": "2026-04-15",
        "Document": p.document("D305", "民事调解书.pdf"),
    },
    "confirmation.CourtWithdrawRuling": {
        "CaseReference": _CIVIL,
        "RulingNumber": CIVIL_CASE,
        "Date": "2026-03-20",
        "Judge": p.official(),
        "PartyName": [p.WORKER],
        "Document": p.document("D304", "准许撤诉裁定书.pdf"),
    },
    "confirmation.CourtStatementRefuse": {
        "CaseReference": _CIVIL,
        "Reason": {"Code": "L03", "Text": "一方当庭表示签署非其真实意思"},
        "DecidedOn": "2026-03-20",
        "Judge": p.official(),
    },
    # F15: enforcement of a title.
    "confirmation.EnforcementApply": {
        "CaseReference": _TITLE,
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Title": {
            "Type": "ruling",
            "Number": CONFIRMATION_CASE,
            "Date": "2026-04-10",
            "EffectiveDate": "2026-04-15",
        },
        "AppliedOn": "2026-06-10",
        "Party": [p.worker(), p.employer()],
        "Claim": [{"Text": "支付劳动报酬", "Matter": "01", "Amount": "12000.00"}],
        "DueDate": "2026-05-31",
        "Property": ["被申请人基本存款账户"],
        "Document": [p.document("D310", "执行申请书.pdf"), p.document("D304", "确认有效裁定书.pdf")],
    },
    "confirmation.EnforcementAccept": {
        "CaseReference": _ENFORCED,
        "EnforcementNumber": ENFORCEMENT_CASE,
        "Judge": p.official(),
        "FiledOn": "2026-06-15",
    },
    "confirmation.EnforcementRefuse": {
        "CaseReference": _TITLE,
        "Reason": {"Code": "not-effective", "Text": "执行依据尚未生效"},
        "DecidedOn": "2026-06-15",
        "Remedy": "可向上一级人民法院申请复议",
    },
    "confirmation.EnforcementNotice": {
        "CaseReference": _ENFORCED,
        "EnforcementNumber": ENFORCEMENT_CASE,
        "NoticedOn": "2026-06-20",
        "DueDate": "2026-06-30",
        "Document": p.document("D310", "执行通知书.pdf"),
    },
    "confirmation.EnforcementClose": {
        "CaseReference": _ENFORCED,
        "EnforcementNumber": ENFORCEMENT_CASE,
        "ClosedOn": "2026-07-20",
        "Result": "performed",
        "PaidAmount": "12000.00",
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
