"""Sign and verify by the strict profile of product.md §1; verification returns what was signed, and nothing else is read later."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.model.envelope import Header, Signer, Unpacked, Verified
from gateway.signing import suites
from gateway.xml import dsig, envelope
from gateway.xml.canonical import canonical
from gateway.xml.parse import parse
from gateway.xml.refusals import signature_refused
from gateway.xml.serial import serialise

if TYPE_CHECKING:
    from gateway.ports import Keys
    from gateway.signing.trust import Trust
    from gateway.xml.limits import Limits

SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A document whose signature held: the bytes that it covers, and the tree that was canonicalised, signature detached."""

    signed: bytes
    #: Lower-case hexadecimal SHA-256 of `signed`.
    digest: str
    signer: Signer
    tree: Any = field(repr=False)


def verify(unpacked: Unpacked, trust: Trust, *, at: datetime, skew: timedelta = SKEW) -> Verified:
    """Prove who signed an envelope, as of `at`: the time at which the sender's node accepted it.

    The tree of `unpacked` is used up: its signature is detached. Raises `SignatureRefused` SIG-…; those in
    `trust.WAITS_FOR_REGISTRY` can change when the registry does. SIG-050: SentAt lies more than `skew` ahead of `at`.
    """
    header = unpacked.header
    signed = verify_tree(unpacked.tree, trust, sender=header.sender, at=at)
    if header.sent_at > at + skew:
        raise signature_refused("SIG-050", "SentAt 超前于本节点时钟", "SentAt is too far ahead of this node's clock")
    return Verified(
        signed=signed.signed,
        digest=signed.digest,
        signer=signed.signer,
        header=header,
        raw=unpacked.raw,
        tree=signed.tree,
    )


def digest_of(unpacked: Unpacked) -> str:
    """Lower-case hexadecimal SHA-256 of what the envelope's signature has to cover, whoever signed; the tree is used up."""
    dsig.detach(dsig.read_signature(unpacked.tree))
    return suites.digest(canonical(unpacked.tree)).hex()


def verify_document(raw: bytes, trust: Trust, *, sender: str, at: datetime, limits: Limits) -> Signed:
    """Prove that `sender` signed a root document that is no envelope. Raises `UnreadableEnvelope`, `SignatureRefused`."""
    return verify_tree(parse(raw, limits), trust, sender=sender, at=at)


def verify_tree(tree: Any, trust: Trust, *, sender: str, at: datetime) -> Signed:
    """The same for a parsed document; its signature is detached."""
    parts = dsig.read_signature(tree)
    suite = suites.suite_of(parts.signature_algorithm, parts.digest_algorithm)
    signer, key = trust.signer(parts.certificate, sender=sender, at=at)
    return check(tree, parts, signer, suite=suite, key=key)


def check(
    tree: Any, parts: dsig.SignatureParts, signer: Signer, *, suite: suites.Suite, key: suites.PublicKey
) -> Signed:
    """The cryptography alone, for a key that is trusted already. Raises `SignatureRefused` SIG-022, SIG-005, SIG-001."""
    if suite is not suites.suite_of_key(key):
        raise signature_refused(
            "SIG-022", "签名算法与证书密钥不符", "the signature algorithm is not that of the certificate's key"
        )
    dsig.detach(parts)
    signed = canonical(tree)
    dsig.refuse_ids(signed, tree)
    digest = suites.digest(signed)
    if not hmac.compare_digest(digest, parts.digest):
        raise signature_refused(
            "SIG-005", "内容与签名的摘要不符", "the content is not what the signature's digest says"
        )
    if not suites.holds(key, parts.value, parts.signed_info):
        raise signature_refused("SIG-001", "签名值无效", "the signature value does not hold")
    return Signed(signed=signed, digest=digest.hex(), signer=signer, tree=tree)


def sign_envelope(header: Header, payload: Any, keys: Keys, *, subject: str) -> bytes:
    """A signed envelope of `header` and the payload element, with the key of `subject` (the sender, or the node that holds its key).

    `payload` becomes part of the new tree. Raises `NodeError` without the key.
    """
    tree = envelope.build(header, payload)
    return _signed(serialise(tree), canonical(tree), keys, subject)


def sign_document(document: bytes, keys: Keys, subject: str) -> bytes:
    """Sign a root document that is given in exclusive canonical form. Raises `NodeError` without the key of `subject`."""
    return _signed(document, document, keys, subject)


def _signed(document: bytes, covered: bytes, keys: Keys, subject: str) -> bytes:
    suite = suites.by_name(keys.suite(subject))
    signed_info = dsig.write_signed_info(
        signature_algorithm=suite.signature_algorithm,
        digest_algorithm=suite.digest_algorithm,
        digest=suites.digest(covered),
    )
    value = keys.sign(subject, dsig.to_be_signed(signed_info))
    return dsig.append_signature(document, dsig.write_signature(signed_info, value, keys.certificate(subject)))
