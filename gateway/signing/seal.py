"""Bus records: framed and sealed to one node (protocol.md §5).

Seal: HPKE base mode, RFC 9180, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM; info = topic, newline, `ce_id`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from gateway.errors import NodeError, TransferRefused

if TYPE_CHECKING:
    from gateway.xml.limits import Limits

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_LENGTH = 4


def info(topic: str, ce_id: str) -> bytes:
    """What a seal is bound to: a record that is put on another topic or under another id does not open."""
    return f"{topic}\n{ce_id}".encode()


def seal(public: bytes, data: bytes, context: bytes) -> bytes:
    """Seal `data` to the raw 32-byte X25519 public key of a node. Raises `NodeError` NOD-044 for bytes that are no such key."""
    try:
        return _SUITE.encrypt(data, X25519PublicKey.from_public_bytes(public), context)
    except ValueError as error:
        raise NodeError("the receiving node's sealing key is no X25519 key", code="NOD-044") from error


def open_sealed(private: Iterable[X25519PrivateKey], sealed: bytes, context: bytes) -> bytes:
    """Open with the first of the node's keys that fits. Raises `TransferRefused` BUS-002 when none does."""
    for key in private:
        try:
            return _SUITE.decrypt(sealed, key, context)
        except (InvalidTag, ValueError):
            continue
    raise TransferRefused("the record is not sealed to this node, its topic and its id", code="BUS-002")


def frame(envelope: bytes, receipt: bytes) -> bytes:
    """The transfer: envelope (empty where a receipt travels alone) and receipt, each after its length as 4 bytes big-endian."""
    return b"".join((len(envelope).to_bytes(_LENGTH, "big"), envelope, len(receipt).to_bytes(_LENGTH, "big"), receipt))


def unframe(transfer: bytes, limits: Limits) -> tuple[bytes, bytes]:
    """(envelope, receipt). Raises `TransferRefused` BUS-003 when lengths do not fit exactly or a part is past its limit."""
    envelope, rest = _part(transfer, limits)
    receipt, rest = _part(rest, limits)
    if rest:
        raise TransferRefused("there is something after the two parts of the transfer", code="BUS-003")
    return envelope, receipt


def _part(data: bytes, limits: Limits) -> tuple[bytes, bytes]:
    length = int.from_bytes(data[:_LENGTH], "big")
    if len(data) < _LENGTH + length or length > limits.envelope_bytes:
        raise TransferRefused("a part of the transfer is shorter than it says, or past the limit", code="BUS-003")
    return data[_LENGTH : _LENGTH + length], data[_LENGTH + length :]
