"""Whose key signed: chain, validity and revocation at a given time, and the registry's binding to the sender (product.md §1).

All that depends on the certificate alone is worked out once and kept by its fingerprint; per message remain comparisons of times
and of the certificate with those that the registry binds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import SettingRefused
from gateway.model.envelope import Signer
from gateway.model.participant import BoundCertificate, Registry
from gateway.signing.suites import PublicKey, Suite, suite_of_key
from gateway.xml.refusals import signature_refused

#: Codes that a flow may answer by waiting for the registry (protocol.md §4): everything else is refused for good.
CERTIFICATE_UNKNOWN = "SIG-045"
SENDER_UNKNOWN = "SIG-046"
WAITS_FOR_REGISTRY = frozenset({CERTIFICATE_UNKNOWN, SENDER_UNKNOWN})
_KEPT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A certificate that chains to an anchor; the window is the overlap of its own and its issuer's."""

    fingerprint: str
    key: PublicKey = field(repr=False)
    suite: Suite
    not_before: datetime
    not_after: datetime
    #: From when on it is revoked, None while it is not.
    revoked_at: datetime | None


class Trust:
    """Anchors, revocation lists and the registry that signers are judged by; safe to share between threads."""

    def __init__(
        self, anchors: Iterable[bytes], crls: Iterable[bytes], registry: Registry | Callable[[], Registry]
    ) -> None:
        """Anchors and CRLs as PEM (several in one file are taken). Raises `SettingRefused` for what is no CA or no list of one."""
        self._anchors = _read_anchors(anchors)
        self._crls = [crl for pem in crls for crl in _read_crls(pem)]
        for crl in self._crls:
            self._check_list(crl)
        self._registry = registry
        self._leaves: dict[bytes, Leaf] = {}

    def registry(self) -> Registry:
        """The registry as it is known now."""
        return self._registry if isinstance(self._registry, Registry) else self._registry()

    def learn_revocations(self, pem: bytes) -> None:
        """Take a newer revocation list into account. Raises `SettingRefused` when no anchor has signed it."""
        for crl in _read_crls(pem):
            self._check_list(crl)
            self._crls = [old for old in self._crls if old.issuer != crl.issuer] + [crl]
        self._leaves = {}

    def signer(self, certificate: bytes, *, sender: str, at: datetime) -> tuple[Signer, PublicKey]:
        """Who signs with this certificate (DER) for `sender` at the time `at`, and the key to verify with.

        Raises `SignatureRefused`: SIG-024 unreadable, SIG-023 weak, SIG-040 of another chain, SIG-049 not for signing, SIG-042 not yet
        valid, SIG-041 out of date, SIG-043 revoked, SIG-044 another sender's, SIG-045 bound to nobody, SIG-046…048 the registry's entry.
        """
        leaf = self._leaves.get(certificate) or self._read(certificate)
        if at < leaf.not_before:
            raise signature_refused("SIG-042", "证书尚未生效", "the certificate is not yet valid")
        if at > leaf.not_after:
            raise signature_refused("SIG-041", "证书已过期", "the certificate is out of date")
        if leaf.revoked_at is not None and leaf.revoked_at <= at:
            raise signature_refused("SIG-043", "证书已吊销", "the certificate is revoked")
        bound = _binding(self.registry(), certificate, sender)
        if not bound.not_before <= at <= bound.not_after:
            zh, en = "登记册中该证书此时不在有效期内", "the registry does not bind this certificate at this time"
            raise signature_refused("SIG-048", zh, en)
        return Signer(fingerprint=leaf.fingerprint, held_by=bound.held_by, suite=leaf.suite.name), leaf.key

    def leaf(self, certificate: bytes) -> Leaf:
        """What is known of a certificate (DER) by itself. Raises like `signer`, but for time and binding."""
        return self._leaves.get(certificate) or self._read(certificate)

    def _read(self, der: bytes) -> Leaf:
        certificate, key = _load(der)
        suite = suite_of_key(key)
        anchor = self._issuer_of(certificate)
        _check_use(certificate)
        leaf = Leaf(
            fingerprint=hashlib.sha256(der).hexdigest(),
            key=cast("PublicKey", key),
            suite=suite,
            not_before=max(certificate.not_valid_before_utc, anchor.not_valid_before_utc),
            not_after=min(certificate.not_valid_after_utc, anchor.not_valid_after_utc),
            revoked_at=self._revoked_at(certificate),
        )
        if len(self._leaves) >= _KEPT:  # only certificates of our own chains come so far: this is no attacker's doing
            self._leaves = {}
        self._leaves[der] = leaf
        return leaf

    def _issuer_of(self, certificate: x509.Certificate) -> x509.Certificate:
        for anchor in self._anchors:
            if anchor.subject == certificate.issuer:
                try:
                    certificate.verify_directly_issued_by(anchor)
                except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
                    continue
                return anchor
        raise signature_refused(
            "SIG-040", "证书不出自任何受信的机构", "no configured anchor has issued the certificate"
        )

    def _revoked_at(self, certificate: x509.Certificate) -> datetime | None:
        times = [
            entry.revocation_date_utc
            for crl in self._crls
            if crl.issuer == certificate.issuer
            and (entry := crl.get_revoked_certificate_by_serial_number(certificate.serial_number)) is not None
        ]
        return min(times, default=None)

    def _check_list(self, crl: x509.CertificateRevocationList) -> None:
        for anchor in self._anchors:
            if anchor.subject == crl.issuer and crl.is_signature_valid(cast("PublicKey", anchor.public_key())):
                return
        raise SettingRefused("a revocation list is not signed by a configured anchor", code="NOD-042")


