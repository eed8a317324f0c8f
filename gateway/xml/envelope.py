"""The envelope: unpacked from bytes, built from a header and a payload element (product.md §1, protocol.md §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from gateway.errors import UnreadableEnvelope
from gateway.model.envelope import Header, Unpacked
from gateway.xml.header import read_header, write_header
from gateway.xml.limits import Limits
from gateway.xml.names import DS, ENVELOPE
from gateway.xml.parse import parse
from gateway.xml.refusals import unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

VERSION = "1.0"
_ENVELOPE = f"{{{ENVELOPE}}}Envelope"
_HEADER = f"{{{ENVELOPE}}}Header"
_PAYLOAD = f"{{{ENVELOPE}}}Payload"
_SIGNATURE = f"{{{DS}}}Signature"


def unpack(raw: bytes, limits: Limits) -> Unpacked:
    """Bytes → header and tree; nothing is proved about who wrote them.

    Raises `UnreadableEnvelope`: ENV-001…013 no document within the limits, ENV-020 no envelope, ENV-021 parts that are not
    Header and Payload, ENV-022 and ENV-023 the header, ENV-024 not one payload element.
    """
    tree = parse(raw, limits)
    part, payload = _parts(tree)
    header = read_header(part)
    _only_child(payload)
    return Unpacked(raw=raw, header=header, tree=tree)


def payload_of(tree: Element) -> Element:
    """The one element in `Payload`. Raises `UnreadableEnvelope` ENV-024 when there is none or another."""
    return _only_child(_parts(tree)[1])


def build(header: Header, payload: Element) -> Element:
    """A new unsigned envelope. `payload` becomes its child, so it is no longer where it was."""
    tree = etree.Element(_ENVELOPE, {"version": VERSION}, nsmap={None: ENVELOPE})
    write_header(header, tree)
    etree.SubElement(tree, _PAYLOAD).append(payload)
    return tree


def header_of_best_effort(raw: bytes, limits: Limits | None = None) -> Header | None:
    """The header of a document that `unpack` refuses, where one can be read all the same, so that a rejection can name it.

    Never raises; None for what cannot be parsed within the limits, or has no whole header.
    """
    try:
        tree = parse(raw, limits or Limits())
        header = tree.find(_HEADER) if tree.tag == _ENVELOPE else None
        return None if header is None else read_header(header)
    except UnreadableEnvelope:
        return None


def _parts(tree: Element) -> tuple[Element, Element]:
    if tree.tag != _ENVELOPE:
        zh, en = "根元素不是 urn:sct:envelope:1 的 Envelope", "the root is not Envelope of urn:sct:envelope:1"
        raise unreadable("ENV-020", zh, en, line=tree.sourceline or 0)
    # Where the signature stands is the signature profile's concern; it is judged with a code of its own.
    parts = [child for child in tree if child.tag != _SIGNATURE]
    if len(parts) != 2 or parts[0].tag != _HEADER or parts[1].tag != _PAYLOAD:  # noqa: PLR2004 - header and payload
        zh, en = "信封应依次为 Header、Payload、签名", "an envelope is Header, Payload and the signature, in this order"
        raise unreadable("ENV-021", zh, en, line=tree.sourceline or 0, xpath="/Envelope")
    return parts[0], parts[1]


def _only_child(payload: Element) -> Element:
    if len(payload) != 1:
        zh, en = "Payload 中应恰有一个元素", "there must be exactly one element in Payload"
        raise unreadable("ENV-024", zh, en, line=payload.sourceline or 0, xpath="/Envelope/Payload")
    return payload[0]
