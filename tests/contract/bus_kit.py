"""What the bus contract needs: buses over each implementation, records, and a reader that can be killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.bus.kafka import KafkaBus
from gateway.bus.kafka_client import KafkaOptions, read_url
from gateway.bus.sql import SqlBus
from gateway.ports import Batch, Bus, Record, Subscription
from gateway.transport.clock import SystemClock

CLOCK = SystemClock()

#: A process that takes a batch, says so, and never gets to settle it.
_READER = """
import asyncio, sys
from tests.contract.bus_kit import open_bus
async def main():
    bus = open_bus(sys.argv[1], instance="crash")
    reader = bus.subscribe(sys.argv[2], group=sys.argv[3])
    batch = await reader.poll(limit=100, wait_s=30)
    print(len(batch.records), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def open_bus(url: str, *, instance: str = "", lease_s: float = 30.0) -> Bus:
    """A bus over `url`, as one process of a node has it."""
    if url.startswith("kafka:"):
        options = KafkaOptions(client=read_url(url), partitions=3, instance=instance, session_s=6)
        return KafkaBus(options, clock=CLOCK)
    return SqlBus(url, clock=CLOCK, lease_s=lease_s)


def records(topic: str, *values: str) -> list[Record]:
    """Records from texts: what stands before the first `-` is the key."""
    return [
        Record(topic=topic, key=value.partition("-")[0], value=value.encode(), headers=(("ce_id", value),))
        for value in values
    ]


def values(batch: Batch) -> list[str]:
    """The batch's values as texts."""
    return [taken.record.value.decode() for taken in batch.records]


@dataclass(kw_only=True, slots=True)
class Reading:
    """What a reader got until it had what was expected."""

    #: Values in the order of their coming.
    got: list[str] = field(default_factory=list)
    #: (part, as of) as told by the batches.
    ended: list[str] = field(default_factory=list)


async def read_until(
    reader: Subscription, enough: Callable[[Reading], bool], *, limit: int = 50, seconds: float = 30
) -> Reading:
    """Poll and settle until `enough`; fails after `seconds`."""
    reading = Reading()
    until = time.monotonic() + seconds
    while not enough(reading):
        assert time.monotonic() < until, f"not enough within {seconds} s: {len(reading.got)} records, {reading.ended}"
        batch = await reader.poll(limit=limit, wait_s=0.3)
        reading.got += values(batch)
        reading.ended += batch.ended
        await reader.done(batch)
    return reading


def all_ended(reading: Reading) -> bool:
    """Whether every part of the topic was read to its end: the names tell how many there are."""
    parts = set(reading.ended)
    return bool(parts) and len(parts) == int(next(iter(parts)).partition("/")[2])


async def killed_reader(url: str, topic: str, group: str) -> int:
    """Let another process take a batch and kill it with SIGKILL before it settles; returns how many records it held."""
    arguments = [sys.executable, "-c", _READER, url, topic, group]
    process = await asyncio.to_thread(subprocess.Popen, arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    held = int(await asyncio.to_thread(process.stdout.readline))
    process.kill()
    await asyncio.to_thread(process.wait)
    process.stdout.close()
    return held
