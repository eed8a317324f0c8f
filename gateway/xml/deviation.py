"""Names what is wrong with a signature that is not exactly the profile, each deviation under its own code (product.md §1).

Only called for a signature that is refused already: nothing here accepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from gateway.xml.algorithms import check_digest_algorithm, check_signature_algorithm
from gateway.xml.names import DS, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, INCLUSIVE_NAMESPACES
from gateway.xml.refusals import signature_refused

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from gateway.errors import SignatureRefused

_D = f"{{{DS}}}"
_ID_NAMES = frozenset({"Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id"})


def deviation(signature: Element) -> SignatureRefused:
    """The refusal that fits: algorithms refused by name come first, then Ids, then what stands where the profile wants another."""
    check_algorithms(signature)
    if any(_ID_NAMES.intersection(node.keys()) for node in signature.iter()):
        return id_refused()
    for judge in (_references, _transforms, _key_info, _methods):
        if (refusal := judge(signature)) is not None:
            return refusal
    if signature.find(f"{_D}Object") is not None:
        return signature_refused("SIG-025", "签名含 Object", "the signature has an Object")
    return _structure(signature)


def check_algorithms(signature: Element) -> None:
    """Raises `SignatureRefused` for the first algorithm that no suite has, SHA-1, HMAC and DSA by name (SIG-015…018)."""
    for method in signature.iter(f"{_D}SignatureMethod"):
        check_signature_algorithm(method.get("Algorithm", ""))
    for method in signature.iter(f"{_D}DigestMethod"):
        check_digest_algorithm(method.get("Algorithm", ""))


def id_refused() -> SignatureRefused:
    """An Id attribute, anywhere in the document: references by id are how signed elements get moved."""
    return signature_refused("SIG-008", "签名档不允许 Id 属性", "no Id attribute is allowed")


def _references(signature: Element) -> SignatureRefused | None:
    references = list(signature.iter(f"{_D}Reference"))
    if len(references) > 1:
        return signature_refused("SIG-009", "不止一个 Reference", "there is more than one Reference")
    if references and references[0].get("URI") != "":
        return signature_refused("SIG-010", "Reference 的 URI 不是空", 'the URI of the Reference is not ""')
    return None


def _transforms(signature: Element) -> SignatureRefused | None:
    if any(True for _ in signature.iter(INCLUSIVE_NAMESPACES)):
        return signature_refused("SIG-013", "不允许 InclusiveNamespaces", "InclusiveNamespaces is not allowed")
    algorithms = [transform.get("Algorithm") for transform in signature.iter(f"{_D}Transform")]
    if algorithms != [ENVELOPED_SIGNATURE, EXCLUSIVE_C14N]:
        zh, en = (
            "变换不是恰为封内签名与独占规范化",
            "the transforms are not exactly enveloped-signature and exclusive C14N",
        )
        return signature_refused("SIG-011", zh, en)
    return None


def _key_info(signature: Element) -> SignatureRefused | None:
    tags = [node.tag for info in signature.iter(f"{_D}KeyInfo") for node in info.iter()]
    if tags != [f"{_D}KeyInfo", f"{_D}X509Data", f"{_D}X509Certificate"]:
        zh, en = "KeyInfo 应恰为一张签名者证书", "KeyInfo is not exactly the signer's one certificate"
        return signature_refused("SIG-020", zh, en)
    return None


def _methods(signature: Element) -> SignatureRefused | None:
    methods = [method.get("Algorithm") for method in signature.iter(f"{_D}CanonicalizationMethod")]
    if methods != [EXCLUSIVE_C14N]:
        return signature_refused(
            "SIG-012", "规范化方法不是独占规范化", "the canonicalization method is not exclusive C14N"
        )
    return None


def _structure(signature: Element) -> SignatureRefused:
    """An element too many, too few or out of place (SIG-006), or an attribute or text where none belongs (SIG-007)."""
    expected = (
        ("SignedInfo", "SignatureValue", "KeyInfo"),
        ("CanonicalizationMethod", "SignatureMethod", "Reference"),
        ("Transforms", "DigestMethod", "DigestValue"),
    )
    parents = (signature, signature.find(f"{_D}SignedInfo"), signature.find(f"{_D}SignedInfo/{_D}Reference"))
    for parent, names in zip(parents, expected, strict=True):
        found = [] if parent is None else [etree.QName(child).localname for child in parent]
        if found != list(names):
            shown = ", ".join(found)[:200]
            return signature_refused(
                "SIG-006", f"应依次为 {'、'.join(names)}", f"there must be {', '.join(names)}, not: {shown}"
            )
    zh, en = (
        "签名中有规定以外的内容或属性",
        "there is content or an attribute in the signature that the profile does not name",
    )
    return signature_refused("SIG-007", zh, en)
