"""court/platform: its signature, its calls, its answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters import ADAPTERS, json_body, samples
from adapters.court.platform import request_signature
from adapters.court.platform.sample_calls import Court, acknowledgement, designation
from gateway.errors import AccessRefused, ContractRefused, DialectRefused, Finding, NodeError, SettingRefused, UnknownCode
from gateway.ports import NativeRequest
from tests import adapter_kit as kit
from tests import payloads

COURT = ADAPTERS["court/platform"]
ENDPOINT = kit.endpoint("court/platform")
NONCE = "0123456789abcdef"


def body_of(**changes: Any) -> dict[str, Any]:
    """A designation as a court writes it."""
    native = {"LSH": "FY20260302000001", "WPBH": "WP2026-00001"} | designation(Court(), samples.dispute(1), {}, now=kit.NOW)
    return native | changes


def signed(path: str, body: bytes, *, timestamp: str = "", nonce: str = NONCE, query: str = "") -> NativeRequest:
    """A call with the court's own signature."""
    timestamp = timestamp or str(int(kit.NOW.timestamp() * 1000))
    request = NativeRequest(method="POST", path=path, query=query, headers={}, body=body)
    data = request_signature.canonical_request(request, timestamp, nonce)
    signature = request_signature.sign(data, kit.private_pem(kit.rsa_key("court")))
    headers = {"x-app-id": "court-app", "X-Timestamp": timestamp, "X-NONCE": nonce, "X-Signature": signature}
    return replace(request, headers=headers)


