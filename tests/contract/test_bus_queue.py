"""What only the SQL queue has: claims, leases, and owners that die."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.bus.owner import has_died, new_owner
from gateway.errors import NodeError, SettingRefused
from tests.contract.bus_kit import open_bus, records, values

TOPIC = "sct.to.court"


async def test_a_lease_that_ran_out_gives_the_records_to_another(fresh_database: str) -> None:
    """A reader that sleeps past its lease loses its batch; its late `done` deletes nothing that another one holds."""
    bus = open_bus(fresh_database, lease_s=0.2)
    await bus.ensure({TOPIC: "inbox"})
    await bus.publish(records(TOPIC, "a-1", "a-2"))
    sleeper, other, third = (bus.subscribe(TOPIC, group="g") for _ in range(3))
    slept = await sleeper.poll(limit=10, wait_s=5)
    await asyncio.sleep(0.3)

    taken = await other.poll(limit=10, wait_s=5)
    await sleeper.done(slept)
    await other.release()
    again = await third.poll(limit=10, wait_s=5)
    await bus.close()

    assert values(slept) == values(taken) == values(again) == ["a-1", "a-2"]


async def test_a_held_key_holds_only_itself(fresh_database: str) -> None:
    """While a record of one key is in work, later ones of that key wait and all other keys go on (protocol.md §4)."""
    bus = open_bus(fresh_database)
    await bus.ensure({TOPIC: "inbox"})
    await bus.publish(records(TOPIC, "a-1", "a-2", "b-1", "c-1", "b-2"))
    holder, other = bus.subscribe(TOPIC, group="g"), bus.subscribe(TOPIC, group="g")

    held = await holder.poll(limit=1, wait_s=5)
    rest = await other.poll(limit=10, wait_s=5)
    await other.done(rest)
    blocked = await other.poll(limit=10, wait_s=0.1)
    await holder.done(held)
    freed = await other.poll(limit=10, wait_s=5)
    await bus.close()

    assert (values(held), values(rest)) == (["a-1"], ["b-1", "c-1", "b-2"])
    assert (values(blocked), values(freed)) == ([], ["a-2"])


async def test_a_reader_in_another_process_is_woken_by_polling(fresh_sqlite: str) -> None:
    """Without a publisher in its own process a waiting reader finds a record within a fraction of a second."""
    reading, writing = open_bus(fresh_sqlite), open_bus(fresh_sqlite)
    await reading.ensure({TOPIC: "inbox"})
    waiting = asyncio.create_task(reading.subscribe(TOPIC, group="g").poll(limit=1, wait_s=10))
    await asyncio.sleep(0.2)

    await writing.publish(records(TOPIC, "a-1"))
    batch = await asyncio.wait_for(waiting, 2)
    await reading.close()
    await writing.close()

    assert values(batch) == ["a-1"]


async def test_chunks_come_in_small_batches(fresh_sqlite: str) -> None:
    """A poll of a blobs topic never holds more than a few megabytes, whatever the caller's limit is."""
    bus = open_bus(fresh_sqlite)
    await bus.ensure({"sct.blobs.court": "blobs"})
    await bus.publish(records("sct.blobs.court", *(f"k{number}-1" for number in range(40))))
    reader = bus.subscribe("sct.blobs.court", group="g")

    batch = await reader.poll(limit=200, wait_s=5)
    await bus.close()

    assert len(batch.records) == 16


async def test_processes_may_make_the_tables_at_once(fresh_database: str) -> None:
    """Several processes of a node start together on an empty database: each finds its topics afterwards."""
    buses = [open_bus(fresh_database) for _ in range(4)]
    await asyncio.gather(*(bus.ensure({TOPIC: "inbox"}) for bus in buses))
    await asyncio.gather(*(bus.publish(records(TOPIC, f"k{number}-1")) for number, bus in enumerate(buses)))

    batch = await buses[0].subscribe(TOPIC, group="g").poll(limit=10, wait_s=5)
    await asyncio.gather(*(bus.close() for bus in buses))

    assert sorted(values(batch)) == ["k0-1", "k1-1", "k2-1", "k3-1"]


async def test_a_database_that_fails_is_our_fault_and_tells_no_content(tmp_path: object) -> None:
    """An unreachable database is a `NodeError` that quotes neither statement nor record."""
    bus = open_bus(f"sqlite:///{tmp_path}/no/such/folder/bus.sqlite")

    with pytest.raises(NodeError) as failed:
        await bus.ensure({TOPIC: "inbox"})
    await bus.close()
    # The driver's thread tells this loop of its end: it must not find the loop closed.
    for _ in range(200):
        if not any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            break
        await asyncio.sleep(0.01)

    assert failed.value.code == "NOD-020"
    assert "SELECT" not in str(failed.value)


def test_an_owner_is_dead_once_its_process_is(fresh_sqlite: str) -> None:
    """Only a process that has certainly ended counts as dead: not this one, not one on another machine, not a zombie's twin."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mine = new_owner()
    place, _, start, number = mine.split("/")
    stat = Path(f"/proc/{child.pid}/stat").read_text("ascii").rpartition(")")[2].split()[19]
    theirs = f"{place}/{child.pid}/{stat}/1"

    assert not has_died(mine)
    assert not has_died(theirs)
    child.kill()
    child.communicate()
    assert has_died(theirs)
    assert has_died(f"{place}/{os.getpid()}/{int(start) - 1}/{number}")
    assert not has_died(f"elsewhere/{child.pid}/{stat}/1")


@pytest.mark.parametrize("url", ["mysql://h/db", "nonsense"])
def test_only_two_databases_can_be_a_bus(url: str) -> None:
    """Any other database is refused as a setting, before anything is connected."""
    with pytest.raises(SettingRefused):
        open_bus(url)