def _binding(registry: Registry, certificate: bytes, sender: str) -> BoundCertificate:
    """The registry's binding of a certificate to `sender`.

    A node's own certificate speaks for a participant local to it as long as the participant holds no key itself.
    """
    entry = registry.nodes.get(sender) or registry.participants.get(sender)
    if entry is None:
        raise signature_refused(SENDER_UNKNOWN, f"登记册中没有 {sender}", f"the registry does not know {sender}")
    if entry.revoked:
        raise signature_refused("SIG-047", f"{sender} 已被登记册撤销", f"the registry has revoked {sender}")
    for bound in entry.certificates:
        if bound.der == certificate:
            return bound
    node = registry.nodes.get(registry.node_of(sender))
    if node is not None and not node.revoked and all(bound.held_by == "node" for bound in entry.certificates):
        for bound in node.certificates:
            if bound.der == certificate:
                return bound
    everybody = [other.certificates for other in registry.participants.values()]
    everybody += [other.certificates for other in registry.nodes.values()]
    if any(bound.der == certificate for certificates in everybody for bound in certificates):
        raise signature_refused("SIG-044", "证书属于另一发送方", "the certificate is another sender's")
    raise signature_refused(CERTIFICATE_UNKNOWN, "登记册中没有该证书", "the registry does not know the certificate")


def _load(der: bytes) -> tuple[x509.Certificate, object]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        if certificate.public_bytes(Encoding.DER) != der:
            raise signature_refused("SIG-024", "证书编码不规范", "the certificate is not in its one DER form")
        return certificate, certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise signature_refused("SIG-024", "证书无法读取", "the certificate cannot be read") from None


def _check_use(certificate: x509.Certificate) -> None:
    """A leaf that may sign: no CA, and where it names its uses, digital signature is one of them (RFC 5280 §4.2.1.3, §4.2.1.9)."""
    try:
        extensions = certificate.extensions
        basic = next((e.value for e in extensions if isinstance(e.value, x509.BasicConstraints)), None)
        usage = next((e.value for e in extensions if isinstance(e.value, x509.KeyUsage)), None)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise signature_refused("SIG-024", "证书扩展无法读取", "the certificate's extensions cannot be read") from None
    if (basic is not None and basic.ca) or (usage is not None and not usage.digital_signature):
        raise signature_refused("SIG-049", "该证书不能用于签名消息", "this certificate is not for signing messages")


def _read_anchors(pems: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    anchors: list[x509.Certificate] = []
    for pem in pems:
        try:
            anchors += x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise SettingRefused("an anchor file holds no PEM certificates", code="NOD-042") from error
    for anchor in anchors:
        basic = next((e.value for e in anchor.extensions if isinstance(e.value, x509.BasicConstraints)), None)
        if basic is None or not basic.ca:
            raise SettingRefused(f"{anchor.subject.rfc4514_string()} is no certificate authority", code="NOD-042")
    return tuple(anchors)


def _read_crls(pem: bytes) -> list[x509.CertificateRevocationList]:
    end = b"-----END X509 CRL-----"
    parts = [part + end for part in pem.split(end)[:-1]]
    try:
        return [x509.load_pem_x509_crl(part.lstrip()) for part in parts]
    except ValueError as error:
        raise SettingRefused("a revocation list cannot be read", code="NOD-042") from error
