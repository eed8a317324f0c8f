"""Whose key it was: chain, validity, revocation and the registry's binding, judged at the accept time (protocol.md §2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import SettingRefused, SignatureRefused
from gateway.model.participant import BoundCertificate
from gateway.signing import authority, keyfiles, suites
from gateway.signing.trust import CERTIFICATE_UNKNOWN, SENDER_UNKNOWN, WAITS_FOR_REGISTRY, Trust
from tests.signers import COURT, NODE, NOW, STATION, Signers, make, unpack

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    return make(tmp_path_factory.mktemp("keys"))


def refused(signers: Signers, trust: Trust, *, at: Any = NOW, **changes: Any) -> str:
    """The code under which an envelope of the court is refused."""
    with pytest.raises(SignatureRefused) as refusal:
        signers.verify(signers.sign(**changes), trust=trust, at=at)
    return refusal.value.code


def test_a_key_that_the_registry_does_not_know_is_refused_and_may_wait(signers: Signers) -> None:
    """A certificate of our own authority that is bound to nobody: refused, under a code that a flow may park on."""
    trust = signers.trust(replace(signers.participant(COURT), serial=2, certificates=(signers.bound(STATION),)))
    trust_without = signers.trust(replace(signers.participant(COURT), serial=2, certificates=()))

    assert refused(signers, trust) == CERTIFICATE_UNKNOWN
    assert refused(signers, trust_without) == CERTIFICATE_UNKNOWN
    assert CERTIFICATE_UNKNOWN in WAITS_FOR_REGISTRY


def test_a_sender_that_the_registry_does_not_know_is_refused_and_may_wait(signers: Signers) -> None:
    """A sender without an entry: refused, under a code that a flow may park on."""
    code = refused(signers, signers.trust(), sender="court:t-unknown")

    assert code == SENDER_UNKNOWN
    assert code in WAITS_FOR_REGISTRY


def test_another_senders_certificate_is_refused(signers: Signers) -> None:
    """The station's key cannot speak for the court, however valid it is."""
    assert refused(signers, signers.trust(), subject=STATION) == "SIG-044"


def test_another_chain_is_refused_even_if_the_registry_binds_it(signers: Signers, tmp_path: Path) -> None:
    """A certificate of an authority that is no anchor is refused, though the registry names it; so is one that borrows its name."""
    other = make(tmp_path)
    trust = signers.trust(replace(signers.participant(COURT), serial=2, certificates=(other.bound(COURT),)))

    with pytest.raises(SignatureRefused) as refusal:
        signers.verify(other.sign(), trust=trust)

    assert other.authority.certificate.subject == signers.authority.certificate.subject
    assert refusal.value.code == "SIG-040"


def test_validity_is_judged_at_the_accept_time(signers: Signers) -> None:
    """Before its first day and after its last a certificate is refused, each under its own code; within them it holds."""
    raw = signers.sign()

    assert refused(signers, signers.trust(), at=NOW - DAY, sent_at=NOW - DAY) == "SIG-042"
    assert refused(signers, signers.trust(), at=NOW + 900 * DAY) == "SIG-041"
    assert signers.verify(raw, at=NOW + 300 * DAY).signer.held_by == "participant"


def test_the_registrys_window_is_judged_too(signers: Signers) -> None:
    """A binding that the registry has ended, or not begun, refuses a certificate that is valid by itself."""
    ended = replace(signers.participant(COURT), serial=2, certificates=(signers.bound(COURT, not_after=NOW - DAY),))
    to_come = replace(signers.participant(COURT), serial=2, certificates=(signers.bound(COURT, not_before=NOW + DAY),))

    assert refused(signers, signers.trust(ended)) == "SIG-048"
    assert refused(signers, signers.trust(to_come)) == "SIG-048"


def test_a_revoked_certificate_is_refused_from_its_revocation_on(signers: Signers) -> None:
    """Revocation works from its date: what was accepted before it still verifies."""
    crl = authority.revoke(signers.authority, signers.certificates[COURT], at=NOW - DAY)
    trust = signers.trust(crls=(crl,))

    assert refused(signers, trust) == "SIG-043"
    later = authority.revoke(signers.authority, signers.certificates[STATION], at=NOW, crl=crl)
    assert (
        refused(signers, signers.trust(crls=(later,)), sender=STATION, receiver=STATION, subject=STATION) == "SIG-043"
    )
    just_before = authority.revoke(signers.authority, signers.certificates[COURT], at=NOW + DAY)
    assert signers.verify(signers.sign(), trust=signers.trust(crls=(just_before,))).signer.held_by == "participant"


def test_a_revocation_learned_later_takes_effect_at_once(signers: Signers) -> None:
    """A newer list is used for the very next message, though the certificate was seen before."""
    trust = signers.trust()
    signers.verify(signers.sign(), trust=trust)

    trust.learn_revocations(authority.revoke(signers.authority, signers.certificates[COURT], at=NOW - DAY))

    assert refused(signers, trust) == "SIG-043"


