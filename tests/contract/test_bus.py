"""The bus's contract, the same over the SQL queue on SQLite and PostgreSQL and over Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.errors import NodeError
from gateway.ports import Bus, Record
from tests.contract.bus_kit import all_ended, killed_reader, open_bus, read_until, records, values

Open = Callable[..., Bus]


@pytest.fixture(params=["sqlite", "postgresql", "kafka"])
def url(request: pytest.FixtureRequest) -> str:
    """Each bus in turn."""
    if request.param == "kafka":
        return str(request.getfixturevalue("kafka").url)
    return str(request.getfixturevalue("fresh_sqlite" if request.param == "sqlite" else "fresh_postgres"))


@pytest.fixture
def topic(topic_prefix: str) -> str:
    """An inbox of this test alone."""
    return f"{topic_prefix}.to.court"


@pytest.fixture
async def open_(url: str) -> AsyncIterator[Open]:
    """Opens one more bus over the same place, as another process of the node would; closes them all at the end."""
    opened: list[Bus] = []

    def one(**options: object) -> Bus:
        opened.append(open_bus(url, **options))  # type: ignore[arg-type]  # options are open_bus's own
        return opened[-1]

    yield one
    for bus in opened:
        await bus.close()


@pytest.fixture
async def bus(open_: Open, topic: str) -> Bus:
    """A bus with this test's inbox."""
    bus = open_()
    await bus.ensure({topic: "inbox"})
    return bus


async def test_records_of_a_key_come_in_order(bus: Bus, topic: str) -> None:
    """Every record comes once to one reader, those of a key in the order of publishing, over many publishes and polls."""
    sent = [f"k{number % 7}-{number:03}" for number in range(200)]
    for start in range(0, 200, 20):
        await bus.publish(records(topic, *sent[start : start + 20]))

    reading = await read_until(bus.subscribe(topic, group="g"), lambda so_far: len(so_far.got) >= 200, limit=33)

    assert sorted(reading.got) == sorted(sent)
    for key in {value[:2] for value in sent}:
        assert [value for value in reading.got if value.startswith(key)] == [
            value for value in sent if value.startswith(key)
        ]


async def test_a_record_comes_as_it_went(bus: Bus, topic: str) -> None:
    """512 KB of any bytes, the key and all headers, Chinese text included, come back exactly."""
    record = Record(
        topic=topic,
        key="019ab000-0000-7000-8000-000000000001",
        value=bytes(range(256)) * 2048,
        headers=(("ce_id", "m1"), ("ce_subject", "委派调解"), ("empty", "")),
    )

    await bus.publish([record])
    batch = await bus.subscribe(topic, group="g").poll(limit=10, wait_s=20)

    assert [taken.record for taken in batch.records] == [record]


async def test_what_is_not_done_comes_again(bus: Bus, topic: str) -> None:
    """A reader that failed to commit polls again and gets the same records, in the same order, before any later one."""
    await bus.publish(records(topic, "a-1", "a-2", "a-3"))
    reader = bus.subscribe(topic, group="g")

    first = await reader.poll(limit=2, wait_s=20)
    again = await reader.poll(limit=2, wait_s=20)
    await reader.done(again)
    rest = await reader.poll(limit=2, wait_s=20)

    assert values(first) == values(again) == ["a-1", "a-2"]
    assert values(rest) == ["a-3"]


async def test_what_is_done_does_not_come_again(bus: Bus, topic: str, open_: Open) -> None:
    """After `done` and a clean stop, another process finds only what came later."""
    await bus.publish(records(topic, "a-1", "b-1"))
    reader = bus.subscribe(topic, group="g")
    await read_until(reader, lambda so_far: len(so_far.got) >= 2)
    await reader.release()

    await bus.publish(records(topic, "a-2"))
    reading = await read_until(open_().subscribe(topic, group="g"), lambda so_far: len(so_far.got) >= 1)

    assert reading.got == ["a-2"]


async def test_a_released_batch_goes_to_another_reader(bus: Bus, topic: str, open_: Open) -> None:
    """A worker that stops before `done` leaves its records to the next one, without waiting for a lease."""
    await bus.publish(records(topic, "a-1", "a-2"))
    leaving = bus.subscribe(topic, group="g")
    held = await leaving.poll(limit=10, wait_s=20)
    await leaving.release()

    reading = await read_until(open_().subscribe(topic, group="g"), lambda so_far: len(so_far.got) >= 2)

    assert values(held) == reading.got == ["a-1", "a-2"]


async def test_a_killed_reader_loses_nothing(bus: Bus, topic: str, open_: Open, url: str) -> None:
    """After kill -9 between poll and `done` every record comes again, at once to a process that takes the dead one's place."""
    await bus.publish(records(topic, "a-1", "b-1", "a-2"))
    held = await killed_reader(url, topic, "g")

    reading = await read_until(open_(instance="crash").subscribe(topic, group="g"), lambda so_far: len(so_far.got) >= 3)

    assert held >= 1
    assert sorted(reading.got) == ["a-1", "a-2", "b-1"]
    assert reading.got.index("a-1") < reading.got.index("a-2")


