"""Native → canonical for `union/rest`: a station's call, and what it is answered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from adapters import attachments, control, dates, json_body, reading
from adapters.fields import Dialect
from adapters.union.rest.codes import DIALECT, ERRORS, FILE_KEYS, KINDS
from gateway.errors import AccessRefused, DialectRefused, GatewayError
from gateway.model.ids import is_participant
from gateway.model.receipt import Receipt
from gateway.ports import Draft, NativeAnswer, NativeRequest, PartnerEndpoint

#: Path below the interface's base address → message that a station sends.
PATHS: Mapping[str, str] = {
    "/mediation/accept": "mediation.DesignationAccept",
    "/mediation/reject": "mediation.DesignationReject",
    "/mediation/assign": "mediation.MediatorAssign",
    "/mediation/change": "mediation.MediatorChange",
    "/mediation/disclose": "mediation.Disclosure",
    "/mediation/notify": "mediation.Notification",
    "/mediation/progress": "mediation.Progress",
    "/mediation/extend": "mediation.Extension",
    "/mediation/suspend": "mediation.Suspension",
    "/mediation/resume": "mediation.Resumption",
    "/mediation/success": "mediation.ResultSuccess",
    "/mediation/fail": "mediation.ResultFail",
    "/mediation/withdraw": "mediation.ResultWithdraw",
    "/session/schedule": "mediation.SessionSchedule",
    "/session/reply": "mediation.SessionReply",
    "/session/identity": "mediation.SessionIdentity",
    "/session/report": "mediation.SessionReport",
    "/session/record": "mediation.SessionRecord",
    "/session/minutes": "mediation.SessionMinutes",
    "/session/onsite": "mediation.SessionSwitchOnsite",
    "/review/apply": "arbitration.ReviewApply",
    "/review/supplement-reply": "arbitration.ReviewSupplementReply",
    "/review/verify-reply": "arbitration.ReviewVerifyReply",
    "/review/withdraw": "arbitration.ReviewWithdraw",
}
#: Keys of the call itself, beside those of the message.
CONTROL = frozenset(
    {
        "rev",
        "kind",
        "correctsRev",
        "sentAt",
        "operator",
        "occurredAt",
        "attachments",
        "applicationNo",
        "arbitrationCode",
        "test",
    }
)
MEDIATION, REVIEW = "designated-mediation", "arbitration-review"


def credential(request: NativeRequest) -> str:
    """The public half of the API key, before its dot. Raises `AccessRefused`."""
    key_id, dot, secret = _api_key(request).partition(".")
    if not key_id or not dot or not secret:
        raise AccessRefused("X-Api-Key must be <key id>.<secret>", code="ACC-020")
    return key_id


def authenticate(request: NativeRequest, endpoint: PartnerEndpoint) -> dict[str, str]:
    """The whole key against the stored SHA-256, in constant time. Raises `AccessRefused`."""
    key_id = credential(request)
    digest = hashlib.sha256(_api_key(request).encode()).hexdigest()
    expected = str(endpoint.settings.get("key_digest", ""))
    if key_id != endpoint.settings.get("credential") or not hmac.compare_digest(digest, expected):
        raise AccessRefused("X-Api-Key does not hold", code="ACC-023")
    return {"scheme": "api-key", "key": key_id}


def read(request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
    """One call as a draft; (intakeNo, rev) is its key. Raises `DialectRefused` with findings naming the native keys."""
    message_type = PATHS.get(request.path)
    if request.method.upper() != "POST" or message_type is None:
        raise DialectRefused(f"this interface has no {request.method} {request.path}", code="DIA-013")
    dialect = dialect_of(endpoint)
    native = json_body.read_object(request.body)
    call = {key: native.pop(key) for key in CONTROL if key in native}
    payload = reading.read(dialect, message_type, native)
    kind = KINDS.read(control.text(call, "kind") or "NEW")
    review = message_type.startswith("arbitration.")
    opening = message_type == "arbitration.ReviewApply"
    intake = control.needed(native, dialect.name_of("intakeNo"))
    application = (("ApplicationNumber", control.needed(call, "applicationNo")),) if review else ()
    occurred = dates.read_instant(control.text(call, "occurredAt")) if control.text(call, "occurredAt") else None
    return Draft(
        message_type=message_type,
        payload=payload,
        native_key=f"{intake}/{control.needed(call, 'rev')}",
        receiver=_receiver(call, endpoint) if opening else "",
        # A message of a running review is found by its application number alone: the intake number names the mediation.
        refers=application if review and not opening else _numbers(native, dialect),
        references=application if opening else (),
        flow=REVIEW if review else MEDIATION,
        kind=kind,
        corrects=f"{intake}/{control.needed(call, 'correctsRev')}" if kind in {"correct", "void"} else "",
        actor=control.text(call, "operator"),
        occurred_at=dates.moment_of(occurred) if occurred else None,
        documents=attachments.read(call.get("attachments"), FILE_KEYS, dialect.codes["document"]),
        test=control.text(call, "test") in {"1", "true"},
    )


def answer(draft: Draft | None, result: Receipt | Exception) -> NativeAnswer:
    """`{success, ticketNo, errorCode, errorMessage}` with the HTTP status that fits."""
    if isinstance(result, Receipt):
        taken = {
            "success": True,
            "ticketNo": result.message_id,
            "conversationNo": result.conversation_id,
            "key": draft.native_key if draft else "",
            "acceptedAt": dates.write_instant(result.issued_at.isoformat(), DIALECT.instant_form),
            "deadlines": [
                {"timer": due.timer, "due": dates.write_instant(due.due.isoformat(), DIALECT.instant_form)}
                for due in result.due_dates
            ],
        }
        return _json(200, taken)
    error = result if isinstance(result, GatewayError) else GatewayError("not available now")
    status, code = ERRORS.get(error.code.partition("-")[0], ERRORS["NOD"])
    findings = [
        {"code": found.code, "field": found.xpath, "message": found.text_zh, "mend": found.mend_zh}
        for found in error.findings
    ]
    text = str(error) if error.fault == "sender" else "系统暂不可用，请稍后重试"
    return _json(
        status,
        {"success": False, "errorCode": code, "errorMessage": text, "gatewayCode": error.code, "errors": findings},
    )


def dialect_of(endpoint: PartnerEndpoint) -> Dialect:
    """The dialect as the endpoint's region speaks it."""
    return DIALECT.for_region(endpoint.settings.get("region") or {})


def _api_key(request: NativeRequest) -> str:
    return next((value for name, value in request.headers.items() if name.lower() == "x-api-key"), "")


def _receiver(call: Mapping[str, Any], endpoint: PartnerEndpoint) -> str:
    """The institution that the application goes to."""
    named = control.needed(call, "arbitrationCode")
    receiver: str = (endpoint.settings.get("receivers") or {}).get(named, named)
    if not is_participant(receiver):
        raise DialectRefused(
            f"arbitrationCode {named!r} is no participant and not in the endpoint's receivers", code="DIA-014"
        )
    return receiver


def _numbers(native: Mapping[str, Any], dialect: Dialect) -> tuple[tuple[str, str], ...]:
    wanted = (("intakeNo", "UnionIntakeNumber"), ("preMediationNo", "PreMediationNumber"), ("caseMark", "CaseMark"))
    found = ((kind, control.text(native, dialect.name_of(key))) for key, kind in wanted)
    return tuple((kind, text) for kind, text in found if text)


def _json(status: int, value: dict[str, Any]) -> NativeAnswer:
    return NativeAnswer(status=status, media_type="application/json; charset=utf-8", body=json_body.write_object(value))
