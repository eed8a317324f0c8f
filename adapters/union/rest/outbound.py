"""Canonical → native for `union/rest`: the call that a station's system receives, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters import attachments, dates, http_status, json_body, writing
from adapters.union.rest.codes import ANSWERS, DIALECT, FILE_KEYS, KINDS
from adapters.union.rest.inbound import dialect_of
from gateway.errors import DialectRefused, SettingRefused
from gateway.ports import NativeCall, Outcome, Parcel, PartnerEndpoint

#: Message → path below the station's base address.
PATHS: Mapping[str, str] = {
    "mediation.DesignationRequest": "/intakes",
    "mediation.CourtAcknowledge": "/court-ack",
    "mediation.CaseClose": "/close",
    "arbitration.ReviewSupplement": "/review/supplement",
    "arbitration.ReviewAccept": "/review/accept",
    "arbitration.ReviewRefuse": "/review/refuse",
    "arbitration.ReviewVerify": "/review/verify",
    "arbitration.ReviewExtend": "/review/extend",
    "arbitration.ReviewStatement": "/review/statement",
    "arbitration.ReviewNotIssued": "/review/not-issued",
    "arbitration.ReviewServed": "/review/served",
    "arbitration.ReviewClose": "/review/close",
    "common.DeadlineExpired": "/deadline",
}
RECEIPT_PATH = "/receipt"
_FORM = DIALECT.instant_form


def write(parcel: Parcel, endpoint: PartnerEndpoint) -> NativeCall:
    """The call for a message or a receipt. Raises `DialectRefused`, `UnknownCode`, `SettingRefused`."""
    name = "receipt" if parcel.receipt else parcel.header.message_type
    path = RECEIPT_PATH if parcel.receipt else PATHS.get(name)
    if path is None:
        raise DialectRefused(f"union/rest does not carry {name}; see adapters/README.md", code="DIA-013")
    if not endpoint.secret:
        raise SettingRefused(
            "union/rest needs the API key that the station's system gave out, as the endpoint's secret", code="NOD-010"
        )
    native = _receipt(parcel) if parcel.receipt else _message(parcel, endpoint)
    changed = (endpoint.settings.get("region") or {}).get("paths") or {}
    return NativeCall(
        method="POST",
        url=endpoint.url.rstrip("/") + changed.get(name, path),
        headers=(
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Api-Key", endpoint.secret.decode("ascii", errors="replace")),
        ),
        body=json_body.write_object(native),
    )


def read_outcome(status: int, body: bytes) -> Outcome:
    """What the station's system answered. Raises `DialectRefused` for an answer without `success`."""
    if http_status.no_entry(status):
        return Outcome(taken=False, native_code=str(status), native_text="the station's system refused our key")
    if http_status.try_again(status):
        return Outcome(taken=False, native_code=str(status), native_text="HTTP", retryable=True)
    answer = json_body.read_object(body)
    success = answer.get("success")
    if success not in {"true", "false"}:
        raise DialectRefused("the answer has no success", code="DIA-020")
    code = str(answer.get("errorCode") or "")
    kind = "taken" if success == "true" else ANSWERS.get(code, "refused")
    ticket, intake = str(answer.get("ticketNo") or ""), str(answer.get("intakeNo") or "")
    return Outcome(
        taken=kind in {"taken", "repeated"},
        repeated=kind == "repeated",
        retryable=kind == "later",
        native_ref=ticket,
        native_code=code,
        native_text=str(answer.get("errorMessage") or "")[:500],
        references=(("UnionIntakeNumber", intake),) if intake else (),
    )


def _message(parcel: Parcel, endpoint: PartnerEndpoint) -> dict[str, Any]:
    dialect, header = dialect_of(endpoint), parcel.header
    native: dict[str, Any] = {
        "messageNo": header.message_id,
        "messageType": header.message_type,
        "kind": KINDS.write(header.kind),
        "sentAt": dates.write_instant(header.sent_at.isoformat(), _FORM),
        "sender": header.sender,
        "conversationNo": header.conversation_id,
    }
    optional = {
        "correctsNo": header.supersedes,
        "stationIntakeNo": parcel.numbers.get("UnionIntakeNumber"),
        "applicationNo": parcel.numbers.get("ApplicationNumber")
        if header.message_type.startswith("arbitration.")
        else None,
        "operator": header.actor,
        "occurredAt": dates.write_instant(header.occurred_at.isoformat(), _FORM) if header.occurred_at else None,
        "acceptedAt": dates.write_instant(parcel.accepted_at.isoformat(), _FORM) if parcel.accepted_at else None,
        "advice": list(parcel.advice) or None,
        "test": "true" if header.test else None,
        "attachments": attachments.write(parcel.documents, FILE_KEYS, dialect.codes["document"]) or None,
    }
    native |= {key: value for key, value in optional.items() if value is not None}
    return native | writing.write(dialect, header.message_type, parcel.payload)


def _receipt(parcel: Parcel) -> dict[str, Any]:
    """What became of a message that the station sent."""
    receipt = parcel.receipt
    if receipt is None:
        raise DialectRefused("no receipt in the parcel", code="DIA-013")
    return {
        "messageNo": f"{receipt.message_id}/{receipt.kind}",
        "messageType": "receipt",
        "about": receipt.message_id,
        "aboutType": parcel.header.message_type,
        "conversationNo": receipt.conversation_id,
        "stationIntakeNo": parcel.numbers.get("UnionIntakeNumber", ""),
        "status": receipt.kind.upper(),
        "sentAt": dates.write_instant(receipt.issued_at.isoformat(), _FORM),
        "errors": [{"code": found.code, "field": found.xpath, "message": found.text_zh} for found in receipt.findings],
    }
