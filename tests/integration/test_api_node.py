"""What the node answers about itself over HTTP: tokens, roles, inbox, failures and replays, endpoints, deadlines, health."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.api.access import MAY
from gateway.model.payload import Payload
from tests import payloads
from tests.api_server import BOUND, ROLES, Api, secret_of, served, token
from tests.federation import COURT, STATION
from tests.story import MEDIATION, Case, new_case

FIRST = "mediation.DesignationRequest"
NONE = "0" * 64
#: One call for each action of the table.
CALLS = {
    "read": ("GET", "/v1/messages"),
    "read-body": ("GET", f"/v1/messages/{NONE}/raw"),
    "read-access": ("GET", "/v1/conversations/none/access"),
    "attach": ("PUT", f"/v1/attachments/{NONE}"),
    "inbox": ("GET", "/v1/inbox"),
    "failures": ("GET", "/v1/failures"),
    "replay": ("POST", "/v1/replays/none/run"),
    "approve": ("POST", "/v1/replays/none/approve"),
    "registry": ("GET", "/v1/participants"),
    "endpoints": ("GET", "/v1/endpoints"),
    "endpoints-write": ("PUT", "/v1/endpoints/union:t-nobody"),
    "switch": ("POST", "/v1/endpoints/union:t-nobody/pause"),
    "metrics": ("GET", "/metrics"),
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served(tmp_path) as found:
        yield found


async def told(api: Api, count: int = 1) -> Case:
    """A dispute between court and station that has begun."""
    case = new_case(api.made)
    await case.tell(MEDIATION[:count])
    return case


async def test_each_role_may_do_what_the_table_says(api: Api) -> None:
    """Every action of the table with every role: 403 ACC-003 exactly where the table has no such pair."""
    assert set(CALLS) == set(MAY)
    for action, (method, path) in CALLS.items():
        for who in (*ROLES, "station"):
            answer = await api.call(method, path, who=who, **_body(method))
            role = "participant" if who in BOUND else who
            assert (answer.code != "ACC-003") == (role in MAY[action]), (action, who, answer.status, answer.code)
            assert answer.status < 500, (action, who)


async def test_no_call_is_made_without_a_token_that_holds(api: Api) -> None:
    """401 without, with an unknown, an expired or a revoked token, and another scheme; health, description and WSDL alone are open."""
    ledger, now = api.application.services, api.application.services.node.clock.now_us()
    await ledger.keep(
        "token.new",
        token("late", role="viewer", now_us=now, expires_us=now),
        token("gone", role="viewer", now_us=now, revoked_us=now),
        token("loose", role="participant", now_us=now),
    )
    for method, path in CALLS.values():
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {secret_of('viewer')}"}):
            answer = await api.call(method, path, headers=headers, **_body(method))
            assert (answer.status, answer.code) == (401, "ACC-001"), path
            assert answer.headers["www-authenticate"] == "Bearer"
    assert [(await api.get("/v1/messages", who=who)).code for who in ("late", "gone")] == ["ACC-002", "ACC-002"]
    assert (await api.get("/v1/messages", who="loose")).code == "ACC-003"
    assert [(await api.get(path)).status for path in ("/healthz", "/openapi.json")] == [200, 200]


async def test_a_revocation_works_within_five_seconds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was believed is asked for again once five seconds have passed, and is refused."""
    assert (await api.get("/v1/messages", who="viewer")).status == 200
    digest = hashlib.sha256(secret_of("viewer").encode()).hexdigest()
    row = await api.application.services.node.ledger.token(digest)
    assert row is not None
    await api.application.services.keep("token.revoke", replace(row, revoked_us=1))
    monkeypatch.setattr("gateway.api.access._BELIEVED_S", 0.0)

    assert (await api.get("/v1/messages", who="viewer")).code == "ACC-002"


