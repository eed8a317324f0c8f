"""What happens to rows that stand already, table by table, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.errors import AlreadyClaimed, LeaseLost, NodeError, StaleConversation
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrate import migrate
from gateway.model.ledger import (
    AttachmentRow,
    Change,
    Guard,
    Nonce,
    Origin,
    Reading,
    ReplayClaim,
    ReplayRow,
    Word,
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


async def test_a_guard_is_a_compare_and_set(ledger: Ledger) -> None:
    """Of ten changes guarded by the same lease, held together, one is committed; the others are `LeaseLost`."""
    held = w.delivery(1, 1, state="leased", lease="token", lease_until_us=a.NOW_US + 9)
    await ledger.commit(a.rows(held))
    key = (("endpoint", held.endpoint), ("sender", held.sender), ("message_id", held.message_id), ("part", held.part))
    guard = Guard(table=type(held), key=key, column="lease", expected="token")
    done = replace(held, state="delivered", lease=None, lease_until_us=None)
    changes = [Change(name="deliver.done", guards=(guard,), rows=(done, a.fact(n, 1))) for n in range(10)]

    results = await asyncio.gather(*(ledger.commit(change) for change in changes), return_exceptions=True)

    assert results.count(None) == 1
    assert sum(isinstance(result, LeaseLost) for result in results) == 9
    assert await ledger.deliveries_of(held.sender, held.message_id) == [done]
    assert sum([len(await ledger.facts(a.conversation_id(n))) for n in range(10)]) == 1


async def test_a_guard_can_expect_nothing(ledger: Ledger) -> None:
    """NULL equals NULL in a guard, and a row that is not there never passes."""
    free = w.delivery(1, 1)
    await ledger.commit(a.rows(free))
    key = (("endpoint", free.endpoint), ("sender", free.sender), ("message_id", free.message_id), ("part", free.part))
    absent = tuple((name, "other" if name == "part" else value) for name, value in key)

    await ledger.commit(Change(name="x", guards=(Guard(table=type(free), key=key, column="lease", expected=None),)))
    with pytest.raises(LeaseLost):
        await ledger.commit(
            Change(name="x", guards=(Guard(table=type(free), key=absent, column="lease", expected=None),))
        )
    with pytest.raises(NodeError, match="whole key"):
        await ledger.commit(
            Change(name="x", guards=(Guard(table=type(free), key=key[:2], column="lease", expected=None),))
        )


async def test_policies_of_rows_that_stand_already(ledger: Ledger) -> None:
    """First stored wins for messages and receipts; processes are replaced.

    Bytes that are whole and times read stay so.
    """
    whole = AttachmentRow(sha256="a" * 64, size=3, complete=True, at_us=1)
    await ledger.commit(
        a.rows(a.message(1), a.receipt(1), a.process(1), whole, Reading(topic="t", part="0", through_us=50))
    )
    await ledger.commit(
        a.rows(
            a.message(1, raw=b"other", word="x"),
            a.receipt(1, xml=b"other"),
            a.process(1, state="accepted", number=2),
            replace(whole, complete=False),
            Reading(topic="t", part="0", through_us=40),
        )
    )

    assert await ledger.message(a.COURT, a.message_id(1)) == a.message(1)
    assert await ledger.receipts(a.COURT, a.message_id(1)) == [a.receipt(1)]
    assert await ledger.process(a.process_id(1)) == a.process(1, state="accepted", number=2)
    assert await ledger.attachment("a" * 64) == whole
    assert await ledger.readings("t") == [Reading(topic="t", part="0", through_us=50)]


async def test_an_origin_keeps_its_call_and_is_answered_once(ledger: Ledger) -> None:
    """A repeated native call changes nothing; the answer is filled in once and then stands."""
    call = Origin(
        participant=a.COURT,
        native_key="k",
        message_id=a.message_id(1),
        conversation_id=a.conversation_id(1),
        profile="court/platform",
        raw=b"first",
        authentication="{}",
        answer=b"",
        at_us=1,
    )
    await ledger.commit(a.rows(call))
    await asyncio.gather(
        ledger.commit(a.rows(replace(call, message_id=a.message_id(2), raw=b"second"))),
        ledger.commit(a.rows(replace(call, answer=b"yes"))),
    )
    await ledger.commit(a.rows(replace(call, answer=b"no")))

    assert await ledger.origin(a.COURT, "k") == replace(call, answer=b"yes")
    assert await ledger.origins_of(a.message_id(1)) == [replace(call, answer=b"yes")]


async def test_the_evidence_is_of_the_call_that_was_accepted(ledger: Ledger) -> None:
    """A call under the same key and message takes the place of one that came to nothing; after the answer none does."""
    call = Origin(
        participant=a.COURT, native_key="k", message_id=a.message_id(1), conversation_id=a.conversation_id(1),
        profile="court/platform", raw=b"refused", authentication="{}", answer=b"", at_us=1,
    )  # fmt: skip
    accepted = replace(call, raw=b"accepted", authentication='{"key": "2"}')
    await ledger.commit(a.rows(call))
    await ledger.commit(a.rows(accepted))
    await ledger.commit(a.rows(replace(call, answer=b"yes")))
    await ledger.commit(a.rows(replace(call, raw=b"late")))
    assert await ledger.origin(a.COURT, "k") == replace(accepted, answer=b"yes")


async def test_words_unparking_and_publishing_in_one_change(ledger: Ledger) -> None:
    """A change moves a message's word, settles parked records and deletes published rows.

    Nothing else of them changes.
    """
    other = w.parked(2)
    await ledger.commit(a.rows(a.message(1), a.message(2), w.parked(1), other, a.outbox(1, 1), a.outbox(1, 2)))
    word = Word(sender=a.COURT, message_id=a.message_id(1), word="delivered", ask_us=None, asked=2)
    settled = w.parked(1)
    await ledger.commit(
        Change(
            name="acknowledge",
            words=(word,),
            unpark=((settled.sender, settled.message_id, settled.part),),
            published=(("node:union", a.conversation_id(1), 1, "message"),),
        )
    )

    assert await ledger.message(a.COURT, a.message_id(1)) == a.message(1, word="delivered", asked=2)
    assert await ledger.message(a.COURT, a.message_id(2)) == a.message(2)
    assert await ledger.parked_of(settled.conversation_id, a.COURT) == []
    assert await ledger.parked_of(other.conversation_id, a.COURT) == [other]
    assert await ledger.outbox_first(10) == [a.outbox(1, 2)]


async def test_access_streams_have_no_version_and_still_no_gap(ledger: Ledger) -> None:
    """Two facts for the same place of a stream, together or one after the other: one stands, the other is stale."""
    first, second = a.fact(1, 1, stream="access/x", actor="one"), a.fact(1, 1, stream="access/x", actor="two")
    results = await asyncio.gather(ledger.commit(a.rows(first)), ledger.commit(a.rows(second)), return_exceptions=True)
    with pytest.raises(StaleConversation):
        await ledger.commit(a.rows(second, w.endpoint()))

    assert [type(result) for result in results] == [type(None), StaleConversation]
    assert await ledger.facts("access/x") == [first]
    assert await ledger.newest_fact("access/x") == first
    assert await ledger.endpoints() == []


async def test_a_nonce_is_used_once(ledger: Ledger) -> None:
    """Of 20 uses of one nonce at once one succeeds; after it has run out and been pruned it is new."""
    uses = await asyncio.gather(*(ledger.use_nonce("app", "n", 100) for _ in range(20)))
    again = await ledger.use_nonce("app", "n", 100)
    pruned = await ledger.prune(101, 10)

    assert uses.count(True) == 1
    assert again is False
    assert pruned == 1
    assert await ledger.use_nonce("app", "n", 300) is True
    with pytest.raises(AlreadyClaimed):
        await ledger.commit(a.rows(Nonce(credential="app", nonce="n", expires_us=300)))


async def test_a_failure_is_held_by_one_running_replay(ledger: Ledger) -> None:
    """50 replays claim one failure at once: one holds it, until it is done; then another can."""
    replays = [
        ReplayRow(
            replay_id=f"r{n}", state="running", fingerprint="", reason="", planned_by="", approved_by="", needs_second=False, total=1,
            changed=0, done=0, failed=0, plan="", created_us=n, updated_us=n,
        )
        for n in range(51)
    ]  # fmt: skip
    claims = [ReplayClaim(failure_id="f", replay_id=replay.replay_id) for replay in replays]
    results = await asyncio.gather(
        *(ledger.commit(a.rows(replay, one)) for replay, one in zip(replays[:50], claims, strict=False)),
        return_exceptions=True,
    )
    winner = replays[results.index(None)]
    with pytest.raises(AlreadyClaimed):
        await ledger.commit(a.rows(replays[50], claims[50]))
    await ledger.commit(a.rows(replace(winner, state="done")))
    await ledger.commit(a.rows(replays[50], claims[50]))

    assert results.count(None) == 1
    assert [one.replay_id for one in await ledger.replays(state="running")] == ["r50"]
    assert await ledger.replay_failures("r50") == ["f"]
