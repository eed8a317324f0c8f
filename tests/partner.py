"""A partner system of canonical/https in this process: it keeps each message once, counts calls, and misbehaves as it is told."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from gateway.model.ledger import Endpoint
from gateway.services import Services

_MESSAGE = re.compile(rb"<(?:\w+:)?MessageId>([0-9a-f-]{36})<")
_CONVERSATION = re.compile(rb"<(?:\w+:)?ConversationId>([0-9a-f-]{36})<")
_KIND = re.compile(rb"<(?:\w+:)?Receipt[ >].*?<(?:\w+:)?Kind>(\w+)<", re.DOTALL)
#: What a call meets: taken and answered well, or something else.
Mode = str


@dataclass(kw_only=True)
class Partner:
    """One system; `mode` says of each call (message id, how often it was called before) what it meets."""

    url: str = ""
    mode: Callable[[str, int], Mode] = lambda _message, _calls: "well"
    #: Seconds that a slow answer takes.
    slow_s: float = 0.3
    #: (message id, kind of the receipt or "message") → calls that had an effect or repeated it.
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Every call, whatever it met.
    calls: Counter[str] = field(default_factory=Counter)
    #: Conversation → message ids in the order of their first effect.
    order: dict[str, list[str]] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One call: well, slow, refused, wrong (no answer of this dialect), down, lost (taken, and the answer cut off)."""
        body = await request.read()
        found = _MESSAGE.search(body)
        message = found.group(1).decode() if found else ""
        mode = self.mode(message, self.calls[message])
        self.calls[message] += 1
        if mode == "down":
            return web.Response(status=503, text="down")
        if mode == "refused":
            return web.Response(status=422, text="refused")
        if mode == "wrong":
            return web.Response(status=404, text="<html>login</html>", content_type="text/html")
        if mode == "slow":
            await asyncio.sleep(self.slow_s)
        repeated = self._effect(message, body)
        if mode == "lost" and request.transport is not None:
            request.transport.close()
        return web.Response(status=208 if repeated or mode == "duplicate" else 200)

    def _effect(self, message: str, body: bytes) -> bool:
        kind = _KIND.search(body)
        key = (message, kind.group(1).decode() if kind else "message")
        self.effects[key] += 1
        if self.effects[key] == 1 and key[1] == "message":
            conversation = _CONVERSATION.search(body)
            self.order.setdefault(conversation.group(1).decode() if conversation else "", []).append(message)
        return self.effects[key] > 1

    def messages(self) -> set[str]:
        """The messages that this system has."""
        return {message for message, kind in self.effects if kind == "message"}


@asynccontextmanager
async def partner(**settings: object) -> AsyncIterator[Partner]:
    """A partner that listens on 127.0.0.1 while the test runs."""
    made = Partner(**settings)  # type: ignore[arg-type]  # the fields of a partner
    application = web.Application(client_max_size=8 << 20)
    application.router.add_post("/in", made.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    try:
        yield made
    finally:
        await runner.cleanup()


def endpoint(participant: str, url: str, *, paused: bool = False) -> Endpoint:
    """The participant's system at its node: canonical/https, no secret."""
    return Endpoint(
        participant=participant,
        profile="canonical/https",
        url=url,
        settings="{}",
        secret=b"",
        paused=paused,
        failures=0,
        open_until_us=0,
        updated_us=0,
    )


async def connect(services: Services, participant: str, url: str) -> None:
    """Tell a node where a participant's system is."""
    await services.keep("endpoint.put", endpoint(participant, url))
    await services.node.refresh()
