"""Native → canonical for `arbitration/hrss`: an institution's SOAP call, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters import attachments, control, dates, reading
from adapters.arbitration.hrss import body_signature, document, soap
from adapters.arbitration.hrss.codes import DIALECT, ERRORS, FILE_KEYS, KINDS
from adapters.fields import Dialect
from gateway.errors import AccessRefused, DialectRefused, GatewayError
from gateway.model.receipt import Receipt
from gateway.ports import Draft, NativeAnswer, NativeRequest, PartnerEndpoint

#: tradeCode → message that an institution sends.
TRADES: Mapping[str, str] = {
    "ZC1102": "arbitration.ReviewSupplement",
    "ZC1103": "arbitration.ReviewAccept",
    "ZC1104": "arbitration.ReviewRefuse",
    "ZC1105": "arbitration.ReviewVerify",
    "ZC1107": "arbitration.ReviewExtend",
    "ZC1108": "arbitration.ReviewStatement",
    "ZC1109": "arbitration.ReviewNotIssued",
    "ZC1110": "arbitration.ReviewServed",
    "ZC1111": "arbitration.ReviewClose",
}
#: Tags of the head: 系统代码, 交易代码, 流水号, 原流水号, 发送时间, 数据类型, 经办人, 办理时间, 受理编号, 测试标志.
HEAD = frozenset(
    {"SYSTEMCODE", "TRADECODE", "REQUEST_SN", "ORIGINAL_SN", "ZKE739", "ZKE740", "AAE011", "AAE036", "BAC001", "BAC099"}
)
FLOW = "arbitration-review"
_MOUNTS = frozenset({"", "/", "/nwsReceive"})


def credential(request: NativeRequest) -> str:
    """The system code that the call claims. Raises `AccessRefused` where there is none to read."""
    try:
        return soap.read_call(request.body)[0]
    except DialectRefused as refused:
        raise AccessRefused(f"no system code can be read: {refused}", code="ACC-020") from None


def authenticate(request: NativeRequest, endpoint: PartnerEndpoint) -> dict[str, str]:
    """The body's signature under the endpoint's certificate. Raises `AccessRefused`."""
    try:
        system_code, _, data = soap.read_call(request.body)
        tree = document.tree_of(document.decode(data))
    except DialectRefused as refused:
        raise AccessRefused(f"the signed document cannot be read: {refused}", code="ACC-024") from None
    if system_code != endpoint.settings.get("credential"):
        raise AccessRefused("systemCode is not this endpoint's", code="ACC-020")
    evidence = body_signature.verify(tree, str(endpoint.settings.get("certificate", "")).encode())
    return {**evidence, "key": system_code}


def read(request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
    """One call as a draft; what is read is the tree whose signature held. Raises `DialectRefused`, `AccessRefused`."""
    if request.method.upper() != "POST" or request.path not in _MOUNTS:
        raise DialectRefused(f"this interface has no {request.method} {request.path}", code="DIA-013")
    system_code, trade_code, data = soap.read_call(request.body)
    message_type = TRADES.get(trade_code)
    if message_type is None:
        raise DialectRefused(f"no message of this interface has the tradeCode {trade_code!r}", code="DIA-013")
    tree = document.tree_of(document.decode(data))
    body_signature.verify(tree, str(endpoint.settings.get("certificate", "")).encode())
    head, body = document.read(tree, "request")
    _check_head(head, system_code, trade_code)
    dialect = dialect_of(endpoint)
    files = body.pop("FJ", None)
    payload = reading.read(dialect, message_type, body)
    kind = KINDS.read(control.text(head, "ZKE740") or "1")
    number = control.text(body, "BZX001") if message_type == "arbitration.ReviewAccept" else ""
    own = (
        ("ArbitrationIntakeNumber", control.text(head, "BAC001")),
        ("ArbitrationReviewNumber", control.text(body, "BZP005")),
    )
    return Draft(
        message_type=message_type,
        payload=payload,
        native_key=control.needed(head, "REQUEST_SN"),
        refers=tuple((name, text) for name, text in own if text),
        references=(("ArbitrationReviewNumber", number),) if number else (),
        flow=FLOW,
        kind=kind,
        corrects=control.needed(head, "ORIGINAL_SN") if kind in {"correct", "void"} else "",
        actor=control.text(head, "AAE011"),
        occurred_at=_moment(control.text(head, "AAE036")),
        documents=attachments.read(
            files if isinstance(files, list) or files is None else [files], FILE_KEYS, dialect.codes["document"]
        ),
        test=control.text(head, "BAC099") in {"1", "true"},
    )


def answer(draft: Draft | None, result: Receipt | Exception, endpoint: PartnerEndpoint) -> NativeAnswer:
    """`rc` 0 for what was taken, another number with every finding for what was not."""
    serial = draft.native_key if draft else ""
    head: dict[str, Any]
    body: dict[str, Any]
    if isinstance(result, Receipt):
        head = {"rc": "0", "rm": "成功"}
        body = {
            "responsedata": {
                "REQUEST_SN": serial,
                "BAC100": result.message_id,
                "BAC101": result.conversation_id,
                "BAC102": result.kind,
                "ZKE739": dates.write_instant(result.issued_at.isoformat(), DIALECT.instant_form),
            }
        }
    else:
        error = result if isinstance(result, GatewayError) else GatewayError("not available now")
        text = str(error) if error.fault == "sender" else "系统暂不可用，请稍后重试"
        findings = [{"BAC103": found.code, "BAC104": found.xpath, "BAC105": found.text_zh} for found in error.findings]
        head = {"rc": ERRORS.get(error.code.partition("-")[0], ERRORS["NOD"]), "rm": text[:1000]}
        body = {
            "responsedata": {"REQUEST_SN": serial, "BAC103": error.code, **({"BAC106": findings} if findings else {})}
        }
    data = document.encode(document.write("response", head, body), encoding_of(endpoint))
    return NativeAnswer(status=200, media_type="text/xml; charset=utf-8", body=soap.write_answer(data))


def dialect_of(endpoint: PartnerEndpoint) -> Dialect:
    """The dialect as the endpoint's region speaks it."""
    return DIALECT.for_region(endpoint.settings.get("region") or {})


def encoding_of(endpoint: PartnerEndpoint) -> str:
    """GB18030 unless the endpoint says UTF-8."""
    return str(endpoint.settings.get("encoding") or "GB18030")


def _check_head(head: Mapping[str, Any], system_code: str, trade_code: str) -> None:
    """The signed head must say what the unsigned call around it says."""
    unknown = set(head) - HEAD
    if unknown:
        raise DialectRefused(f"head.{min(unknown)}: the dialect has no such tag", code="DIA-003")
    for tag, given in (("SYSTEMCODE", system_code), ("TRADECODE", trade_code)):
        if control.text(head, tag) != given:
            raise DialectRefused(f"head.{tag} contradicts the SOAP call", code="DIA-004")


def _moment(text: str) -> datetime | None:
    instant = dates.read_instant(text) if text else None
    return dates.moment_of(instant) if instant else None
