"""arbitration/hrss: SOAP, encodings, the signature in the body, tags as the field writes them, rc."""

from __future__ import annotations

import base64
import gzip
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS, reading, writing
from adapters.arbitration.hrss import body_signature, document, gb18030, soap
from adapters.arbitration.hrss.codes import DIALECT
from gateway.errors import AccessRefused, ContractRefused, DialectRefused, NodeError, SettingRefused
from gateway.ports import Draft, NativeRequest
from tests import adapter_kit as kit
from tests import payloads

HRSS = ADAPTERS["arbitration/hrss"]
ENDPOINT = kit.endpoint("arbitration/hrss")
INSTITUTE, GATEWAY = kit.pem_keys("rsa", "institute"), kit.pem_keys("ec", "gateway")
HEAD = {
    "systemCode": "HHHT-ZC",
    "tradeCode": "ZC1103",
    "REQUEST_SN": "ZC1",
    "ZKE739": "20260325100000",
    "BAC001": "SL2026-0001",
}


def text_of(head: dict[str, Any] | None = None, message: str = "arbitration.ReviewAccept", **body: Any) -> str:
    """A signed document of the institution."""
    native = writing.write(DIALECT, message, payloads.all_payloads()[message]()) | body
    return body_signature.sign(document.write("request", HEAD | (head or {}), native), INSTITUTE, "")


def call(data: bytes, *, system: str = "HHHT-ZC", trade: str = "ZC1103") -> NativeRequest:
    """The SOAP call around a document."""
    return NativeRequest(method="POST", path="/", query="", headers={}, body=soap.write_call(system, trade, data))


def take(request: NativeRequest) -> Draft:
    """A call as the flow takes it: proved, then read."""
    HRSS.authenticate(request, ENDPOINT, now=kit.NOW)
    return HRSS.read(request, ENDPOINT)


@pytest.mark.parametrize("encoding", ["GB18030", "UTF-8"])
def test_a_signed_document_is_proved_and_read(encoding: str) -> None:
    """Serial, numbers, payload; the signature holds whatever encoding the document travels in."""
    request = call(document.encode(text_of(), encoding))

    evidence = HRSS.authenticate(request, ENDPOINT, now=kit.NOW)
    draft = HRSS.read(request, ENDPOINT)

    assert HRSS.credential(request) == evidence["key"] == "HHHT-ZC"
    assert (draft.message_type, draft.native_key) == ("arbitration.ReviewAccept", "ZC1")
    assert draft.refers[0] == ("ArbitrationIntakeNumber", "SL2026-0001")
    assert draft.references == (("ArbitrationReviewNumber", payloads.REVIEW_CASE),)
    assert draft.payload == payloads.all_payloads()["arbitration.ReviewAccept"]()


def test_an_ecdsa_key_signs_as_well() -> None:
    """The profile's two suites: RSA and P-256."""
    text = body_signature.sign(document.write("request", HEAD, {}), GATEWAY, "")
    tree = document.tree_of(text)

    assert body_signature.verify(tree, kit.pem_certificate("ec", "gateway"))["algorithm"] == body_signature.ECDSA_SHA256


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("测试戊", "测试己"),
        lambda text: text.replace("<head>", "<head><BAC099>1</BAC099>"),
        lambda text: text[: text.index("<ds:Signature")] + "</request>",
        lambda text: text.replace("</request>", "<body></body></request>"),
        lambda text: text.replace("rsa-sha256", "rsa-sha1"),
        lambda text: text.replace("xmlenc#sha256", "xmlenc#sha512"),
        lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
    ],
    ids=["text", "added", "unsigned", "moved", "sha1", "digest", "value"],
)
def test_a_changed_document_is_refused(spoil: Any) -> None:
    """One change anywhere, no signature, another algorithm: nothing is read of it."""
    request = call(document.encode(spoil(text_of()), "UTF-8"))
    with pytest.raises(AccessRefused):
        HRSS.authenticate(request, ENDPOINT, now=kit.NOW)
    with pytest.raises((AccessRefused, DialectRefused)):
        HRSS.read(request, ENDPOINT)


def test_another_certificate_is_refused() -> None:
    """A document that another key signed, with its own certificate inside, is not the endpoint's."""
    text = body_signature.sign(document.write("request", HEAD, {}), kit.pem_keys("rsa", "stranger"), "")
    with pytest.raises(AccessRefused, match="another certificate"):
        HRSS.authenticate(call(document.encode(text, "UTF-8")), ENDPOINT, now=kit.NOW)
    with pytest.raises(SettingRefused, match="certificate"):
        HRSS.authenticate(
            call(document.encode(text, "UTF-8")), kit.endpoint("arbitration/hrss", certificate=""), now=kit.NOW
        )


