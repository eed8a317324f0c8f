"""The ledger under kill -9: a process dies before or after a commit, and what it left is whole (architecture.md §2)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from gateway.errors import AlreadyClaimed, GatewayError, NodeError
from gateway.ledger.database import Database, Session
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrate import migrate
from tests import ledger_rows as a
from tests import ledger_work as w

COUNT = 40


def kill_at(moment: str, nth: int) -> None:
    """Wrap the one committing function: this process dies before, after or amid its nth transaction."""
    original = Database.transaction
    seen = 0

    @asynccontextmanager
    async def transaction(self: Database, name: str) -> AsyncIterator[Session]:
        nonlocal seen
        seen += 1
        async with original(self, name) as session:
            yield session
            if seen == nth and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if seen == nth and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    Database.transaction = transaction  # type: ignore[method-assign]  # the launcher's whole purpose


async def submit(url: str) -> None:
    """Commit COUNT messages in groups of ten, then print each that was answered; a repetition is answered too."""
    ledger = Ledger(url, group_max=10)
    await ledger.open()

    async def one(number: int) -> None:
        try:
            await ledger.commit(a.accepted(number))
        except AlreadyClaimed:
            pass
        except GatewayError as error:
            if error.code != "NOD-002":
                raise
        print(number, flush=True)

    await asyncio.gather(*(one(number) for number in range(COUNT)))
    await ledger.close()


def run(url: str, moment: str, nth: int) -> tuple[int, set[int]]:
    """Run `submit` in a process of its own: (exit status, messages that were answered)."""
    arguments = [sys.executable, __file__, url, moment, str(nth)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": "."}
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode, {int(line) for line in done.stdout.split()}


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_killed_process_leaves_whole_groups(fresh_database: str, moment: str) -> None:
    """Killed at its second commit: what was answered is there, each message whole or absent.

    A second run completes the rest once.
    """
    await migrate(fresh_database)
    status, answered = await asyncio.to_thread(run, fresh_database, moment, 2)
    ledger = Ledger(fresh_database)
    await ledger.open()
    whole = {n for n in range(COUNT) if await ledger.message(a.COURT, a.message_id(n))}
    facts = {n: len(await ledger.facts(a.conversation_id(n))) for n in range(COUNT)}

    assert status == -signal.SIGKILL
    assert len(whole) == (10 if moment == "before" else 20)
    assert answered <= whole
    assert facts == {n: 2 if n in whole else 0 for n in range(COUNT)}

    status, answered = await asyncio.to_thread(run, fresh_database, "never", 0)
    assert status == 0
    assert answered == set(range(COUNT))
    assert {len(await ledger.facts(a.conversation_id(n))) for n in range(COUNT)} == {2}
    assert await ledger.outbox_size() == COUNT
    await ledger.close()


async def test_a_killed_worker_loses_its_lease_in_time(fresh_database: str) -> None:
    """A lease that was committed before its holder died is respected until it ends.

    Is marked as lost afterwards.
    """
    await migrate(fresh_database)
    ledger = Ledger(fresh_database)
    await ledger.open()
    await ledger.commit(a.rows(w.endpoint(), w.delivery(1, 1)))
    held = await ledger.claim_due(a.NOW_US, 5, lease_us=100, token="dead")
    await ledger.close()

    restarted = Ledger(fresh_database)
    await restarted.open()
    early = await restarted.claim_due(a.NOW_US + 99, 5, lease_us=100, token="next")
    late = await restarted.claim_due(a.NOW_US + 100, 5, lease_us=100, token="next")
    await restarted.close()

    assert len(held) == 1
    assert early == []
    assert [one.lost_lease for one in late] == ["dead"]


async def test_a_database_that_drops_its_connections_is_found_again(fresh_postgres: str) -> None:
    """After the server cut every connection, callers get a `NodeError` at most once each way, then all is as before."""
    await migrate(fresh_postgres)
    ledger = Ledger(fresh_postgres)
    await ledger.open()
    await asyncio.gather(ledger.commit(a.accepted(1)), *(ledger.message(a.COURT, a.message_id(n)) for n in range(6)))
    with psycopg.connect(fresh_postgres, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    first = await asyncio.gather(ledger.commit(a.accepted(2)), return_exceptions=True)
    read = await asyncio.gather(ledger.message(a.COURT, a.message_id(1)), return_exceptions=True)
    after = await asyncio.gather(ledger.commit(a.accepted(3)), ledger.survey("submit", a.header(1)))
    found = await ledger.message(a.COURT, a.message_id(1))
    await ledger.close()

    assert isinstance(first[0], NodeError | None)
    assert isinstance(read[0], NodeError) or read[0] == a.message(1)
    assert after[1].claim == a.claim(1)
    assert found == a.message(1)


async def test_two_processes_submit_the_same_at_once(fresh_database: str) -> None:
    """Two processes commit the same 40 messages against each other.

    Every one is there once, and both are answered for all.
    """
    await migrate(fresh_database)
    results = await asyncio.gather(*(asyncio.to_thread(run, fresh_database, "never", 0) for _ in range(2)))
    ledger = Ledger(fresh_database)
    await ledger.open()
    facts = {len(await ledger.facts(a.conversation_id(n))) for n in range(COUNT)}
    size = await ledger.outbox_size()
    await ledger.close()

    assert results == [(0, set(range(COUNT)))] * 2
    assert (facts, size) == ({2}, COUNT)


if __name__ == "__main__":
    kill_at(sys.argv[2], int(sys.argv[3]))
    asyncio.run(submit(sys.argv[1]))
