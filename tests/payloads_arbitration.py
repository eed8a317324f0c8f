"""Payloads of domain F6, arbitration review of an agreement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests import payloads as p

if TYPE_CHECKING:
    from gateway.model.payload import Payload, Value

STATEMENT = "呼劳人仲调字〔2026〕第9号"


def reference(**changes: Value | None) -> Payload:
    """The case as the arbitration institution knows it after acceptance."""
    known = p.case_reference(
        AgreementNumber=p.AGREEMENT_NUMBER,
        ArbitrationReviewNumber=p.REVIEW_CASE,
        LegalBasis="人力资源和社会保障部令第33号 第74条",
    )
    return p.changed(known, changes)


def review_apply(**changes: Value | None) -> Payload:
    """Both parties apply together, through the station."""
    base: Payload = {
        "CaseReference": reference(ArbitrationReviewNumber=None),
        "OnBehalfOf": p.on_behalf_of(p.WORKER, p.EMPLOYER),
        "Joint": "true",
        "AppliedOn": "2026-03-23",
        "Applicant": [p.worker(Role="joint-applicant"), p.employer(Role="joint-applicant")],
        "Agreement": p.agreement(),
        "Matter": ["01"],
        "Amount": "12000.00",
        "NotJudiciallyConfirmed": "true",
        "Signatory": [
            p.signatory(p.WORKER, "party", date="2026-03-23"),
            p.signatory(p.EMPLOYER, "party", date="2026-03-23"),
        ],
    }
    return p.changed(base, changes)


def review_supplement(**changes: Value | None) -> Payload:
    """What is missing, told once."""
    base: Payload = {
        "CaseReference": reference(ArbitrationReviewNumber=None),
        "Item": [{"Number": "1", "DocumentType": "D119", "Text": "补交法定代表人身份证明"}],
        "DueDate": "2026-03-30",
    }
    return p.changed(base, changes)


def review_supplement_reply(**changes: Value | None) -> Payload:
    """The missing proof."""
    base: Payload = {
        "CaseReference": reference(ArbitrationReviewNumber=None),
        "OnBehalfOf": p.on_behalf_of(p.EMPLOYER),
        "Item": [{"Number": "1", "Text": "现补交", "Document": p.document("D119", "法定代表人身份证明.pdf")}],
        "SuppliedOn": "2026-03-25",
    }
    return p.changed(base, changes)


def review_accept(**changes: Value | None) -> Payload:
    """The institution accepts."""
    base: Payload = {
        "CaseReference": reference(),
        "ArbitrationReviewNumber": p.REVIEW_CASE,
        "Arbitrator": p.official("测试戊"),
        "AcceptedOn": "2026-03-25",
    }
    return p.changed(base, changes)


def review_refuse(**changes: Value | None) -> Payload:
    """The institution does not accept: past the period."""
    base: Payload = {
        "CaseReference": reference(ArbitrationReviewNumber=None),
        "Reason": {"Code": "V03", "Text": "超过十五日审查申请期间"},
        "DecidedOn": "2026-04-08",
        "Remedy": "可就调解协议约定事项依法申请仲裁",
    }
    return p.changed(base, changes)


def review_verify(**changes: Value | None) -> Payload:
    """A question to the body that mediated."""
    base: Payload = {
        "CaseReference": reference(),
        "Question": [{"Number": "1", "Text": "请说明协议签署时双方是否到场"}],
        "DueDate": "2026-03-27",
    }
    return p.changed(base, changes)


def review_verify_reply(**changes: Value | None) -> Payload:
    """The body's answer."""
    base: Payload = {
        "CaseReference": reference(),
        "Reply": [{"Number": "1", "Text": "申请人到场，被申请人以视频参加并邮寄盖章"}],
        "RepliedOn": "2026-03-26",
    }
    return p.changed(base, changes)


def review_extend(**changes: Value | None) -> Payload:
    """Five working days more, approved by the head."""
    base: Payload = {
        "CaseReference": reference(),
        "Approver": {"Name": "测试壬", "Post": "仲裁院负责人"},
        "NewEndDate": "2026-04-09",
        "ApprovedOn": "2026-03-31",
        "Reason": {"Code": "verification", "Text": "核实情况需要"},
    }
    return p.changed(base, changes)


def review_withdraw(**changes: Value | None) -> Payload:
    """A party withdraws before service."""
    base: Payload = {
        "CaseReference": reference(),
        "OnBehalfOf": p.on_behalf_of(p.WORKER),
        "Withdrawal": {
            "PartyName": [p.WORKER],
            "Date": "2026-03-26",
            "Reason": {"Code": "performed", "Text": "已全部履行"},
        },
    }
    return p.changed(base, changes)


def review_statement(**changes: Value | None) -> Payload:
    """The mediation statement: its clauses are those of the agreement."""
    base: Payload = {
        "CaseReference": reference(),
        "StatementNumber": STATEMENT,
        "Date": "2026-03-30",
        "AgreementNumber": p.AGREEMENT_NUMBER,
        "Arbitrator": p.official("测试戊"),
        "Clause": p.clauses(),
        "Document": p.document("D207", "仲裁调解书.pdf"),
    }
    return p.changed(base, changes)


def review_not_issued(**changes: Value | None) -> Payload:
    """No statement: the content is not clear."""
    base: Payload = {
        "CaseReference": reference(),
        "Reason": {"Code": "W05", "Text": "履行期限不明确"},
        "Date": "2026-03-30",
    }
    return p.changed(base, changes)


def review_served(**changes: Value | None) -> Payload:
    """Both have signed; the later day is the effective one."""
    base: Payload = {
        "CaseReference": reference(),
        "StatementNumber": STATEMENT,
        "Service": [
            {"PartyName": p.WORKER, "Method": "direct", "ReceivedAt": "2026-03-31T10:00:00+08:00"},
            {"PartyName": p.EMPLOYER, "Method": "direct", "ReceivedAt": "2026-04-01T15:00:00+08:00"},
        ],
        "EffectiveDate": "2026-04-01",
    }
    return p.changed(base, changes)


def review_close(**changes: Value | None) -> Payload:
    """The file is closed."""
    base: Payload = {
        "CaseReference": reference(),
        "CloseMode": "statement",
        "ClosedOn": "2026-04-02",
        "ArchiveNumber": "呼劳人仲审2026-12",
    }
    return p.changed(base, changes)


BUILDERS: dict[str, Callable[..., Payload]] = {
    "arbitration.ReviewApply": review_apply,
    "arbitration.ReviewSupplement": review_supplement,
    "arbitration.ReviewSupplementReply": review_supplement_reply,
    "arbitration.ReviewAccept": review_accept,
    "arbitration.ReviewRefuse": review_refuse,
    "arbitration.ReviewVerify": review_verify,
    "arbitration.ReviewVerifyReply": review_verify_reply,
    "arbitration.ReviewExtend": review_extend,
    "arbitration.ReviewWithdraw": review_withdraw,
    "arbitration.ReviewStatement": review_statement,
    "arbitration.ReviewNotIssued": review_not_issued,
    "arbitration.ReviewServed": review_served,
    "arbitration.ReviewClose": review_close,
}
