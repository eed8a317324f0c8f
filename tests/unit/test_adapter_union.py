"""union/rest: its key, its calls, its region's file, its answers; and canonical/https beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters import ADAPTERS, json_body, writing
from adapters.union.rest.codes import DIALECT
from gateway.errors import AccessRefused, ClaimRefused, DialectRefused, NodeError, SettingRefused
from gateway.ports import Draft, NativeRequest
from tests import adapter_kit as kit
from tests import payloads

UNION = ADAPTERS["union/rest"]
CANONICAL = ADAPTERS["canonical/https"]
ENDPOINT = kit.endpoint("union/rest")
KEYS = kit.pem_keys("rsa", "nobody")
PATHS = {
    "mediation.DesignationAccept": "/mediation/accept",
    "arbitration.ReviewApply": "/review/apply",
    "arbitration.ReviewVerifyReply": "/review/verify-reply",
}


def request(message: str, **changes: Any) -> NativeRequest:
    """A station's call of a message, by the tables."""
    native = writing.write(DIALECT, message, payloads.all_payloads()[message]())
    native |= {"intakeNo": "XGF-2026-0001", "rev": "4"} | changes
    body = json_body.write_object({key: value for key, value in native.items() if value is not None})
    return NativeRequest(method="POST", path=PATHS[message], query="", headers={"x-api-key": kit.API_KEY}, body=body)


def read(message: str, **changes: Any) -> Draft:
    """The draft of a call."""
    return UNION.read(request(message, **changes), ENDPOINT)


def test_the_key_is_proved() -> None:
    """The half before the dot finds the endpoint, the whole is held against its digest; the secret is in no evidence."""
    call = request("mediation.DesignationAccept")

    assert UNION.credential(call) == "station-1"
    assert UNION.authenticate(call, ENDPOINT, now=kit.NOW) == {"scheme": "api-key", "key": "station-1"}


@pytest.mark.parametrize(
    "key", ["", "station-1", "station-1.", ".x", "station-1.wrong", "station-2.a-secret-for-tests"]
)
def test_another_key_is_refused(key: str) -> None:
    """No key, half a key, a wrong secret, another's id."""
    with pytest.raises(AccessRefused):
        UNION.authenticate(
            replace(request("mediation.DesignationAccept"), headers={"X-Api-Key": key}), ENDPOINT, now=kit.NOW
        )


def test_intake_and_revision_are_the_key() -> None:
    """A call is known by intakeNo and rev; it finds its process by the station's own number first."""
    draft = read("mediation.DesignationAccept")

    assert draft.native_key == "XGF-2026-0001/4"
    assert draft.refers[0] == ("UnionIntakeNumber", "XGF-2026-0001")
    assert draft.receiver == ""
    with pytest.raises(DialectRefused, match="rev"):
        read("mediation.DesignationAccept", rev=None)


def test_an_application_opens_a_review() -> None:
    """It names the institution and the station's application number, by which what follows is found; the intake finds the dispute."""
    draft = read("arbitration.ReviewApply", applicationNo="SQ-1", arbitrationCode="arbitration:t-hohhot")
    reply = read("arbitration.ReviewVerifyReply", applicationNo="SQ-1")

    assert (draft.flow, draft.receiver) == ("arbitration-review", "arbitration:t-hohhot")
    assert draft.refers[0] == ("UnionIntakeNumber", "XGF-2026-0001")
    assert draft.references == reply.refers == (("ApplicationNumber", "SQ-1"),)
    with pytest.raises(DialectRefused, match="arbitrationCode"):
        read("arbitration.ReviewApply", applicationNo="SQ-1", arbitrationCode="HHHT")


def test_a_correction_names_the_revision() -> None:
    """Kind CORRECT needs the revision that it corrects; time and person of the act come along."""
    draft = read(
        "mediation.DesignationAccept",
        kind="CORRECT",
        correctsRev="3",
        operator="T-OP",
        occurredAt="2026-03-04 09:30:00",
    )

    assert (draft.kind, draft.corrects, draft.actor) == ("correct", "XGF-2026-0001/3", "T-OP")
    assert draft.occurred_at is not None
    assert draft.occurred_at.isoformat() == "2026-03-04T09:30:00+08:00"


def test_files_come_along() -> None:
    """A file has type, bare name, media type by its suffix, bytes; without bytes, with an unknown key or a wrong size it is refused."""
    good = {"documentType": "D112", "fileName": "..\\协议.pdf", "content": "JVBERi0", "size": 5}
    draft = read("mediation.DesignationAccept", attachments=[good])

    assert draft.documents == (("D112", "协议.pdf", "application/pdf", b"%PDF-"),)
    for bad in ({"content": ""}, {"content": "%%"}, {"size": "9000"}, {"path": "x"}, {"documentType": "D999"}):
        with pytest.raises(DialectRefused):
            read("mediation.DesignationAccept", attachments=[good | bad])


def test_a_region_renames_fields_and_paths() -> None:
    """A region's file changes field names, codes and paths, both ways, without code."""
    region = {
        "fields": {"intakeNo": "registrationNo"},
        "codes": {"reject": {"A05": "BUSY_NOW"}},
        "paths": {"mediation.DesignationRequest": "/v2/cases"},
    }
    endpoint = kit.endpoint("union/rest", region=region)
    parcel = kit.parcel("mediation.DesignationRequest", payloads.all_payloads()["mediation.DesignationRequest"]())
    call = UNION.write(parcel, endpoint, KEYS, now=kit.NOW)
    body = {
        "registrationNo": "R-1",
        "rev": 1,
        "classification": "PUBLIC",
        "decidedAt": "2026-03-04 10:00",
        "reasonCode": "BUSY_NOW",
    }
    native = NativeRequest(
        method="POST", path="/mediation/reject", query="", headers={}, body=json_body.write_object(body)
    )
    draft = UNION.read(native, endpoint)

    assert call.url == "https://partner.invalid/api/v2/cases"
    assert draft.native_key == "R-1/1"
    assert draft.payload["CaseReference"] == {"UnionIntakeNumber": "R-1", "Classification": "public"}
    assert draft.payload["Reason"] == {"Code": "A05"}


