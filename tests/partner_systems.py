"""Simulated partner systems as processes of their own, and a stand-in for the gateway that runs an adapter's inbound side."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from adapters import ADAPTERS
from gateway.errors import GatewayError, PartnerUnreachable
from gateway.model.ids import uuid7
from gateway.ports import Draft, NativeCall, NativeRequest, Outcome, PartnerEndpoint
from tests import adapter_kit as kit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gateway.model.payload import Payload

ROOT = Path(__file__).resolve().parent.parent
_MODULES = {profile: f"adapters.{profile.replace('/', '.')}.simulator" for profile in ADAPTERS}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Stub:
    """What a gateway does with a native call as far as the adapter goes: authenticate, read, answer; each draft is kept once."""

    profile: str
    endpoint: PartnerEndpoint
    drafts: dict[str, Draft] = field(default_factory=dict)
    calls: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one native call in the dialect."""
        self.calls += 1
        adapter, draft = ADAPTERS[self.profile], None
        native = NativeRequest(
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers=dict(request.headers),
            body=await request.read(),
        )
        try:
            adapter.authenticate(native, self.endpoint, now=kit.NOW)
            draft = adapter.read(native, self.endpoint)
            self.drafts.setdefault(draft.native_key, draft)
            answer = adapter.answer(draft, kit.receipt(), self.endpoint)
        except GatewayError as error:
            answer = adapter.answer(draft, error, self.endpoint)
        return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.media_type})


@dataclass(kw_only=True)
class System:
    """One simulator process, how to drive it, and the adapter's way to it."""

    profile: str
    url: str
    endpoint: PartnerEndpoint
    stub: Stub
    session: aiohttp.ClientSession
    process: subprocess.Popen[bytes]
    command: list[str]

    async def act(self, action: str, **data: Any) -> dict[str, Any]:
        """Tell it to make a native call."""
        async with self.session.post(f"{self.url}/_sim/act", json={"action": action, "data": data}) as answer:
            return dict(await answer.json())

    async def mode(self, **mode: Any) -> None:
        """Tell it to misbehave; nothing is good behaviour."""
        async with self.session.post(f"{self.url}/_sim/mode", json=mode) as answer:
            assert answer.status == 200, await answer.text()

    async def effects(self) -> dict[str, Any]:
        """What it took, with the native content."""
        async with self.session.get(f"{self.url}/_sim/effects?native=1") as answer:
            return dict(await answer.json())

    async def state(self) -> dict[str, Any]:
        """Its cases and calls."""
        async with self.session.get(f"{self.url}/_sim/state") as answer:
            return dict(await answer.json())

    async def send(self, call: NativeCall) -> Outcome:
        """Make a call of the adapter and read the answer. Raises `PartnerUnreachable` where none comes."""
        try:
            async with self.session.request(
                call.method, call.url, data=call.body, headers=dict(call.headers)
            ) as answer:
                return ADAPTERS[self.profile].read_outcome(
                    answer.status, answer.headers, await answer.read(), self.endpoint
                )
        except aiohttp.ClientError as error:
            raise PartnerUnreachable(type(error).__name__) from error

    async def deliver(self, message_type: str, payload: Payload, **changes: Any) -> Outcome:
        """Write a message and send it."""
        parcel = kit.parcel(message_type, payload, **changes)
        return await self.send(
            ADAPTERS[self.profile].write(parcel, self.endpoint, kit.pem_keys("rsa", "gateway"), now=kit.NOW)
        )

    async def restart(self) -> None:
        """Kill it and start it on the same books."""
        self.process.kill()
        self.process.wait()
        self.process = subprocess.Popen(self.command, cwd=ROOT)
        await _up(self)


def fresh_id(number: int) -> str:
    """A message id of its own."""
    return uuid7(1_772_416_800_000 + number, number)


@asynccontextmanager
async def running(profile: str, folder: Path, **config: Any) -> AsyncIterator[System]:
    """The simulator of a profile, up, with a stand-in gateway behind it; both end with the block."""
    stub = Stub(profile=profile, endpoint=kit.endpoint(profile))
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_post("/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    gateway, port = free_port(), free_port()
    await web.TCPSite(runner, "127.0.0.1", gateway).start()
    file = folder / "config.json"
    file.write_text(json.dumps({**_config(profile, folder), **config}), "utf-8")
    command = [
        sys.executable, "-m", _MODULES[profile], "--port", str(port), "--state", str(folder / "books.sqlite"),
        "--gateway", f"http://127.0.0.1:{gateway}", "--config", str(file),
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    endpoint = kit.endpoint(profile)
    endpoint = PartnerEndpoint(
        participant=endpoint.participant, url=url, settings=endpoint.settings, secret=endpoint.secret
    )
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        process = subprocess.Popen(command, cwd=ROOT)
        system = System(
            profile=profile, url=url, endpoint=endpoint, stub=stub, session=session, process=process, command=command
        )
        try:
            await _up(system)
            yield system
        finally:
            system.process.terminate()
            system.process.wait(timeout=10)
            await runner.cleanup()


def _config(profile: str, folder: Path) -> Mapping[str, Any]:
    """Keys on disk and the settings that a simulator of the profile wants; its clock is the tests' clock."""
    clock = folder / "clock"
    clock.write_text(kit.NOW.isoformat(), "ascii")
    files = {
        "court.key": kit.private_pem(kit.rsa_key("court")),
        "institute.key": kit.private_pem(kit.rsa_key("institute")),
        "institute.crt": kit.certificate_pem(kit.rsa_key("institute")),
        "gateway.crt": kit.pem_certificate("rsa", "gateway"),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    known: dict[str, dict[str, Any]] = {
        "court/platform": {
            "app_id": "court-app",
            "key": str(folder / "court.key"),
            "gateway_key": str(folder / "gateway.crt"),
        },
        "union/rest": {"key": kit.API_KEY, "accepts": "gateway-1.presented-to-the-station"},
        "arbitration/hrss": {
            "system_code": "HHHT-ZC",
            "key": str(folder / "institute.key"),
            "certificate": str(folder / "institute.crt"),
            "gateway_certificate": str(folder / "gateway.crt"),
        },
        "canonical/https": {},
    }
    return {"clock": str(clock)} | known[profile]


async def _up(system: System) -> None:
    for _ in range(200):
        try:
            await system.state()
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
        else:
            return
    raise PartnerUnreachable("the simulator did not come up")
