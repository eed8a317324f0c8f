"""Each profile's simulator as a process of its own, and its adapter, talk to each other both ways."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapters import ADAPTERS
from adapters.union.rest.simulator import OWN_DISPUTE_TYPE, UNKNOWN_DISPUTE_TYPE
from gateway.contract.codes import CodeBook
from gateway.errors import DialectRefused, PartnerUnreachable
from gateway.validate.catalogue import Catalogue, load_catalogue
from gateway.validate.rules import Rules
from tests import adapter_kit as kit
from tests import payloads
from tests.partner_systems import System, fresh_id, running

if TYPE_CHECKING:
    from gateway.model.payload import Payload
    from gateway.ports import Draft

ROOT = Path(__file__).resolve().parent.parent.parent
STATION_ACTS = {
    "accept": "DesignationAccept", "reject": "DesignationReject", "assign": "MediatorAssign", "change": "MediatorChange",
    "disclose": "Disclosure", "notify": "Notification", "progress": "Progress", "extend": "Extension", "suspend": "Suspension",
    "resume": "Resumption", "schedule": "SessionSchedule", "reply": "SessionReply", "identity": "SessionIdentity",
    "session": "SessionReport", "record": "SessionRecord", "minutes": "SessionMinutes", "onsite": "SessionSwitchOnsite",
    "success": "ResultSuccess", "fail": "ResultFail", "withdraw": "ResultWithdraw", "review-apply": "ReviewApply",
    "supplement-reply": "ReviewSupplementReply", "verify-reply": "ReviewVerifyReply", "review-withdraw": "ReviewWithdraw",
}  # fmt: skip
INSTITUTE_ACTS = {
    "supplement": "ReviewSupplement", "accept": "ReviewAccept", "refuse": "ReviewRefuse", "verify": "ReviewVerify",
    "extend": "ReviewExtend", "statement": "ReviewStatement", "not-issued": "ReviewNotIssued", "served": "ReviewServed",
    "close": "ReviewClose",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped schemas, compiled."""
    return load_catalogue(ROOT / "schemas")


@cache
def rules() -> Rules:
    """The shipped rules over the shipped code lists."""
    return Rules.load(ROOT / "contracts" / "rules.toml", CodeBook.load(ROOT / "contracts" / "codes"))


def valid(catalogue: Catalogue, draft: Draft) -> bool:
    """Whether a draft's payload is an instance of its message's schema, in an envelope as the flow makes one, and breaks no rule."""
    findings = rules().judge(draft.message_type, draft.payload, kit.header(draft.message_type))
    if any(finding.severity == "refuse" for finding in findings):
        return False
    from tests.unit.test_schemas import wrapped

    return catalogue.validate("envelope", wrapped(catalogue, draft.message_type, draft.payload)) == []


def of(system: System, outcome: dict[str, Any]) -> Draft:
    """The draft that an act became."""
    assert outcome["ok"], outcome
    return system.stub.drafts[outcome["key"]]


async def designated(system: System, number: int = 1, **changes: Any) -> Payload:
    """A station that has taken one designation."""
    payload = payloads.all_payloads()["mediation.DesignationRequest"](**changes)
    header = kit.header("mediation.DesignationRequest", message_id=fresh_id(number))
    outcome = await system.deliver("mediation.DesignationRequest", payload, header=header)
    assert outcome.taken, outcome
    return payload


async def taken(system: System, message_type: str, **changes: Any) -> bool:
    """Whether an answer means that a message was taken; one that is not of the dialect does not."""
    try:
        return (await system.deliver(message_type, {}, **changes)).taken
    except DialectRefused:
        return False


async def test_a_court_designates_acknowledges_and_closes(tmp_path: Path, catalogue: Catalogue) -> None:
    """Every act of the court's system is authenticated, read, and valid; its letter comes along; its numbers name the process."""
    async with running("court/platform", tmp_path) as system:
        drafts = [of(system, await system.act(action)) for action in ("designate", "ack", "close")]

    assert [draft.message_type.partition(".")[2] for draft in drafts] == [
        "DesignationRequest",
        "CourtAcknowledge",
        "CaseClose",
    ]
    assert all(valid(catalogue, draft) for draft in drafts)
    assert drafts[0].receiver == "union:t-station"
    assert [document[0] for document in drafts[0].documents] == ["D105", "D101"]
    assert drafts[1].refers[0] == drafts[0].references[0]


