"""One key from PEM as a simulator holds it: the part of `ports.Keys` that signing a body needs."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.errors import SettingRefused, TransferRefused


class PemKeys:
    """A `Keys` with one subject, whatever it is called."""

    def __init__(self, key: bytes, certificate: bytes) -> None:
        """PEM of an unencrypted RSA or P-256 key and of its certificate. Raises `SettingRefused`."""
        loaded = serialization.load_pem_private_key(key, password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise SettingRefused("the key must be RSA or P-256", code="NOD-010")
        self._key = loaded
        self._certificate = x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)

    def has(self, subject: str) -> bool:
        """Any subject is this one."""
        del subject  # there is one key
        return True

    def sign(self, subject: str, data: bytes) -> bytes:
        """Raw XML-DSig value."""
        del subject  # there is one key
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def certificate(self, subject: str) -> bytes:
        """DER of the certificate."""
        del subject  # there is one certificate
        return self._certificate

    def suite(self, subject: str) -> str:
        """The suite of the key."""
        del subject  # there is one key
        return "rsa-sha256" if isinstance(self._key, rsa.RSAPrivateKey) else "ecdsa-p256-sha256"

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """A partner system opens no bus record. Raises `TransferRefused`."""
        raise TransferRefused(f"no sealing key for {len(sealed)} + {len(info)} bytes", code="BUS-002")
