"""Signature suites: the pairs of algorithms that are taken, and the keys that are strong enough for them (product.md §1).

SM2 with SM3 (国密) has its name and its place here and is refused under a code of its own until its library is in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from gateway.errors import NodeError
from gateway.xml import algorithms
from gateway.xml.refusals import signature_refused

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

RSA_LEAST_BITS = 2048
#: Verifying costs the square of the size: a key beyond this is a way to keep us busy.
RSA_MOST_BITS = 8192
_COORDINATE = 32
_ECDSA = ec.ECDSA(hashes.SHA256())
_PKCS1 = padding.PKCS1v15()
_SHA256 = hashes.SHA256()


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """One pair of signature and digest algorithm."""

    name: str
    #: Identifiers as they stand in `ds:SignatureMethod` and `ds:DigestMethod`.
    signature_algorithm: str
    digest_algorithm: str


ECDSA_P256 = Suite(
    name="ecdsa-p256-sha256", signature_algorithm=algorithms.ECDSA_SHA256, digest_algorithm=algorithms.SHA256
)
RSA_SHA256 = Suite(name="rsa-sha256", signature_algorithm=algorithms.RSA_SHA256, digest_algorithm=algorithms.SHA256)
SM2_SM3 = Suite(name="sm2-sm3", signature_algorithm=algorithms.SM2_SM3, digest_algorithm=algorithms.SM3)
_BY_ALGORITHM = {suite.signature_algorithm: suite for suite in (ECDSA_P256, RSA_SHA256, SM2_SM3)}


def suite_of(signature_algorithm: str, digest_algorithm: str) -> Suite:
    """The suite that a signature names. Raises `SignatureRefused`: SIG-015…018 by name, SIG-019 for SM2/SM3 (not configured)."""
    algorithms.check_signature_algorithm(signature_algorithm)
    algorithms.check_digest_algorithm(digest_algorithm)
    suite = _BY_ALGORITHM[signature_algorithm]
    if suite is SM2_SM3 or digest_algorithm == SM2_SM3.digest_algorithm:
        raise signature_refused("SIG-019", "本节点未配置国密 SM2/SM3", "SM2/SM3 is not configured at this node")
    return suite


def by_name(name: str) -> Suite:
    """The suite of a name. Raises `NodeError` NOD-041 for one that is not configured."""
    for suite in (ECDSA_P256, RSA_SHA256):
        if suite.name == name:
            return suite
    raise NodeError(f"the suite {name!r} is not configured here", code="NOD-041")


def suite_of_key(key: object) -> Suite:
    """The suite of a public or private key. Raises `SignatureRefused` SIG-023 when it is too weak, too large or of another kind."""
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        if isinstance(key.curve, ec.SECP256R1):
            return ECDSA_P256
        raise signature_refused("SIG-023", "椭圆曲线不是 P-256", "the curve is not P-256")
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        if RSA_LEAST_BITS <= key.key_size <= RSA_MOST_BITS:
            return RSA_SHA256
        zh = f"RSA 密钥应为 {RSA_LEAST_BITS} 至 {RSA_MOST_BITS} 位"
        raise signature_refused("SIG-023", zh, f"an RSA key must have {RSA_LEAST_BITS} to {RSA_MOST_BITS} bits")
    raise signature_refused("SIG-023", "密钥类型不属于任何签名套件", "no suite has this kind of key")


def digest(data: bytes) -> bytes:
    """SHA-256: the digest of both configured suites."""
    return hashlib.sha256(data).digest()


def sign(key: PrivateKey, data: bytes) -> bytes:
    """The raw XML-DSig value: r and s of 32 bytes each for ECDSA (RFC 9231 §2.3.6), PKCS#1 v1.5 for RSA."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, _PKCS1, _SHA256)
    r, s = decode_dss_signature(key.sign(data, _ECDSA))
    return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")


def holds(key: PublicKey, value: bytes, data: bytes) -> bool:
    """Whether `value` is the key's signature of `data`; the key's kind decides the algorithm, never the document."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, _PKCS1, _SHA256)
            return True
        if len(value) != 2 * _COORDINATE:
            return False
        r, s = int.from_bytes(value[:_COORDINATE], "big"), int.from_bytes(value[_COORDINATE:], "big")
        key.verify(encode_dss_signature(r, s), data, _ECDSA)
    except InvalidSignature:
        return False
    return True


def new_key(name: str = ECDSA_P256.name) -> PrivateKey:
    """A new private key of a suite. Raises `NodeError` NOD-041 for a suite that no key can be made for here."""
    if name == ECDSA_P256.name:
        return ec.generate_private_key(ec.SECP256R1())
    if name == RSA_SHA256.name:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    raise NodeError(f"no key can be made for the suite {name!r} here", code="NOD-041")
