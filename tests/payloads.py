"""Whole, valid payloads as plain data: one builder a message, a test changes only what it is about.

Persons are placeholders (测试甲 …), numbers have valid check digits of the region 150102 and belong to nobody.
`changes` replace top-level keys; a change to None takes the key away.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gateway.model.payload import Payload, Value

COURT_CASE = "（2026）内0102诉前调595号"
REVIEW_CASE = "呼劳人仲审字〔2026〕第12号"
AGREEMENT_NUMBER = "工调字〔2026〕第031号"
WORKER, EMPLOYER, MEDIATOR = "测试甲", "测试乙商贸有限公司", "测试丙"
COURT_NAME, STATION_NAME = "呼和浩特市新城区人民法院（测试）", "新城区工会法律服务工作站（测试）"
ARBITRATION_NAME = "呼和浩特市劳动人事争议仲裁院（测试）"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def resident_id(first_seventeen: str) -> str:
    """A resident identity number with its check digit (GB 11643-1999)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first_seventeen + "10X98765432"[sum(int(d) * w for d, w in zip(first_seventeen, weights, strict=True)) % 11]


def credit_code(first_eight: str, organisation: str) -> str:
    """A unified social credit code from 8 + 8 characters, with both check characters (GB 11714, GB 32100-2015)."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    remainder = 11 - sum(int(c, 36) * w for c, w in zip(organisation, weights, strict=True)) % 11
    body = first_eight + organisation + {10: "X", 11: "0"}.get(remainder, str(remainder))
    total = sum(_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]


WORKER_ID = resident_id("15010219900101001")
EMPLOYER_CODE = credit_code("91150102", "MA0QAAAA")
STATION_CODE = credit_code("81150102", "MC0QAAAA")


def changed(payload: Payload, changes: Mapping[str, Value | None]) -> Payload:
    """The payload with top-level keys replaced; None takes a key away."""
    return {key: value for key, value in {**payload, **changes}.items() if value is not None}


def case_reference(**changes: Value | None) -> Payload:
    """All numbers that are known when the court designates."""
    base: Payload = {
        "PreMediationNumber": COURT_CASE,
        "CaseMark": "451020269901000595",
        "LegalBasis": "法释〔2021〕23号 第10条",
        "ConsentRef": "T-CONSENT-2026-0595",
        "Classification": "sensitive",
    }
    return changed(base, changes)


def worker(**changes: Value | None) -> Payload:
    """The applicant: a natural person, with service address and consent to electronic service."""
    base: Payload = {
        "Role": "applicant",
        "Type": "1",
        "Name": WORKER,
        "CertType": "01",
        "IdNumber": WORKER_ID,
        "Sex": "1",
        "BirthDate": "1990-01-01",
        "Nation": "02",
        "Occupation": "装卸工",
        "Region": "150102",
        "Address": "呼和浩特市新城区测试路1号",
        "ServiceAddress": "呼和浩特市新城区测试路1号",
        "Phone": ["13800000001"],
        "ServiceConsent": {"Given": "true", "Date": "2026-03-02"},
    }
    return changed(base, changes)


def employer(**changes: Value | None) -> Payload:
    """The respondent: a company, with its agent and the agent's powers."""
    base: Payload = {
        "Role": "respondent",
        "Type": "2",
        "Name": EMPLOYER,
        "CreditCode": EMPLOYER_CODE,
        "Region": "150102",
        "Address": "呼和浩特市新城区测试路2号",
        "ServiceAddress": "呼和浩特市新城区测试路2号",
        "Phone": ["13800000002"],
        "LegalRepresentative": {"Name": "测试己", "Post": "经理"},
        "Agent": [
            {
                "Name": "测试庚",
                "Type": "lawyer",
                "OrganisationName": "测试律师事务所",
                "Authority": "special",
                "Power": ["代为承认、变更调解请求", "代为和解、签收文书"],
                "PowerOfAttorney": document("D119", "授权委托书.pdf"),
            }
        ],
    }
    return changed(base, changes)


def document(code: str, name: str) -> Payload:
    """A reference to a document that travels as an attachment."""
    return {"DocumentType": code, "Name": name, "Digest": SHA256, "Copies": "1"}


def mediator(**changes: Value | None) -> Payload:
    """A mediator who presides."""
    base: Payload = {
        "MediatorId": "T-M-0001",
        "Name": MEDIATOR,
        "CertificateNumber": "内调员字第0001号",
        "Presiding": "true",
    }
    return changed(base, changes)