async def test_a_station_says_all_that_a_station_says(tmp_path: Path, catalogue: Catalogue) -> None:
    """Every act of the station's system is authenticated, read and valid, each with a revision of its own."""
    async with running("union/rest", tmp_path) as system:
        await designated(system)
        drafts = {action: of(system, await system.act(action)) for action in STATION_ACTS}

    assert {action: draft.message_type.partition(".")[2] for action, draft in drafts.items()} == STATION_ACTS
    assert [action for action, draft in drafts.items() if not valid(catalogue, draft)] == []
    assert len({draft.native_key for draft in drafts.values()}) == len(STATION_ACTS)
    assert drafts["review-apply"].receiver == "arbitration:t-hohhot"
    assert drafts["verify-reply"].refers == drafts["review-apply"].references


@pytest.mark.parametrize("encoding", ["GB18030", "UTF-8"])
async def test_an_institution_says_all_that_an_institution_says(
    tmp_path: Path, catalogue: Catalogue, encoding: str
) -> None:
    """Every act of the institution's system is authenticated, read and valid; its clauses are those of the application."""
    application = payloads.all_payloads()["arbitration.ReviewApply"]()
    async with running("arbitration/hrss", tmp_path, encoding=encoding) as system:
        outcome = await system.deliver("arbitration.ReviewApply", application)
        drafts = {action: of(system, await system.act(action)) for action in INSTITUTE_ACTS}

    assert outcome.references == drafts["accept"].refers[:1]
    assert {action: draft.message_type.partition(".")[2] for action, draft in drafts.items()} == INSTITUTE_ACTS
    assert [action for action, draft in drafts.items() if not valid(catalogue, draft)] == []
    agreed = application["Agreement"]
    assert isinstance(agreed, dict)
    assert drafts["statement"].payload["Clause"] == agreed["Clause"]


@pytest.mark.parametrize("profile", ["court/platform", "union/rest", "arbitration/hrss"])
async def test_every_message_is_taken_once(tmp_path: Path, profile: str) -> None:
    """Each message that a profile receives is taken; sent again, it is recognised and has no second effect."""
    adapter = ADAPTERS[profile]
    opening = {"union/rest": "mediation.DesignationRequest", "arbitration/hrss": "arbitration.ReviewApply"}.get(
        profile, ""
    )
    async with running(profile, tmp_path) as system:
        numbers = {}
        if profile == "court/platform":
            numbers = {"DesignationNumber": (await system.act("designate"))["number"]}
        for number, message in enumerate(sorted(adapter.receives, key=lambda name: name != opening)):
            parcel = {"header": kit.header(message, message_id=fresh_id(number)), "numbers": numbers}
            first = await system.deliver(message, payloads.all_payloads()[message](), **parcel)
            again = await system.deliver(message, payloads.all_payloads()[message](), **parcel)
            assert first.taken, (message, first)
            assert not first.repeated
            assert again.taken, (message, again)
            assert again.repeated
        effects = await system.effects()

    assert {message: row["count"] for message, row in effects["effects"].items()} == dict.fromkeys(adapter.receives, 1)


@pytest.mark.parametrize("profile", ["court/platform", "union/rest", "arbitration/hrss", "canonical/https"])
async def test_a_receipt_reaches_the_senders_system(tmp_path: Path, profile: str) -> None:
    """What became of an accepted message is carried in the sender's own dialect."""
    message = "mediation.DesignationRequest"
    receipt = kit.receipt("refused")
    if profile == "canonical/https":
        receipt = replace(receipt, xml=b'<Receipt xmlns="urn:sct:receipt:1"><Kind>refused</Kind></Receipt>')
    async with running(profile, tmp_path) as system:
        outcome = await system.deliver(message, payloads.all_payloads()[message](), receipt=receipt)
        effects = await system.effects()

    assert outcome.taken, outcome
    assert list(effects["effects"]) == ["receipt"]


async def test_the_envelope_goes_as_it_was_signed(tmp_path: Path) -> None:
    """canonical/https: the bytes that arrive are the bytes that were signed; the second time is a repetition."""
    raw = (
        '<Envelope xmlns="urn:sct:envelope:1"><Header><MessageId>m-1</MessageId><ConversationId>c-1</ConversationId>'
        "<MessageType>mediation.Progress</MessageType></Header></Envelope>"
    )
    async with running("canonical/https", tmp_path, token="") as system:
        outcomes = [await system.deliver("mediation.Progress", {}, raw=raw.encode()) for _ in range(2)]
        effects = await system.effects()

    assert [outcome.taken for outcome in outcomes] == [True, True]
    assert [outcome.repeated for outcome in outcomes] == [False, True]
    assert effects["rows"][0]["native"] == {"xml": raw}
    assert effects["rows"][0]["calls"] == 2


