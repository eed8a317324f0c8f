"""court/platform: the calls that a court receives, and what its answers mean."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters import ADAPTERS
from adapters.court.platform import request_signature
from gateway.errors import DialectRefused, Finding, SettingRefused, UnknownCode
from tests import adapter_kit as kit
from tests import payloads

COURT = ADAPTERS["court/platform"]
ENDPOINT = kit.endpoint("court/platform")


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

    assert request_signature.verify(
        kit.as_request(call, "/mediation/progress"), kit.pem_certificate("rsa", "held"), now=kit.NOW
    )
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
