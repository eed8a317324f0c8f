"""Key folders and the authority: keys that others cannot read, certificates for keys made here or elsewhere."""

from __future__ import annotations

import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import NodeError, RequestRefused, SettingRefused
from gateway.signing import authority, keyfiles, seal, suites
from gateway.signing.keys import FileKeys
from gateway.signing.trust import Trust
from tests.signers import COURT, NODE, NOW, make


def test_keys_are_readable_by_the_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    """A key file has mode 0600; making a key where there is one is refused; a file that others may read stops the start."""
    signers = make(tmp_path)
    path = tmp_path / "court_t-xincheng.key.pem"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SettingRefused) as twice:
        authority.equip(signers.authority, tmp_path, COURT, now=NOW)
    path.chmod(0o640)
    with pytest.raises(SettingRefused) as opened:
        FileKeys(tmp_path)

    assert twice.value.code == opened.value.code == "NOD-043"


def test_a_folder_is_loaded_whole(tmp_path: Path) -> None:
    """Every subject's key is there with its certificate and suite; a subject without one is a clear error."""
    signers = make(tmp_path)
    keys = signers.keys

    assert keys.has(COURT)
    assert keys.has(NODE)
    assert not keys.has("court:t-other")
    assert keys.suite(COURT) == "ecdsa-p256-sha256"
    assert keys.certificate(COURT) == signers.certificates[COURT].public_bytes(Encoding.DER)
    assert set(keys.subjects()) == set(signers.certificates)
    with pytest.raises(NodeError) as refusal:
        keys.sign("court:t-other", b"x")
    assert refusal.value.code == "NOD-040"


def test_a_key_and_a_certificate_that_do_not_belong_together_stop_the_start(tmp_path: Path) -> None:
    """A certificate of another key, and a key without certificate, are found when the keys are loaded."""
    signers = make(tmp_path)
    keyfiles.write_certificate(tmp_path, COURT, signers.certificates[NODE])
    with pytest.raises(SettingRefused) as mixed:
        FileKeys(tmp_path)
    (tmp_path / "court_t-xincheng.crt.pem").unlink()
    with pytest.raises(SettingRefused) as alone:
        FileKeys(tmp_path)

    assert mixed.value.code == alone.value.code == "NOD-043"


def test_a_sealing_key_that_was_set_aside_still_opens(tmp_path: Path) -> None:
    """Records that were sealed before the rotation open after it, and new ones too; the new public key is another."""
    make(tmp_path)
    old = keyfiles.sealing_public(tmp_path)
    before = seal.seal(old, b"before", b"i")
    keyfiles.set_aside(tmp_path, keyfiles.SEALING)
    new = keyfiles.new_sealing_key(tmp_path)

    keys = FileKeys(tmp_path)

    assert old != new == keyfiles.sealing_public(tmp_path)
    assert keys.open(before, b"i") == b"before"
    assert keys.open(seal.seal(new, b"after", b"i"), b"i") == b"after"


def test_an_authority_is_kept_and_loaded(tmp_path: Path) -> None:
    """What a saved authority issues chains to the anchor that was handed out before."""
    made = authority.new_authority("测试机构", now=NOW)
    authority.save(made, tmp_path / "authority")
    loaded = authority.load(tmp_path / "authority")

    certificate = authority.equip(loaded, tmp_path / "keys", COURT, now=NOW)

    trust = Trust([made.pem], [], make(tmp_path / "other").registry())
    leaf = trust.leaf(certificate.public_bytes(Encoding.DER))
    assert leaf.suite is suites.ECDSA_P256
    assert leaf.not_before <= NOW < leaf.not_after


def test_a_key_made_with_openssl_gets_its_certificate(tmp_path: Path) -> None:
    """A participant's own key never comes here: its PKCS#10 request, made by openssl, is signed, under the registry's name for it."""
    made = authority.new_authority("测试机构", now=NOW)
    key, request = tmp_path / "own.pem", tmp_path / "own.csr"
    curve = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key)]
    subprocess.run(curve, check=True, capture_output=True)
    subprocess.run(
        ["openssl", "req", "-new", "-key", str(key), "-subj", "/CN=x", "-out", str(request)],
        check=True,
        capture_output=True,
    )

    certificate = authority.sign_request(made, request.read_bytes(), COURT, valid=authority.window(NOW))

    assert certificate.subject.rfc4514_string() == f"CN={COURT}"
    assert (
        Trust([made.pem], [], make(tmp_path / "n").registry()).leaf(certificate.public_bytes(Encoding.DER)).revoked_at
        is None
    )


def test_a_request_that_is_none_or_forged_is_refused(tmp_path: Path) -> None:
    """Garbage, and a request whose signature does not hold, get no certificate."""
    made = authority.new_authority("测试机构", now=NOW)
    der = bytearray(x509.load_pem_x509_csr(authority.request(COURT, suites.new_key())).public_bytes(Encoding.DER))
    der[-1] ^= 1
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM)

    for pem in (b"", b"-----BEGIN CERTIFICATE REQUEST-----", forged):
        with pytest.raises(RequestRefused) as refusal:
            authority.sign_request(made, pem, COURT, valid=authority.window(NOW))
        assert refusal.value.code == "REQ-021"


def test_a_revocation_list_grows(tmp_path: Path) -> None:
    """A new list keeps what the old one revoked, and is signed by the authority."""
    signers = make(tmp_path)
    first = authority.revoke(signers.authority, signers.certificates[COURT], at=NOW)
    second = authority.revoke(signers.authority, signers.certificates[NODE], at=NOW + timedelta(days=1), crl=first)

    crl = x509.load_pem_x509_crl(second)

    serials = {entry.serial_number for entry in crl}
    assert serials == {signers.certificates[COURT].serial_number, signers.certificates[NODE].serial_number}
    assert signers.trust(crls=(second,)).leaf(signers.certificates[COURT].public_bytes(Encoding.DER)).revoked_at == NOW


def test_no_key_can_be_made_for_a_suite_that_is_not_here() -> None:
    """SM2 has its name and its place, and a clear error until its library is in."""
    with pytest.raises(NodeError) as refusal:
        suites.new_key("sm2-sm3")

    assert refusal.value.code == "NOD-041"