def station(**changes: Value | None) -> Payload:
    """The union's legal-service station."""
    base: Payload = {
        "OrganisationId": "union:t-station",
        "Name": STATION_NAME,
        "CreditCode": STATION_CODE,
        "Type": "06",
        "Region": "150102",
    }
    return changed(base, changes)


def official(name: str = "测试丁") -> Payload:
    """A judge, an arbitrator or an approver."""
    return {"Name": name, "OfficialId": "T-0007", "Phone": "13800000003"}


def answer(name: str, *, at: str = "2026-03-02T10:00:00+08:00", says: str = "agree") -> Payload:
    """A party's answer with its evidence."""
    return {
        "PartyName": name,
        "Answer": says,
        "Channel": "platform",
        "At": at,
        "Evidence": {"Description": "平台确认页面", "Document": document("D103", "征求意见书.pdf")},
    }


def both_answer(at: str = "2026-03-02T10:00:00+08:00") -> list[Value]:
    """Both parties agree."""
    return [answer(WORKER, at=at), answer(EMPLOYER, at=at)]


def signatory(name: str, role: str, *, mode: str = "electronic", date: str = "2026-03-18") -> Payload:
    """One signature or seal."""
    return {"Name": name, "Role": role, "Mode": mode, "Date": date}


def clauses() -> list[Value]:
    """Two clauses; the instalments of the first add up to its amount."""
    return [
        {
            "Number": "1",
            "Obligor": EMPLOYER,
            "Obligee": WORKER,
            "Item": "支付拖欠的劳动报酬",
            "Matter": "01",
            "Amount": "12000.00",
            "DueDate": "2026-05-31",
            "Instalment": [
                {"Number": "1", "DueDate": "2026-04-30", "Amount": "6000.00"},
                {"Number": "2", "DueDate": "2026-05-31", "Amount": "6000.00"},
            ],
            "Mode": "银行转账",
            "Text": "被申请人于2026年4月30日前、5月31日前各支付申请人劳动报酬6000元。",
        },
        {
            "Number": "2",
            "Obligor": WORKER,
            "Obligee": EMPLOYER,
            "Item": "双方再无其他劳动争议",
            "Text": "双方就本案再无其他争议。",
        },
    ]


def agreement(**changes: Value | None) -> Payload:
    """A mediation agreement, signed by both parties and the mediator and sealed by the body."""
    base: Payload = {
        "AgreementNumber": AGREEMENT_NUMBER,
        "EffectiveDate": "2026-03-18",
        "Organisation": station(),
        "Mediator": [mediator()],
        "Cause": {"@version": "2025", "#text": "205(5)"},
        "Facts": "申请人自2024年5月起在被申请人处工作，被申请人拖欠2025年11月、12月劳动报酬。",
        "Clause": clauses(),
        "Signatory": [
            signatory(WORKER, "party"),
            signatory(EMPLOYER, "party", mode="wet-ink"),
            signatory(MEDIATOR, "mediator"),
            signatory(STATION_NAME, "organisation"),
        ],
        "UndisputedFact": ["双方确认拖欠劳动报酬共计12000元。"],
        "FollowUp": ["arbitration-review"],
        "Document": document("D112", "调解协议书.pdf"),
    }
    return changed(base, changes)


def on_behalf_of(*names: str) -> list[Value]:
    """Their body sends for the parties, with channel and evidence."""
    people: list[Value] = list(names)
    return [{"PartyName": people, "Channel": "onsite", "Evidence": {"Description": "当事人到站提交，现场签名"}}]


def whole(base: Payload) -> Callable[..., Payload]:
    """A builder of a payload that is written down whole; each call gives its own copy."""
    return lambda **changes: changed(copy.deepcopy(base), changes)


def all_payloads() -> dict[str, Callable[..., Payload]]:
    """Message type → builder, for every message of the shipped schemas."""
    from tests import (
        payloads_arbitration,
        payloads_confirmation,
        payloads_intake,
        payloads_mediation,
        payloads_payment,
        payloads_performance,
        payloads_referral,
        payloads_reports,
        payloads_roster,
        payloads_session,
        payloads_transfer,
        payloads_triage,
    )

    builders: dict[str, Callable[..., Payload]] = {}
    for module in (
        payloads_mediation,
        payloads_session,
        payloads_intake,
        payloads_triage,
        payloads_transfer,
        payloads_arbitration,
        payloads_referral,
        payloads_confirmation,
        payloads_payment,
        payloads_roster,
        payloads_performance,
        payloads_reports,
    ):
        builders |= module.BUILDERS
    return builders


def text_of(payload: Payload, *keys: str) -> str:
    """The text at a path of keys, for assertions."""
    value: Value = payload
    for key in keys:
        value = cast("Payload", value)[key]
    return cast("str", value)