def test_a_revoked_participant_is_refused(signers: Signers) -> None:
    """An entry that the registrar has revoked ends all its certificates."""
    assert refused(signers, signers.trust(signers.participant(COURT, serial=2, revoked=True))) == "SIG-047"


def test_the_nodes_key_speaks_for_a_participant_only_where_it_holds_the_key(signers: Signers) -> None:
    """A node may sign for its participant as long as the participant holds no key itself; the evidence then says `node`."""
    without_key = signers.participant(COURT, serial=2, certificates=())
    elsewhere = signers.participant(COURT, serial=2, certificates=(), node="node:other")

    verified = signers.verify(signers.sign(subject=NODE), trust=signers.trust(without_key))

    assert verified.signer.held_by == "node"
    assert refused(signers, signers.trust(), subject=NODE) == "SIG-044"
    assert refused(signers, signers.trust(elsewhere), subject=NODE) == "SIG-044"


def test_a_certificate_authority_cannot_sign_a_message(signers: Signers) -> None:
    """The anchor's own certificate is no leaf: bound by mistake, it is still refused."""
    der = signers.authority.certificate.public_bytes(Encoding.DER)
    bound = BoundCertificate(der=der, held_by="participant", not_before=NOW - DAY, not_after=NOW + DAY)

    with pytest.raises(SignatureRefused) as refusal:
        signers.trust(signers.participant(COURT, serial=2, certificates=(bound,))).signer(der, sender=COURT, at=NOW)

    assert refusal.value.code == "SIG-049"


@pytest.mark.parametrize("bad", [b"", b"0", b"\x30\x82\xff\xff", bytes(200)])
def test_bytes_that_are_no_certificate_are_refused(bad: bytes, signers: Signers) -> None:
    """Whatever stands in X509Certificate, the answer is a refusal with a code."""
    with pytest.raises(SignatureRefused) as refusal:
        signers.trust().signer(bad, sender=COURT, at=NOW)

    assert refusal.value.code == "SIG-024"


WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 - a weak key is what the test is about
FOREIGN = ec.generate_private_key(ec.SECP384R1())


@pytest.mark.parametrize("key", [WEAK, FOREIGN], ids=["RSA 1024", "P-384"])
def test_a_weak_or_foreign_key_is_refused(key: Any) -> None:
    """RSA below 2,048 bits and curves but P-256 belong to no suite."""
    with pytest.raises(SignatureRefused) as refusal:
        suites.suite_of_key(key.public_key())

    assert refusal.value.code == "SIG-023"


def test_a_clock_that_runs_ahead_is_refused_and_one_behind_is_not(signers: Signers) -> None:
    """SentAt may be five minutes ahead of the accept time, no more; behind it may be as far as it likes."""
    assert refused(signers, signers.trust(), sent_at=NOW + timedelta(minutes=5, seconds=1)) == "SIG-050"
    assert signers.verify(signers.sign(sent_at=NOW + timedelta(minutes=5))).header.sent_at == NOW + timedelta(minutes=5)
    assert signers.verify(signers.sign(sent_at=NOW - 300 * DAY)).header.sent_at == NOW - 300 * DAY


def test_an_anchor_must_be_an_authority_and_a_list_its_own(signers: Signers, tmp_path: Path) -> None:
    """A leaf as anchor, and a revocation list that no anchor has signed, are refused when the node starts."""
    other = make(tmp_path)
    leaf = signers.certificates[COURT].public_bytes(Encoding.PEM)
    foreign = authority.revoke(other.authority, other.certificates[COURT], at=NOW)

    for anchors, crls in (((leaf,), ()), ((b"nonsense",), ()), ((signers.authority.pem,), (foreign,))):
        with pytest.raises(SettingRefused) as refusal:
            Trust(anchors, crls, signers.registry())
        assert refusal.value.code == "NOD-042"


def test_a_rotated_key_and_the_one_before_it_both_hold_while_both_are_bound(tmp_path: Path) -> None:
    """Rotation overlaps: messages of the old key still verify after the new one is in use."""
    signers = make(tmp_path)
    old_message, old_bound = signers.sign(), signers.bound(COURT)
    signers.certificates[COURT] = authority.rotate(signers.authority, tmp_path, COURT, now=NOW)
    trust = signers.trust(signers.participant(COURT, serial=2, certificates=(old_bound, signers.bound(COURT))))

    old, new = signers.verify(old_message, trust=trust), signers.verify(signers.sign(), trust=trust)

    assert old.signer.fingerprint != new.signer.fingerprint
    assert keyfiles.subject_of(tmp_path / "court_t-xincheng.key.pem") == COURT


def test_verifying_twice_works_on_the_certificate_once(signers: Signers) -> None:
    """What depends on the certificate alone is kept: the second look returns the very same object."""
    trust, der = signers.trust(), signers.certificates[COURT].public_bytes(Encoding.DER)

    signers.verify(signers.sign(), trust=trust)

    assert trust.leaf(der) is trust.leaf(unpack_certificate(signers.sign()))


def unpack_certificate(raw: bytes) -> bytes:
    """The certificate in an envelope."""
    from gateway.xml import dsig

    return dsig.read_signature(unpack(raw).tree).certificate
