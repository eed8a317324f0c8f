"""Registry entries as XML, `urn:sct:registry:1` (protocol.md §1): written in canonical form, read strictly."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from gateway.model.ids import is_node, is_participant
from gateway.model.participant import BoundCertificate, NodeEntry, Participant
from gateway.xml.canonical import escape
from gateway.xml.instant import write_instant
from gateway.xml.names import REGISTRY
from gateway.xml.parts import Parts
from gateway.xml.refusals import unreadable

Entry: TypeAlias = "Participant | NodeEntry"
_G = f"{{{REGISTRY}}}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """An entry with the time at which the registrar issued it."""

    entry: Entry
    issued_at: datetime


def write(entry: Entry, *, issued_at: datetime) -> bytes:
    """The entry without signature, in exclusive canonical form."""
    body = _participant(entry) if isinstance(entry, Participant) else _node(entry)
    return (
        f'<Entry xmlns="{REGISTRY}" version="1.0"><Serial>{entry.serial}</Serial><Subject>{escape(entry.id)}</Subject>{body}'
        f"<Revoked>{'true' if entry.revoked else 'false'}</Revoked><IssuedAt>{write_instant(issued_at)}</IssuedAt></Entry>"
    ).encode()


def read(tree: Any) -> Issued:
    """The entry that an element says, its signature aside. Raises `UnreadableEnvelope` ENV-030; nothing is verified here."""
    part = Parts(tree, f"{_G}Entry")
    serial, subject = part.number("Serial"), part.text("Subject")
    participant, node = part.optional("Participant"), part.optional("Node")
    revoked, issued_at = part.flag("Revoked"), part.instant("IssuedAt")
    part.end()
    if participant is not None and node is None and is_participant(subject):
        return Issued(entry=_read_participant(participant, subject, serial, revoked=revoked), issued_at=issued_at)
    if node is not None and participant is None and is_node(subject):
        return Issued(entry=_read_node(node, subject, serial, revoked=revoked), issued_at=issued_at)
    raise unreadable("ENV-030", "登记项与其主体不符", "the entry is not of its subject's kind")


def _participant(entry: Participant) -> str:
    roles = "".join(f"<Role>{escape(role)}</Role>" for role in entry.roles)
    return (
        f"<Participant>{_names(entry.name_zh, entry.name_en)}{_optional('CreditCode', entry.credit_code)}"
        f"{_optional('Region', entry.region)}<Family>{escape(entry.family)}</Family>{roles}<Node>{escape(entry.node)}</Node>"
        f"{_certificates(entry.certificates)}</Participant>"
    )


def _node(entry: NodeEntry) -> str:
    schemas = "".join(f"<Schema>{escape(name)}</Schema>" for name in entry.schemas)
    contracts = "".join(f"<Contract>{escape(name)}</Contract>" for name in entry.contracts)
    return f"<Node>{_certificates(entry.certificates)}<SealingKey>{_base64(entry.sealing_key)}</SealingKey>{schemas}{contracts}</Node>"


def _names(zh: str, en: str) -> str:
    return f"<Names><Zh>{escape(zh)}</Zh>{_optional('En', en)}</Names>"


def _optional(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _certificates(certificates: Iterable[BoundCertificate]) -> str:
    return "".join(
        f"<Certificate><HeldBy>{bound.held_by}</HeldBy><NotBefore>{write_instant(bound.not_before)}</NotBefore>"
        f"<NotAfter>{write_instant(bound.not_after)}</NotAfter><Der>{_base64(bound.der)}</Der></Certificate>"
        for bound in certificates
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read_participant(element: Any, subject: str, serial: int, *, revoked: bool) -> Participant:
    part = Parts(element, f"{_G}Participant")
    names = part.part("Names")
    name_zh, name_en = names.text("Zh"), names.text_or_empty("En")
    names.end()
    credit_code, region, family = part.text_or_empty("CreditCode"), part.text_or_empty("Region"), part.text("Family")
    roles = tuple(child.text or "" for child in part.several("Role"))
    node = part.text("Node")
    certificates = _read_certificates(part)
    part.end()
    if not is_node(node):
        raise unreadable("ENV-030", "登记项的节点无效", "the entry's node is no node id")
    return Participant(
        id=subject,
        serial=serial,
        name_zh=name_zh,
        name_en=name_en,
        credit_code=credit_code,
        region=region,
        family=family,
        roles=roles,
        node=node,
        certificates=certificates,
        revoked=revoked,
    )


def _read_node(element: Any, subject: str, serial: int, *, revoked: bool) -> NodeEntry:
    part = Parts(element, f"{_G}Node")
    part.optional("Names")
    certificates = _read_certificates(part)
    sealing_key = _read_base64(part.text("SealingKey"))
    schemas = tuple(child.text or "" for child in part.several("Schema"))
    contracts = tuple(child.text or "" for child in part.several("Contract"))
    part.end()
    return NodeEntry(
        id=subject,
        serial=serial,
        certificates=certificates,
        sealing_key=sealing_key,
        schemas=schemas,
        contracts=contracts,
        revoked=revoked,
    )


def _read_certificates(part: Parts) -> tuple[BoundCertificate, ...]:
    return tuple(_read_certificate(element) for element in part.several("Certificate"))


def _read_certificate(element: Any) -> BoundCertificate:
    part = Parts(element, f"{_G}Certificate")
    held_by, not_before, not_after = part.text("HeldBy"), part.instant("NotBefore"), part.instant("NotAfter")
    der = _read_base64(part.text("Der"))
    part.end()
    if held_by == "node":
        return BoundCertificate(der=der, held_by="node", not_before=not_before, not_after=not_after)
    if held_by == "participant":
        return BoundCertificate(der=der, held_by="participant", not_before=not_before, not_after=not_after)
    raise unreadable("ENV-030", "HeldBy 应为 participant 或 node", "HeldBy is neither participant nor node")


def _read_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise unreadable("ENV-030", "登记项中的 Base64 无效", "a part of the entry is no Base64") from None
