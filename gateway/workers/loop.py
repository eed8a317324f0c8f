"""A loop: one stage called again and again until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    retry_if_exception_type,
    stop_when_event_set,
    wait_exponential_jitter,
)

from gateway.errors import GatewayError

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Signals:
    """One event a stage: set when a commit left something for it, so that loops rest without polling fast."""

    events: dict[str, asyncio.Event] = field(default_factory=dict)

    def event(self, stage: str) -> asyncio.Event:
        """The stage's event."""
        return self.events.setdefault(stage, asyncio.Event())

    def wake(self, stage: str) -> None:
        """Something waits for `stage`."""
        self.event(stage).set()


@dataclass(frozen=True, kw_only=True)
class Loop:
    """A stage that works at once while there is work, on a wake, and at the latest after `rest_s` seconds."""

    stage: str
    #: Does one round; returns how much was done.
    work: Callable[[], Awaitable[int]]
    signals: Signals
    #: Seconds between looks when nothing wakes it.
    rest_s: float
    stop: asyncio.Event
    #: Seconds that lie between two rounds at least: what looks at much need not look at each commit.
    pause_s: float = 0.0

    async def run(self) -> None:
        """Until `stop` is set; a round that fails is logged with its code and tried again after a growing pause, never given up."""
        while not self.stop.is_set():
            event = self.signals.event(self.stage)
            event.clear()
            if not await self._round():
                await _first(event, self.stop, seconds=self.rest_s)
            if self.pause_s:
                await self._pause(self.pause_s)

    async def _round(self) -> int:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(GatewayError),
            wait=wait_exponential_jitter(multiplier=0.2, max=10, jitter=0.2),
            stop=stop_when_event_set(self.stop),  # type: ignore[arg-type]  # tenacity asks is_set() alone, which asyncio's event has
            sleep=self._pause,
            before_sleep=self._say,
        )
        try:
            return await retrying(self.work)
        except RetryError:
            return 0

    async def _pause(self, seconds: float) -> None:
        await _first(self.stop, seconds=seconds)

    def _say(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("worker.failed", stage=self.stage, code=getattr(error, "code", ""), attempt=state.attempt_number)


async def _first(*events: asyncio.Event, seconds: float) -> None:
    """Wait for the first of `events`, at most `seconds`."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
