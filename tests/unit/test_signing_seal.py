"""Sealed transfers: they open at one node, under one topic and id, whole; HPKE as RFC 9180 has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NodeError, TransferRefused
from gateway.signing import seal
from gateway.xml.limits import Limits
from tests.signers import make

LIMITS = Limits()
INFO = seal.info("sct.to.union", "01a20b48-0900-7000-8000-000000000001")


@given(envelope=st.binary(max_size=300), receipt=st.binary(max_size=300))
def test_a_transfer_comes_out_as_it_went_in(envelope: bytes, receipt: bytes) -> None:
    """Both parts survive framing, whatever bytes they are, the empty part too."""
    assert seal.unframe(seal.frame(envelope, receipt), LIMITS) == (envelope, receipt)


@given(frame=st.binary(max_size=40))
def test_any_other_frame_is_refused(frame: bytes) -> None:
    """Bytes either are exactly two framed parts or a refused transfer; nothing is left over."""
    try:
        parts, code = seal.unframe(frame, LIMITS), ""
    except TransferRefused as refusal:
        parts, code = (b"", b""), refusal.code

    assert code == "BUS-003" or seal.frame(*parts) == frame


def test_a_part_past_the_limit_is_refused() -> None:
    """A frame cannot carry more than an envelope may be."""
    with pytest.raises(TransferRefused) as refusal:
        seal.unframe(seal.frame(b"x" * 11, b""), Limits(envelope_bytes=10))

    assert refusal.value.code == "BUS-003"


def test_a_record_opens_at_its_node_under_its_topic_and_id_alone(tmp_path: Path) -> None:
    """Another node's key, another topic, another id, one changed bit or a cut record do not open."""
    ours, others = make(tmp_path / "a"), make(tmp_path / "b")
    sealed = seal.seal(ours.sealing_key, b"transfer", INFO)
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])

    assert ours.keys.open(sealed, INFO) == b"transfer"
    for keys, record, info in (
        (others.keys, sealed, INFO),
        (ours.keys, sealed, seal.info("sct.to.court", "01a20b48-0900-7000-8000-000000000001")),
        (ours.keys, sealed, seal.info("sct.to.union", "01a20b48-0900-7000-8000-000000000002")),
        (ours.keys, flipped, INFO),
        (ours.keys, sealed[:40], INFO),
        (ours.keys, b"", INFO),
    ):
        with pytest.raises(TransferRefused) as refusal:
            keys.open(record, info)
        assert refusal.value.code == "BUS-002"


def test_two_seals_of_the_same_bytes_differ(tmp_path: Path) -> None:
    """Nobody on the bus can tell that a record repeats another."""
    ours = make(tmp_path)

    assert seal.seal(ours.sealing_key, b"transfer", INFO) != seal.seal(ours.sealing_key, b"transfer", INFO)


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(32)])
def test_a_sealing_key_that_is_none_is_refused(public: bytes) -> None:
    """Too short a key, and the point of order one, seal nothing."""
    with pytest.raises(NodeError) as refusal:
        seal.seal(public, b"x", INFO)

    assert refusal.value.code == "NOD-044"


def _extract(salt: bytes, suite: bytes, label: bytes, key: bytes) -> bytes:
    mac = hmac.HMAC(salt or bytes(32), hashes.SHA256())
    mac.update(b"HPKE-v1" + suite + label + key)
    return mac.finalize()


def _expand(secret: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info + b"\x01")
    return mac.finalize()[:length]


def test_the_seal_is_hpke_base_mode_by_the_rfc() -> None:
    """RFC 9180 §4–5, written out from its text, opens what we seal: any node on any library can read us."""
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    sealed = seal.seal(public, b"transfer", INFO)

    enc, ciphertext = sealed[:32], sealed[32:]
    kem = b"KEM" + (0x0020).to_bytes(2, "big")
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    secret = _expand(_extract(b"", kem, b"eae_prk", shared), kem, b"shared_secret", enc + public, 32)
    suite = b"HPKE" + b"\x00\x20\x00\x01\x00\x01"
    context = b"\x00" + _extract(b"", suite, b"psk_id_hash", b"") + _extract(b"", suite, b"info_hash", INFO)
    scheduled = _extract(secret, suite, b"secret", b"")
    key = _expand(scheduled, suite, b"key", context, 16)
    nonce = _expand(scheduled, suite, b"base_nonce", context, 12)

    assert AESGCM(key).decrypt(nonce, ciphertext, b"") == b"transfer"
