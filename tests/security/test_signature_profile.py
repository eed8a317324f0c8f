"""The strict profile of product.md §1: what is signed otherwise is refused, each deviation under its own code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SignatureRefused, UnreadableEnvelope
from gateway.signing import signature
from gateway.xml import envelope
from gateway.xml.canonical import canonical
from gateway.xml.parse import parse
from tests.payloads_mediation import designation_request
from tests.signers import COURT, LIMITS, Signers, catalogue, header, make

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
OLD = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
REFERENCE = re.compile(rb"<ds:Reference.*</ds:Reference>")
VALUE = rb"<ds:SignatureValue>.*</ds:SignatureValue>"
SIGNATURE = re.compile(rb"<ds:Signature .*</ds:Signature>")


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    return make(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def raw(signers: Signers) -> bytes:
    return signers.sign()


def change(old: str, new: str, *, count: int = 1) -> tuple[bytes, bytes, int]:
    return old.encode(), new.encode(), count


#: What a forger or a careless signer changes, and the code that names it.
CHANGES = {
    "SHA-1 signature": (change(f"{MORE}ecdsa-sha256", f"{OLD}rsa-sha1"), "SIG-015"),
    "SHA-1 with ECDSA": (change(f"{MORE}ecdsa-sha256", f"{MORE}ecdsa-sha1"), "SIG-015"),
    "SHA-1 digest": (change("http://www.w3.org/2001/04/xmlenc#sha256", f"{OLD}sha1"), "SIG-015"),
    "HMAC": (change(f"{MORE}ecdsa-sha256", f"{MORE}hmac-sha256"), "SIG-016"),
    "HMAC-SHA1": (change(f"{MORE}ecdsa-sha256", f"{OLD}hmac-sha1"), "SIG-016"),
    "DSA": (change(f"{MORE}ecdsa-sha256", "http://www.w3.org/2009/xmldsig11#dsa-sha256"), "SIG-017"),
    "RSA-SHA512": (change(f"{MORE}ecdsa-sha256", f"{MORE}rsa-sha512"), "SIG-018"),
    "no algorithm": (change(f"{MORE}ecdsa-sha256", "urn:none"), "SIG-018"),
    "SHA-512 digest": (change("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"), "SIG-018"),
    "SM2": (change(f"{MORE}ecdsa-sha256", "urn:oid:1.2.156.10197.1.501"), "SIG-019"),
    "SM3": (change("http://www.w3.org/2001/04/xmlenc#sha256", "urn:oid:1.2.156.10197.1.401"), "SIG-019"),
    "another suite's name": (change(f"{MORE}ecdsa-sha256", f"{MORE}rsa-sha256"), "SIG-022"),
    "an Id on the signature": (change("<ds:SignedInfo>", '<ds:SignedInfo Id="s">'), "SIG-008"),
    "an Id on the header": (change("<Header>", '<Header Id="h">'), "SIG-008"),
    "xml:id on the payload": (change("<Payload>", '<Payload xml:id="p">'), "SIG-008"),
    "a reference by id": (change('URI=""', 'URI="#x"'), "SIG-010"),
    "no URI": (change(' URI=""', ""), "SIG-010"),
    "an external reference": (change('URI=""', 'URI="http://127.0.0.1/x"'), "SIG-010"),
    "inclusive C14N of SignedInfo": (change(f'CanonicalizationMethod Algorithm="{EXCLUSIVE}', 'CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315'), "SIG-012"),
    "C14N with comments": (change(f'CanonicalizationMethod Algorithm="{EXCLUSIVE}', f'CanonicalizationMethod Algorithm="{EXCLUSIVE}WithComments'), "SIG-012"),
    "one transform": (change(f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>', ""), "SIG-011"),
    "no enveloped-signature": (change(f'<ds:Transform Algorithm="{OLD}enveloped-signature"></ds:Transform>', ""), "SIG-011"),
    "XPath": (change(f'Transform Algorithm="{OLD}enveloped-signature"', 'Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"'), "SIG-011"),
    "XSLT": (change(f'Transform Algorithm="{OLD}enveloped-signature"', 'Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"'), "SIG-011"),
    "InclusiveNamespaces": (change(f'<ds:Transform Algorithm="{EXCLUSIVE}">', f'<ds:Transform Algorithm="{EXCLUSIVE}"><i:InclusiveNamespaces xmlns:i="{EXCLUSIVE}" PrefixList="m"/>'), "SIG-013"),
    "a second certificate": (change("</ds:X509Data>", "<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"), "SIG-020"),
    "a key value beside it": (change("<ds:X509Data>", "<ds:KeyValue></ds:KeyValue><ds:X509Data>"), "SIG-020"),
    "a key name": (change("<ds:X509Data>", "<ds:KeyName>x</ds:KeyName><ds:X509Data>"), "SIG-020"),
    "a broken value": (change("<ds:SignatureValue>", "<ds:SignatureValue>*"), "SIG-021"),
    "a broken certificate": (change("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"), "SIG-024"),
    "an Object": (change("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"), "SIG-025"),
    "text in the signature": (change("<ds:SignedInfo>", "x<ds:SignedInfo>"), "SIG-007"),
    "an attribute too many": (change("<ds:SignatureValue>", '<ds:SignatureValue Type="x">'), "SIG-007"),
    "parts in another order": (change("<ds:SignatureValue>", "<ds:SignatureValue/><ds:SignatureValue>"), "SIG-006"),
    "changed content": (change("designated-mediation", "entrusted-mediation"), "SIG-005"),
    "a changed receiver": (change("union:t-station", "union:t-statiom"), "SIG-005"),
    "a wrapped payload": (change("<Payload>", "<Payload> "), "SIG-005"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_each_deviation_has_its_code(name: str, signers: Signers, raw: bytes) -> None:
    """A signature that is not exactly the profile, or does not hold, is refused under the code that says why."""
    (old, new, count), code = CHANGES[name]
    changed = raw.replace(old, new, count)
    assert changed != raw

    with pytest.raises(SignatureRefused) as refusal:
        signers.verify(changed)

    assert refusal.value.code == code
    assert refusal.value.findings[0].text_zh
    assert refusal.value.findings[0].text_en


STRUCTURE: dict[str, tuple[Callable[[bytes, bytes], bytes], str]] = {
    "no signature": (lambda raw, sig: raw.replace(sig, b""), "SIG-002"),
    "two signatures": (lambda raw, sig: raw.replace(sig, sig + sig), "SIG-003"),
    "a signature in the payload too": (lambda raw, sig: re.sub(rb"(</\w+:DesignationRequest>)", lambda m: sig + m[1], raw), "SIG-003"),
    "the signature comes first": (lambda raw, sig: raw.replace(sig, b"").replace(b"<Header>", sig + b"<Header>"), "SIG-004"),
    "two references": (lambda raw, _: REFERENCE.sub(lambda m: m[0] + m[0], raw), "SIG-009"),
    "no KeyInfo": (lambda raw, _: re.sub(rb"<ds:KeyInfo>.*</ds:KeyInfo>", b"", raw), "SIG-020"),
    "another value": (lambda raw, _: re.sub(rb"<ds:SignatureValue>....", b"<ds:SignatureValue>AAAA", raw), "SIG-001"),
    "a value of another length": (lambda raw, _: re.sub(VALUE, b"<ds:SignatureValue>AAAA</ds:SignatureValue>", raw), "SIG-001"),
    "a value of zeros": (lambda raw, _: re.sub(VALUE, b"<ds:SignatureValue>" + b"A" * 86 + b"==</ds:SignatureValue>", raw), "SIG-001"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRUCTURE)
def test_each_other_structure_has_its_code(name: str, signers: Signers, raw: bytes) -> None:
    """A missing, doubled or moved signature, a second reference, a value that does not hold: each under its own code."""
    mutate, code = STRUCTURE[name]
    found = SIGNATURE.search(raw)
    assert found is not None

    with pytest.raises(SignatureRefused) as refusal:
        signers.verify(mutate(raw, found[0]))

    assert refusal.value.code == code


UNREADABLE = {
    "comment": ((b"<Header>", b"<Header><!-- x -->"), "ENV-005"),
    "comment in a text": ((b"<Kind>", b"<Kind><!---->"), "ENV-005"),
    "processing instruction": ((b"<Header>", b"<Header><?x y?>"), "ENV-006"),
    "xsi attribute": ((b"<Header>", b'<Header xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">'), "ENV-007"),
    "DOCTYPE": ((b"<Envelope", b"<!DOCTYPE Envelope><Envelope"), "ENV-003"),
    "entity": ((b"<Kind>new", b"<Kind>&new;"), "ENV-004"),
    "relative namespace": ((b"<Payload>", b'<Payload xmlns:r="rel">'), "ENV-012"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_the_profile_forbids_in_a_document_is_refused_unread(name: str, signers: Signers, raw: bytes) -> None:
    """Comments, instructions, `xsi:` attributes, a DOCTYPE and entities never reach the signature's judge."""
    (old, new), code = UNREADABLE[name]

    with pytest.raises(UnreadableEnvelope) as refusal:
        signers.verify(raw.replace(old, new, 1))

    assert refusal.value.code == code


