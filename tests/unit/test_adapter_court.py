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
from gateway.errors import (
    AccessRefused,
    ContractRefused,
    DialectRefused,
    Finding,
    NodeError,
    SettingRefused,
)
from gateway.ports import NativeRequest
from tests import adapter_kit as kit

COURT = ADAPTERS["court/platform"]
ENDPOINT = kit.endpoint("court/platform")
NONCE = "0123456789abcdef"


def body_of(**changes: Any) -> dict[str, Any]:
    """A designation as a court writes it."""
    native = {"LSH": "FY20260302000001", "WPBH": "WP2026-00001"} | designation(
        Court(), samples.dispute(1), {}, now=kit.NOW
    )
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

    assert (draft.message_type, draft.native_key, draft.flow) == (
        "mediation.DesignationRequest",
        "FY20260302000001",
        "designated-mediation",
    )
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
    first = refused.value.findings[0]
    assert (first.xpath.rstrip("."), first.code) == (where, code)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"LSH":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b"[" * 100_000,
    ],
)
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
