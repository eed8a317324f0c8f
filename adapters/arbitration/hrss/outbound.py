"""Canonical → native for `arbitration/hrss`: the SOAP call that an institution receives, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from adapters import attachments, dates, http_status, writing
from adapters.arbitration.hrss import body_signature, document, soap
from adapters.arbitration.hrss.codes import ANSWERS, DIALECT, FILE_KEYS, KINDS, RECEIPTS
from adapters.arbitration.hrss.inbound import dialect_of, encoding_of
from gateway.errors import DialectRefused
from gateway.ports import Keys, NativeCall, Outcome, Parcel, PartnerEndpoint

#: Message → tradeCode that an institution receives.
TRADES: Mapping[str, str] = {
    "arbitration.ReviewApply": "ZC1101",
    "arbitration.ReviewVerifyReply": "ZC1106",
    "arbitration.ReviewSupplementReply": "ZC1112",
    "arbitration.ReviewWithdraw": "ZC1113",
    "common.DeadlineExpired": "ZC1190",
}
RECEIPT_TRADE = "ZC1199"
_FORM = DIALECT.instant_form


def write(parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
    """The signed call for a message or a receipt. Raises `DialectRefused`, `UnknownCode`, `SettingRefused`."""
    trade = RECEIPT_TRADE if parcel.receipt else TRADES.get(parcel.header.message_type)
    if trade is None:
        raise DialectRefused(
            f"arbitration/hrss does not carry {parcel.header.message_type}; see adapters/README.md", code="DIA-013"
        )
    system_code = str(endpoint.settings.get("system_code") or "GATEWAY")
    head, body = _receipt(parcel) if parcel.receipt else _message(parcel, endpoint)
    head = {"systemCode": system_code, "tradeCode": trade, **head}
    subject = str(endpoint.settings.get("signing_subject") or endpoint.participant)
    text = body_signature.sign(document.write("request", head, body), keys, subject)
    del now  # the head carries the message's own time: a retry has the bytes of the first try
    return NativeCall(
        method="POST",
        url=endpoint.url,
        headers=(("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", '"nwsReceive"')),
        body=soap.write_call(system_code, trade, document.encode(text, encoding_of(endpoint))),
    )


def read_outcome(status: int, body: bytes) -> Outcome:
    """What the institution answered, in any of the envelopes of the field (domain.md §5.1). Raises `DialectRefused`."""
    # A SOAP Fault comes with 500: it is read, the body says whose fault it is.
    if http_status.try_again(status) and status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(taken=False, native_code=str(status), native_text="HTTP", retryable=True)
    if http_status.no_entry(status):
        return Outcome(taken=False, native_code=str(status), native_text="the institution refused our credential")
    if body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return Outcome(taken=False, native_code="html", native_text="the institution's system answered with a page")
    text = document.decode(soap.read_answer(body))
    root = document.root_of(text)
    if root != "response":
        raise DialectRefused(f"the answer is a {root[:40]!r}, not a response with rc", code="DIA-020")
    head, answered = document.read(document.tree_of(text), "response")
    code = head.get("RC")
    if not isinstance(code, str) or not code:
        raise DialectRefused("the institution's answer has no rc", code="DIA-020")
    kind = ANSWERS.get(code.strip(), "refused")
    data = answered.get("RESPONSEDATA")
    data = data if isinstance(data, dict) else {}
    number = str(data.get("BAC001") or "")
    return Outcome(
        taken=kind in {"taken", "repeated"},
        repeated=kind == "repeated",
        retryable=kind == "later",
        native_ref=str(data.get("REQUEST_SN") or number),
        native_code=code.strip(),
        native_text=str(head.get("RM") or "")[:500],
        references=(("ArbitrationIntakeNumber", number),) if number else (),
    )


def _message(parcel: Parcel, endpoint: PartnerEndpoint) -> tuple[dict[str, Any], dict[str, Any]]:
    dialect, header = dialect_of(endpoint), parcel.header
    head: dict[str, Any] = {
        "REQUEST_SN": header.message_id,
        "ZKE739": dates.write_instant(header.sent_at.isoformat(), _FORM),
        "ZKE740": KINDS.write(header.kind),
        "BAC101": header.conversation_id,
    }
    optional = {
        "ORIGINAL_SN": header.supersedes,
        "BAC001": parcel.numbers.get("ArbitrationIntakeNumber"),
        "AAE011": header.actor,
        "AAE036": dates.write_instant(header.occurred_at.isoformat(), _FORM) if header.occurred_at else None,
        "BAC107": dates.write_instant(parcel.accepted_at.isoformat(), _FORM) if parcel.accepted_at else None,
        "BAC108": list(parcel.advice) or None,
        "BAC109": header.sender,
        "BAC099": "1" if header.test else None,
    }
    head |= {tag: value for tag, value in optional.items() if value is not None}
    body = writing.write(dialect, header.message_type, parcel.payload)
    if parcel.documents:
        body["FJ"] = attachments.write(parcel.documents, FILE_KEYS, dialect.codes["document"])
    return head, body


def _receipt(parcel: Parcel) -> tuple[dict[str, Any], dict[str, Any]]:
    """What became of a message that the institution sent."""
    receipt = parcel.receipt
    if receipt is None:
        raise DialectRefused("no receipt in the parcel", code="DIA-013")
    head: dict[str, Any] = {
        "REQUEST_SN": f"{receipt.message_id}/{receipt.kind}",
        "ZKE739": dates.write_instant(receipt.issued_at.isoformat(), _FORM),
        "BAC101": receipt.conversation_id,
    }
    findings = [{"BAC103": found.code, "BAC104": found.xpath, "BAC105": found.text_zh} for found in receipt.findings]
    body = {
        "BAC100": receipt.message_id,
        "BAC110": parcel.header.message_type,
        "BAC102": RECEIPTS.write(receipt.kind),
        **({"BAC106": findings} if findings else {}),
    }
    return head, body