async def test_a_participant_pulls_and_confirms(api: Api) -> None:
    """What waits is listed for its receiver alone; `confirm` ends the delivery as `retrieved`, once."""
    case = new_case(api.made)
    await case.offer(FIRST)
    await api.made.settle()
    waiting = (await api.get("/v1/inbox", who="station")).json
    raw = await api.get(f"/v1/messages/{case.sent[FIRST]}/raw", who="station")
    path = f"/v1/inbox/{case.sent[FIRST]}/confirm"
    strange = await api.call("POST", path, who="court")
    confirmed = await api.call("POST", path, who="station")
    again = await api.call("POST", path, who="station")

    assert [(one["message_id"], one["part"]) for one in waiting] == [(case.sent[FIRST], "message")]
    assert (await api.get("/v1/inbox", who="stranger")).json == []
    assert raw.status == 200
    assert strange.code == again.code == "REQ-404"
    assert (confirmed.status, confirmed.json["word"]) == (200, "retrieved")
    shown = (await api.get(f"/v1/messages/{case.sent[FIRST]}", who="court")).json
    assert shown["word"] == "retrieved"


async def test_who_looked_is_a_fact(api: Api) -> None:
    """Each view of bytes, by message or attachment, is in the access stream: who, why, what; a refused view is not."""
    case = await told(api)
    path = f"/v1/messages/{case.sent[FIRST]}/raw"
    await api.get(f"{path}?why=complaint", who="auditor")
    await api.get(path, who="viewer")
    await api.get(path, who="stranger")
    digest = hashlib.sha256(b"test").hexdigest()
    await api.get(f"/v1/attachments/{digest}", who="station")
    seen = (await api.get(f"/v1/conversations/{case.conversation_id}/access", who="auditor")).json

    assert [(one["actor"], one["detail"]["why"]) for one in seen] == [
        ("test-auditor", "complaint"),
        ("test-station", "download"),
    ]
    assert seen[0]["detail"]["what"] == f"raw/{case.sent[FIRST]}"


async def test_failures_are_grouped_and_replays_refuse_what_is_not_there(api: Api) -> None:
    """Groups by cause, their members without bytes or answers; no plan over nothing, no step of a replay that is not here."""
    case = new_case(api.made)
    case.sent[FIRST] = (header := await case.header(FIRST)).message_id
    await api.submit(api.made.envelope(header, _wrong()))
    [group] = (await api.get("/v1/failures?stage=submit", who="viewer")).json
    [member] = (await api.get(f"/v1/failures/{group['fingerprint']}", who="viewer")).json
    unnamed = await api.call("POST", "/v1/replays", who="operator", json={"reason": "test", "fingerprint": NONE})
    nameless = await api.call("POST", "/v1/replays", who="operator", json={"reason": ""})

    assert (group["count"], group["participant"]) == (1, COURT)
    assert (member["message_id"], "original" in member, "answer" in member["detail"]) == (
        case.sent[FIRST],
        False,
        False,
    )
    assert (unnamed.status, unnamed.code) == (409, "REQ-410")
    assert nameless.code == "REQ-001"
    for method, path in (("GET", "/v1/replays/none"), ("POST", "/v1/replays/none/run"), ("POST", "/v1/replays/none/pause"),
                         ("POST", "/v1/replays/none/cancel"), ("POST", "/v1/replays/none/resume")):  # fmt: skip
        assert (await api.call(method, path, who="operator")).code == "REQ-404", path
    assert (await api.call("POST", "/v1/replays/none/approve", who="approver")).code == "REQ-404"


async def test_a_partner_that_cannot_be_reached_is_shown(api: Api) -> None:
    """A delivery whose partner cannot be reached stays due with its attempt counted, and the endpoint shows the failure."""
    await _endpoint(api, url="http://127.0.0.1:9/")
    case = new_case(api.made)
    await case.offer(FIRST)
    await api.made.settle()
    delivery = (await api.get(f"/v1/messages/{case.sent[FIRST]}", who="viewer")).json["deliveries"][0]

    assert (delivery["state"], delivery["attempts"]) == ("due", 1)
    [shown] = (await api.get("/v1/endpoints", who="admin")).json
    assert (shown["failures"], shown["secret"]) == (1, "set")


