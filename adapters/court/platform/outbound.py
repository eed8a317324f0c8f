"""Canonical → native for `court/platform`: the call that a court receives, and what its answer means."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from adapters import attachments, dates, http_status, json_body, writing
from adapters.court.platform import request_signature
from adapters.court.platform.codes import ANSWERS, DIALECT, FILE_KEYS, KINDS, RECEIPTS
from adapters.court.platform.inbound import dialect_of
from gateway.errors import DialectRefused, SettingRefused
from gateway.ports import Keys, NativeCall, NativeRequest, Outcome, Parcel, PartnerEndpoint

#: Message → path below the court's base address.
PATHS: Mapping[str, str] = {
    "mediation.DesignationAccept": "/mediation/accept",
    "mediation.DesignationReject": "/mediation/reject",
    "mediation.MediatorAssign": "/mediation/assign",
    "mediation.MediatorChange": "/mediation/change",
    "mediation.Disclosure": "/mediation/disclose",
    "mediation.Notification": "/mediation/notify",
    "mediation.Progress": "/mediation/progress",
    "mediation.Extension": "/mediation/extend",
    "mediation.Suspension": "/mediation/suspend",
    "mediation.Resumption": "/mediation/resume",
    "mediation.ResultSuccess": "/mediation/success",
    "mediation.ResultFail": "/mediation/fail",
    "mediation.ResultWithdraw": "/mediation/withdraw",
    "mediation.SessionSchedule": "/session/schedule",
    "mediation.SessionReply": "/session/reply",
    "mediation.SessionIdentity": "/session/identity",
    "mediation.SessionReport": "/session/report",
    "mediation.SessionRecord": "/session/record",
    "mediation.SessionMinutes": "/session/minutes",
    "mediation.SessionSwitchOnsite": "/session/onsite",
    "common.DeadlineExpired": "/mediation/deadline",
}
RECEIPT_PATH = "/mediation/receipt"
_FORM = DIALECT.instant_form


def write(parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
    """The signed call for a message or a receipt. Raises `DialectRefused`, `UnknownCode`, `SettingRefused`."""
    path = RECEIPT_PATH if parcel.receipt else PATHS.get(parcel.header.message_type)
    if path is None:
        raise DialectRefused(
            f"court/platform does not carry {parcel.header.message_type}; see adapters/README.md", code="DIA-013"
        )
    native = _receipt(parcel) if parcel.receipt else _message(parcel, endpoint)
    changed = (endpoint.settings.get("region") or {}).get("paths") or {}
    path = changed.get(parcel.header.message_type if not parcel.receipt else "receipt", path)
    body = json_body.write_object(native)
    return NativeCall(
        method="POST",
        url=endpoint.url.rstrip("/") + path,
        headers=_headers(path, body, endpoint, keys, now=now),
        body=body,
    )


def read_outcome(status: int, body: bytes) -> Outcome:
    """What the court answered; "-1" and a login page are failures though they come with HTTP 200 (domain.md §5.1)."""
    text = body.decode("utf-8", errors="replace").strip()
    if http_status.try_again(status):
        return Outcome(taken=False, native_code=str(status), native_text="HTTP", retryable=True)
    if http_status.no_entry(status):
        return Outcome(taken=False, native_code=str(status), native_text="the court refused our credential")
    if text.strip('"') == "-1":
        return Outcome(taken=False, native_code="-1", native_text="the court's platform answered -1")
    if text[:200].lower().lstrip("\ufeff").startswith(("<!doctype html", "<html")):
        return Outcome(taken=False, native_code="html", native_text="the court's platform answered with a login page")
    answer = json_body.read_object(body)
    code = answer.get("code")
    if not isinstance(code, str):
        raise DialectRefused("the court's answer has no code", code="DIA-020")
    kind = ANSWERS.get(code, "refused")
    data = answer.get("data")
    data = data if isinstance(data, dict) else {}
    reference = str(data.get("LSH") or "")
    return Outcome(
        taken=kind in {"taken", "repeated"},
        repeated=kind == "repeated",
        retryable=kind == "later",
        native_ref=reference,
        native_code=code,
        native_text=str(answer.get("msg") or "")[:500],
    )


def _message(parcel: Parcel, endpoint: PartnerEndpoint) -> dict[str, Any]:
    dialect, header = dialect_of(endpoint), parcel.header
    native: dict[str, Any] = {
        "LSH": header.message_id,
        "SJLX": KINDS.write(header.kind),
        "FSSJ": dates.write_instant(header.sent_at.isoformat(), _FORM),
        "FSDW": header.sender,
        "JSDW": header.receiver,
        "YWLB": header.flow,
        "LCJDBH": header.message_type,
        "GLBH": header.conversation_id,
    }
    optional = {
        "YLSH": header.supersedes,
        "WPBH": parcel.numbers.get("DesignationNumber"),
        "CZR": header.actor,
        "SXFSSJ": dates.write_instant(header.occurred_at.isoformat(), _FORM) if header.occurred_at else None,
        "SLSJ": dates.write_instant(parcel.accepted_at.isoformat(), _FORM) if parcel.accepted_at else None,
        "CSBZ": "1" if header.test else None,
        "YZTS": list(parcel.advice) or None,
        "FJ": attachments.write(parcel.documents, FILE_KEYS, dialect.codes["document"]) or None,
    }
    native |= {key: value for key, value in optional.items() if value is not None}
    return native | writing.write(dialect, header.message_type, parcel.payload)


def _receipt(parcel: Parcel) -> dict[str, Any]:
    """What became of a message that the court sent: 流水号, the message, its state and why."""
    receipt, header = parcel.receipt, parcel.header
    if receipt is None:
        raise DialectRefused("no receipt in the parcel", code="DIA-013")
    return {
        "LSH": f"{receipt.message_id}/{receipt.kind}",
        "XXBH": receipt.message_id,
        "GLBH": receipt.conversation_id,
        "LCJDBH": header.message_type,
        "WPBH": parcel.numbers.get("DesignationNumber", ""),
        "ZT": RECEIPTS.write(receipt.kind),
        "FSSJ": dates.write_instant(receipt.issued_at.isoformat(), _FORM),
        "CW": [{"DM": finding.code, "WZ": finding.xpath, "SM": finding.text_zh} for finding in receipt.findings],
    }


def _headers(
    path: str, body: bytes, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime
) -> tuple[tuple[str, str], ...]:
    """The request signature. The nonce is chance, so that a retry within one moment is no replay; no byte of the body depends on it."""
    timestamp, nonce = str(int(now.timestamp() * 1000)), secrets.token_hex(16)
    base = urlsplit(path)
    request = NativeRequest(method="POST", path=base.path, query=base.query, headers={}, body=body)
    data = request_signature.canonical_request(request, timestamp, nonce)
    return (
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-App-Id", str(endpoint.settings.get("app_id") or endpoint.settings.get("credential") or "")),
        ("X-Timestamp", timestamp),
        ("X-Nonce", nonce),
        ("X-Signature", _sign(data, endpoint, keys)),
    )


def _sign(data: bytes, endpoint: PartnerEndpoint, keys: Keys) -> str:
    """With the endpoint's own PEM key, else with an RSA key that the node holds for the participant."""
    if endpoint.secret:
        return request_signature.sign(data, endpoint.secret)
    subject = str(endpoint.settings.get("signing_subject") or endpoint.participant)
    if not keys.has(subject) or keys.suite(subject) != "rsa-sha256":
        raise SettingRefused(
            "court/platform needs an RSA key: as the endpoint's secret (PEM), or held for signing_subject",
            code="NOD-010",
        )
    return base64.b64encode(keys.sign(subject, data)).decode("ascii")
