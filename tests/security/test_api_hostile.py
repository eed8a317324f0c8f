"""Whatever a stranger sends over HTTP: a 4xx with a code, bounded memory, and never a 5xx."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from tests.api_server import Api, secret_of, served

LIMIT = 1_000_000
MORE_MB = 50
#: Hostile documents, and what each is refused with.
BOMBS = {
    "laughs": (
        b'<!DOCTYPE a [<!ENTITY b "'
        + b"x" * 1000
        + b'"><!ENTITY c "'
        + b"&b;" * 1000
        + b'">]><a>'
        + b"&c;" * 1000
        + b"</a>",
        "ENV-003",
    ),
    "external": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "ENV-003"),
    "parameter": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', "ENV-003"),
    "deep": (b"<a>" * 100_000 + b"</a>" * 100_000, "ENV-008"),
    "attributes": (b"<a " + b" ".join(b'b%d=""' % n for n in range(50_000)) + b"/>", "ENV-009"),
    "empty": (b"", "ENV-001"),
    "binary": (bytes(range(256)) * 100, "ENV-001"),
    "json": (b'{"a": 1}', "ENV-001"),
    "half": (b"<Envelope xmlns='urn:sct:envelope:1'", "ENV-001"),
    "gzip": (b"\x1f\x8b\x08\x00" + bytes(1000), "ENV-001"),
}
#: Paths that take texts from the address.
PATHS = ("/v1/messages/{}", "/v1/messages/{}/raw", "/v1/messages/{}/receipts", "/v1/conversations/{}", "/v1/failures/{}",
         "/v1/replays/{}", "/v1/attachments/{}", "/v1/messages?case={}", "/v1/messages?cursor={}", "/v1/messages?from={}",
         "/v1/messages?limit={}", "/v1/trace?case={}", "/v1/deadlines?before={}", "/v1/failures?stage={}", "/adapters/{}/x?wsdl",
         "/adapters/court/platform/{}")  # fmt: skip
RAW = (b"%00", b"%ff%fe", b"..%2f..%2fetc%2fpasswd", b"%ed%a0%80", b"9" * 400, b"-1", b"9223372036854775808", b"'%20OR%201=1--",
       b"%0d%0aset-cookie:a=b", b"x" * 8000, b"NaN", b"%F0%9F%92%A3")  # fmt: skip


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served(tmp_path) as found:
        yield found


async def raw_call(api: Api, request: bytes) -> int:
    """The status of a request that no client would write; 0 where the connection is closed without one."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        line = await asyncio.wait_for(reader.readline(), 10)
    except (ConnectionError, TimeoutError):
        line = b""
    finally:
        writer.close()
    return int(line.split()[1]) if line.startswith(b"HTTP/") else 0


@pytest.mark.parametrize("kind", BOMBS)
async def test_a_bomb_is_refused_small(kind: str, api: Api) -> None:
    """Entities, DTDs, depth, attributes and what is no XML: 400 with its code, under 50 MB of memory."""
    raw, code = BOMBS[kind]
    gc.collect()
    before = psutil.Process().memory_info().rss
    answers = [await api.submit(raw) for _ in range(5)]

    assert {(one.status, one.code) for one in answers} == {(400, code)}
    assert b"root:" not in answers[0].body
    assert (psutil.Process().memory_info().rss - before) >> 20 < MORE_MB


