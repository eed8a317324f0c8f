"""Attachments over HTTP: streamed both ways in bounded memory, whole or not there, handed to those alone whom they concern."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from gateway.bootstrap import Application
from gateway.ledger.messages import Search
from gateway.model.ledger import AttachmentUse
from gateway.settings import Settings
from tests.api_server import Api, free_port, secret_of, served
from tests.federation import COURT
from tests.story import MEDIATION, new_case

PIECE = os.urandom(1 << 20)
PIECES = 250
MORE_MB = 64


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served(tmp_path) as found:
        yield found


async def pieces(count: int) -> AsyncIterator[bytes]:
    """So many megabytes, a piece at a time."""
    for _ in range(count):
        yield PIECE


async def test_bytes_go_in_and_come_out(api: Api) -> None:
    """201 with the size, the same again no error; out to the participants of a message that names them, and to nobody else."""
    case = new_case(api.made)
    await case.tell(MEDIATION[:1])
    data, digest = b"test", hashlib.sha256(b"test").hexdigest()
    path = f"/v1/attachments/{digest}"
    stored = [await api.call("PUT", path, who="court", data=data) for _ in range(2)]

    assert [(one.status, one.json) for one in stored] == [(201, {"sha256": digest, "size": 4})] * 2
    assert [(await api.get(path, who=who)).body for who in ("court", "station", "auditor")] == [data] * 3
    assert (await api.get(path, who="stranger")).code == "REQ-404"
    assert (await api.get(f"/v1/attachments/{'0' * 64}", who="auditor")).code == "REQ-404"


async def test_what_does_not_hold_is_not_kept(api: Api) -> None:
    """422 for other bytes, a name that is no digest, and what is larger than the limit; afterwards nothing is there."""
    digest = hashlib.sha256(b"other").hexdigest()
    wrong = await api.call("PUT", f"/v1/attachments/{digest}", who="court", data=b"test")
    named = [
        await api.call("PUT", f"/v1/attachments/{name}", who="court", data=b"x")
        for name in ("x", digest.upper(), "..%2f")
    ]

    assert (wrong.status, wrong.code) == (422, "ATT-002")
    assert [one.status for one in named] == [422, 422, 404]
    assert not await api.application.services.node.blobs.has(digest)
    assert list((api.application.settings.data / "blobs" / "drafts").glob("*")) == []


@contextmanager
def process(settings: Settings, folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """A real `gateway serve` of the node, and its address."""
    port = free_port()
    named = {"NODE": settings.node, "DATA": settings.data, "ANCHORS": settings.anchors[0], "REGISTRAR": settings.registrar,
             "CLOCK": settings.clock, "BUS": settings.bus_url, "PORT": port}  # fmt: skip
    environment = os.environ | {f"GATEWAY_{name}": str(value) for name, value in named.items()}
    command = [sys.executable, "-m", "gateway", "serve", "--only", "api"]
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as node:
        try:
            assert node.stdout is not None
            first = node.stdout.readline()
            assert first.startswith("ready"), first + node.stdout.read()
            time.sleep(0.5)
            yield psutil.Process(node.pid), f"http://127.0.0.1:{port}"
        finally:
            node.terminate()
            node.wait(60)


async def named_by_a_message(application: Application, digest: str) -> None:
    """Let a message of the court name the digest, so that it may be handed out."""
    [message] = await application.services.node.ledger.search(Search())
    await application.services.keep(
        "test.use", AttachmentUse(sha256=digest, sender=COURT, message_id=message.message_id)
    )


async def test_250_mb_take_at_most_64_mb(tmp_path: Path) -> None:
    """A real node takes 250 MB in and hands them out with at most 64 MB more memory than it had before."""
    total = hashlib.sha256()
    for _ in range(PIECES):
        total.update(PIECE)
    digest = total.hexdigest()
    async with served(tmp_path) as api:
        await new_case(api.made).tell(MEDIATION[:1])
        await named_by_a_message(api.application, digest)
        settings = api.application.settings
    headers = {"authorization": f"Bearer {secret_of('court')}"}
    with process(settings, tmp_path) as (node, url):
        async with aiohttp.ClientSession(headers=headers) as client:
            async with client.get(f"{url}/v1/messages") as warm:
                assert warm.status == 200
            before = most = node.memory_info().rss
            async with client.put(f"{url}/v1/attachments/{digest}", data=pieces(PIECES)) as put:
                assert put.status == 201
                most = max(most, node.memory_info().rss)
            size = 0
            async with client.get(f"{url}/v1/attachments/{digest}") as got:
                async for chunk in got.content.iter_chunked(1 << 20):
                    size += len(chunk)
                    most = max(most, node.memory_info().rss)

    assert size == PIECES << 20
    assert (most - before) >> 20 <= MORE_MB
