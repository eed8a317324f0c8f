"""The node's keys, loaded once from its key folder: the `Keys` port. A key itself never leaves this object."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import NodeError, SettingRefused
from gateway.signing import keyfiles, seal, suites


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    """One subject's key with its certificate."""

    key: suites.PrivateKey = field(repr=False)
    #: DER.
    certificate: bytes = field(repr=False)
    suite: str


class FileKeys:
    """`Keys` from a folder; loading a key is what costs, so each is loaded once, when this is built."""

    def __init__(self, folder: Path) -> None:
        """Load every key with its certificate. Raises `SettingRefused` NOD-043 for a file that is open to others, broken or alone."""
        self._held: dict[str, _Held] = {}
        self._sealing: list[X25519PrivateKey] = []
        # In reverse, the present sealing key comes before those set aside.
        for path in sorted(folder.glob(f"*{keyfiles.KEY}"), reverse=True):
            key = keyfiles.read_key(path)
            if isinstance(key, X25519PrivateKey):
                self._sealing.append(key)
                continue
            self._held[keyfiles.subject_of(path)] = _hold(path, key)

    def has(self, subject: str) -> bool:
        """Whether the subject's signing key is here."""
        return subject in self._held

    def sign(self, subject: str, data: bytes) -> bytes:
        """Raw XML-DSig value over `data`. Raises `NodeError` NOD-040 without the key."""
        return suites.sign(self._of(subject).key, data)

    def certificate(self, subject: str) -> bytes:
        """DER of the subject's leaf certificate. Raises `NodeError` NOD-040 without it."""
        return self._of(subject).certificate

    def suite(self, subject: str) -> str:
        """Name of the suite of the subject's key. Raises `NodeError` NOD-040 without it."""
        return self._of(subject).suite

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open a record sealed to this node, by the present sealing key or one set aside. Raises `TransferRefused` BUS-002."""
        return seal.open_sealed(self._sealing, sealed, info)

    def subjects(self) -> tuple[str, ...]:
        """Whose signing keys are here."""
        return tuple(self._held)

    def _of(self, subject: str) -> _Held:
        try:
            return self._held[subject]
        except KeyError:
            raise NodeError(f"no signing key of {subject} is at this node", code="NOD-040") from None


def _hold(path: Path, key: suites.PrivateKey) -> _Held:
    certificate = keyfiles.read_certificate(path.with_name(path.name.removesuffix(keyfiles.KEY) + keyfiles.CERTIFICATE))
    if certificate.public_key() != key.public_key():
        raise SettingRefused(f"{path.name} is not the key of the certificate beside it", code="NOD-043")
    return _Held(key=key, certificate=certificate.public_bytes(Encoding.DER), suite=suites.suite_of_key(key).name)