async def test_what_is_too_large_is_not_read(api: Api) -> None:
    """413 past the limit, declared or in chunks without a length, for envelopes and for JSON; never held as a whole."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(LIMIT)

    before = psutil.Process().memory_info().rss
    json = {"content-type": "application/json"}
    answers = [
        await api.call("POST", "/v1/messages", data=bytes(LIMIT + 1)),
        await api.call("POST", "/v1/messages", data=chunks()),
        await api.call("POST", "/v1/replays", who="operator", data=b" " * (LIMIT + 1), headers=json),
        await api.call("POST", "/v1/replays", who="operator", data=chunks(), headers=json),
    ]

    assert [(one.status, one.code) for one in answers] == [(413, "ENV-002")] * 2 + [(413, "REQ-413")] * 2
    assert (psutil.Process().memory_info().rss - before) >> 20 < MORE_MB


async def test_wrong_content_is_named(api: Api) -> None:
    """Another media type is 415; JSON that is none, deep, or of the wrong shape is 400; a wrong method is 405; all problem documents."""
    replay = ("POST", "/v1/replays")
    form = await api.call("POST", "/v1/messages", data=b"<a/>", headers={"content-type": "text/plain"})
    bodies = [
        b"{",
        b"[" * 50_000,
        b"[]",
        b'{"reason": 1}',
        b'{"reason": "\\ud800"}',
        b'{"reason": "a\\u0000"}',
        b"\xff",
    ]
    broken = [
        await api.call(*replay, who="operator", data=body, headers={"content-type": "application/json"})
        for body in bodies
    ]
    method = await api.call("DELETE", "/v1/participants", who="admin")

    assert (form.status, form.code) == (415, "REQ-415")
    assert {(one.status, one.code) for one in broken} == {(400, "REQ-001")}
    assert (method.status, method.code, method.headers["allow"]) == (405, "REQ-406", "GET")
    assert {one.headers["content-type"] for one in (form, method, *broken)} == {"application/problem+json"}


async def test_smuggled_and_broken_requests(api: Api) -> None:
    """Two lengths, length beside chunks, line breaks in headers, no HTTP at all: refused or cut off, and the next caller is served."""
    head = b"POST /v1/messages HTTP/1.1\r\nHost: a\r\n"
    requests = [
        head + b"Content-Length: 4\r\nContent-Length: 9\r\n\r\n<a/>",
        head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        head + b"Content-Length: -1\r\n\r\n",
        head + b"Content-Length: 99999999999999999999999\r\n\r\n",
        head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b'GET /healthz HTTP/1.1\r\nHost: "><x>\r\ntraceparent: \xff\r\n\r\n',
        b"\x16\x03\x01" + bytes(200),
    ]
    statuses = [await raw_call(api, request) for request in requests]

    assert all(status < HTTPStatus.INTERNAL_SERVER_ERROR for status in statuses), statuses
    assert (await api.get("/healthz")).status == HTTPStatus.OK


async def test_hostile_words_in_addresses(api: Api) -> None:
    """NUL, no UTF-8, surrogates, traversal, overflow, injection in every path and query: an answer under 500, for every role."""
    for path in PATHS:
        for word in RAW:
            for who in ("auditor", "station"):
                request = (
                    b"GET " + path.encode().replace(b"{}", word) + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                )
                status = await raw_call(api, request + f"Authorization: Bearer {secret_of(who)}\r\n\r\n".encode())
                assert 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR, (path, word, who, status)


async def test_documents_of_chance(api: Api) -> None:
    """Any bytes and any pieces of XML as an envelope: never accepted, never a 5xx."""
    loop = asyncio.get_running_loop()
    pieces = st.lists(st.sampled_from(["<Envelope xmlns='urn:sct:envelope:1' version='1.0'>", "<Header>", "</Header>", "<Payload/>",
                                       "</Envelope>", "&#0;", "<![CDATA[", "]]>", "<?x?>", "\ufeff", "甲"]), max_size=12)  # fmt: skip
    seen: list[int] = []

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.one_of(st.binary(max_size=300), pieces.map(lambda parts: "".join(parts).encode())))
    def offered(raw: bytes) -> None:
        seen.append(asyncio.run_coroutine_threadsafe(api.submit(raw), loop).result(30).status)

    await asyncio.to_thread(offered)
    assert len(seen) >= 100
    assert all(HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR for status in seen)


async def test_every_described_call_answers_as_described(api: Api) -> None:
    """Schemathesis over /openapi.json, with a token: no 5xx, and every answer has a described status, type and shape."""
    found = await asyncio.to_thread(schemathesis.openapi.from_url, f"{api.url}/openapi.json")
    done: list[str] = []

    def every_operation(role: str) -> None:
        for result in found.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()

            @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
            @given(case=operation.as_strategy())
            def called(case: schemathesis.Case[Any]) -> None:
                response = case.call(headers={"authorization": f"Bearer {secret_of(role)}"}, timeout=30)
                assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, case.as_curl_command()
                if response.status_code < HTTPStatus.BAD_REQUEST:
                    case.operation.validate_response(response)

            called()
            done.append(operation.label)

    for role in ("operator", "admin"):
        await asyncio.to_thread(every_operation, role)
    assert len(done) >= 60