def test_a_signed_call_is_proved() -> None:
    """The signature over method, path, query, time, nonce and body holds; the evidence names key and nonce."""
    request = signed("/mediation/designate", b"{}", query="b=2&a=1")

    evidence = COURT.authenticate(request, ENDPOINT, now=kit.NOW)

    assert (evidence["key"], evidence["nonce"], evidence["scheme"]) == ("court-app", NONCE, "rsa-sha256-request")
    assert COURT.authenticate(replace(request, query="a=1&b=2"), ENDPOINT, now=kit.NOW) == evidence


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"body": b"{ }"}, "ACC-023"), ({"path": "/mediation/close"}, "ACC-023"), ({"method": "PUT"}, "ACC-023"),
        ({"query": "a=1"}, "ACC-023"), ({"headers": {"X-App-Id": "court-app"}}, "ACC-020"),
        ({"headers": {"X-App-Id": "somebody"}}, "ACC-020"), ({"headers": {}}, "ACC-020"),
    ],
)  # fmt: skip
def test_a_changed_call_is_refused(change: dict[str, Any], code: str) -> None:
    """One change anywhere and the signature does not hold; a missing header says which."""
    with pytest.raises(AccessRefused) as refused:
        COURT.authenticate(replace(signed("/mediation/designate", b"{}"), **change), ENDPOINT, now=kit.NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("minutes", [-6, 6, 60])
def test_a_clock_past_five_minutes_is_refused(minutes: int) -> None:
    """product.md §4: the time of the call is held against this node's clock, both ways."""
    with pytest.raises(AccessRefused) as refused:
        COURT.authenticate(signed("/x", b""), ENDPOINT, now=kit.NOW + timedelta(minutes=minutes))
    assert refused.value.code == "ACC-021"


@pytest.mark.parametrize("timestamp", ["1", "soon", "-1772416800000", "9" * 400])
def test_a_time_that_is_none_is_refused(timestamp: str) -> None:
    """A timestamp of another form is refused and never computed with."""
    with pytest.raises(AccessRefused, match="X-Timestamp"):
        COURT.authenticate(signed("/x", b"", timestamp=timestamp), ENDPOINT, now=kit.NOW)


@pytest.mark.parametrize("nonce", ["short", "x" * 65, "with blank 1234", "中文中文中文中文"])
def test_a_nonce_of_another_form_is_refused(nonce: str) -> None:
    """A nonce is kept for ten minutes: its length and alphabet are bounded."""
    with pytest.raises(AccessRefused) as refused:
        COURT.authenticate(signed("/x", b"", nonce=nonce), ENDPOINT, now=kit.NOW)
    assert refused.value.code == "ACC-022"


def test_a_short_key_is_no_key() -> None:
    """An endpoint whose public key is none, or too short, is a setting that cannot work."""
    with pytest.raises(SettingRefused, match="public_key"):
        COURT.authenticate(signed("/x", b""), kit.endpoint("court/platform", public_key="nothing"), now=kit.NOW)


def test_a_designation_is_read() -> None:
    """Serial, receiver, numbers, documents and payload of a court's own call."""
    draft = COURT.read(signed("/mediation/designate", json_body.write_object(body_of())), ENDPOINT)

    assert (draft.message_type, draft.native_key, draft.flow) == ("mediation.DesignationRequest", "FY20260302000001", "designated-mediation")
    assert draft.receiver == "union:t-station"
    assert draft.references[0] == ("DesignationNumber", "WP2026-00001")
    assert [(kind, media, data[:5]) for kind, _, media, data in draft.documents] == [
        ("D105", "application/pdf", b"%PDF-"), ("D101", "application/pdf", b"%PDF-"),
    ]  # fmt: skip
    assert (draft.kind, draft.corrects) == ("new", "")


def test_the_courts_own_number_of_a_body_is_mapped() -> None:
    """The endpoint's receivers turn the court's number of a mediation body into a participant."""
    body = json_body.write_object(body_of(JSDW="TJZZ-0001"))
    known = kit.endpoint("court/platform", receivers={"TJZZ-0001": "union:t-other"})

    assert COURT.read(signed("/mediation/designate", body), known).receiver == "union:t-other"
    with pytest.raises(DialectRefused) as refused:
        COURT.read(signed("/mediation/designate", body), ENDPOINT)
    assert refused.value.code == "DIA-014"


def test_a_correction_names_what_it_corrects() -> None:
    """数据类型 2 needs the serial of the call that it corrects."""
    case = {"TJAH": "（2026）内0102民诉前调596号", "MJ": "03"}
    native = {"LSH": "FY2", "WPBH": "WP2026-00001", "SJLX": "2", "YLSH": "FY1"} | acknowledgement(case, {}, now=kit.NOW)

    draft = COURT.read(signed("/mediation/ack", json_body.write_object(native)), ENDPOINT)

    assert (draft.kind, draft.corrects) == ("correct", "FY1")
    with pytest.raises(DialectRefused, match="YLSH"):
        COURT.read(signed("/mediation/ack", json_body.write_object(native | {"YLSH": "无"})), ENDPOINT)


@pytest.mark.parametrize(
    ("changes", "where", "code"),
    [
        ({"GGZD": "1"}, "GGZD", "DIA-003"), ({"AY": "1"}, "AY", "DIA-010"), ({"SARQ": "tomorrow"}, "SARQ", "DIA-006"),
        ({"BDJE": "-1"}, "BDJE", "DIA-008"), ({"AYMC": "经济补偿金纠纷"}, "AYMC", "DIA-005"), ({"TJZZ": "x"}, "TJZZ", "DIA-002"),
        ({"DSR": [{"DSRMC": "测试甲", "XB": "1", "XBMC": "女"}]}, "DSR[1].XBMC", "DIA-005"),
        ({"KZSX": {"Intake": {"Date": "2026-01-01"}}}, "Intake.Date", "DIA-004"), ({"KZSX": {"Note": ["a", 1]}}, "", ""),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_read_is_named(changes: dict[str, Any], where: str, code: str) -> None:
    """The refusal says which native field, where, and under which code; the extension may carry but never contradict."""
    request = signed("/mediation/designate", json_body.write_object(body_of(**changes)))
    if not code:
        assert COURT.read(request, ENDPOINT).payload["Note"] == ["a", "1"]
        return
    with pytest.raises(DialectRefused) as refused:
        COURT.read(request, ENDPOINT)
    assert [(finding.xpath.rstrip("."), finding.code) for finding in refused.value.findings][0] == (where, code)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"LSH":"\\ud800"}', b'{"a":"\\u0000"}', b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """No JSON, not UTF-8, a key twice, a lone surrogate, a bomb of brackets: one refusal each."""
    with pytest.raises(DialectRefused) as refused:
        COURT.read(signed("/mediation/designate", body), ENDPOINT)
    assert refused.value.code == "DIA-001"


def test_parties_in_one_field_are_split() -> None:
    """Trap 7: roles and names typed into one field become rows."""
    body = json_body.write_object(body_of(DSR="申请人:测试甲；被申请人：测试乙商贸有限公司、测试壬厂"))

    parties = COURT.read(signed("/mediation/designate", body), ENDPOINT).payload["Party"]

    assert parties == [
        {"Role": "applicant", "Name": "测试甲"},
        {"Role": "respondent", "Name": "测试乙商贸有限公司"},
        {"Role": "respondent", "Name": "测试壬厂"},
    ]


def test_there_are_no_other_calls() -> None:
    """A path or method that the interface has not is refused."""
    for request in (signed("/mediation/other", b"{}"), replace(signed("/mediation/ack", b"{}"), method="GET")):
        with pytest.raises(DialectRefused) as refused:
            COURT.read(request, ENDPOINT)
        assert refused.value.code == "DIA-013"


def test_answers_come_with_200() -> None:
    """Taken is code 0 with the message's id; a refusal has another code and every finding; our own trouble shows no detail."""
    finding = Finding(code="RUL-014", xpath="/Party[1]/IdNumber", text_zh="校验位不符", text_en="check digit")
    taken = COURT.answer(None, kit.receipt(), ENDPOINT)
    refused = COURT.answer(None, ContractRefused("not now", findings=[finding]), ENDPOINT)
    ours = COURT.answer(None, NodeError("password of the database"), ENDPOINT)
    odd = COURT.answer(None, RuntimeError("password"), ENDPOINT)

    assert {answer.status for answer in (taken, refused, ours, odd)} == {200}
    assert json.loads(taken.body)["code"] == "0"
    assert json.loads(taken.body)["data"]["XXBH"] == kit.MESSAGE_ID
    assert json.loads(refused.body)["code"] == "4091"
    assert json.loads(refused.body)["data"]["CW"][0]["WZ"] == "/Party[1]/IdNumber"
    assert json.loads(ours.body)["code"] == json.loads(odd.body)["code"] == "5000"
    assert b"password" not in ours.body + odd.body


def test_our_call_holds_under_our_key() -> None:
    """What we send is signed over the path below the court's base address, and carries header, numbers, documents and advice."""
    parcel = kit.parcel(
        "mediation.ResultSuccess",
        payloads.all_payloads()["mediation.ResultSuccess"](),
        numbers={"DesignationNumber": "WP2026-00001"},
        documents=(("D112", "调解协议书.pdf", "application/pdf", b"%PDF-"),),
        advice=("金额较大",),
    )

    call = COURT.write(parcel, ENDPOINT, kit.pem_keys("ec", "nobody"), now=kit.NOW)
    native = json.loads(call.body)

    public = kit.public_pem(kit.rsa_key("gateway"))
    evidence = request_signature.verify(kit.as_request(call, "/mediation/success"), public, now=kit.NOW)
    assert (call.url, evidence["key"]) == ("https://partner.invalid/api/mediation/success", "gateway-app")
    assert (native["LSH"], native["WPBH"], native["YZTS"]) == (kit.MESSAGE_ID, "WP2026-00001", ["金额较大"])
    assert native["FJ"][0]["WSLX"] == "1112"
    assert native["SLSJ"] == "2026-03-02 10:00:00"


def test_a_retry_has_the_same_body_and_another_nonce() -> None:
    """A dry run compares bodies; a nonce is never used twice."""
    parcel = kit.parcel("mediation.Progress", payloads.all_payloads()["mediation.Progress"]())
    first, second = (COURT.write(parcel, ENDPOINT, kit.pem_keys("rsa", "x"), now=kit.NOW) for _ in range(2))

    assert first.body == second.body
    assert dict(first.headers)["X-Nonce"] != dict(second.headers)["X-Nonce"]


def test_a_key_of_the_node_can_sign() -> None:
    """Without a secret the participant's RSA key at this node signs; another kind of key is a setting that cannot work."""
    endpoint = replace(ENDPOINT, secret=b"")
    parcel = kit.parcel("mediation.Progress", payloads.all_payloads()["mediation.Progress"]())
    call = COURT.write(parcel, endpoint, kit.pem_keys("rsa", "held"), now=kit.NOW)

    assert request_signature.verify(kit.as_request(call, "/mediation/progress"), kit.pem_certificate("rsa", "held"), now=kit.NOW)
    with pytest.raises(SettingRefused, match="RSA"):
        COURT.write(parcel, endpoint, kit.pem_keys("ec", "held"), now=kit.NOW)


def test_what_is_not_carried_is_refused() -> None:
    """A message that the dialect has not, and a code that its table has not, are refused by name."""
    with pytest.raises(DialectRefused, match=r"arbitration\.ReviewApply"):
        COURT.write(kit.parcel("arbitration.ReviewApply", {}), ENDPOINT, kit.pem_keys("rsa", "x"), now=kit.NOW)
    payload = payloads.all_payloads()["mediation.Progress"](Stage="99")
    with pytest.raises(UnknownCode, match="stage") as refused:
        COURT.write(kit.parcel("mediation.Progress", payload), ENDPOINT, kit.pem_keys("rsa", "x"), now=kit.NOW)
    assert refused.value.findings[0].xpath == "/mediation.Progress/Stage"


def test_a_receipt_is_carried() -> None:
    """What became of a message: its id, a coded state, the findings, under a serial of its own."""
    finding = Finding(code="FLW-101", xpath="/Envelope", text_zh="此时不能", text_en="not now")
    parcel = kit.parcel("mediation.DesignationRequest", {}, receipt=kit.receipt("refused", (finding,)))

    native = json.loads(COURT.write(parcel, ENDPOINT, kit.pem_keys("rsa", "x"), now=kit.NOW).body)

    assert (native["XXBH"], native["ZT"], native["LSH"]) == (kit.MESSAGE_ID, "29", f"{kit.MESSAGE_ID}/refused")
    assert native["CW"] == [{"DM": "FLW-101", "WZ": "/Envelope", "SM": "此时不能"}]


@pytest.mark.parametrize(
    ("status", "body", "taken", "retryable", "code"),
    [
        (200, b'{"code":"0","msg":"ok","data":{"LSH":"R1"}}', True, False, "0"), (200, b'{"code":0}', True, False, "0"),
        (200, b'{"code":"1001","msg":"again"}', True, False, "1001"), (200, b'{"code":"5000"}', False, True, "5000"),
        (200, b'{"code":"4001","msg":"no"}', False, False, "4001"), (200, b"-1", False, False, "-1"), (200, b'"-1"', False, False, "-1"),
        (200, b"\xef\xbb\xbf<!DOCTYPE html><html>", False, False, "html"), (502, b"", False, True, "502"), (429, b"", False, True, "429"),
        (401, b"", False, False, "401"),
    ],
)  # fmt: skip
def test_an_answer_means_what_it_says(status: int, body: bytes, *, taken: bool, retryable: bool, code: str) -> None:
    """HTTP 200 is no success by itself: the code decides, "-1" and a login page are failures (domain.md §5.1)."""
    outcome = COURT.read_outcome(status, {}, body, ENDPOINT)
    assert (outcome.taken, outcome.retryable, outcome.native_code) == (taken, retryable, code)


@pytest.mark.parametrize("body", [b"", b"garbage", b"[]", b'{"msg":"no code"}', b"\x00\xff"])
def test_an_answer_of_no_dialect_is_refused(body: bytes) -> None:
    """Garbage is never taken for success."""
    with pytest.raises(DialectRefused):
        COURT.read_outcome(200, {}, body, ENDPOINT)
