"""Writes contracts/examples/messages/*.xml, one unsigned envelope a message: `python -m tests.examples`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from gateway.validate.catalogue import Catalogue, load_catalogue
from tests import payloads

if TYPE_CHECKING:
    from gateway.model.payload import Payload, Value

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contracts" / "examples" / "messages"
_COURT, _STATION, _ARBITRATION = "court:t-xincheng", "union:t-station", "arbitration:t-hohhot"
_PARTICIPANTS = {
    "court": _COURT,
    "arbitration": _ARBITRATION,
    "triage": "triage:t-hohhot",
    "inspection": "inspection:t-hohhot",
    "legal-aid": "legal-aid:t-hohhot",
    "job": "job:t-hohhot",
}
#: Domain's flow → the first contract of it; of F15 the message says which.
_FLOWS = {
    "F1": "designated-mediation",
    "F2": "entrusted-mediation",
    "F3": "party-application",
    "F4": "own-intake",
    "F5": "arbitration-referral",
    "F6": "arbitration-review",
    "F7": "judicial-confirmation",
    "F8": "payment-order",
    "F9": "transfer",
    "F10": "roster",
    "F11": "designated-mediation",
    "F12": "triage",
    "F13": "performance",
    "F14": "statistics",
}
_OTHER_FLOWS = {
    "ADVISORY": "advisory",
    "ALERT": "advisory",
    "AWARD": "award-comparison",
    "COMPLAINT": "complaint",
    "ENF": "enforcement",
    "JOB": "job-referral",
    "SETTLE": "settlement",
}
#: Documents of domain §3.18 that a message of the kind carries as an attachment.
_DOCUMENTS = {
    "DesignationRequest": {"D105": "委派调解函.pdf", "D101": "调解申请书.pdf", "D104": "送达地址确认书.pdf"},
    "Extension": {"D114": "延长调解期限同意书.pdf"},
    "ResultSuccess": {"D112": "调解协议书.pdf", "D117": "履行告知书.pdf"},
    "ResultFail": {"D116": "终止调解情况表.pdf"},
    "ResultWithdraw": {"D115": "撤回调解申请书.pdf"},
    "SessionMinutes": {"D110": "调解笔录.pdf"},
    "ReviewApply": {"D205": "仲裁审查申请书.pdf", "D112": "调解协议书.pdf", "D119": "授权委托书.pdf"},
    "ReviewAccept": {"D206": "仲裁审查受理通知书.pdf"},
    "ReviewRefuse": {"D206": "仲裁审查不予受理通知书.pdf"},
    "ReviewStatement": {"D207": "仲裁调解书.pdf"},
    "ReviewNotIssued": {"D208": "不予制作调解书通知书.pdf"},
    "ReviewServed": {"D210": "送达回证.pdf"},
}


def attachment(code: str, name: str) -> Payload:
    """The claim check of one document."""
    digest: Payload = {"@algorithm": "sha256", "#text": payloads.SHA256}
    return {"DocumentType": code, "Name": name, "MediaType": "application/pdf", "Size": "4", "Digest": [digest]}


def header(message_type: str) -> Payload:
    """A header as plain data, with ids of a fixed time."""
    row, element = _row(message_type), message_type.partition(".")[2]
    sender, receiver = (_PARTICIPANTS.get(row[side], _STATION) for side in ("from", "to"))
    if element == "Acknowledgement":
        sender, receiver = _COURT, _STATION
    documents = _DOCUMENTS.get(element, {})
    if row["flow"] not in {"F1", "F6", "F11"}:
        documents = _named(payloads.all_payloads()[message_type]())
    attached: Payload = (
        {"Attachments": {"Attachment": [attachment(*item) for item in documents.items()]}} if documents else {}
    )
    return {
        "MessageId": "019cad6f-3c00-7000-8000-00000000000a",
        "ConversationId": "019cad6f-3c00-7000-8000-00000000000b",
        "ProcessId": "019cad6f-3c00-7000-8000-00000000000c",
        "Kind": "new",
        "Flow": {"@version": "1.0", "#text": _flow(row)},
        "MessageType": message_type,
        "SchemaVersion": "1.0",
        "Sender": "node:court" if element == "DeadlineExpired" else sender,
        "Receiver": _STATION if element == "DeadlineExpired" else receiver,
        "SentAt": "2026-03-02T10:00:00.000+08:00",
        "Priority": "normal",
        "Test": "true",
        "TraceParent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        **attached,
    }


def _row(message_type: str) -> dict[str, str]:
    """The first row of the message in contracts/messages.csv."""
    with (ROOT / "contracts" / "messages.csv").open(encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["element"] == message_type)


def _named(value: Value) -> dict[str, str]:
    """The documents that a payload names with a digest: they travel as attachments."""
    if isinstance(value, str):
        return {}
    if isinstance(value, list):
        return {code: name for part in value for code, name in _named(part).items()}
    if "DocumentType" in value and "Digest" in value:
        return {payloads.text_of(value, "DocumentType"): payloads.text_of(value, "Name")}
    return {code: name for part in value.values() for code, name in _named(part).items()}


def _flow(row: dict[str, str]) -> str:
    return _FLOWS.get(row["flow"]) or _OTHER_FLOWS[row["message"].partition(".")[0]]


def example(catalogue: Catalogue, message_type: str) -> bytes:
    """The envelope of one message, indented, as UTF-8."""
    envelope = catalogue.to_element(
        "envelope.Envelope", {"@version": "1.0", "Header": header(message_type), "Payload": {}}
    )
    envelope[1].append(catalogue.to_element(message_type, payloads.all_payloads()[message_type]()))
    etree.indent(envelope)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True) + b"\n"


def main() -> None:
    """Write every example anew and take away those of messages that are no more."""
    catalogue = load_catalogue(ROOT / "schemas")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.xml"):
        path.unlink()
    for message_type in payloads.all_payloads():
        (FOLDER / f"{message_type}.xml").write_bytes(example(catalogue, message_type))


if __name__ == "__main__":
    main()
