"""Public signature vectors that nobody here wrote: the profile refuses all of them, and the core below it judges them rightly."""

from __future__ import annotations

import base64
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509
from lxml import etree
from signxml.exceptions import InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

from gateway.errors import Refusal
from gateway.signing import signature
from tests.security import vectors
from tests.signers import COURT, LIMITS, NOW, ROOT, make


def test_the_profile_refuses_every_vector_under_a_named_code(tmp_path: Path) -> None:
    """None of the public vectors is of our profile: each is refused, under a code that the table of errors explains."""
    trust = make(tmp_path).trust()
    known = tomllib.loads((ROOT / "contracts" / "errors.toml").read_text())
    codes: Counter[str] = Counter()
    for name in vectors.files():
        with pytest.raises(Refusal) as refusal:
            signature.verify_document(
                (vectors.folder() / name).read_bytes(), trust, sender=COURT, at=NOW, limits=LIMITS
            )
        codes[refusal.value.code] += 1

    assert set(codes) <= set(known)
    # The vectors reach the refusals by name, the DOCTYPE, the comment, the missing and the misplaced signature.
    assert {"SIG-002", "SIG-004", "SIG-015", "SIG-016", "SIG-017", "SIG-018", "ENV-003", "ENV-005"} <= set(codes)
    assert codes.total() > 150


def test_the_core_without_the_profile_reproduces_every_verdict() -> None:
    """C14N, digest and suites, called without the profile, say of each vector what signxml says of it; four are invalid."""
    verdicts: dict[str, bool] = {}
    wrong: list[str] = []
    for name in vectors.files():
        data = (vectors.folder() / name).read_bytes()
        try:
            verdicts[name] = vectors.judge(data)
        except vectors.Lacking:
            continue
        if signxml_says(data) is not verdicts[name]:
            wrong.append(name)

    assert wrong == []
    assert Counter(verdicts.values()) == {True: 46, False: 4}


def test_the_core_judges_vectors_whose_key_comes_from_elsewhere() -> None:
    """Where the signature names its key only, the certificate beside the vector makes it hold, and another one does not."""
    root = vectors.folder() / "interop"
    store = x509.load_pem_x509_certificate(
        (root / "xml-crypto" / "windows_store_certificate.pem").read_bytes()
    ).public_key()
    digest = x509.load_der_x509_certificate((root / "TR2012" / "rsa-cert.der").read_bytes()).public_key()
    windows = (root / "xml-crypto" / "windows_store_signature.xml").read_bytes()
    named = (root / "TR2012" / "signature-enveloping-x509digest-rsa.xml").read_bytes()

    assert vectors.judge(named, given=digest)
    assert vectors.judge(windows, given=store)
    assert not vectors.judge(named, given=store)
    assert not vectors.judge(windows, given=digest)


def signxml_says(data: bytes) -> bool:
    """Signxml's verdict about the first signature, at a time within the certificate's, chain and policy left aside."""
    root = etree.fromstring(data)
    found = next(root.iter(f"{vectors.DS}Signature"))
    text = found.findtext(f"{vectors.DS}KeyInfo/{vectors.DS}X509Data/{vectors.DS}X509Certificate")
    certificate = None if text is None else x509.load_der_x509_certificate(base64.b64decode(text))
    settings = {
        "require_x509": False,
        "location": ".//",
        "expect_references": len(found.findall(f"{vectors.DS}SignedInfo/{vectors.DS}Reference")),
    }
    if certificate is not None:
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        settings["verification_time"] = first + (last - first) / 2
    try:
        expected = SignatureConfiguration(**settings)  # type: ignore[arg-type]  # settings by name
        XMLVerifier().verify(data, x509_cert=certificate, validate_schema=False, expect_config=expected)
    except InvalidSignature:
        return False
    return True
