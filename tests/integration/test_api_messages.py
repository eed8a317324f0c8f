"""Messages over HTTP: submitted once, found again, seen by those alone whom they concern."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.signing import receipts
from tests import payloads
from tests.api_server import Api, served
from tests.federation import COURT, STATION
from tests.story import MEDIATION, REVIEW, Case, new_case

FIRST = "mediation.DesignationRequest"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served(tmp_path) as found:
        yield found


async def envelope(api: Api, case: Case, **changes: object) -> bytes:
    """A signed designation that nobody has seen."""
    header = await case.header(FIRST, **changes)
    case.sent[FIRST] = header.message_id
    return api.made.envelope(header, payloads.all_payloads()[FIRST]())


async def told(api: Api, count: int = 2) -> Case:
    """A dispute between court and station that has begun."""
    case = new_case(api.made)
    await case.tell(MEDIATION[:count])
    return case


async def test_the_same_message_gets_the_same_receipt(api: Api) -> None:
    """202 and a signed `accepted`; again, and 50 times at once, the same bytes; one fact is kept."""
    case = new_case(api.made)
    raw = await envelope(api, case)

    first = await api.submit(raw)
    again = await asyncio.gather(*(api.submit(raw) for _ in range(50)))

    assert (first.status, first.headers["content-type"]) == (202, "application/xml")
    receipt = receipts.read(first.body)
    assert (receipt.kind, receipt.message_id) == ("accepted", case.sent[FIRST])
    assert {(one.status, one.body) for one in again} == {(202, first.body)}
    facts = await api.application.services.node.ledger.facts(case.conversation_id)
    assert [fact.kind for fact in facts if fact.stage == "submit"] == ["accepted"]


async def test_fifty_first_submissions_at_once_are_one(api: Api) -> None:
    """A message that arrives 50 times before the first is answered is one message with one receipt."""
    case = new_case(api.made)
    raw = await envelope(api, case)

    answers = await asyncio.gather(*(api.submit(raw) for _ in range(50)))

    assert len({(one.status, one.body) for one in answers}) == 1
    assert answers[0].status == 202
    assert len(await api.application.services.node.ledger.messages_of(case.conversation_id)) == 1


async def test_refusals_are_signed_and_carry_their_status(api: Api) -> None:
    """403 signature, 409 other bytes under the id, 422 rule, 400 unreadable: `rejected` receipts, problem+json where asked for."""
    case = new_case(api.made)
    raw = await envelope(api, case)
    await api.submit(raw)
    forged = await api.submit(raw.replace("测试甲".encode(), "测试戊".encode()))
    header = await case.header(FIRST, message_id=case.sent[FIRST], priority="urgent")
    other = await api.submit(api.made.envelope(header, payloads.all_payloads()[FIRST]()))
    late = await case.header("mediation.MediatorAssign")
    step = await api.submit(api.made.envelope(late, payloads.all_payloads()["mediation.MediatorAssign"]()))
    unreadable = await api.submit(b"<Envelope>")
    asked = await api.submit(raw.replace(b"normal", b"urgent"), accept="application/problem+json")

    assert [(one.status, one.code) for one in (forged, other)] == [(403, "SIG-005"), (409, "CLM-001")]
    assert (step.status, step.code[:4]) == (409, "FLW-")
    assert (unreadable.status, unreadable.headers["content-type"]) == (400, "application/problem+json")
    assert {receipts.read(one.body).kind for one in (forged, other, step)} == {"rejected"}
    assert (asked.status, asked.json["code"], bool(asked.json["mend_zh"])) == (403, "SIG-005", True)


async def test_a_broken_rule_says_where_and_what_to_do(api: Api) -> None:
    """422 with XPath, line, text and mend in both languages, in the receipt and in the problem document alike."""
    case = new_case(api.made)
    header = await case.header(FIRST)
    payload = payloads.all_payloads()[FIRST]()
    payload["Party"][0]["IdNumber"] = "150102199001010018"  # type: ignore[index,call-overload]  # plain data
    answer = await api.submit(api.made.envelope(header, payload), accept="application/problem+json")

    assert answer.status == 422
    [finding] = [one for one in answer.json["findings"] if one["severity"] == "refuse"]
    assert finding["code"].startswith("RUL-")
    assert finding["xpath"].endswith("IdNumber")
    assert all(finding[name] for name in ("line", "text", "text_zh", "mend", "mend_zh"))


async def test_trace_context_is_followed(api: Api) -> None:
    """The trace id that came goes on with a span of our own; without one a trace begins here."""
    came = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    followed = await api.call("GET", "/healthz", headers={"traceparent": came})
    begun = await api.call("GET", "/healthz", headers={"traceparent": "00-zz"})

    assert followed.headers["traceparent"].split("-")[1] == came.split("-")[1]
    assert followed.headers["traceparent"].split("-")[2] != came.split("-")[2]
    assert len(begun.headers["traceparent"].split("-")[1]) == 32


async def test_pages_hold_every_message_once(api: Api) -> None:
    """Keyset pages of two show all messages, newest first, none twice; the last page names no next."""
    case = await told(api, 5)
    seen: list[str] = []
    cursor = ""
    for _ in range(5):
        page = (await api.get(f"/v1/messages?limit=2&cursor={cursor}", who="viewer")).json
        seen += [one["message_id"] for one in page["messages"]]
        cursor = page["next"]
        if not cursor:
            break

    assert sorted(seen) == sorted(case.sent.values())
    assert len(seen) == len(set(seen)) == 5
    assert cursor == ""


async def test_a_search_finds_by_what_it_is_told(api: Api) -> None:
    """Type, word, state, participant, time and any spelling of a case number; what does not hold finds nothing."""
    case = await told(api)
    newest = case.sent["mediation.DesignationAccept"]

    for query in ("type=mediation.DesignationAccept", f"participant={STATION}", "word=retrieved", "from=0",
                  "state=accepted", "case=(2026)内0102诉前调595号"):  # fmt: skip
        found = (await api.get(f"/v1/messages?{query}", who="viewer")).json["messages"]
        assert newest in [one["message_id"] for one in found], query
    for query in ("type=mediation.CaseClose", "participant=union:t-nobody", "to=1", "case=()", "state=closed"):
        assert (await api.get(f"/v1/messages?{query}", who="viewer")).json["messages"] == [], query


async def test_a_message_its_bytes_and_its_receipts(api: Api) -> None:
    """One message with its deliveries, its bytes as they came, its signed receipts; a strange id is not found."""
    case = await told(api, 1)
    message_id = case.sent[FIRST]
    shown = await api.get(f"/v1/messages/{message_id}", who="viewer")
    raw = await api.get(f"/v1/messages/{message_id}/raw?why=check", who="auditor")
    held = await api.get(f"/v1/messages/{message_id}/receipts", who="viewer")

    assert (shown.json["word"], shown.json["sender"]) == ("retrieved", COURT)
    assert [(one["endpoint"], one["state"]) for one in shown.json["deliveries"]] == [(STATION, "delivered")]
    [kept] = await api.application.services.node.ledger.find_message(message_id)
    assert (raw.status, raw.body) == (200, kept.raw)
    assert {one["kind"] for one in held.json} == {"accepted", "received", "retrieved"}
    assert all(receipts.read(one["xml"].encode()).message_id == message_id for one in held.json)
    for path in ("", "/raw", "/receipts"):
        assert (await api.get(f"/v1/messages/{case.process_id}{path}", who="auditor")).code == "REQ-404", path


async def test_a_trace_is_whole_and_says_what_comes_next(api: Api) -> None:
    """By message, conversation and number the same trace: facts in order, whose turn, until when, what may come."""
    case = await told(api)
    by = [f"conversation={case.conversation_id}", f"message={case.sent[FIRST]}", "case=(2026)内0102诉前调595号"]
    found = [(await api.get(f"/v1/trace?{query}", who="viewer")).json for query in by]
    conversation = (await api.get(f"/v1/conversations/{case.conversation_id}", who="viewer")).json

    assert found[0] == found[1] == found[2]
    assert found[0] == (await api.get(f"/v1/conversations/{case.conversation_id}/trace", who="viewer")).json
    assert found[0]["chain"] == "holds"
    assert [fact["seq"] for fact in found[0]["facts"]] == list(range(1, len(found[0]["facts"]) + 1))
    [process] = conversation["processes"]
    assert (process["state"], process["turn"]) == ("accepted", STATION)
    assert process["next"]["mediation.MediatorAssign"] == STATION
    assert {one["timer"] for one in process["deadlines"]} == {"T-MED30", "T-ASK"}
    assert (await api.get("/v1/trace", who="viewer")).code == "REQ-420"
    assert (await api.get("/v1/trace?case=nothing", who="viewer")).status == 404


async def test_a_participant_sees_its_own_alone(api: Api) -> None:
    """Of a dispute whose second half is none of the court's, the court's token sees the first; a stranger's sees nothing."""
    case = await told(api, len(MEDIATION))
    review = new_case(api.made, conversation_id=case.conversation_id)
    await review.tell(REVIEW[:1])
    own, foreign = case.sent[FIRST], review.sent["arbitration.ReviewApply"]
    trace = f"/v1/conversations/{case.conversation_id}/trace"
    whole, station, court = [(await api.get(trace, who=who)).json for who in ("viewer", "station", "court")]

    assert whole == station
    assert {one["message_id"] for one in court["messages"]} == set(case.sent.values())
    assert [one["process_id"] for one in court["processes"]] == [case.process_id]
    assert not any(foreign in str(court[part]) for part in ("facts", "receipts", "deliveries", "failures"))
    assert (await api.get(f"/v1/messages/{own}", who="court")).status == 200
    assert (await api.get(f"/v1/messages/{foreign}", who="court")).code == "REQ-404"
    for path in (trace, f"/v1/messages/{own}", f"/v1/messages/{own}/raw", f"/v1/messages/{own}/receipts",
                 f"/v1/conversations/{case.conversation_id}", f"/v1/trace?message={own}",
                 f"/v1/deadlines?conversation={case.conversation_id}"):  # fmt: skip
        assert (await api.get(path, who="stranger")).code == "REQ-404", path
    assert (await api.get(f"/v1/messages?participant={COURT}", who="stranger")).json["messages"] == []
