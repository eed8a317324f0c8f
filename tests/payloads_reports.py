"""Payloads of domain F14, statistics and reconciliation, of the advisory letters of F15 and of alerts between keepers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import payloads as p
from tests.payloads_intake import REQUEST_ID, request, request_receipt, request_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.model.payload import Payload

_PLAIN: Payload = {"LegalBasis": "人社部发〔2022〕9号", "Classification": "internal"}
_ADVISED: Payload = {"LegalBasis": "工会法 第22条", "Classification": "internal"}


def _report(start: str, end: str) -> Payload:
    return {
        "CaseReference": _PLAIN,
        "Report": {
            "Organisation": p.station(),
            "Region": "150102",
            "Period": {"Start": start, "End": end},
            "GeneratedAt": "2026-12-01T06:00:00+08:00",
            "Figure": [
                {
                    "Definition": "received",
                    "Dimension": [{"Kind": "flow", "Value": "designated-mediation"}],
                    "Cases": "42",
                    "Instances": "47",
                    "Persons": "63",
                    "Money": "512300.00",
                    "AverageDays": "17",
                }
            ],
        },
    }


_WHOLE: dict[str, Payload] = {
    # F14
    "statistics.DailyReport": _report("2026-11-30", "2026-11-30"),
    "statistics.MonthlyReport": _report("2026-11-01", "2026-11-30"),
    "statistics.AnnualReport": _report("2025-12-01", "2026-11-30"),
    "statistics.Reconciliation": {
        "CaseReference": _PLAIN,
        "Date": "2026-11-30",
        "Partner": "court:t-xincheng",
        "Total": "1",
        "Digest": p.SHA256,
        "Case": [{"Number": p.COURT_CASE, "UpdatedAt": "2026-11-30T16:00:00+08:00", "Digest": p.SHA256}],
    },
    "statistics.ReconciliationDifference": {
        "CaseReference": _PLAIN,
        "Date": "2026-11-30",
        "Partner": "union:t-station",
        "Case": [{"Kind": "missing-here", "Number": p.COURT_CASE, "Text": "未收到调解结果"}],
    },
    "statistics.RereportRequest": {
        "CaseReference": _PLAIN,
        "Date": "2026-11-30",
        "Number": [p.COURT_CASE],
        "DueDate": "2026-12-02",
    },
    "statistics.RereportConfirm": {
        "CaseReference": _PLAIN,
        "Date": "2026-11-30",
        "Number": [p.COURT_CASE],
        "ConfirmedAt": "2026-12-01T09:00:00+08:00",
    },
    # F15: an advisory letter, and what becomes of it.
    "advisory.AdvisoryIssue": {
        "CaseReference": _ADVISED,
        "Request": request(
            "关于依法支付劳动报酬的提示", "请于期限内核查并答复。", p.document("D401", "监督提示函.pdf")
        ),
        "Kind": "notice",
        "Organisation": p.station(),
        "AddresseeName": p.EMPLOYER,
        "AddresseeCreditCode": p.EMPLOYER_CODE,
        "IssuedOn": "2026-04-01",
    },
    "advisory.AdvisoryReceipt": request_receipt(_ADVISED),
    "advisory.AdvisoryReply": request_reply(_ADVISED, "adopted", "已补发拖欠的劳动报酬。"),
    "advisory.AdvisoryClose": {
        "CaseReference": _ADVISED,
        "RequestId": REQUEST_ID,
        "Outcome": "adopted",
        "ClosedOn": "2026-04-21",
    },
    # Between the keepers of F6 and F7 (protocol.md §3).
    "advisory.Alert": {
        "CaseReference": p.case_reference(AgreementNumber=p.AGREEMENT_NUMBER),
        "Kind": "confirmed",
        "ProcessId": "019cad6f-3c00-7000-8000-00000000000e",
        "MessageId": REQUEST_ID,
        "ObservedAt": "2026-04-10T17:00:00+08:00",
        "AgreementNumber": p.AGREEMENT_NUMBER,
        "Text": "该调解协议已由人民法院裁定确认有效，与仲裁审查申请相抵触。",
    },
}

BUILDERS: dict[str, Callable[..., Payload]] = {name: p.whole(payload) for name, payload in _WHOLE.items()}
