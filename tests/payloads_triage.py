"""Payloads of domain F12: triage, dispatch and supervision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p
from tests.payloads_intake import CLAIM, DOSSIER, FACTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload

_TRIAGE = p.case_reference(
    PreMediationNumber=None, CaseMark=None, TriageNumber="T-ZZ-2026-0311", LegalBasis="人社部发〔2022〕9号"
)

_WHOLE: dict[str, Payload] = {
    "mediation.TriageIntake": {
        "CaseReference": _TRIAGE,
        "ReceivedOn": "2026-03-02",
        "Channel": "onsite",
        "RiskLevel": "medium",
        "GroupSize": "1",
        "Party": [p.worker(), p.employer()],
        "Claim": [CLAIM],
        "Facts": FACTS,
    },
    "mediation.TriageClassify": {
        "CaseReference": _TRIAGE,
        "Nature": "1",
        "ClassifiedOn": "2026-03-02",
        "Basis": "双方存在劳动合同",
    },
    "mediation.TriageDispatch": {
        "CaseReference": _TRIAGE,
        "Organisation": p.station(),
        "Reason": {"Code": "territory", "Text": "用人单位在新城区"},
        "DispatchedAt": "2026-03-02T11:00:00+08:00",
        "Bounces": "0",
        "Material": DOSSIER,
    },
    "mediation.TriageAccept": {
        "CaseReference": _TRIAGE,
        "AcceptedAt": "2026-03-02T15:00:00+08:00",
        "Number": "新工法援2026-118",
        "Handler": p.official("测试癸"),
    },
    "mediation.TriageBounce": {
        "CaseReference": _TRIAGE,
        "Reason": {"Code": "C01", "Text": "用人单位不在本辖区"},
        "SuggestedOrganisation": p.station(OrganisationId="union:t-other", Name="赛罕区工会法律服务工作站（测试）"),
        "DecidedAt": "2026-03-02T16:00:00+08:00",
        "Bounces": "1",
    },
    "mediation.TriageSupervise": {
        "CaseReference": _TRIAGE,
        "Level": "urge",
        "DueDate": "2026-03-20",
        "Text": "请于期限内反馈办理情况。",
    },
    "mediation.TriageSuperviseReply": {
        "CaseReference": _TRIAGE,
        "RepliedOn": "2026-03-18",
        "Text": "双方已达成调解协议。",
    },
    "mediation.TriageJoint": {
        "CaseReference": _TRIAGE,
        "Reason": {"Code": "collective", "Text": "涉及多名劳动者"},
        "Lead": p.station(),
        "Member": [{"OrganisationId": "arbitration:t-hohhot", "Name": p.ARBITRATION_NAME}],
    },
    "mediation.TriageAlert": {
        "CaseReference": _TRIAGE,
        "Kind": "group",
        "Persons": "12",
        "EmployerName": p.EMPLOYER,
        "CreditCode": p.EMPLOYER_CODE,
        "Region": "150102",
        "Period": {"Start": "2026-02-15", "End": "2026-03-15"},
        "Text": "三十日内十二名劳动者与同一用人单位发生争议。",
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