async def test_the_kill_switch_holds_deliveries(api: Api) -> None:
    """A paused endpoint gets nothing; after `resume` what waited is tried. Its secret is never shown."""
    await _endpoint(api, url="http://127.0.0.1:9/")
    paused = await api.call("POST", f"/v1/endpoints/{STATION}/pause", who="operator")
    case = new_case(api.made)
    await case.offer(FIRST)
    await api.made.settle()
    message = f"/v1/messages/{case.sent[FIRST]}"
    held = (await api.get(message, who="viewer")).json["deliveries"][0]
    resumed = await api.call("POST", f"/v1/endpoints/{STATION}/resume", who="operator")
    await api.made.settle()
    tried = (await api.get(message, who="viewer")).json["deliveries"][0]

    assert (paused.json["paused"], resumed.json["paused"]) == (True, False)
    assert (held["attempts"], tried["attempts"]) == (0, 1)
    assert b"open-sesame" not in paused.body + resumed.body + (await api.get("/v1/endpoints", who="admin")).body
    assert (await api.call("POST", "/v1/endpoints/union:t-nobody/pause", who="operator")).code == "REQ-404"


async def test_an_endpoint_is_set_only_as_it_can_work(api: Api) -> None:
    """A known dialect, a local participant, an http(s) address, settings that are plain JSON; everything else is a 4xx with its code."""
    good = {"profile": "canonical/https", "url": "http://127.0.0.1:9/", "settings": {"path": "/in"}}
    path = f"/v1/endpoints/{STATION}"

    assert (await api.call("PUT", path, who="admin", json=good)).json["settings"] == {"path": "/in"}
    changes: list[dict[str, Any]] = [
        {"profile": "court/fax"},
        {"url": "file:///etc/passwd"},
        {"settings": {"a": 2**70}},
        {"url": "http://a b/"},
        {"profile": "canonical/https\x00"},
        {"settings": []},
    ]
    for change in changes:
        answer = await api.call("PUT", path, who="admin", json={**good, **change})
        assert (answer.status, answer.code) == (400, "REQ-001"), change
    assert (await api.call("PUT", "/v1/endpoints/union:t-nobody", who="admin", json=good)).code == "REQ-404"


async def test_deadlines_are_listed_nearest_first(api: Api) -> None:
    """All to operators, filtered by time and dispute; to a participant those of its own dispute."""
    case = await told(api, 2)
    found = (await api.get("/v1/deadlines", who="viewer")).json
    own = await api.get(f"/v1/deadlines?conversation={case.conversation_id}", who="station")

    assert [one["timer"] for one in found] == ["T-ASK", "T-MED30"]
    assert own.json == found
    assert (await api.get(f"/v1/deadlines?before={found[1]['due_us']}", who="viewer")).json == found[:1]
    assert (await api.get("/v1/deadlines", who="station")).code == "REQ-420"
    assert (await api.get("/v1/deadlines?state=fired", who="viewer")).json == []


async def test_registry_and_health(api: Api) -> None:
    """Participants and certificate windows without keys; ready says ready; metrics are counted; health says nothing else."""
    await told(api)
    participants = (await api.get("/v1/participants", who="viewer")).json
    certificates = (await api.get("/v1/certificates", who="viewer")).json

    assert [one["id"] for one in participants] == sorted(one["id"] for one in participants)
    assert COURT in [one["id"] for one in participants]
    assert {"node:local", COURT, STATION} <= {one["subject"] for one in certificates}
    assert (await api.get("/readyz", who="viewer")).json == {"status": "ready", "node": "node:local"}
    assert b"sct_submit_total" in (await api.get("/metrics", who="viewer")).body
    assert (await api.get("/healthz")).json == {"status": "ok"}


def _body(method: str) -> dict[str, Any]:
    return {"json": {"profile": "canonical/https"}} if method == "PUT" else {}


def _wrong() -> Payload:
    """A designation whose applicant has a number with a wrong check digit."""
    payload = payloads.all_payloads()[FIRST]()
    payload["Party"][0]["IdNumber"] = "150102199001010018"  # type: ignore[index,call-overload]  # plain data
    return payload


async def _endpoint(api: Api, *, url: str) -> None:
    body = {"profile": "canonical/https", "url": url, "secret": "open-sesame"}
    answer = await api.call("PUT", f"/v1/endpoints/{STATION}", who="admin", json=body)
    assert (answer.status, answer.json["secret"]) == (200, "set")