@pytest.mark.parametrize(
    ("around", "head"),
    [({"system": "OTHER"}, {}), ({"trade": "ZC1104"}, {}), ({}, {"UNKNOWN": "1"}), ({}, {"REQUEST_SN": ""})],
)
def test_the_signed_head_binds_the_call(around: dict[str, str], head: dict[str, str]) -> None:
    """What the unsigned call says must be what the signed head says; a head has no other tags, and a serial."""
    request = call(document.encode(text_of(head), "UTF-8"), **around)
    with pytest.raises((AccessRefused, DialectRefused)):
        take(request)


def test_the_document_comes_in_every_wrapping() -> None:
    """Trap 11: base64 without padding, gzip in base64, XML escaped once or twice, types and prefixes of a stack of its own."""
    data = document.encode(text_of(), "UTF-8")
    packed = base64.b64encode(data).decode()
    texts = [
        packed.rstrip("="),
        "\n".join(packed[start : start + 76] for start in range(0, len(packed), 76)),
        base64.b64encode(gzip.compress(data)).decode(),
        escape(data.decode()),
        escape(escape(data.decode())),
        f"<![CDATA[{data.decode()}]]>",
    ]
    for text in texts:
        body = (
            '<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body>'
            '<ns2:nwsReceive xmlns:ns2="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f'<systemCode xsi:type="string">HHHT-ZC</systemCode><tradeCode>ZC1103</tradeCode><xml>{text}</xml>'
            "</ns2:nwsReceive></S:Body></S:Envelope>"
        )
        request = NativeRequest(method="POST", path="", query="", headers={}, body=body.encode())
        assert HRSS.read(request, ENDPOINT).native_key == "ZC1"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<a/>", b"<a", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"<Envelope><Body><other/></Body></Envelope>",
        b"<Envelope><Body><nwsReceive><xml>a</xml></nwsReceive></Body></Envelope>", b"<a>" * 100_000,
        b"<Envelope><Body><nwsReceive><xml>a</xml><xml>b</xml></nwsReceive></Body></Envelope>", b'<?xml version="1.0" encoding="no"?><a/>',
    ],
)  # fmt: skip
def test_what_is_no_call_has_no_credential(body: bytes) -> None:
    """No XML, a DOCTYPE, another method, a parameter twice, a bomb: refused before anything is read."""
    with pytest.raises(AccessRefused):
        HRSS.credential(NativeRequest(method="POST", path="/", query="", headers={}, body=body))


def test_a_bomb_of_gzip_is_refused() -> None:
    """What unpacks past the limit is not unpacked."""
    data = base64.b64encode(gzip.compress(b"<a>" + b" " * 40_000_000)).decode()
    with pytest.raises(DialectRefused, match="limit"):
        soap.payload(data)


def test_the_codes_that_moved_in_2022() -> None:
    """Every two-byte code of GB 18030-2022 that left the private use area reads as its character and is written for it."""
    for code, private, character in gb18030.MOVED:
        two = code.to_bytes(2, "big")
        assert gb18030.decode(two) == chr(character)
        assert gb18030.encode_xml(chr(character)) == two
        assert gb18030.decode(gb18030.encode_xml(chr(private))) == chr(private)
    for code, private, character in gb18030.PLANE_2:
        assert gb18030.decode(code.to_bytes(2, "big")) == chr(character)
        assert gb18030.encode_xml(chr(private)) == f"&#x{private:X};".encode()


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff&<>"), max_size=40))
def test_any_text_survives_its_encoding(text: str) -> None:
    """Names with the rarest characters come back from both encodings, declared rightly or not."""
    written = document.write("request", {"A": text}, {})
    for encoding in ("GB18030", "UTF-8"):
        tree = document.tree_of(document.decode(document.encode(written, encoding)))
        assert document.read(tree, "request")[0] == {"A": text}


def test_what_is_declared_may_be_wrong() -> None:
    """Trap 1: GB18030 bytes under a UTF-8 declaration, characters beyond GB 2312 under its name, a BOM."""
    text = "<request><head><A>测试㐂</A></head><body></body></request>"
    for data in (
        b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode("gb18030"),
        b'<?xml version="1.0" encoding="gb2312"?>' + text.encode("gb18030"),
        b'\xef\xbb\xbf<?xml version="1.0" encoding="GBK"?>' + text.encode(),
        text.encode("gb18030"),
    ):
        assert document.read(document.tree_of(document.decode(data)), "request")[0] == {"A": "测试㐂"}


