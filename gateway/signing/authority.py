"""A certificate authority for demos, tests and small federations: `gateway key new|sign|rotate`.

A real federation brings its own; all that the gateway asks of it is a PEM of the anchor, leaf certificates and revocation lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.errors import RequestRefused
from gateway.signing import keyfiles, suites

SUBJECT = "authority"
_YEAR = timedelta(days=365)
_LEAF_DAYS = 825


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """A key that issues certificates, and its own."""

    key: suites.PrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The anchor as PEM, for the `anchors` setting of every node."""
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From when to when a certificate is valid, both aware."""

    not_before: datetime
    not_after: datetime


def window(now: datetime, *, days: int = _LEAF_DAYS) -> Window:
    """A window that begins an hour ago, for clocks that differ, and lasts `days`."""
    return Window(not_before=now - timedelta(hours=1), not_after=now + timedelta(days=days))


def new_authority(name: str, *, now: datetime) -> Authority:
    """A self-signed authority, P-256, for ten years."""
    key = suites.new_key()
    subject = _name(name)
    valid = window(now, days=10 * _YEAR.days)
    builder = (
        _builder(subject, subject, key.public_key(), valid)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(issues=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(key=key, certificate=builder.sign(key, hashes.SHA256()))


def issue(authority: Authority, subject: str, public: suites.PublicKey, *, valid: Window) -> x509.Certificate:
    """A leaf certificate for signing, CN = `subject`. Raises `SignatureRefused` SIG-023 for a key that no suite takes."""
    suites.suite_of_key(public)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        _builder(_name(subject), authority.certificate.subject, public, valid)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(issues=False), critical=True)
        .add_extension(identifier, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def request(subject: str, key: suites.PrivateKey) -> bytes:
    """A PKCS#10 request, PEM, to be signed by whichever authority the federation has."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_name(subject))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def sign_request(authority: Authority, pem: bytes, subject: str, *, valid: Window) -> x509.Certificate:
    """A leaf certificate for a key made elsewhere; the request's own name is not used. Raises `RequestRefused` REQ-021."""
    try:
        csr = x509.load_pem_x509_csr(pem)
        holds = csr.is_signature_valid
        public = cast("suites.PublicKey", csr.public_key())
    except (ValueError, TypeError) as error:
        raise RequestRefused("this is no PKCS#10 request in PEM", code="REQ-021") from error
    if not holds:
        raise RequestRefused("the request is not signed with its own key", code="REQ-021")
    return issue(authority, subject, public, valid=valid)


def revoke(authority: Authority, certificate: x509.Certificate, *, at: datetime, crl: bytes = b"") -> bytes:
    """The authority's revocation list, PEM, with `certificate` revoked from `at` on; `crl` is the list so far."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(at)
        .next_update(at + _YEAR)
    )
    for entry in x509.load_pem_x509_crl(crl) if crl else ():
        builder = builder.add_revoked_certificate(entry)
    revoked = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(at).build()
    return builder.add_revoked_certificate(revoked).sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def save(authority: Authority, folder: Path) -> None:
    """Keep the authority in a folder of its own. Raises `SettingRefused` NOD-043 when there is one."""
    keyfiles.write_key(folder, SUBJECT, authority.key)
    keyfiles.write_certificate(folder, SUBJECT, authority.certificate)


def load(folder: Path) -> Authority:
    """The authority of a folder. Raises `SettingRefused` NOD-043."""
    key = keyfiles.read_key(folder / f"{SUBJECT}{keyfiles.KEY}")
    return Authority(
        key=cast("suites.PrivateKey", key),
        certificate=keyfiles.read_certificate(folder / f"{SUBJECT}{keyfiles.CERTIFICATE}"),
    )


def equip(
    authority: Authority, folder: Path, subject: str, *, now: datetime, suite: str = suites.ECDSA_P256.name
) -> x509.Certificate:
    """A new key with its certificate in a node's key folder. Raises `SettingRefused` NOD-043 when there is one."""
    key = suites.new_key(suite)
    keyfiles.write_key(folder, subject, key)
    certificate = issue(authority, subject, key.public_key(), valid=window(now))
    keyfiles.write_certificate(folder, subject, certificate)
    return certificate


def rotate(
    authority: Authority, folder: Path, subject: str, *, now: datetime, suite: str = suites.ECDSA_P256.name
) -> x509.Certificate:
    """Set the subject's key aside and make the next; the old certificate stays bound until the registry's entry says otherwise."""
    keyfiles.set_aside(folder, subject)
    return equip(authority, folder, subject, now=now, suite=suite)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, public: suites.PublicKey, valid: Window) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid.not_before)
        .not_valid_after(valid.not_after)
    )


def _usage(*, issues: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issues,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )
