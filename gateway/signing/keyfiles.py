"""Key and certificate files of a node's key folder: `<subject with _ for :>.key.pem` and `.crt.pem`, keys readable by the owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gateway.errors import SettingRefused
from gateway.signing.suites import PrivateKey

KEY, CERTIFICATE = ".key.pem", ".crt.pem"
#: The node's sealing key; older ones stay as sealing-<n>.key.pem until what was sealed to them has come.
SEALING = "sealing"
_PRIVATE = stat.S_IRWXG | stat.S_IRWXO


def stem(subject: str) -> str:
    """The file name, without ending, of a subject's files."""
    return subject.replace(":", "_", 1)


def subject_of(path: Path) -> str:
    """The subject whose file this is."""
    return path.name.removesuffix(KEY).removesuffix(CERTIFICATE).replace("_", ":", 1)


def write_key(folder: Path, subject: str, key: PrivateKey | X25519PrivateKey) -> Path:
    """Write a new private key, mode 0600. Raises `SettingRefused` NOD-043 when there is one: a key is never overwritten."""
    path = folder / f"{stem(subject)}{KEY}"
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SettingRefused(f"there is a key of {subject} already: rotate it instead", code="NOD-043") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return path


def set_aside(folder: Path, subject: str) -> None:
    """Make room for a subject's next key: a signing key is kept under another ending, a sealing key still opens from where it goes."""
    number = 1 + sum(1 for _ in folder.glob(f"{stem(subject)}-*"))
    for ending in (KEY, CERTIFICATE):
        path = folder / f"{stem(subject)}{ending}"
        if path.exists():
            path.rename(folder / f"{stem(subject)}-{number:03d}{ending}{'' if subject == SEALING else '.old'}")


def write_certificate(folder: Path, subject: str, certificate: x509.Certificate) -> Path:
    """Write a subject's certificate beside its key."""
    path = folder / f"{stem(subject)}{CERTIFICATE}"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def read_key(path: Path) -> PrivateKey | X25519PrivateKey:
    """Read a private key. Raises `SettingRefused` NOD-043 when others may read the file or it holds no key."""
    if path.stat().st_mode & _PRIVATE:
        raise SettingRefused(f"{path.name} can be read by others: chmod 600 it", code="NOD-043")
    try:
        return cast("PrivateKey | X25519PrivateKey", load_pem_private_key(path.read_bytes(), None))
    except (ValueError, TypeError) as error:
        raise SettingRefused(f"{path.name} holds no private key that can be read", code="NOD-043") from error


def read_certificate(path: Path) -> x509.Certificate:
    """Read a certificate. Raises `SettingRefused` NOD-043 when the file is missing or holds none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingRefused(f"{path.name} holds no certificate that can be read", code="NOD-043") from error


def new_sealing_key(folder: Path) -> bytes:
    """Make the node's sealing key; returns the raw 32 public bytes for its registry entry."""
    key = X25519PrivateKey.generate()
    write_key(folder, SEALING, key)
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sealing_public(folder: Path) -> bytes:
    """The raw public bytes of the node's present sealing key. Raises `SettingRefused` NOD-043."""
    path = folder / f"{SEALING}{KEY}"
    key = read_key(path) if path.exists() else None
    if not isinstance(key, X25519PrivateKey):
        raise SettingRefused(f"{path.name} holds no X25519 key", code="NOD-043")
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
