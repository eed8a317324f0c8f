"""The request signature of `court/platform`: RSA-SHA256 (PKCS #1 v1.5) over the canonical request.

The canonical request is method, path below the interface's base address, sorted query, timestamp in milliseconds, nonce and the
SHA-256 of the body in hexadecimal, one a line. Headers: X-App-Id, X-Timestamp, X-Nonce, X-Signature (base64).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.errors import AccessRefused, SettingRefused
from gateway.ports import NativeRequest

#: product.md §4: a clock more than five minutes off is refused.
WINDOW_S = 300
MIN_BITS = 2048
_TIMESTAMP = re.compile(r"[0-9]{13}\Z", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z_-]{8,64}\Z", re.ASCII)


def canonical_request(request: NativeRequest, timestamp: str, nonce: str) -> bytes:
    """The bytes that are signed."""
    query = "&".join(sorted(part for part in request.query.lstrip("?").split("&") if part))
    digest = hashlib.sha256(request.body).hexdigest()
    return f"{request.method.upper()}\n{request.path}\n{query}\n{timestamp}\n{nonce}\n{digest}".encode()


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names in lower case: HTTP does not tell them apart."""
    return {name.lower(): value for name, value in headers.items()}


def sign(data: bytes, private_key: bytes) -> str:
    """The signature value, base64. Raises `SettingRefused` for a key that is no RSA key of 2048 bits or more."""
    return base64.b64encode(_private(private_key).sign(data, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")


def verify(request: NativeRequest, public_key: bytes, *, now: datetime) -> dict[str, str]:
    """Prove the call; returns the evidence. Raises `AccessRefused` saying which header does not hold."""
    headers = lowered(request.headers)
    found = {name: headers.get(f"x-{name}", "") for name in ("app-id", "timestamp", "nonce", "signature")}
    missing = [f"X-{name.title()}" for name, value in found.items() if not value]
    if missing:
        raise AccessRefused(f"the call lacks {', '.join(missing)}", code="ACC-020")
    if not _TIMESTAMP.match(found["timestamp"]) or abs(int(found["timestamp"]) / 1000 - now.timestamp()) > WINDOW_S:
        raise AccessRefused(
            "X-Timestamp is no time in milliseconds within five minutes of this node's clock", code="ACC-021"
        )
    if not _NONCE.match(found["nonce"]):
        raise AccessRefused("X-Nonce is not 8 to 64 letters, digits, - or _", code="ACC-022")
    data = canonical_request(request, found["timestamp"], found["nonce"])
    try:
        signature = base64.b64decode(found["signature"], validate=True)
        _public(public_key).verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        raise AccessRefused("X-Signature does not hold over this request", code="ACC-023") from None
    return {
        "scheme": "rsa-sha256-request",
        "key": found["app-id"],
        "timestamp": found["timestamp"],
        "nonce": found["nonce"],
        "signature": found["signature"],
    }


@lru_cache(maxsize=64)
def _public(pem: bytes) -> rsa.RSAPublicKey:
    try:
        if b"BEGIN CERTIFICATE" in pem:
            key = x509.load_pem_x509_certificate(pem).public_key()
        else:
            key = serialization.load_pem_public_key(pem)  # type: ignore[assignment]  # the kinds are told apart below
    except ValueError as error:
        raise SettingRefused(f"the endpoint's public_key is no PEM: {error}", code="NOD-010") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < MIN_BITS:
        raise SettingRefused(f"the endpoint's public_key must be an RSA key of {MIN_BITS} bits or more", code="NOD-010")
    return key


@lru_cache(maxsize=64)
def _private(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SettingRefused(f"the endpoint's secret is no unencrypted PEM key: {error}", code="NOD-010") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < MIN_BITS:
        raise SettingRefused(f"the endpoint's secret must be an RSA key of {MIN_BITS} bits or more", code="NOD-010")
    return key
