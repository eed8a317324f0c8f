"""The skeleton of every simulated partner system: a real process with its own state, which can be told to act and to misbehave.

`/_sim/state`, `/_sim/effects`, `POST /_sim/mode`, `POST /_sim/act` drive it; every other POST is a native call. It listens on
127.0.0.1 alone. What one profile's system says and understands is its `Partner`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from adapters.books import Books, Effect
from gateway.errors import GatewayError

#: How often a real partner tries again before a person looks at it.
TRIES = 6
MODES = frozenset({"slow_ms", "down", "wrong", "duplicate", "fail_next", "drop_answer"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """A native call as it reached the simulated system."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What the simulated system answers."""

    status: int = 200
    media_type: str = "application/json"
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """A native call that the simulated system makes; the bytes to send are made at each try (a signature has a time)."""

    #: The system's own idempotency key.
    key: str
    action: str
    number: str
    path: str
    body: bytes


class Refused(Exception):
    """The simulated system says no, in its own dialect."""

    def __init__(self, reply: Reply) -> None:
        """`reply` is what it answers."""
        self.reply = reply
        super().__init__(str(reply.status))


class Partner(Protocol):
    """What differs from profile to profile."""

    profile: str

    def take(self, call: Incoming, books: Books) -> tuple[Effect, Callable[[Effect, bool], Reply]]:
        """Verify and read a call; the effect and how to answer it (kept effect, repeated). Raises `Refused`."""

    def wrong(self) -> Reply:
        """An answer with a code that nobody knows."""

    def prepare(self, action: str, data: Mapping[str, Any], books: Books) -> Act:
        """The call that an action makes. Raises `KeyError` for an action that it has not."""

    def headers(self, act: Act) -> Mapping[str, str]:
        """Headers of one try, credential included."""

    def later(self, status: int, body: bytes) -> bool:
        """Whether the gateway said that the same call may succeed later, in an answer that is no 5xx."""

    def understood(self, act: Act, status: int, body: bytes, books: Books) -> bool:
        """Whether the gateway took it; what its answer names is noted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """The system's clock: the machine's, or the file that drives a demo (`FileClock` of the gateway reads the same)."""

    #: Path of a file that holds an ISO time, with ` running` behind it where it goes on from the file's change; empty for the machine's.
    path: str = ""

    def now(self) -> datetime:
        """The current time, aware."""
        if not self.path:
            return datetime.now(UTC)
        file = Path(self.path)
        text, _, mode = file.read_text("ascii").strip().partition(" ")
        shown = datetime.fromisoformat(text)
        return (
            shown + (datetime.now(UTC) - datetime.fromtimestamp(file.stat().st_mtime, UTC))
            if mode == "running"
            else shown
        )


class Simulator:
    """One simulated system: HTTP around a partner's words and its books."""

    def __init__(self, partner: Partner, books: Books, *, gateway: str) -> None:
        """`gateway` is the base address of the dialect at the gateway."""
        self.partner = partner
        self.books = books
        self.gateway = gateway.rstrip("/")
        self.mode: dict[str, Any] = {}

    def application(self) -> web.Application:
        """The HTTP application."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/_sim/state", self._state)
        app.router.add_get("/_sim/effects", self._effects)
        app.router.add_post("/_sim/mode", self._mode)
        app.router.add_post("/_sim/act", self._act)
        app.router.add_post("/{path:.*}", self._native)
        return app

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"profile": self.partner.profile, "mode": self.mode, "cases": self.books.cases(), "sent": self.books.sent()}
        )

    async def _effects(self, request: web.Request) -> web.Response:
        effects = self.books.effects(request.query.get("message", ""), request.query.get("number", ""))
        counts, calls = Counter(effect.message for effect in effects), Counter[str]()
        for effect in effects:
            calls[effect.message] += effect.calls
        rows = [
            {"key": e.key, "message": e.message, "number": e.number, "reference": e.reference, "calls": e.calls}
            for e in effects
        ]
        if "native" in request.query:
            rows = [row | {"native": effect.native} for row, effect in zip(rows, effects, strict=True)]
        summary = {message: {"count": count, "calls": calls[message]} for message, count in counts.items()}
        return web.json_response({"total": len(effects), "effects": summary, "rows": rows})

    async def _mode(self, request: web.Request) -> web.Response:
        """The posted modes replace all that were set; `{}` is good behaviour."""
        mode = await request.json()
        if not isinstance(mode, dict) or set(mode) - MODES:
            return web.json_response({"error": f"modes are {sorted(MODES)}"}, status=400)
        self.mode = mode
        return web.json_response(self.mode)

    async def _native(self, request: web.Request) -> web.StreamResponse:
        mode = self.mode
        if mode.get("slow_ms"):
            await asyncio.sleep(float(mode["slow_ms"]) / 1000)
        if mode.get("down"):
            return web.Response(status=503, text="down")
        if self._once("fail_next"):
            return web.Response(status=500, text="failed")
        match mode.get("wrong"):
            case "html":
                return web.Response(text="<!DOCTYPE html><html><body>登录</body></html>", content_type="text/html")
            case "garbage":
                return web.Response(body=secrets.token_bytes(64), content_type="application/octet-stream")
            case "code":
                return _response(self.partner.wrong())
        reply = self._take(await _incoming(request))
        if self._once("drop_answer") and request.transport is not None:
            request.transport.close()
        return _response(reply)

    def _take(self, call: Incoming) -> Reply:
        try:
            effect, answer = self.partner.take(call, self.books)
        except Refused as refused:
            return refused.reply
        kept, repeated = self.books.take(effect)
        return answer(kept, repeated)

    def _once(self, name: str) -> bool:
        """Whether a mode that counts down still holds; one is used up."""
        left = int(self.mode.get(name) or 0)
        if left > 0:
            self.mode[name] = left - 1
        return left > 0

    async def _act(self, request: web.Request) -> web.Response:
        asked = await request.json()
        try:
            act = self.partner.prepare(asked["action"], asked.get("data") or {}, self.books)
        except (KeyError, GatewayError) as error:
            return web.json_response({"ok": False, "error": f"{type(error).__name__}: {error}"}, status=400)
        self.books.write_down(act.key, act.action, act.number, act.body.decode("utf-8", errors="replace"))
        tries = int(asked.get("tries") or TRIES)
        outcome = await self._send(act, tries=tries)
        if self.mode.get("duplicate"):
            again = await self._send(act, tries=tries)
            outcome |= {"again": again["answer"], "same": again["answer"] == outcome["answer"]}
        return web.json_response(outcome)

    async def _send(self, act: Act, *, tries: int) -> dict[str, Any]:
        """Send until there is an answer that is neither silence nor 5xx, as a real system's queue does."""
        status, body = 0, b""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            for attempt in range(tries):
                try:
                    async with session.post(
                        self.gateway + act.path, data=act.body, headers=dict(self.partner.headers(act))
                    ) as answer:
                        status, body = answer.status, await answer.read()
                except (aiohttp.ClientError, TimeoutError) as error:
                    status, body = 0, type(error).__name__.encode()
                if HTTPStatus.CONTINUE <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not self.partner.later(
                    status, body
                ):
                    break
                await asyncio.sleep(0.2 * 2**attempt)
        ok = HTTPStatus.CONTINUE <= status < HTTPStatus.INTERNAL_SERVER_ERROR and self.partner.understood(
            act, status, body, self.books
        )
        text = body.decode("utf-8", errors="replace")
        self.books.answered(act.key, ok=ok, answer=text)
        return {"ok": ok, "status": status, "key": act.key, "number": act.number, "answer": text}


def run(make: Callable[[Mapping[str, Any], Clock], Partner]) -> None:
    """The command line of every simulator; ends on SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A simulated partner system on 127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="SQLite file, made where it is not there")
    parser.add_argument("--gateway", required=True, help="base address of this dialect at the gateway")
    parser.add_argument("--config", type=Path, required=True, help="JSON: credentials and data of the system")
    asked = parser.parse_args()
    config = json.loads(asked.config.read_text("utf-8"))
    books = Books(asked.state)
    simulator = Simulator(make(config, Clock(path=config.get("clock", ""))), books, gateway=asked.gateway)
    web.run_app(
        simulator.application(), host="127.0.0.1", port=asked.port, print=None, access_log=None, shutdown_timeout=1
    )
    books.close()


async def _incoming(request: web.Request) -> Incoming:
    return Incoming(
        method=request.method,
        path=request.path,
        query=request.query_string,
        headers=dict(request.headers),
        body=await request.read(),
    )


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, content_type=reply.media_type)