@pytest.mark.parametrize("suite", ["ecdsa-p256-sha256", "rsa-sha256"])
def test_both_suites_sign_and_verify(suite: str, tmp_path: Path) -> None:
    """What either suite signs holds, and says which suite and whose key it was."""
    signers = make(tmp_path, suite=suite)

    verified = signers.verify(signers.sign())

    assert verified.signer.suite == suite
    assert verified.signer.held_by == "participant"


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), include_characters="\t\n\r"), min_size=1, max_size=40
)


@given(note=TEXTS, tail=st.text(" \t\n", max_size=5), inside=st.text(" \t\r\n", max_size=3), cdata=st.booleans())
def test_what_is_read_is_what_was_signed(signers: Signers, note: str, tail: str, inside: str, cdata: bool) -> None:
    """However it is written on the wire, the tree that is read later equals a parse of the signed bytes."""
    payload = designation_request()
    payload["Note"] = note.strip() or "备注"
    element = catalogue().to_element("mediation.DesignationRequest", payload)
    unsigned = canonical(envelope.build(header(), element)).replace(b"</Envelope>", tail.encode() + b"</Envelope>")
    signed = signature.sign_document(unsigned, signers.keys, COURT)
    # The signature before the white space that it was signed with: the enveloped-signature transform must keep its tail.
    found = SIGNATURE.search(signed)
    assert found is not None
    raw = signed.replace(tail.encode() + found[0], found[0] + tail.encode())
    raw = raw.replace(b"<ds:SignedInfo>", inside.encode() + b"<ds:SignedInfo>")
    if cdata:
        raw = raw.replace(b"<Kind>new</Kind>", b"<Kind><![CDATA[new]]></Kind>")

    verified = signers.verify(raw)

    again = parse(verified.signed, LIMITS)
    assert canonical(again) == verified.signed == canonical(verified.tree)
    assert [(e.tag, e.text, e.tail, dict(e.attrib)) for e in again.iter()] == [
        (e.tag, e.text, e.tail, dict(e.attrib)) for e in verified.tree.iter()
    ]