async def test_two_readers_share_without_reordering(bus: Bus, topic: str, open_: Open) -> None:
    """Two processes read at once: each key's records are settled in order, whoever has them; none is left out."""
    sent = [f"k{number % 9}-{number:03}" for number in range(180)]
    await bus.publish(records(topic, *sent))
    settled: list[str] = []

    async def work(reader_bus: Bus) -> None:
        reader = reader_bus.subscribe(topic, group="g")
        until = time.monotonic() + 40
        while len(set(settled)) < len(sent) and time.monotonic() < until:
            batch = await reader.poll(limit=7, wait_s=0.2)
            await asyncio.sleep(0.002)
            settled.extend(values(batch))
            await reader.done(batch)

    await asyncio.gather(work(bus), work(open_()))

    assert set(settled) == set(sent)
    first_time = list(dict.fromkeys(settled))
    for key in {value[:2] for value in sent}:
        assert [value for value in first_time if value.startswith(key)] == [
            value for value in sent if value.startswith(key)
        ]


async def test_ended_means_that_all_was_read(bus: Bus, topic: str) -> None:
    """Parts are told to be read to their end only with or after all that was published before `begun` (protocol.md §7)."""
    sent = [f"k{number}-1" for number in range(30)]
    await bus.publish(records(topic, *sent))
    published = time.time()

    reader = bus.subscribe(topic, group="g")
    reading = await read_until(reader, all_ended, limit=4)
    later = await read_until(reader, all_ended)
    batch = await reader.poll(limit=1, wait_s=0)

    assert sorted(reading.got) == sorted(sent)
    assert later.got == []
    assert batch.begun.timestamp() >= published


async def test_ended_waits_for_what_another_reader_holds(bus: Bus, topic: str, open_: Open) -> None:
    """While one reader holds records that are not done, nobody can say that the whole topic was read."""
    await bus.publish(records(topic, *(f"k{number}-1" for number in range(12))))
    holder = bus.subscribe(topic, group="g")
    held = await holder.poll(limit=3, wait_s=20)

    other = open_().subscribe(topic, group="g")
    parts = set()
    for _ in range(4):
        batch = await other.poll(limit=50, wait_s=0.3)
        parts |= set(batch.ended)
        await other.done(batch)

    assert held.records
    assert not parts or len(parts) < int(next(iter(parts)).partition("/")[2])


async def test_a_waiting_reader_is_woken(bus: Bus, topic: str) -> None:
    """A record comes to a reader that waits long before its wait is over."""
    reader = bus.subscribe(topic, group="g")
    await reader.poll(limit=1, wait_s=3)
    waiting = asyncio.create_task(reader.poll(limit=1, wait_s=20))
    await asyncio.sleep(0.3)

    began = time.monotonic()
    await bus.publish(records(topic, "a-1"))
    batch = await waiting

    assert values(batch) == ["a-1"]
    assert time.monotonic() - began < 3


async def test_every_group_reads_all_of_a_compacted_topic(bus: Bus, topic_prefix: str, open_: Open) -> None:
    """Each node learns the newest entry of every subject, whenever it joins; what it settled does not come again."""
    registry = f"{topic_prefix}.registry"
    await bus.ensure({registry: "compacted"})
    await bus.publish(records(registry, "court-1", "union-1", "court-2"))

    for group in ("court", "union"):
        joining = open_().subscribe(registry, group=group)
        reading = await read_until(joining, lambda so_far: {"court-2", "union-1"} <= set(so_far.got))
        await joining.release()
        assert [value for value in reading.got if value.startswith("court")][-1] == "court-2"
    reader = bus.subscribe(registry, group="court")
    await bus.publish(records(registry, "court-3"))
    reading = await read_until(reader, lambda so_far: bool(so_far.got))

    assert reading.got == ["court-3"]


async def test_close_lets_publishing_end(bus: Bus, topic: str, open_: Open) -> None:
    """What was handed in before `close` is on the bus after it."""
    leaving = open_()
    await leaving.publish(records(topic, "a-0"))
    publishing = [asyncio.create_task(leaving.publish(records(topic, f"k{number}-1"))) for number in range(20)]
    await asyncio.sleep(0)
    await leaving.close()
    await asyncio.gather(*publishing)

    reading = await read_until(bus.subscribe(topic, group="g"), lambda so_far: len(so_far.got) >= 21)

    assert sorted(reading.got) == sorted(["a-0", *(f"k{number}-1" for number in range(20))])


async def test_a_topic_that_was_never_made_is_an_error(bus: Bus, topic_prefix: str) -> None:
    """Publishing to an unknown topic fails as the node's own fault, and the bus goes on working."""
    with pytest.raises(NodeError):
        await bus.publish(records(f"{topic_prefix}.to.nowhere", "a-1"))
    await bus.ensure({f"{topic_prefix}.to.nowhere": "inbox"})
    await bus.publish(records(f"{topic_prefix}.to.nowhere", "a-1"))

    batch = await bus.subscribe(f"{topic_prefix}.to.nowhere", group="g").poll(limit=5, wait_s=20)

    assert values(batch) == ["a-1"]
