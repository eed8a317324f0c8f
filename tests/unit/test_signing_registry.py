"""Registry entries: canonical and valid as written, whole when read, and the registrar's alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import Refusal, SettingRefused
from gateway.model.participant import NodeEntry, Participant
from gateway.signing import registry
from gateway.signing.registry import Registrar
from gateway.xml import registry as form
from gateway.xml.canonical import canonical
from gateway.xml.parse import parse
from tests.signers import COURT, LIMITS, NODE, NOW, Signers, catalogue, make


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    return make(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def registrar(signers: Signers) -> Registrar:
    return Registrar(signers.certificates["registrar"].public_bytes(Encoding.PEM))


def entries(signers: Signers) -> list[Participant | NodeEntry]:
    """Entries with everything, with little, and revoked ones."""
    whole = signers.participant(
        COURT, name_en="Test court <&>", credit_code="11150102MB0QAAAA0T", region="150102", roles=("court", "keeper")
    )
    node = signers.node(schemas=("urn:sct:mediation:1@1.0",), contracts=("designated-mediation@1.0",))
    return [
        whole,
        signers.participant(COURT, certificates=(), revoked=True, serial=7),
        node,
        replace(node, revoked=True),
    ]


def test_an_entry_is_canonical_valid_and_whole(signers: Signers, registrar: Registrar) -> None:
    """Every entry equals its canonical form, is an instance of its schema, and reads back as it was."""
    for entry in entries(signers):
        written = form.write(entry, issued_at=NOW)
        signed = registry.sign(entry, signers.keys, issued_at=NOW)

        assert canonical(parse(written, LIMITS)) == written
        assert catalogue().validate("registry", parse(signed, LIMITS)) == []
        assert registrar.verify(signed) == entry


def test_only_the_registrar_can_write_an_entry(signers: Signers, registrar: Registrar, tmp_path: Path) -> None:
    """A node, a participant, and a registrar of another federation are refused; so is a changed entry."""
    entry = signers.participant(COURT)
    signed = registry.sign(entry, signers.keys, issued_at=NOW)
    late = registry.sign(entry, signers.keys, issued_at=NOW + timedelta(days=900))
    for xml, code in (
        (registry.sign(entry, signers.keys, issued_at=NOW, subject=NODE), "SIG-052"),
        (registry.sign(entry, signers.keys, issued_at=NOW, subject=COURT), "SIG-052"),
        (registry.sign(entry, make(tmp_path).keys, issued_at=NOW), "SIG-052"),
        (late, "SIG-052"),
        (signed.replace(b"<Serial>1", b"<Serial>2"), "SIG-005"),
        (form.write(entry, issued_at=NOW), "SIG-002"),
    ):
        with pytest.raises(Refusal) as refusal:
            registrar.verify(xml)
        assert refusal.value.code == code


def test_a_signed_document_of_another_kind_is_no_entry(signers: Signers, registrar: Registrar) -> None:
    """A subject and its entry must be of one kind, and nothing may be left out or added."""
    from gateway.signing import signature

    entry = form.write(signers.participant(COURT), issued_at=NOW)
    for changed in (
        entry.replace(COURT.encode(), NODE.encode()),
        entry.replace(b"<Node>node:local</Node>", b"<Node>court:t-xincheng</Node>"),
        entry.replace(b"<HeldBy>participant", b"<HeldBy>nobody"),
        entry.replace(b"<Revoked>false</Revoked>", b""),
        entry.replace(b"</Entry>", b"<x></x></Entry>"),
        entry.replace(b"<Der>", b"<Der>*"),
    ):
        signed = signature.sign_document(changed, signers.keys, "registrar")
        with pytest.raises(Refusal) as refusal:
            registrar.verify(signed)
        assert refusal.value.code == "ENV-030"


def test_the_highest_serial_of_a_subject_counts(signers: Signers) -> None:
    """Entries may come in any order; a lower serial never takes the place of a higher one."""
    old, new = signers.participant(COURT, serial=1), signers.participant(COURT, serial=2, revoked=True)

    assert registry.collect([new, old]).participants == registry.collect([old, new]).participants == {COURT: new}


def test_a_registrar_without_a_certificate_stops_the_start() -> None:
    """A pinned certificate that cannot be read is a setting to mend, not an error at the first entry."""
    with pytest.raises(SettingRefused) as refusal:
        Registrar(b"nonsense")

    assert refusal.value.code == "NOD-042"