def test_a_name_that_is_a_code_is_refused() -> None:
    """AAC003 is used for the sex code by some systems: no name is made of it, and no party is guessed."""
    rows = [{"AAB019": "10", "AAC003": "1", "AAC147": "150102199001010019"}]
    text = text_of({"tradeCode": "ZC1103"}, BZP018="", BZX002={"AAE011": "测试戊"})
    assert HRSS.read(call(document.encode(text, "UTF-8")), ENDPOINT).payload["Arbitrator"] == {"Name": "测试戊"}
    with pytest.raises(DialectRefused) as refused:
        reading.read(DIALECT, "arbitration.ReviewApply", {"BZU003": rows})
    assert refused.value.findings[0].code == "DIA-016"


def test_our_call_is_signed_and_encoded() -> None:
    """What we send is the tradeCode's document, in the endpoint's encoding, under the subject's key, alike at every try."""
    parcel = kit.parcel(
        "arbitration.ReviewApply",
        payloads.all_payloads()["arbitration.ReviewApply"](),
        documents=(("D205", "仲裁审查申请书.pdf", "application/pdf", b"%PDF-"),),
        numbers={"ArbitrationIntakeNumber": "SL1"},
    )
    for encoding in ("GB18030", "UTF-8"):
        sent, again = (
            HRSS.write(parcel, kit.endpoint("arbitration/hrss", encoding=encoding), INSTITUTE, now=kit.NOW)
            for _ in range(2)
        )
        system, trade, data = soap.read_call(sent.body)
        tree = document.tree_of(document.decode(data))
        evidence = body_signature.verify(tree, kit.pem_certificate("rsa", "institute"))
        head, body = document.read(tree, "request")

        assert (system, trade, sent.body == again.body) == ("GATEWAY", "ZC1101", True)
        assert encoding.encode() in data[:60]
        assert evidence["scheme"] == "xmldsig-body"
        assert (head["REQUEST_SN"], head["BAC001"], body["FJ"][0]["BZB001"]) == (kit.MESSAGE_ID, "SL1", "D205")


def test_what_cannot_be_sent_is_said() -> None:
    """Another message, and an encoding that is none, are refused by name."""
    with pytest.raises(DialectRefused, match=r"mediation\.Progress"):
        HRSS.write(kit.parcel("mediation.Progress", {}), ENDPOINT, INSTITUTE, now=kit.NOW)
    with pytest.raises(DialectRefused, match="UTF-16"):
        HRSS.write(
            kit.parcel("common.DeadlineExpired", {}),
            kit.endpoint("arbitration/hrss", encoding="UTF-16"),
            INSTITUTE,
            now=kit.NOW,
        )


def test_answers_have_rc() -> None:
    """0 for what was taken; a number of its family for a refusal; our own trouble shows no detail."""
    for result, rc in (
        (kit.receipt(), "0"),
        (ContractRefused("not now"), "201"),
        (NodeError("password"), "900"),
        (KeyError("password"), "900"),
    ):
        answer = HRSS.answer(None, result, ENDPOINT)
        text = document.decode(soap.read_answer(answer.body))
        assert (answer.status, f"<rc>{rc}</rc>" in text, "password" in text) == (200, True, False)


@pytest.mark.parametrize(
    ("rc", "taken", "repeated", "retryable"),
    [("0", True, False, False), ("200", True, True, False), ("900", False, False, True), ("777", False, False, False)],
)
def test_rc_means_what_it_says(rc: str, *, taken: bool, repeated: bool, retryable: bool) -> None:
    """0 is success, 200 a repetition, 9xx trouble over there, everything else a no; the institution's number is kept."""
    data = document.encode(
        document.write("response", {"rc": rc, "rm": "文"}, {"responsedata": {"BAC001": "SL1"}}), "GB18030"
    )
    outcome = HRSS.read_outcome(200, {}, soap.write_answer(data), ENDPOINT)
    assert (outcome.taken, outcome.repeated, outcome.retryable) == (taken, repeated, retryable)
    assert outcome.references == (("ArbitrationIntakeNumber", "SL1"),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"-1",
        soap.write_answer(b"<result><flag>true</flag></result>"),
        soap.write_answer(b"<response><head/><body/></response>"),
    ],
)
def test_an_answer_of_no_dialect_is_refused(body: bytes) -> None:
    """Garbage, another envelope or no rc is never taken for success."""
    with pytest.raises(DialectRefused):
        HRSS.read_outcome(200, {}, body, ENDPOINT)


def test_silence_and_pages() -> None:
    """A gateway's 5xx is tried again, a page is a failure, a SOAP Fault is read."""
    fault = b"<Envelope><Body><Fault><faultcode>x</faultcode><faultstring>busy</faultstring></Fault></Body></Envelope>"
    assert HRSS.read_outcome(503, {}, b"", ENDPOINT).retryable
    assert not HRSS.read_outcome(200, {}, b"<html>", ENDPOINT).taken
    with pytest.raises(DialectRefused, match="busy"):
        HRSS.read_outcome(500, {}, fault, ENDPOINT)
