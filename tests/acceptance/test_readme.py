"""The README's message made elsewhere: its own commands, with the real openssl, xmlsec1 and curl, against a real node."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from gateway.signing import receipts
from gateway.xml import dsig
from tests.api_server import free_port

pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "contracts" / "examples" / "elsewhere" / "template.xml"
EXAMPLE = ROOT / "contracts" / "examples" / "messages" / "mediation.DesignationRequest.xml"
PORT = "8600"
SUITE = ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256")


def shown(mark: str) -> str:
    """The code block that follows a mark in the README."""
    found = re.search(rf"<!-- {mark} -->\n```\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, mark
    return found[1]


def typed(script: str, folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    """Run a block as a person types it, in a folder that looks like the project's, on a port that is free."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "GATEWAY_PORT": str(port),
    }
    command = ["bash", "-euo", "pipefail", "-c", script.replace(f":{PORT}/", f":{port}/")]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=200
    )


@contextmanager
def serving(variables: str, folder: Path, port: int) -> Iterator[None]:
    """`gateway serve` with the README's variables, ended by its own id."""
    found = dict(line.split("=", 1) for line in re.findall(r"GATEWAY_[A-Z]+=\S+", variables))
    environment = os.environ | found | {"GATEWAY_PORT": str(port)}
    command = [sys.executable, "-m", "gateway", "serve"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as node:
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", node)
            yield
        finally:
            node.terminate()
            assert node.wait(60) == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the project's to what the README types."""
    (tmp_path / "contracts").symlink_to(ROOT / "contracts")
    return tmp_path


def test_a_message_made_elsewhere_is_accepted(folder: Path) -> None:
    """What the README types works as it stands; then signxml signs another message with the same key, and it is accepted too."""
    block = shown("readme-elsewhere-node")
    prepare, _, last = block.rstrip().rpartition("\n")
    assert last == "gateway serve &"
    variables = "\n".join(line for line in prepare.splitlines() if line.startswith("export"))
    port = free_port()
    prepared = typed(prepare, folder, port)
    assert prepared.returncode == 0, prepared.stderr
    with serving(variables, folder, port):
        done = typed(f"{variables}\n{shown('readme-elsewhere')}", folder, port)
        assert done.returncode == 0, done.stdout + done.stderr
        receipt = receipts.read((folder / "elsewhere" / "receipt.xml").read_bytes())
        again = _post((folder / "elsewhere" / "signed.xml").read_bytes(), port)
        second = receipts.read(_post(_signed_by_signxml(folder / "elsewhere"), port))

    assert (receipt.kind, receipt.sender, receipt.number) == ("accepted", "court:t-elsewhere", 1)
    assert again == receipt.xml
    assert (second.kind, second.message_id != receipt.message_id) == ("accepted", True)


def test_the_template_is_the_example_with_an_empty_signature() -> None:
    """What is signed elsewhere is the designation of contracts/examples, from a court of its own, in our profile's shape."""
    raw = TEMPLATE.read_bytes()
    info = dsig.write_signed_info(signature_algorithm=SUITE[0], digest_algorithm=SUITE[1], digest=b"")
    expected = dsig.append_signature(_unsigned(), dsig.write_signature(info, b"", b""))

    assert raw.strip() == expected.strip()


def _unsigned() -> bytes:
    raw = EXAMPLE.read_bytes().replace(b"court:t-xincheng", b"court:t-elsewhere")
    return re.sub(rb"00000000000([a-c])</", rb"0000000e150\1</", raw)


def _signed_by_signxml(folder: Path) -> bytes:
    """The same designation as another message of another dispute, signed by signxml."""
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    tree = etree.fromstring(_unsigned().replace(b"e150", b"e151"))
    certificate = (folder / "court.crt.pem").read_text(encoding="ascii")
    return etree.tostring(signer.sign(tree, key=(folder / "court.key.pem").read_bytes(), cert=certificate))


def _post(raw: bytes, port: int) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/messages", data=raw, headers={"content-type": "application/xml"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - a node of this test
        return bytes(answer.read())


def _wait(url: str, node: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert node.poll() is None, "the node ended before it was ready"
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - a node of this test
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the node did not become ready")
