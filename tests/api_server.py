"""A node's API on a real port: uvicorn beside the test, tokens of every role, and calls as a client makes them."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvicorn

from gateway.bootstrap import Application
from gateway.model.ledger import TokenRow
from tests.federation import COURT, ONE_NODE, STATION, Federation, federation

ROLES = ("viewer", "operator", "approver", "auditor", "integrator", "admin")
#: Participants that have a token of their own: two that take part in the story, one that does not.
BOUND = {"court": COURT, "station": STATION, "stranger": "mediation:t-stranger"}
_YEAR_US = 365 * 86_400_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return self.headers.get("sct-code", "")


@dataclass(kw_only=True)
class Api:
    """A served node of a federation."""

    made: Federation
    application: Application
    url: str
    client: aiohttp.ClientSession

    async def call(self, method: str, path: str, *, who: str = "", **options: Any) -> Answer:
        """One call as `who` (a role, or a key of BOUND; none: without a token)."""
        headers = {"authorization": f"Bearer {secret_of(who)}"} if who else {}
        headers |= options.pop("headers", {})
        async with self.client.request(method, self.url + path, headers=headers, **options) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(status=response.status, headers=found, body=await response.read())

    async def get(self, path: str, *, who: str = "") -> Answer:
        """A GET."""
        return await self.call("GET", path, who=who)

    async def submit(self, raw: bytes, **headers: str) -> Answer:
        """An envelope."""
        return await self.call("POST", "/v1/messages", data=raw, headers={"content-type": "application/xml", **headers})


def secret_of(who: str) -> str:
    """The test's token of a role or participant."""
    return f"test-token-of-{who}"


def token(who: str, *, role: str, now_us: int, participant: str = "", **changes: Any) -> TokenRow:
    """A token's row."""
    fields: dict[str, Any] = {"expires_us": now_us + _YEAR_US, "revoked_us": None} | changes
    digest = hashlib.sha256(secret_of(who).encode()).hexdigest()
    return TokenRow(digest=digest, name=f"test-{who}", role=role, participant=participant, created_us=now_us, **fields)


async def issue_tokens(application: Application) -> None:
    """A token for every role and bound participant."""
    now_us = application.services.node.clock.now_us()
    rows = [token(role, role=role, now_us=now_us) for role in ROLES]
    rows += [token(who, role="participant", participant=bound, now_us=now_us) for who, bound in BOUND.items()]
    await application.services.keep("token.new", *rows)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(application: Application) -> AsyncIterator[str]:
    """The node's API behind uvicorn, as `gateway serve` runs it; yields its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application.api(), http="httptools", lifespan="off", log_level="critical", server_header=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task
        listening.close()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Api]:
    """One node for all families, with tokens, on a free port."""
    async with federation(folder, ONE_NODE) as made:
        application = made.applications["local"]
        await issue_tokens(application)
        async with serving(application) as url, aiohttp.ClientSession() as client:
            yield Api(made=made, application=application, url=url, client=client)
