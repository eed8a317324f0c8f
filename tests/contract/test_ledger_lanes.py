"""Lanes and leases against a model: any interleaving of workers, crashes and time, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.errors import LeaseLost
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrate import migrate
from gateway.model.ledger import Change, Delivery, Guard
from tests import ledger_rows as a
from tests import ledger_work as w

LEASE_US, EACH, LANES = 10, 2, 3
HOLDING = ("due", "leased", "failed")


@pytest.fixture
def ledger(fresh_database: str) -> Iterator[tuple[Ledger, asyncio.Runner]]:
    """An open ledger, and the loop that it lives in: hypothesis drives it from plain functions."""
    with asyncio.Runner() as runner:
        runner.run(migrate(fresh_database))
        made = Ledger(fresh_database)
        runner.run(made.open())
        yield made, runner
        runner.run(made.close())


class Lanes(RuleBasedStateMachine):
    """A model of all deliveries beside the ledger's."""

    ledger: Ledger
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    round = 0

    @initialize()
    def begin(self) -> None:
        """Conversations and an endpoint of its own for every example: the database is shared by all of them."""
        type(self).round += 1
        self.first = 10 * self.round
        self.endpoint = f"union:t-{self.round}"
        self.now, self.seq, self.tokens = a.NOW_US, 0, 0
        self.rows: dict[str, Delivery] = {}
        before = w.endpoint(f"union:t-{self.round - 1}", paused=True)
        self.run(self.ledger.commit(a.rows(w.endpoint(self.endpoint), before)))

    @rule(lane=st.integers(0, LANES - 1), wait=st.sampled_from([0, 0, 5, 40]))
    def add(self, lane: int, wait: int) -> None:
        """A delivery joins the end of a lane."""
        self.seq += 1
        row = w.delivery(
            self.first + lane,
            self.seq,
            endpoint=self.endpoint,
            due_us=self.now + wait,
            deadline_us=self.now + 100 - self.seq,
        )
        self.run(self.ledger.commit(a.rows(row)))
        self.rows[row.message_id] = row

    @rule(by=st.integers(1, 15))
    def pass_time(self, by: int) -> None:
        """The clock moves on."""
        self.now += by

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        """A worker claims.

        Only ready heads of lanes, within the room, the most urgent ones, with the lost lease named.
        """
        self.tokens += 1
        got = self.run(self.ledger.claim_due(self.now, limit, lease_us=LEASE_US, token=f"t{self.tokens}", each=EACH))
        ready = sorted(
            (row for row in self.rows.values() if self._is_ready(row)),
            key=lambda row: (row.deadline_us, row.due_us, row.seq),
        )
        flying = sum(row.state == "leased" and (row.lease_until_us or 0) > self.now for row in self.rows.values())
        assert [one.delivery.message_id for one in got] == [
            row.message_id for row in ready[: min(limit, max(EACH - flying, 0))]
        ]
        for one in got:
            before = self.rows[one.delivery.message_id]
            assert one.lost_lease == (before.lease if before.state == "leased" else None)
            self.rows[one.delivery.message_id] = one.delivery

    @precondition(lambda self: self._leased())
    @rule(data=st.data(), state=st.sampled_from(["delivered", "failed", "due"]), stale=st.booleans())
    def report(self, data: st.DataObject, state: str, stale: bool) -> None:
        """A worker reports under its lease; a worker with an older token changes nothing."""
        row = data.draw(st.sampled_from(self._leased()))
        key = (("endpoint", row.endpoint), ("sender", row.sender), ("message_id", row.message_id), ("part", row.part))
        guard = Guard(table=Delivery, key=key, column="lease", expected="older" if stale else row.lease)
        after = replace(
            row, state=state, lease=None, lease_until_us=None, due_us=self.now + 7, attempts=row.attempts + 1
        )
        change = Change(name="deliver.done", guards=(guard,), rows=(after,))
        if stale:
            with pytest.raises(LeaseLost):
                self.run(self.ledger.commit(change))
        else:
            self.run(self.ledger.commit(change))
            self.rows[row.message_id] = after

    @invariant()
    def same(self) -> None:
        """The ledger's lanes are the model's."""
        for lane in range(LANES):
            conversation = a.conversation_id(getattr(self, "first", 0) + lane)
            mine = sorted(
                (row for row in getattr(self, "rows", {}).values() if row.conversation_id == conversation),
                key=lambda row: row.seq,
            )
            if mine:
                assert self.run(self.ledger.lane(self.endpoint, conversation)) == [
                    row for row in mine if row.state in HOLDING
                ]

    def _leased(self) -> list[Delivery]:
        return [row for row in getattr(self, "rows", {}).values() if row.state == "leased"]

    def _is_ready(self, row: Delivery) -> bool:
        due = (row.state == "due" and row.due_us <= self.now) or (
            row.state == "leased" and (row.lease_until_us or 0) <= self.now
        )
        ahead = (one for one in self.rows.values() if one.conversation_id == row.conversation_id and one.seq < row.seq)
        return due and not any(one.state in HOLDING for one in ahead)


def test_lanes_follow_their_model(ledger: tuple[Ledger, asyncio.Runner]) -> None:
    """Whatever workers, crashes and time do, the ledger hands over exactly what the model allows, and in its order."""

    class Bound(Lanes):
        """The machine over this test's ledger."""

    Bound.ledger, Bound.run = ledger[0], staticmethod(ledger[1].run)
    run_state_machine_as_test(Bound, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))

    assert Bound.round > 0
