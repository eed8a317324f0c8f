"""Lanes and leases, on SQLite and PostgreSQL alike (protocol.md §4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.errors import LeaseLost
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrate import migrate
from gateway.model.ledger import Change, Delivery, Guard
from tests import ledger_rows as a
from tests import ledger_work as w

LEASE_US = 1000


@pytest.fixture
async def ledger(fresh_database: str) -> AsyncIterator[Ledger]:
    """An open ledger with its tables and one endpoint that is well."""
    await migrate(fresh_database)
    made = Ledger(fresh_database)
    await made.open()
    await made.commit(a.rows(w.endpoint()))
    yield made
    await made.close()


async def take(
    ledger: Ledger, lease: str = "t", *, now_us: int = a.NOW_US, limit: int = 50, each: int = 50
) -> list[Delivery]:
    """What a worker gets now."""
    return [one.delivery for one in await ledger.claim_due(now_us, limit, lease_us=LEASE_US, token=lease, each=each)]


async def finish(ledger: Ledger, held: Delivery, state: str) -> None:
    """Report the outcome of a delivery under its lease."""
    key = (("endpoint", held.endpoint), ("sender", held.sender), ("message_id", held.message_id), ("part", held.part))
    guard = Guard(table=Delivery, key=key, column="lease", expected=held.lease)
    await ledger.commit(
        Change(
            name="deliver.done", guards=(guard,), rows=(replace(held, state=state, lease=None, lease_until_us=None),)
        )
    )


async def test_a_lane_is_handed_over_in_order(ledger: Ledger) -> None:
    """Only the head of a lane can be leased; the next comes when it is delivered; other lanes go on beside it."""
    await ledger.commit(a.rows(w.delivery(1, 2), w.delivery(1, 1), w.delivery(1, 2, part="accepted"), w.delivery(2, 5)))

    first = await take(ledger)
    assert sorted((one.conversation_id, one.seq) for one in first) == [
        (a.conversation_id(1), 1),
        (a.conversation_id(2), 5),
    ]
    assert await take(ledger) == []

    await finish(ledger, next(one for one in first if one.seq == 1), "delivered")
    second = await take(ledger)
    assert [(one.seq, one.part) for one in second] == [(2, "accepted")]
    await finish(ledger, second[0], "delivered")
    assert [(one.seq, one.part) for one in await take(ledger)] == [(2, "message")]


@pytest.mark.parametrize(("state", "frees"), [
    ("failed", False), ("superseded", True), ("expired", True), ("skipped", True), ("delivered", True),
])  # fmt: skip
async def test_what_frees_a_lane(ledger: Ledger, state: str, frees: bool) -> None:
    """A failed delivery holds its lane; delivered, superseded, expired and skipped free it."""
    await ledger.commit(a.rows(w.delivery(1, 1, state=state), w.delivery(1, 2)))

    assert [one.seq for one in await take(ledger)] == ([2] if frees else [])


async def test_a_lease_runs_out_and_says_so(ledger: Ledger) -> None:
    """A delivery whose holder died comes again after its lease, marked with the lost lease.

    The old token is worth nothing then.
    """
    await ledger.commit(a.rows(w.delivery(1, 1)))
    [held] = await take(ledger, "first")
    assert await take(ledger, "second", now_us=a.NOW_US + LEASE_US - 1) == []

    [again] = await ledger.claim_due(a.NOW_US + LEASE_US, 5, lease_us=LEASE_US, token="second")
    assert again.lost_lease == "first"
    assert (again.delivery.lease, again.delivery.lease_until_us) == ("second", a.NOW_US + 2 * LEASE_US)
    with pytest.raises(LeaseLost):
        await finish(ledger, held, "delivered")
    await finish(ledger, again.delivery, "delivered")

    assert (await ledger.deliveries_of(held.sender, held.message_id))[0].state == "delivered"


async def test_what_is_not_due_or_not_open_waits(ledger: Ledger) -> None:
    """Later due times, a pause, an open breaker and a participant without an endpoint keep a delivery where it is."""
    await ledger.commit(
        a.rows(
            w.endpoint("union:t-paused", paused=True),
            w.endpoint("union:t-broken", open_until_us=a.NOW_US + 5),
            w.delivery(1, 1, due_us=a.NOW_US + 3),
            w.delivery(2, 1, endpoint="union:t-paused"),
            w.delivery(3, 1, endpoint="union:t-broken"),
            w.delivery(4, 1, endpoint="union:t-nobody"),
        )
    )

    assert await take(ledger) == []
    assert [one.endpoint for one in await take(ledger, now_us=a.NOW_US + 3)] == [a.UNION]
    assert [one.endpoint for one in await take(ledger, now_us=a.NOW_US + 5)] == ["union:t-broken"]


async def test_nearest_deadline_first_and_room_for_everybody(ledger: Ledger) -> None:
    """An endpoint gets at most `each` calls at a time, the most urgent ones; its backlog leaves room for the others."""
    await ledger.commit(
        a.rows(*(w.delivery(n, 1, deadline_us=a.NOW_US + 1000 - n) for n in range(1, 40)), w.endpoint("union:t-other"))
    )
    await ledger.commit(a.rows(w.delivery(50, 1, endpoint="union:t-other", deadline_us=a.NOW_US + 9999)))

    first = await take(ledger, each=3)
    assert [one.conversation_id for one in first] == [*map(a.conversation_id, (39, 38, 37)), a.conversation_id(50)]
    assert await take(ledger, each=3) == []
    await finish(ledger, first[0], "delivered")
    assert [one.conversation_id for one in await take(ledger, each=3)] == [a.conversation_id(36)]
    assert await ledger.delivery_counts() == {
        (a.UNION, "delivered"): 1,
        (a.UNION, "leased"): 3,
        (a.UNION, "due"): 35,
        ("union:t-other", "leased"): 1,
    }


async def test_workers_never_hold_the_same(ledger: Ledger, fresh_database: str) -> None:
    """Six workers of two processes claim at once, again and again: every delivery is held once, no lane twice."""
    second = Ledger(fresh_database)
    await second.open()
    for chunk in range(4):
        await ledger.commit(a.rows(*(w.delivery(n, seq) for n in range(chunk * 10, chunk * 10 + 10) for seq in (1, 2))))

    async def work(through: Ledger, token: str) -> list[Delivery]:
        mine: list[Delivery] = []
        while (await ledger.delivery_counts()).get((a.UNION, "delivered"), 0) < 80:
            got = await take(through, token, limit=4, each=1000)
            mine += got
            for one in got:
                await finish(through, one, "delivered")
        return mine

    groups = await asyncio.gather(*(work((ledger, second)[n % 2], f"w{n}") for n in range(6)))
    await second.close()
    held = [(one.conversation_id, one.seq) for group in groups for one in group]

    assert len(held) == len(set(held))
    assert len(held) == 80


async def test_order_holds_under_racing_workers(ledger: Ledger) -> None:
    """Whatever the workers do, a lane's deliveries are finished in its order."""
    await ledger.commit(a.rows(*(w.delivery(n, seq) for n in range(3) for seq in range(1, 6))))
    finished: dict[str, list[int]] = {}

    async def work(token: str) -> None:
        while sum(map(len, finished.values())) < 15:
            for one in await take(ledger, token, limit=1):
                await asyncio.sleep(0.001)
                finished.setdefault(one.conversation_id, []).append(one.seq)
                await finish(ledger, one, "delivered")

    await asyncio.gather(*(work(f"w{n}") for n in range(4)))

    assert finished == {a.conversation_id(n): [1, 2, 3, 4, 5] for n in range(3)}
    assert await ledger.lane(a.UNION, a.conversation_id(0)) == []