def test_our_call_presents_the_stations_key() -> None:
    """The key that the station gave out is presented; its own intake number stands beside the message's; no key is a bad setting."""
    parcel = kit.parcel(
        "mediation.DesignationRequest",
        payloads.all_payloads()["mediation.DesignationRequest"](),
        numbers={"UnionIntakeNumber": "XGF-2026-0001"},
    )
    call = UNION.write(parcel, ENDPOINT, KEYS, now=kit.NOW)
    native = json.loads(call.body)

    assert call.url == "https://partner.invalid/api/intakes"
    assert dict(call.headers)["X-Api-Key"] == "gateway-1.presented-to-the-station"
    assert (native["messageNo"], native["stationIntakeNo"], native["disputeType"]) == (
        kit.MESSAGE_ID,
        "XGF-2026-0001",
        "25007",
    )
    with pytest.raises(SettingRefused, match="secret"):
        UNION.write(parcel, replace(ENDPOINT, secret=b""), KEYS, now=kit.NOW)


def test_answers_have_the_status_that_fits() -> None:
    """Success carries the ticket; a refusal its error code; our own trouble no detail."""
    taken = UNION.answer(None, kit.receipt(), ENDPOINT)
    conflict = UNION.answer(None, ClaimRefused("other bytes"), ENDPOINT)
    ours = UNION.answer(None, NodeError("password"), ENDPOINT)

    assert (taken.status, json.loads(taken.body)["ticketNo"]) == (200, kit.MESSAGE_ID)
    assert (conflict.status, json.loads(conflict.body)["errorCode"]) == (409, "CONFLICT")
    assert (ours.status, b"password" in ours.body) == (503, False)


@pytest.mark.parametrize(
    ("status", "body", "taken", "retryable", "code"),
    [
        (200, b'{"success":true,"ticketNo":"T1","intakeNo":"X1"}', True, False, ""),
        (200, b'{"success":"true"}', True, False, ""),
        (200, b'{"success":false,"errorCode":"DUPLICATE","ticketNo":"T1"}', True, False, "DUPLICATE"),
        (200, b'{"success":false,"errorCode":"UNKNOWN_DISPUTE_TYPE"}', False, False, "UNKNOWN_DISPUTE_TYPE"),
        (200, b'{"success":false,"errorCode":"BUSY"}', False, True, "BUSY"),
        (503, b"down", False, True, "503"),
        (401, b"", False, False, "401"),
    ],
)
def test_an_answer_means_what_it_says(status: int, body: bytes, *, taken: bool, retryable: bool, code: str) -> None:
    """The success flag and the error code decide; a duplicate was taken before."""
    outcome = UNION.read_outcome(status, {}, body, ENDPOINT)
    assert (outcome.taken, outcome.retryable, outcome.native_code) == (taken, retryable, code)
    assert outcome.repeated == (code == "DUPLICATE")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"ok":true}', b'{"success":"maybe"}'])
def test_an_answer_of_no_dialect_is_refused(body: bytes) -> None:
    """What has no success is not success."""
    with pytest.raises(DialectRefused):
        UNION.read_outcome(200, {}, body, ENDPOINT)


def test_canonical_sends_what_was_signed() -> None:
    """The envelope's bytes, or the receipt's, untouched; a token where the partner asks for one."""
    endpoint = replace(kit.endpoint("canonical/https"), secret=b"token")
    message = CANONICAL.write(kit.parcel("mediation.Progress", {}, raw=b"<E>\r\n</E>"), endpoint, KEYS, now=kit.NOW)
    receipt = CANONICAL.write(kit.parcel("mediation.Progress", {}, receipt=kit.receipt()), endpoint, KEYS, now=kit.NOW)

    assert (message.body, receipt.body) == (b"<E>\r\n</E>", b"<Receipt/>")
    assert dict(message.headers)["Authorization"] == "Bearer token"
    assert "mediation.Progress" in CANONICAL.receives
    assert "Progress" not in CANONICAL.receives


@pytest.mark.parametrize(
    ("status", "body", "taken", "retryable"),
    [
        (202, b"", True, False), (208, b"", True, False), (500, b"", False, True), (422, b"no", False, False), (404, b"<a", False, False),
        (200, b'<Receipt xmlns="urn:sct:receipt:1"><Kind>received</Kind></Receipt>', True, False),
        (200, b'<Receipt xmlns="urn:sct:receipt:1"><Kind>rejected</Kind></Receipt>', False, False),
    ],
)  # fmt: skip
def test_canonical_reads_status_and_receipt(status: int, body: bytes, *, taken: bool, retryable: bool) -> None:
    """2xx is taken unless a receipt in the body says no."""
    outcome = CANONICAL.read_outcome(status, {}, body, kit.endpoint("canonical/https"))
    assert (outcome.taken, outcome.retryable, outcome.repeated) == (taken, retryable, status == 208)


def test_canonical_takes_no_native_call() -> None:
    """Envelopes go to /v1/messages, where their signature is their credential; the refusal says so."""
    call = request("mediation.DesignationAccept")
    for attempt in (
        lambda: CANONICAL.credential(call),
        lambda: CANONICAL.authenticate(call, ENDPOINT, now=kit.NOW),
        lambda: CANONICAL.read(call, ENDPOINT),
    ):
        with pytest.raises((AccessRefused, DialectRefused), match="/v1/messages"):
            attempt()
