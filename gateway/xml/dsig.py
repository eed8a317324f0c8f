"""The `ds:Signature` of our profile (product.md §1): read strictly, detached, and written.

What is read here is structure alone; whether the algorithms are taken, the value holds and the key is the sender's is for
`gateway.signing`. A signature either has exactly the one shape below or is refused; `deviation` then names what is wrong.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from gateway.xml.canonical import canonical
from gateway.xml.deviation import check_algorithms, deviation, id_refused
from gateway.xml.names import DS, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N
from gateway.xml.refusals import signature_refused

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SIGNATURE = f"{{{DS}}}Signature"
_SPACE = " \t\r\n"
_IDS = etree.XPath("boolean(//@xml:id | //@Id | //@ID | //@id)")
#: The one shape, in document order: name, number of children, attributes (None: an algorithm that the suites judge).
_EXCLUSIVE = [("Algorithm", EXCLUSIVE_C14N)]
_SHAPE: tuple[tuple[str, int, list[tuple[str, str]] | None], ...] = (
    ("Signature", 3, []),
    ("SignedInfo", 3, []),
    ("CanonicalizationMethod", 0, _EXCLUSIVE),
    ("SignatureMethod", 0, None),
    ("Reference", 3, [("URI", "")]),
    ("Transforms", 2, []),
    ("Transform", 0, [("Algorithm", ENVELOPED_SIGNATURE)]),
    ("Transform", 0, _EXCLUSIVE),
    ("DigestMethod", 0, None),
    ("DigestValue", 0, []),
    ("SignatureValue", 0, []),
    ("KeyInfo", 1, []),
    ("X509Data", 1, []),
    ("X509Certificate", 0, []),
)
_TAGS = [f"{{{DS}}}{name}" for name, _, _ in _SHAPE]
_COUNTS = [count for _, count, _ in _SHAPE]
_SIGNED_INFO, _SIGNATURE_METHOD, _DIGEST_METHOD, _DIGEST, _VALUE, _CERTIFICATE = 1, 3, 8, 9, 10, 13
_BASE64 = frozenset({_DIGEST, _VALUE, _CERTIFICATE})


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureParts:
    """What a signature of the profile says; nothing of it is proved yet."""

    #: The element itself, still in its document.
    element: Element
    #: Canonical `SignedInfo`: the bytes that the value signs.
    signed_info: bytes
    signature_algorithm: str
    digest_algorithm: str
    digest: bytes
    value: bytes
    #: DER of the one certificate in KeyInfo.
    certificate: bytes


def read_signature(root: Element) -> SignatureParts:
    """The parts of the document's one signature. Raises `SignatureRefused` SIG-002…SIG-025 for anything but the strict profile."""
    element = _the_signature(root)
    nodes = list(element.iter())
    if not _exact(nodes):
        raise deviation(element)
    return SignatureParts(
        element=element,
        signed_info=canonical(nodes[_SIGNED_INFO]),
        signature_algorithm=nodes[_SIGNATURE_METHOD].get("Algorithm", ""),
        digest_algorithm=nodes[_DIGEST_METHOD].get("Algorithm", ""),
        digest=_base64(nodes[_DIGEST]),
        value=_base64(nodes[_VALUE]),
        certificate=_base64(nodes[_CERTIFICATE]),
    )


def detach(parts: SignatureParts) -> None:
    """Take the signature out of its document, its tail kept: what is left is what the enveloped-signature transform leaves."""
    element = parts.element
    root, before = element.getparent(), element.getprevious()
    if root is None:
        return
    if tail := element.tail:
        if before is None:
            root.text = (root.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail
        element.tail = None
    root.remove(element)


def refuse_ids(signed: bytes, root: Element) -> None:
    """Raises `SignatureRefused` SIG-008 for an Id attribute in the signed document; `signed` are its canonical bytes."""
    # In canonical form an attribute can look no other way; a text can look like one, so the tree has the last word.
    if (b' Id="' in signed or b' id="' in signed or b' ID="' in signed or b' xml:id="' in signed) and _IDS(root):
        raise id_refused()


def write_signed_info(*, signature_algorithm: str, digest_algorithm: str, digest: bytes) -> str:
    """What stands in `SignedInfo`, as `write_signature` and `to_be_signed` take it."""
    return (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{signature_algorithm}"></ds:SignatureMethod><ds:Reference URI="">'
        f'<ds:Transforms><ds:Transform Algorithm="{ENVELOPED_SIGNATURE}"></ds:Transform>'
        f'<ds:Transform Algorithm="{EXCLUSIVE_C14N}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest_algorithm}"></ds:DigestMethod>'
        f"<ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue></ds:Reference>"
    )


def to_be_signed(signed_info: str) -> bytes:
    """Canonical `SignedInfo`: the bytes to sign."""
    return f'<ds:SignedInfo xmlns:ds="{DS}">{signed_info}</ds:SignedInfo>'.encode()


def write_signature(signed_info: str, value: bytes, certificate: bytes) -> bytes:
    """The whole `ds:Signature` with its value and the DER of the leaf certificate."""
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{signed_info}</ds:SignedInfo>'
        f"<ds:SignatureValue>{base64.b64encode(value).decode()}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>{base64.b64encode(certificate).decode()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    ).encode()


def append_signature(document: bytes, signature: bytes) -> bytes:
    """The serialised document with the signature as last child of its root. `document` must end with the root's end tag."""
    end = document.rindex(b"</")
    return document[:end] + signature + document[end:]


def _the_signature(root: Element) -> Element:
    found = list(root.iter(_SIGNATURE))
    if not found:
        raise signature_refused("SIG-002", "没有签名", "there is no signature")
    if len(found) > 1:
        raise signature_refused("SIG-003", "不止一个签名", "there is more than one signature")
    if found[0].getparent() is not root or found[0].getnext() is not None:
        check_algorithms(found[0])
        raise signature_refused(
            "SIG-004", "签名不是根元素的最后一个子元素", "the signature is not the last child of the root"
        )
    return found[0]


def _exact(nodes: list[Element]) -> bool:
    """Whether the signature has exactly the one shape: names in document order and numbers of children fix the tree."""
    if [node.tag for node in nodes] != _TAGS or [len(node) for node in nodes] != _COUNTS:
        return False
    for position, node in enumerate(nodes):
        attributes = _SHAPE[position][2]
        if (node.keys() != ["Algorithm"]) if attributes is None else (node.items() != attributes):
            return False
        if position not in _BASE64 and (text := node.text) and text.strip(_SPACE):
            return False
        if position and (tail := node.tail) and tail.strip(_SPACE):
            return False
    return True


def _base64(element: Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        name = etree.QName(element).localname
        raise signature_refused("SIG-021", f"{name} 不是 Base64", f"{name} is no Base64") from None
