"""XMLDSig in the body: the document's enveloped signature in the gateway's strict profile (product.md §1), under one pinned certificate."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.arbitration.hrss import document
from gateway.errors import AccessRefused, SettingRefused, SignatureRefused, UnreadableEnvelope
from gateway.ports import Keys
from gateway.xml import dsig

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_MIN_BITS = 2048
#: r and s, 32 bytes each.
_P256_VALUE = 64
_ALGORITHMS = {"rsa-sha256": RSA_SHA256, "ecdsa-p256-sha256": ECDSA_SHA256}


def sign(text: str, keys: Keys, subject: str) -> str:
    """The canonical document with the subject's signature as its last child. Raises `SettingRefused`, `NodeError`."""
    algorithm = _ALGORITHMS.get(keys.suite(subject))
    if algorithm is None:
        raise SettingRefused(
            f"arbitration/hrss signs with RSA or ECDSA, {subject} has {keys.suite(subject)}", code="NOD-010"
        )
    digest = hashlib.sha256(text.encode()).digest()
    info = dsig.write_signed_info(signature_algorithm=algorithm, digest_algorithm=SHA256, digest=digest)
    value = keys.sign(subject, dsig.to_be_signed(info))
    return dsig.append_signature(text.encode(), dsig.write_signature(info, value, keys.certificate(subject))).decode()


def verify(tree: Any, certificate: bytes) -> dict[str, str]:
    """Prove the document and detach its signature; `certificate` is the partner's PEM, pinned in the endpoint.

    Returns the evidence. Raises `AccessRefused` saying what does not hold.
    """
    pinned = _certificate(certificate)
    try:
        parts = dsig.read_signature(tree)
        dsig.detach(parts)
        signed = document.canonical_bytes(tree)
    except (SignatureRefused, UnreadableEnvelope) as refused:
        raise AccessRefused(f"the document's signature is not of the profile: {refused}", code="ACC-024") from None
    if parts.certificate != pinned.public_bytes(Encoding.DER):
        raise AccessRefused("the document is signed with another certificate than the endpoint's", code="ACC-024")
    if parts.digest_algorithm != SHA256 or parts.digest != hashlib.sha256(signed).digest():
        raise AccessRefused("the document's digest does not hold", code="ACC-024")
    _check(parts.signature_algorithm, parts.value, parts.signed_info, pinned)
    return {
        "scheme": "xmldsig-body",
        "certificate": hashlib.sha256(parts.certificate).hexdigest(),
        "algorithm": parts.signature_algorithm,
        "digest": parts.digest.hex(),
    }


def _check(algorithm: str, value: bytes, data: bytes, certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm == RSA_SHA256:
            key.verify(value, data, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == ECDSA_SHA256 and len(value) == _P256_VALUE:
            pair = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
            key.verify(pair, data, ec.ECDSA(hashes.SHA256()))
        else:
            raise AccessRefused(
                "the signature's algorithm is not RSA-SHA256 or ECDSA-P256-SHA256 of the pinned key", code="ACC-024"
            )
    except InvalidSignature:
        raise AccessRefused("the document's signature does not hold", code="ACC-024") from None


@lru_cache(maxsize=64)
def _certificate(pem: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise SettingRefused(f"the endpoint's certificate is no PEM: {error}", code="NOD-010") from None
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_BITS:
        raise SettingRefused("the endpoint's certificate has an RSA key below 2048 bits", code="NOD-010")
    return certificate
