"""Receipts as XML, `urn:sct:receipt:1` (protocol.md §6): written straight in canonical form, read strictly."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from gateway.errors import Finding
from gateway.model.receipt import RECIPIENT_NODE_KINDS, SENDER_NODE_KINDS, DueDate, Receipt, ReceiptKind
from gateway.xml.canonical import escape
from gateway.xml.instant import write_instant
from gateway.xml.limits import Limits
from gateway.xml.names import RECEIPT
from gateway.xml.parse import parse
from gateway.xml.parts import Parts
from gateway.xml.refusals import unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_R = f"{{{RECEIPT}}}"
#: What stands for the chain's head where no fact stands yet.
_NO_FACT = "0" * 64
#: The schema's bounds of `c:Text` and `c:Line`; a finding may quote what a stranger sent.
_TEXT, _LINE = 4_000, 500


def write(receipt: Receipt) -> bytes:
    """The receipt without signature, in exclusive canonical form; `receipt.xml` is not looked at."""
    r = receipt
    process = ""
    if r.process_id:
        state = f"<State>{escape(r.state)}</State>" if r.state else ""
        process = (
            f"<Process><ProcessId>{escape(r.process_id)}</ProcessId><Number>{r.number}</Number>{state}"
            f"<Flow>{escape(r.flow)}</Flow><FlowVersion>{escape(r.flow_version)}</FlowVersion></Process>"
        )
    stages = "".join(
        f"<StageTime><Stage>{escape(s)}</Stage><At>{write_instant(at)}</At></StageTime>" for s, at in r.stage_times
    )
    return (
        f'<Receipt xmlns="{RECEIPT}" version="1.0"><Kind>{r.kind}</Kind><Issuer>{escape(r.issuer)}</Issuer>'
        f"<Recipient>{escape(r.recipient)}</Recipient><MessageReference><Sender>{escape(r.sender)}</Sender>"
        f"<MessageId>{escape(r.message_id)}</MessageId><Digest>{escape(r.digest)}</Digest>"
        f"<ConversationId>{escape(r.conversation_id)}</ConversationId><MessageType>{escape(r.message_type)}</MessageType>"
        f"</MessageReference>{process}{''.join(map(_due_date, r.due_dates))}"
        f"<Chain><Seq>{r.seq}</Seq><Head>{escape(r.head) or _NO_FACT}</Head></Chain>"
        f"{stages}{''.join(map(_finding, r.findings))}<IssuedAt>{write_instant(r.issued_at)}</IssuedAt></Receipt>"
    ).encode()


def read(document: bytes | Any, *, xml: bytes = b"") -> Receipt:
    """The receipt that bytes, or an element whose signature may still be in it, say; `xml` is kept with it (bytes: themselves).

    Raises `UnreadableEnvelope` ENV-030 for what is not of the receipt's structure. Nothing is verified here.
    """
    if isinstance(document, bytes):
        return read(parse(document, Limits()), xml=document)
    part = Parts(document, f"{_R}Receipt")
    kind, issuer, recipient = _read_kind(part), part.text("Issuer"), part.text("Recipient")
    message = part.part("MessageReference")
    found = {name: message.text(name) for name in ("Sender", "MessageId", "Digest", "ConversationId", "MessageType")}
    process = part.optional("Process")
    due_dates = tuple(_read_due_date(element) for element in part.several("Deadline"))
    chain = part.part("Chain")
    seq, head = chain.number("Seq"), chain.text("Head")
    stages = tuple(_read_stage(element) for element in part.several("StageTime"))
    findings = tuple(_read_finding(element) for element in part.several("Finding"))
    issued_at = part.instant("IssuedAt")
    part.end()
    return Receipt(
        kind=kind,
        issuer=issuer,
        recipient=recipient,
        sender=found["Sender"],
        message_id=found["MessageId"],
        conversation_id=found["ConversationId"],
        message_type=found["MessageType"],
        digest=found["Digest"],
        due_dates=due_dates,
        seq=seq,
        head="" if head == _NO_FACT else head,
        stage_times=stages,
        findings=findings,
        issued_at=issued_at,
        xml=xml,
        **_read_process(process),
    )


def _due_date(due: DueDate) -> str:
    item = f"<Item>{escape(due.item)}</Item>" if due.item else ""
    provisional = "true" if due.provisional else "false"
    return (
        f"<Deadline><Timer>{escape(due.timer)}</Timer>{item}<Due>{write_instant(due.due)}</Due>"
        f"<Provisional>{provisional}</Provisional></Deadline>"
    )


def _finding(finding: Finding) -> str:
    def optional(name: str, text: str, most: int = _TEXT) -> str:
        return f"<{name}>{escape(_clip(text, most))}</{name}>" if text else ""

    line = f"<Line>{finding.line}</Line>" if finding.line else ""
    return (
        f"<Finding><Code>{escape(finding.code)}</Code><Severity>{finding.severity}</Severity>{optional('XPath', finding.xpath)}{line}"
        f"{optional('TextZh', finding.text_zh or finding.code)}{optional('TextEn', finding.text_en or finding.code)}"
        f"{optional('MendZh', finding.mend_zh)}{optional('MendEn', finding.mend_en)}"
        f"{optional('Source', ' '.join(finding.source.split()), _LINE)}</Finding>"
    )


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _read_kind(part: Parts) -> ReceiptKind:
    kind = part.text("Kind")
    if kind not in SENDER_NODE_KINDS | RECIPIENT_NODE_KINDS:
        raise unreadable("ENV-030", f"没有 {kind[:40]!r} 这种回执", f"there is no receipt {kind[:40]!r}")
    return cast("ReceiptKind", kind)


def _read_process(element: Element | None) -> dict[str, Any]:
    if element is None:
        return {}
    part = Parts(element, f"{_R}Process")
    found = {
        "process_id": part.text("ProcessId"),
        "number": part.number("Number"),
        "state": part.text_or_empty("State"),
    }
    found |= {"flow": part.text("Flow"), "flow_version": part.text("FlowVersion")}
    part.end()
    return found


def _read_due_date(element: Element) -> DueDate:
    part = Parts(element, f"{_R}Deadline")
    timer, item, due = part.text("Timer"), part.text_or_empty("Item"), part.instant("Due")
    return DueDate(timer=timer, item=item, due=due, provisional=part.flag("Provisional"))


def _read_stage(element: Element) -> tuple[str, datetime]:
    part = Parts(element, f"{_R}StageTime")
    return part.text("Stage"), part.instant("At")


def _read_finding(element: Element) -> Finding:
    part = Parts(element, f"{_R}Finding")
    code, severity = part.text("Code"), part.text("Severity")
    xpath = part.text_or_empty("XPath")
    line = part.text_or_empty("Line")
    return Finding(
        code=code,
        severity="advise" if severity == "advise" else "refuse",
        xpath=xpath,
        line=int(line) if line.isdecimal() else 0,
        text_zh=part.text("TextZh"),
        text_en=part.text("TextEn"),
        mend_zh=part.text_or_empty("MendZh"),
        mend_en=part.text_or_empty("MendEn"),
        source=part.text_or_empty("Source"),
    )
