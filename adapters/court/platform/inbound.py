"""Native → canonical for `court/platform`: what a court's call says, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters import attachments, control, dates, json_body, reading
from adapters.court.platform.codes import DIALECT, ERRORS, FILE_KEYS, KINDS
from adapters.fields import Dialect
from gateway.errors import DialectRefused, GatewayError
from gateway.model.ids import is_participant
from gateway.model.receipt import Receipt
from gateway.ports import Draft, NativeAnswer, NativeRequest, PartnerEndpoint

#: Path below the interface's base address → message.
PATHS: Mapping[str, str] = {
    "/mediation/designate": "mediation.DesignationRequest",
    "/mediation/ack": "mediation.CourtAcknowledge",
    "/mediation/close": "mediation.CaseClose",
}
#: Keys of the call itself, beside those of the message: 流水号, 数据类型, 原流水号, 发送时间 …
CONTROL = frozenset(
    {"LSH", "SJLX", "YLSH", "FSSJ", "FSDW", "JSDW", "YWLB", "LCJDBH", "CZR", "SXFSSJ", "FJ", "WPBH", "CSBZ"}
)
FLOW = "designated-mediation"
#: A number of the court's own → the kind under which the process is found, the surest first.
_NUMBERS = (
    ("WPBH", "DesignationNumber"),
    ("TJAH", "PreMediationNumber"),
    ("AJBS", "CaseMark"),
    ("AH", "CourtCaseNumber"),
)


def read(request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
    """One call as a draft. Raises `DialectRefused` with findings naming the native keys."""
    message_type = PATHS.get(request.path)
    if request.method.upper() != "POST" or message_type is None:
        raise DialectRefused(f"this interface has no {request.method} {request.path}", code="DIA-013")
    dialect = dialect_of(endpoint)
    native = json_body.read_object(request.body)
    call = {key: native.pop(key) for key in CONTROL if key in native}
    payload = reading.read(dialect, message_type, native)
    kind = KINDS.read(control.text(call, "SJLX") or "1")
    opening = message_type == "mediation.DesignationRequest"
    own = tuple((name, control.text(call | native, key)) for key, name in _NUMBERS if control.text(call | native, key))
    occurred = dates.read_instant(control.text(call, "SXFSSJ")) if control.text(call, "SXFSSJ") else None
    return Draft(
        message_type=message_type,
        payload=payload,
        native_key=control.needed(call, "LSH"),
        receiver=_receiver(call, payload, endpoint) if opening else "",
        refers=own,
        references=own if opening else (),
        flow=FLOW,
        kind=kind,
        corrects=control.needed(call, "YLSH") if kind in {"correct", "void"} else "",
        actor=control.text(call, "CZR"),
        occurred_at=dates.moment_of(occurred) if occurred else None,
        documents=attachments.read(call.get("FJ"), FILE_KEYS, dialect.codes["document"]),
        test=control.text(call, "CSBZ") in {"1", "true"},
    )


def answer(draft: Draft | None, result: Receipt | Exception) -> NativeAnswer:
    """`{"code":"0",…}` for what was taken, another code with every finding for what was not; HTTP 200 for both, as courts do."""
    serial = draft.native_key if draft else ""
    if isinstance(result, Receipt):
        data = {
            "LSH": serial,
            "XXBH": result.message_id,
            "GLBH": result.conversation_id,
            "LCBH": result.process_id,
            "ZT": result.kind,
            "SLSJ": dates.write_instant(result.issued_at.isoformat(), "%Y-%m-%d %H:%M:%S"),
            "QXRQ": [
                {"QXDM": due.timer, "JZSJ": dates.write_instant(due.due.isoformat(), "%Y-%m-%d %H:%M:%S")}
                for due in result.due_dates
            ],
        }
        return _json({"code": "0", "msg": "已受理", "data": data})
    error = result if isinstance(result, GatewayError) else GatewayError("not available now")
    findings = [
        {"DM": finding.code, "WZ": finding.xpath, "SM": finding.text_zh, "JY": finding.mend_zh}
        for finding in error.findings
    ]
    code = ERRORS.get(error.code.partition("-")[0], ERRORS["NOD"])
    text = str(error) if error.fault == "sender" else "系统暂不可用，请稍后重试"
    return _json({"code": code, "msg": text, "data": {"LSH": serial, "DM": error.code, "CW": findings}})


def dialect_of(endpoint: PartnerEndpoint) -> Dialect:
    """The dialect as the endpoint's region speaks it."""
    return DIALECT.for_region(endpoint.settings.get("region") or {})


def _receiver(call: Mapping[str, Any], payload: Mapping[str, Any], endpoint: PartnerEndpoint) -> str:
    """The mediation body: named by the call, by a number of the court's own list, or as a participant."""
    organisation = reading.get(payload, ("Designation", "Organisation", "OrganisationId")) or ""
    named = control.text(call, "JSDW") or organisation
    receiver: str = (endpoint.settings.get("receivers") or {}).get(named, named)
    if not is_participant(receiver):
        raise DialectRefused(
            f"JSDW / TJZZ.ZZBM {named!r} is no participant and not in the endpoint's receivers", code="DIA-014"
        )
    return receiver


def _json(value: dict[str, Any]) -> NativeAnswer:
    return NativeAnswer(status=200, media_type="application/json; charset=utf-8", body=json_body.write_object(value))
