"""Group commit, on SQLite and PostgreSQL alike.

What shares a transaction, and who is told what when somebody else was first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.errors import AlreadyClaimed, NodeError, StaleConversation
from gateway.ledger.database import Database, Session
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrate import migrate
from gateway.model.ledger import (
    Change,
    Conversation,
)
from tests import ledger_rows as a
from tests import ledger_work as w


@pytest.fixture
async def ledger(fresh_database: str) -> AsyncIterator[Ledger]:
    """An open ledger with its tables."""
    await migrate(fresh_database)
    made = Ledger(fresh_database)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the transactions that were committed."""
    names: list[str] = []
    original = Database.transaction

    @asynccontextmanager
    async def transaction(self: Database, name: str) -> AsyncIterator[Session]:
        async with original(self, name) as session:
            yield session
        names.append(name)

    monkeypatch.setattr(Database, "transaction", transaction)
    return names


async def test_changes_that_wait_share_transactions(ledger: Ledger, commits: list[str]) -> None:
    """300 changes at once take two transactions (256 is the bound), and every row of each is there afterwards."""
    await asyncio.gather(*(ledger.commit(a.accepted(number)) for number in range(300)))

    assert commits == ["submit.accept", "submit.accept"]
    for number in (0, 255, 256, 299):
        assert await ledger.message(a.COURT, a.message_id(number)) == a.message(number)
        assert await ledger.facts(a.conversation_id(number)) == [a.fact(number, 1), a.fact(number, 2)]
        assert await ledger.receipts(a.COURT, a.message_id(number)) == [a.receipt(number)]
        assert await ledger.conversation(a.conversation_id(number)) == a.conversation(number, 2)


async def test_a_group_is_named_by_its_changes(ledger: Ledger, commits: list[str]) -> None:
    """The name of a transaction is the sorted set of its changes' names.

    Every crash point has a stable name.
    """
    await asyncio.gather(
        ledger.commit(a.rows(w.endpoint(), name="watch.breaker")),
        ledger.commit(a.accepted(1)),
        ledger.commit(a.accepted(2)),
    )

    assert commits == ["submit.accept+watch.breaker"]


async def test_a_stale_version_loses_alone(ledger: Ledger) -> None:
    """A change built on an old version is refused, writes nothing, and does not disturb the others of its group."""
    await ledger.commit(a.accepted(1))
    late = Change(name="submit.accept", moves=((1, a.conversation(1, 3)),), rows=(a.fact(1, 3),))

    results = await asyncio.gather(ledger.commit(late), ledger.commit(a.accepted(2)), return_exceptions=True)

    assert isinstance(results[0], StaleConversation)
    assert results[1] is None
    assert len(await ledger.facts(a.conversation_id(1))) == 2
    assert len(await ledger.facts(a.conversation_id(2))) == 2


async def test_two_changes_of_one_version_in_one_moment(ledger: Ledger) -> None:
    """Of two changes from the same version that wait together, the first is committed and the second is stale."""
    await ledger.commit(a.accepted(1))
    first = Change(name="x", moves=((2, a.conversation(1, 3)),), rows=(a.fact(1, 3, kind="first"),))
    second = Change(name="x", moves=((2, a.conversation(1, 3)),), rows=(a.fact(1, 3, kind="second"),))

    results = await asyncio.gather(ledger.commit(first), ledger.commit(second), return_exceptions=True)

    assert results[0] is None
    assert isinstance(results[1], StaleConversation)
    assert (await ledger.facts(a.conversation_id(1)))[-1].kind == "first"


async def test_fifty_claims_of_one_message_at_once_leave_one(ledger: Ledger, commits: list[str]) -> None:
    """50 submissions of one message at once: one is committed, 49 are told so, in far fewer transactions than 50."""
    results = await asyncio.gather(*(ledger.commit(a.accepted(7)) for _ in range(50)), return_exceptions=True)

    assert results.count(None) == 1
    assert all(isinstance(result, AlreadyClaimed | StaleConversation) for result in results if result is not None)
    assert len(commits) <= 2
    assert len(await ledger.facts(a.conversation_id(7))) == 2


async def test_a_claim_that_stands_is_already_claimed(ledger: Ledger) -> None:
    """A second claim of (stage, sender, message id) in a later transaction is `AlreadyClaimed`.

    Another stage is its own claim.
    """
    await ledger.commit(a.rows(a.claim(1)))

    with pytest.raises(AlreadyClaimed):
        await ledger.commit(a.rows(a.claim(1, digest="e" * 64), w.endpoint()))
    await ledger.commit(a.rows(a.claim(1, stage="receive")))

    assert await ledger.endpoints() == []


async def test_one_bad_change_does_not_fail_its_group(ledger: Ledger) -> None:
    """A row that the database or the driver cannot take fails its own change only."""
    bad = a.rows(a.fact(1, 1, took_us="soon"), a.fact(1, 2, took_us=1 << 70))

    results = await asyncio.gather(
        ledger.commit(bad), ledger.commit(a.accepted(2)), ledger.commit(a.accepted(3)), return_exceptions=True
    )

    assert isinstance(results[0], NodeError)
    assert list(results[1:]) == [None, None]
    assert await ledger.facts(a.conversation_id(1)) == []
    assert len(await ledger.facts(a.conversation_id(3))) == 2


async def test_two_ledgers_race_on_one_conversation(ledger: Ledger, fresh_database: str) -> None:
    """Two processes' committers move one conversation 20 times each.

    No version is given twice, no fact is lost, nobody hangs.
    """
    second = Ledger(fresh_database)
    await second.open()

    async def move(through: Ledger, name: str) -> int:
        stale = done = 0
        while done < 20:
            now = await through.conversation(a.conversation_id(1)) or Conversation(
                conversation_id=a.conversation_id(1), version=0, head=""
            )
            seq = now.version + 1
            change = Change(
                name=name, moves=((now.version, a.conversation(1, seq)),), rows=(a.fact(1, seq, actor=name),)
            )
            try:
                await through.commit(change)
                done += 1
            except StaleConversation:
                stale += 1
        return stale

    await asyncio.gather(move(ledger, "one"), move(second, "two"), move(second, "three"))
    facts = await ledger.facts(a.conversation_id(1))
    await second.close()

    assert [fact.seq for fact in facts] == list(range(1, 61))
    assert {name: sum(fact.actor == name for fact in facts) for name in ("one", "two", "three")} == {
        "one": 20,
        "two": 20,
        "three": 20,
    }


async def test_a_cancelled_caller_does_not_cancel_its_group(ledger: Ledger) -> None:
    """A request that is cut off leaves the others of its group unharmed, and the committer alive."""
    cut = asyncio.create_task(ledger.commit(a.accepted(1)))
    other = asyncio.create_task(ledger.commit(a.accepted(2)))
    await asyncio.sleep(0)
    cut.cancel()
    await other
    await ledger.commit(a.accepted(3))

    assert cut.cancelled()
    assert await ledger.message(a.COURT, a.message_id(2)) is not None
    assert await ledger.message(a.COURT, a.message_id(3)) is not None