async def test_a_region_without_a_code_is_mended_by_its_table(tmp_path: Path) -> None:
    """The station's system does not know the profile's number of one cause; the region's entry mends it, the same message is taken."""
    cause: Payload = {"@version": "2025", "#text": "205(6)"}
    payload = payloads.all_payloads()["mediation.DesignationRequest"]()
    intake = payload["Intake"]
    assert isinstance(intake, dict)
    payload["Intake"] = {**intake, "Cause": cause}
    async with running("union/rest", tmp_path) as system:
        before = await system.deliver("mediation.DesignationRequest", payload)
        region = {"codes": {"disputeType": {"2025:205(6)": OWN_DISPUTE_TYPE}}}
        system.endpoint = replace(system.endpoint, settings={**system.endpoint.settings, "region": region})
        after = await system.deliver("mediation.DesignationRequest", payload)
        effects = await system.effects()

    assert (before.taken, before.native_code) == (False, "UNKNOWN_DISPUTE_TYPE")
    assert UNKNOWN_DISPUTE_TYPE in before.native_text
    assert after.taken
    assert effects["rows"][0]["native"]["disputeType"] == OWN_DISPUTE_TYPE


@pytest.mark.parametrize("profile", ["court/platform", "union/rest", "arbitration/hrss"])
async def test_a_misbehaving_system_is_understood(tmp_path: Path, profile: str) -> None:
    """Down and failing are retried, a wrong code is a refusal, a page or garbage is never taken for success, silence is no answer."""
    message = "mediation.DesignationRequest"
    receipt = {"receipt": kit.receipt("expired")}
    async with running(profile, tmp_path) as system:
        await system.mode(down=True)
        down = await system.deliver(message, {}, **receipt)
        await system.mode(wrong="code")
        code = await system.deliver(message, {}, **receipt)
        for wrong in ("html", "garbage"):
            await system.mode(wrong=wrong)
            assert not await taken(system, message, **receipt)
        await system.mode(drop_answer=1)
        with pytest.raises(PartnerUnreachable):
            await system.deliver(message, {}, **receipt)
        after = await system.deliver(message, {}, **receipt)
        effects = await system.effects()

    assert (down.taken, down.retryable) == (False, True)
    assert (code.taken, code.retryable) == (False, False)
    assert after.taken
    assert effects["total"] == 1


async def test_a_duplicate_native_call_has_the_same_key(tmp_path: Path) -> None:
    """A system that sends twice sends the same key, and gets the same answer."""
    async with running("court/platform", tmp_path) as system:
        await system.mode(duplicate=True)
        outcome = await system.act("designate")

    assert outcome["same"]
    assert system.stub.calls == 2
    assert len(system.stub.drafts) == 1


async def test_books_outlive_the_process(tmp_path: Path) -> None:
    """After kill -9 the system knows its cases, its numbers go on, and what it took is still taken once."""
    async with running("union/rest", tmp_path) as system:
        await designated(system)
        await system.restart()
        await designated(system)
        first = of(system, await system.act("accept"))
        await system.restart()
        second = of(system, await system.act("assign"))
        effects = await system.effects()

    assert effects["effects"]["mediation.DesignationRequest"] == {"count": 1, "calls": 2}
    assert (first.native_key, second.native_key) == ("XGF-2026-0001/1", "XGF-2026-0001/2")


async def test_a_stranger_is_refused(tmp_path: Path) -> None:
    """A system takes nothing that our key did not sign or present."""
    async with running("court/platform", tmp_path) as system:
        system.endpoint = replace(system.endpoint, secret=kit.private_pem(kit.rsa_key("stranger")))
        refused = await system.deliver("mediation.Progress", payloads.all_payloads()["mediation.Progress"]())
        effects = await system.effects()

    assert (refused.taken, refused.native_code) == (False, "4010")
    assert effects["total"] == 0


async def test_a_broken_number_can_be_asked_for(tmp_path: Path) -> None:
    """A test can make the court's system send what the rules refuse: the data of an act replace single values."""
    async with running("court/platform", tmp_path) as system:
        draft = of(system, await system.act("designate", worker_id="150102199001010010"))
        odd = await system.act("designate", overrides={"GGZD": "1"})

    parties = draft.payload["Party"]
    assert isinstance(parties, list)
    assert isinstance(parties[0], dict)
    assert parties[0]["IdNumber"] == "150102199001010010"
    assert not odd["ok"]
    assert "GGZD" in odd["answer"]
