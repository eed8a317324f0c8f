"""Payloads of domain F10, the roster of invited mediation bodies and mediators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload

_ROSTER: Payload = {
    "LegalBasis": "法释〔2016〕14号 第3条",
    "ConsentRef": "T-CONSENT-2026-0001",
    "Classification": "internal",
}
_TERM: Payload = {"Start": "2026-04-01", "End": "2028-03-31"}
_COUNTS: Payload = {"Taken": "42", "Succeeded": "31", "Overdue": "1", "Complaints": "0", "TrainingHours": "24"}
_PROFILE: Payload = {
    "MediatorId": "T-M-0001",
    "CrossReference": [{"System": "court", "Number": "T-C-0001"}],
    "Name": p.MEDIATOR,
    "Sex": "2",
    "BirthDate": "1985-01-01",
    "CertType": "01",
    "IdNumber": p.resident_id("15010219850101002"),
    "Phone": "13800000004",
    "Education": "bachelor",
    "Occupation": "lawyer",
    "Cause": [{"@version": "2025", "#text": "205(5)"}],
    "Language": ["zh", "mn"],
    "FullTime": "false",
    "Qualification": ["内调员字第0001号"],
    "Training": ["2026年劳动争议调解培训 24学时"],
    "Term": _TERM,
    "Status": "certified",
}
_ENTRY: Payload = {
    "OrganisationId": "union:t-station",
    "MediatorId": "T-M-0001",
    "Name": p.MEDIATOR,
    "Status": "certified",
    "Term": _TERM,
    "Digest": p.SHA256,
}

_WHOLE: dict[str, Payload] = {
    "roster.Recommend": {
        "CaseReference": _ROSTER,
        "Organisation": p.station(Address="呼和浩特市新城区测试路3号", Contact="测试癸", Phone="13800000005"),
        "FoundingApproval": {"Name": "成立批准文件.pdf", "Number": "T-工发〔2024〕8号", "Digest": p.SHA256},
        "Principal": p.official("测试癸"),
        "MediatorProfile": [_PROFILE],
        "Charter": {"Name": "章程与调解规则.pdf", "Digest": p.SHA256},
        "Matter": ["01", "04"],
        "Region": ["150102"],
        "Fee": "false",
    },
    "roster.ReviewResult": {
        "CaseReference": _ROSTER,
        "Organisation": p.station(),
        "Decision": "accepted",
        "CertificateNumber": "T-特邀-2026-018",
        "Term": _TERM,
        "InvitingCourt": p.COURT_NAME,
        "DecidedOn": "2026-03-28",
    },
    "roster.MediatorUpsert": {
        "CaseReference": _ROSTER,
        "Organisation": p.station(),
        "MediatorProfile": _PROFILE,
    },
    "roster.Suspend": {
        "CaseReference": _ROSTER,
        "Organisation": p.station(),
        "MediatorId": "T-M-0001",
        "Reason": {"Code": "repeated-refusal", "Text": "三次无正当理由拒绝接受委派"},
        "DecidedOn": "2026-05-06",
        "EffectiveDate": "2026-05-07",
        "Until": "2026-08-06",
    },
    "roster.Remove": {
        "CaseReference": _ROSTER,
        "Organisation": p.station(),
        "MediatorId": "T-M-0001",
        "Reason": {"Code": "own-request", "Text": "本人申请退出"},
        "DecidedOn": "2026-09-01",
        "EffectiveDate": "2026-09-01",
    },
    "roster.Snapshot": {
        "CaseReference": _ROSTER,
        "AsOf": "2026-04-02T00:00:00+08:00",
        "Organisation": p.station(),
        "Count": "1",
        "ListDigest": p.SHA256,
        "Entry": [_ENTRY],
    },
    "roster.Difference": {
        "CaseReference": _ROSTER,
        "AsOf": "2026-04-02T00:00:00+08:00",
        "Since": "2026-04-01T00:00:00+08:00",
        "Organisation": p.station(),
        "Change": [{"Kind": "added", "Entry": _ENTRY}],
    },
    "roster.Performance": {
        "CaseReference": _ROSTER,
        "Organisation": p.station(),
        "MediatorId": "T-M-0001",
        "Period": {"Start": "2026-01-01", "End": "2026-03-31"},
        **_COUNTS,
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
