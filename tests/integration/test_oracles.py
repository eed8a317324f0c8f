"""Two programs that nobody here wrote, signxml and Debian's xmlsec1, verify what we sign, and we verify what they sign."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from gateway.signing import receipts, registry
from gateway.xml import dsig, envelope
from gateway.xml.serial import serialise
from tests.payloads_mediation import designation_request
from tests.signers import COURT, NODE, NOW, Signers, catalogue, header, make, receipt

SUITES = {
    "ecdsa-p256-sha256": ("ecdsa-sha256", SignatureMethod.ECDSA_SHA256),
    "rsa-sha256": ("rsa-sha256", SignatureMethod.RSA_SHA256),
}
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


@dataclass(kw_only=True)
class Case:
    """Signers of one suite, with what the oracles take: files."""

    signers: Signers
    algorithm: str
    method: SignatureMethod
    anchor: Path

    def key_file(self, subject: str = COURT) -> Path:
        """The subject's private key."""
        return self.signers.folder / f"{subject.replace(':', '_')}.key.pem"

    def certificate_file(self, subject: str = COURT) -> Path:
        """The subject's certificate."""
        return self.signers.folder / f"{subject.replace(':', '_')}.crt.pem"

    def unsigned(self) -> etree._Element:
        """A whole designation without signature."""
        element = catalogue().to_element("mediation.DesignationRequest", designation_request())
        return envelope.build(header(), element)


@pytest.fixture(scope="module", params=list(SUITES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("keys")
    signers = make(folder, suite=request.param)
    anchor = folder / "anchor.pem"
    anchor.write_bytes(signers.authority.pem)
    algorithm, method = SUITES[request.param]
    return Case(signers=signers, algorithm=algorithm, method=method, anchor=anchor)


def documents(case: Case) -> dict[str, tuple[str, bytes]]:
    """One of everything that we sign, with its signer."""
    keys = case.signers.keys
    entry = registry.sign(case.signers.participant(COURT), keys, issued_at=NOW)
    return {
        "envelope": (COURT, case.signers.sign()),
        "receipt": (NODE, receipts.issue(receipt(), keys).xml),
        "entry": ("registrar", entry),
    }


def xmlsec1(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Debian's program; it must be there (`make system` installs it)."""
    program = shutil.which("xmlsec1")
    assert program is not None, "xmlsec1 is not installed: make system"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["envelope", "receipt", "entry"])
def test_signxml_verifies_what_we_sign(kind: str, case: Case) -> None:
    """Signxml finds our signatures valid, and what it says was signed is what we say was signed."""
    subject, raw = documents(case)[kind]
    certificate = case.signers.certificates[subject].public_bytes(Encoding.PEM).decode()
    expected = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({case.method}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        verification_time=NOW,
    )

    result = XMLVerifier().verify(raw, x509_cert=certificate, expect_config=expected)

    found = result if not isinstance(result, list) else result[0]
    assert found.signed_xml is not None
    if kind == "envelope":
        assert found.signed_data == case.signers.verify(raw).signed


@pytest.mark.parametrize("kind", ["envelope", "receipt", "entry"])
def test_xmlsec1_verifies_what_we_sign(kind: str, case: Case, tmp_path: Path) -> None:
    """xmlsec1 finds our signatures valid from the anchor alone, and no longer after one character has changed."""
    _, raw = documents(case)[kind]
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(raw)
    bad.write_bytes(raw.replace(b"t-xincheng", b"t-xinchemg"))
    options = ["--verify", "--enabled-key-data", "x509", "--trusted-pem", str(case.anchor)]
    options += ["--verification-time", NOW.strftime("%Y-%m-%d %H:%M:%S")]

    assert xmlsec1(*options, str(good)).returncode == 0
    assert xmlsec1(*options, str(bad)).returncode != 0


def test_we_verify_what_signxml_signs(case: Case) -> None:
    """An envelope signed by signxml, asked for our profile, is taken like one of our own."""
    signer = XMLSigner(
        signature_algorithm=case.method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    certificate = case.certificate_file().read_text()
    tree = signer.sign(case.unsigned(), key=case.key_file().read_bytes(), cert=certificate)

    verified = case.signers.verify(serialise(tree))

    assert verified.header == header()
    assert verified.signer.held_by == "participant"


def test_we_verify_what_xmlsec1_signs(case: Case, tmp_path: Path) -> None:
    """An envelope signed by xmlsec1 from a template of our profile is taken; its digest is the one that we would have signed."""
    info = dsig.write_signed_info(signature_algorithm=MORE + case.algorithm, digest_algorithm=SHA256, digest=b"")
    template = dsig.append_signature(serialise(case.unsigned()), dsig.write_signature(info, b"", b""))
    unsigned, signed = tmp_path / "template.xml", tmp_path / "signed.xml"
    unsigned.write_bytes(template)
    pair = f"{case.key_file()},{case.certificate_file()}"

    outcome = xmlsec1("--sign", "--privkey-pem", pair, "--output", str(signed), str(unsigned))

    assert outcome.returncode == 0, outcome.stderr
    verified = case.signers.verify(signed.read_bytes())
    assert verified.digest == case.signers.verify(case.signers.sign()).digest
    assert verified.header == header()


def test_both_refuse_what_we_refuse(case: Case, tmp_path: Path) -> None:
    """A changed digest, value and content are invalid to all three."""
    raw = case.signers.sign()
    changed = raw.replace("测试甲".encode(), "测试戊".encode())
    file = tmp_path / "changed.xml"
    file.write_bytes(changed)
    certificate = case.certificate_file().read_text()

    assert xmlsec1("--verify", "--trusted-pem", str(case.anchor), str(file)).returncode != 0
    with pytest.raises(Exception, match="Digest mismatch"):
        XMLVerifier().verify(
            changed, x509_cert=certificate, expect_config=SignatureConfiguration(verification_time=NOW)
        )
    with pytest.raises(Exception, match="content is not what the signature"):
        case.signers.verify(changed)
