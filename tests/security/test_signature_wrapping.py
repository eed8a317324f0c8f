"""Signature wrapping (XSW): the signed bytes are kept and something else is offered for reading; every form is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from gateway.errors import Refusal
from gateway.xml.canonical import canonical
from gateway.xml.parse import parse
from tests.signers import LIMITS, Signers, make

SIGNATURE = re.compile(rb"<ds:Signature .*</ds:Signature>")
HEADER = re.compile(rb"<Header>.*</Header>")
PAYLOAD = re.compile(rb"<Payload>.*</Payload>")
DS = b"http://www.w3.org/2000/09/xmldsig#"


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    return make(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def raw(signers: Signers) -> bytes:
    return signers.sign()


def part(pattern: re.Pattern[bytes], raw: bytes) -> bytes:
    """The one part of the envelope that the pattern finds."""
    found = pattern.search(raw)
    assert found is not None
    return found[0]


def evil(raw: bytes) -> bytes:
    """The forger's own envelope, without signature."""
    return SIGNATURE.sub(b"", raw).replace("测试甲".encode(), "测试戊".encode())


def inside(raw: bytes, what: bytes) -> bytes:
    """`raw` with `what` at the end of its payload element."""
    return re.sub(rb"(</\w+:DesignationRequest>)", lambda m: what + m[1], raw)


def end(raw: bytes, what: bytes) -> bytes:
    """`raw` with `what` as the last child of its root."""
    return raw.replace(b"</Envelope>", what + b"</Envelope>")


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "the whole signed envelope inside the forged payload": lambda raw: inside(evil(raw), raw),
    "the signed envelope inside, its signature outside": lambda raw: end(
        inside(evil(raw), SIGNATURE.sub(b"", raw)), part(SIGNATURE, raw)
    ),
    "the signed envelope in an Object of the signature": lambda raw: end(
        evil(raw),
        part(SIGNATURE, raw).replace(
            b"</ds:Signature>", b"<ds:Object>" + SIGNATURE.sub(b"", raw) + b"</ds:Object></ds:Signature>"
        ),
    ),
    "the signed envelope within KeyInfo": lambda raw: end(
        evil(raw), part(SIGNATURE, raw).replace(b"</ds:KeyInfo>", SIGNATURE.sub(b"", raw) + b"</ds:KeyInfo>")
    ),
    "an enveloping signature around everything": lambda raw: part(SIGNATURE, raw).replace(
        b"</ds:Signature>", b"<ds:Object>" + raw + b"</ds:Object></ds:Signature>"
    ),
    "a second header before the signed one": lambda raw: raw.replace(
        b"<Header>", part(HEADER, evil(raw)) + b"<Header>"
    ),
    "a second payload after the signed one": lambda raw: raw.replace(
        b"</Payload>", b"</Payload>" + part(PAYLOAD, evil(raw))
    ),
    "a second payload before the signed one": lambda raw: raw.replace(
        b"<Payload>", part(PAYLOAD, evil(raw)) + b"<Payload>"
    ),
    "two payload elements": lambda raw: raw.replace(b"<Payload>", b"<Payload>" + part(PAYLOAD, evil(raw))[9:-10]),
    "another root around it": lambda raw: b"<Envelopes>" + raw + b"</Envelopes>",
    "an envelope around it": lambda raw: evil(raw).replace(b"<Payload>", raw + b"<Payload>"),
    "an Id and a reference to it": lambda raw: end(
        evil(raw).replace(
            b"<Payload>", b"<Payload>" + SIGNATURE.sub(b"", raw).replace(b"<Envelope", b'<Envelope Id="s"')
        ),
        part(SIGNATURE, raw).replace(b'URI=""', b'URI="#s"'),
    ),
    "the signature of another message": lambda raw: end(evil(raw), part(SIGNATURE, raw)),
    "a signature in another namespace beside it": lambda raw: inside(raw, part(SIGNATURE, raw).replace(DS, b"urn:x")),
    "the signature within the header": lambda raw: raw.replace(part(SIGNATURE, raw), b"").replace(
        b"</Header>", part(SIGNATURE, raw) + b"</Header>"
    ),
    "the signature within the payload": lambda raw: inside(SIGNATURE.sub(b"", raw), part(SIGNATURE, raw)),
    "something after the signature": lambda raw: raw.replace(b"</Envelope>", part(PAYLOAD, evil(raw)) + b"</Envelope>"),
    "text after the signature": lambda raw: raw.replace(b"</Envelope>", b"x</Envelope>"),
    "the transforms in the other order": lambda raw: re.sub(
        rb"(<ds:Transform [^>]*></ds:Transform>)(<ds:Transform [^>]*></ds:Transform>)", rb"\2\1", raw
    ),
    "another default namespace for the header": lambda raw: raw.replace(b"<Header>", b'<Header xmlns="urn:x">'),
    "a character reference for the namespace": lambda raw: raw.replace(
        b"urn:sct:envelope:1", b"urn:sct:envelope&#58;2", 1
    ),
}


@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_wrapped_message_is_refused(name: str, signers: Signers, raw: bytes) -> None:
    """Whatever is kept of the signed bytes, nothing but the signed document itself is taken."""
    wrapped = WRAPPINGS[name](raw)
    assert wrapped != raw

    with pytest.raises(Refusal) as refusal:
        signers.verify(wrapped)

    assert refusal.value.code[:4] in ("ENV-", "SIG-")


def test_a_receipt_or_entry_cannot_pass_as_an_envelope(signers: Signers) -> None:
    """A document of another kind that the sender did sign is no envelope of its."""
    from gateway.signing import signature

    document = canonical(
        parse(b'<Envelope xmlns="urn:sct:receipt:1"><Header/><Payload><x/></Payload></Envelope>', LIMITS)
    )

    with pytest.raises(Refusal) as refusal:
        signers.verify(signature.sign_document(document, signers.keys, "court:t-xincheng"))

    assert refusal.value.code == "ENV-020"
