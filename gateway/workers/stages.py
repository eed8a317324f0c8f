"""The stages of a node as loops: relay, receive, blobs, registry, deliver, watch, prune (architecture.md §2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from gateway.bus import boundary
from gateway.ledger.deliveries import Leased
from gateway.ports import Batch, Record, Subscription, Taken
from gateway.services import Services
from gateway.workers.loop import Loop, Signals

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How much a loop takes at once and how long it rests."""

    #: Records a poll, rows a relay round, deliveries a lease round.
    batch: int = 200
    #: Deliveries under way at once.
    in_flight: int = 64
    #: Deliveries under way at once for one endpoint: a slow partner delays nobody else.
    per_endpoint: int = 16
    #: Seconds between looks when nothing wakes a loop.
    rest_s: float = 1.0
    #: Seconds a poll of the bus waits for its first record.
    poll_s: float = 0.5
    #: Lease of a delivery in microseconds, longer than the call time-out.
    lease_us: int = 45_000_000
    stages: frozenset[str] = field(default_factory=lambda: frozenset({"relay", "receive", "deliver", "watch", "prune"}))


class Workers:
    """All loops of one process; `run` returns when `stop` was called and every round has ended."""

    def __init__(self, services: Services, signals: Signals, pace: Pace, *, topics: dict[str, str]) -> None:
        """`topics` names this node's topics: inbox, blobs, registry."""
        self._services, self._signals, self._pace, self._topics = services, signals, pace, topics
        self._stop = asyncio.Event()
        self._running: dict[str, set[asyncio.Task[None]]] = {}

    def stop(self) -> None:
        """Ask every loop to end after its round."""
        self._stop.set()
        for stage in ("relay", "receive", "deliver", "watch", "prune"):
            self._signals.wake(stage)

    async def run(self) -> None:
        """Run the chosen stages until stopped; a stage that breaks by a fault of ours ends the process with its error."""
        stages = self._pace.stages
        async with asyncio.TaskGroup() as group:
            if "relay" in stages:
                group.create_task(self._loop("relay", self._relay).run())
            if "receive" in stages:
                group.create_task(self._read("inbox", self._take_inbox))
                group.create_task(self._read("blobs", self._take_chunks))
                group.create_task(self._read("registry", self._take_entries))
            if "deliver" in stages:
                group.create_task(self._loop("deliver", self._deliver, rest_s=0.3).run())
            if "watch" in stages:
                group.create_task(self._loop("watch", self._watch, pause_s=0.1).run())
            else:
                group.create_task(self._loop("refresh", self._refresh).run())
            if "prune" in stages:
                group.create_task(self._loop("prune", self._prune, rest_s=600).run())
        await self._land()

    def _loop(
        self, stage: str, work: Callable[[], Awaitable[int]], *, rest_s: float = 0.0, pause_s: float = 0.0
    ) -> Loop:
        rest = rest_s or self._pace.rest_s
        return Loop(stage=stage, work=work, signals=self._signals, rest_s=rest, stop=self._stop, pause_s=pause_s)

    async def _relay(self) -> int:
        return await self._services.relay(self._pace.batch)

    async def _watch(self) -> int:
        return await self._services.watch(self._pace.batch)

    async def _refresh(self) -> int:
        """What the node's other processes have learned, for one that does not watch."""
        await self._services.node.refresh()
        return 0

    async def _prune(self) -> int:
        return await self._services.prune()

    async def _read(self, topic: str, take: Callable[[tuple[Taken, ...]], Awaitable[None]]) -> None:
        """Poll, take, and only then tell the bus that it is done: at least once, and the ledger's claim makes it one effect."""
        subscription = self._services.node.bus.subscribe(self._topics[topic], group=self._services.node.name)

        async def work() -> int:
            return await self._poll(subscription, topic, take)

        try:
            await Loop(stage=f"receive.{topic}", work=work, signals=self._signals, rest_s=0.01, stop=self._stop).run()
        finally:
            await subscription.release()

    async def _poll(
        self, subscription: Subscription, topic: str, take: Callable[[tuple[Taken, ...]], Awaitable[None]]
    ) -> int:
        batch = await subscription.poll(limit=self._pace.batch, wait_s=self._pace.poll_s)
        if batch.records:
            await take(batch.records)
            await boundary.settle(subscription, batch, name=f"receive.{topic}")
        if topic == "inbox" and batch.ended:
            await self._read_through(batch)
        return len(batch.records)

    async def _read_through(self, batch: Batch) -> None:
        """The inbox was read to its end as of `begun`: timers due before may fire (protocol.md §7)."""
        await self._services.read_through(self._topics["inbox"], batch.ended, batch.begun)
        self._signals.wake("watch")

    async def _take_inbox(self, records: tuple[Taken, ...]) -> None:
        """Conversations side by side, the records of one in order: group commit shares their transactions."""
        lanes: dict[str, list[Record]] = {}
        for taken in records:
            lanes.setdefault(taken.record.key, []).append(taken.record)
        ended = await asyncio.gather(*(self._take_lane(lane) for lane in lanes.values()), return_exceptions=True)
        # The other lanes have gone on; the batch is not settled, and what is known already comes to nothing.
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _take_lane(self, lane: list[Record]) -> None:
        for record in lane:
            await self._services.receive(record)

    async def _take_chunks(self, records: tuple[Taken, ...]) -> None:
        for taken in records:
            await self._services.take_chunk(taken.record)

    async def _take_entries(self, records: tuple[Taken, ...]) -> None:
        for taken in records:
            await self._services.take_entry(taken.record)

    async def _deliver(self) -> int:
        """Lease what is due and start it; finished ones make room, so that one slow partner holds no other."""
        free = self._pace.in_flight - sum(len(tasks) for tasks in self._running.values())
        if free <= 0:
            await asyncio.wait(
                [task for tasks in self._running.values() for task in tasks], return_when=asyncio.FIRST_COMPLETED
            )
            return 1
        leased = await self._services.lease(
            min(free, self._pace.batch), lease_us=self._pace.lease_us, per_endpoint=self._pace.per_endpoint
        )
        for one in leased:
            task = asyncio.create_task(self._one(one))
            under_way = self._running.setdefault(one.delivery.endpoint, set())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        return len(leased)

    async def _one(self, leased: Leased) -> None:
        """One delivery on its own: whatever befalls it, the others go on; its lease runs out and it comes again."""
        try:
            await self._services.deliver(leased)
        except Exception as error:  # isolation per message: a fault in one delivery must not end the loop of all
            log.exception(
                "delivery.broken", code=getattr(error, "code", "NOD-099"), message_id=leased.delivery.message_id
            )
        self._signals.wake("deliver")

    async def _land(self) -> None:
        """Let deliveries under way end, so that a stop loses no answer of a partner."""
        under_way = [task for tasks in self._running.values() for task in tasks]
        if under_way:
            await asyncio.wait(under_way, timeout=30)
