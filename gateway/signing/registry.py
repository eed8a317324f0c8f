"""Registry entries: signed by the federation's registrar, verified against its pinned certificate (protocol.md §1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import SettingRefused
from gateway.model.envelope import Signer
from gateway.model.participant import NodeEntry, Participant, Registry
from gateway.signing import signature, suites
from gateway.xml import dsig
from gateway.xml import registry as form
from gateway.xml.limits import Limits
from gateway.xml.parse import parse
from gateway.xml.refusals import signature_refused

if TYPE_CHECKING:
    from gateway.ports import Keys

REGISTRAR = "registrar"
_DEFAULT = Limits()


class Registrar:
    """The pinned certificate of the registrar: no chain is asked for, this one key speaks."""

    def __init__(self, pem: bytes) -> None:
        """Raises `SettingRefused` NOD-042 when the PEM holds no certificate with a key of a suite."""
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError as error:
            raise SettingRefused("the registrar's certificate cannot be read", code="NOD-042") from error
        key = certificate.public_key()
        self._suite = suites.suite_of_key(key)
        self._key: suites.PublicKey = key  # type: ignore[assignment]  # suite_of_key has refused every other kind
        self._der = certificate.public_bytes(Encoding.DER)
        self._from, self._until = certificate.not_valid_before_utc, certificate.not_valid_after_utc

    def verify(self, xml: bytes, *, limits: Limits = _DEFAULT) -> Participant | NodeEntry:
        """The entry that the registrar signed.

        Raises `UnreadableEnvelope`, or `SignatureRefused`: SIG-052 not the registrar's certificate, or issued outside its time.
        """
        tree = parse(xml, limits)
        parts = dsig.read_signature(tree)
        suite = suites.suite_of(parts.signature_algorithm, parts.digest_algorithm)
        if parts.certificate != self._der:
            raise signature_refused("SIG-052", "登记项不是登记机关签署的", "the entry is not signed by the registrar")
        signer = Signer(fingerprint=suites.digest(self._der).hex(), held_by="node", suite=self._suite.name)
        issued = form.read(signature.check(tree, parts, signer, suite=suite, key=self._key).tree)
        if not self._from <= issued.issued_at <= self._until:
            raise signature_refused(
                "SIG-052", "登记项签发时登记机关证书不在有效期", "the registrar's certificate was not valid then"
            )
        return issued.entry


def sign(entry: Participant | NodeEntry, keys: Keys, *, issued_at: datetime, subject: str = REGISTRAR) -> bytes:
    """A signed entry. Raises `NodeError` NOD-040 when the registrar's key is not here."""
    return signature.sign_document(form.write(entry, issued_at=issued_at), keys, subject)


def collect(entries: Iterable[Participant | NodeEntry]) -> Registry:
    """What entries together say: of each subject the one with the highest serial; a lower one is ignored."""
    participants: dict[str, Participant] = {}
    nodes: dict[str, NodeEntry] = {}
    for entry in sorted(entries, key=lambda entry: entry.serial):
        if isinstance(entry, Participant):
            participants[entry.id] = entry
        else:
            nodes[entry.id] = entry
    return Registry(participants=participants, nodes=nodes)
