"""No lane is held for ever: every delivery ends, whatever failed in it, and a receipt is never receipted (protocol.md §4, §6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from adapters import ADAPTERS
from gateway.bus import boundary, topics
from gateway.errors import NodeError
from gateway.flow.replay import Wish
from tests.federation import COURT, ONE_NODE, STATION, THREE_NODES, Federation, federation
from tests.partner import connect, partner
from tests.story import MEDIATION, beijing, new_case

DESIGNATION, ACCEPT, SUCCESS = "mediation.DesignationRequest", "mediation.DesignationAccept", "mediation.ResultSuccess"


async def test_a_failed_delivery_ends_with_its_time(tmp_path: Path) -> None:
    """Nobody repairs what the partner refused: after 30 days the lane is free, the sender learns it, the failure is abandoned."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        case, services = new_case(made), made.node(STATION).services
        system.mode = lambda _message, _calls: "refused"
        await connect(services, STATION, system.url)
        await case.offer(DESIGNATION)
        await made.settle()
        ledger = services.node.ledger
        assert await ledger.delivery_counts() == {(STATION, "failed"): 1}
        made.tick(timedelta(days=31))
        await services.prune()
        await made.settle()
        assert (await ledger.delivery_counts())[STATION, "skipped"] == 1
        assert [one.state for one in await ledger.failures_of(COURT, case.sent[DESIGNATION])] == ["abandoned"]
        told = await services.inbox(COURT, limit=9)
        assert "undeliverable" in [one.part for one in told if one.message_id == case.sent[DESIGNATION]]


async def test_what_nobody_fetches_expires(tmp_path: Path) -> None:
    """A participant without an endpoint never comes for a message with ExpiresAt: `expired`, and it waits no longer."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.offer(DESIGNATION, expires_at=made.now + timedelta(days=2))
        await made.settle()
        made.tick(timedelta(days=3))
        await made.node(STATION).services.prune()
        await made.settle()
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "received", "expired"}
        assert await made.node(STATION).services.inbox(STATION, limit=9) == []
        assert await case.state(COURT) == ("designated", 1)


async def test_a_receipt_that_is_not_taken_gets_no_receipt(tmp_path: Path) -> None:
    """The court's system never takes the word `expired`: it ends after 30 days, and nothing new is queued for the same system."""
    async with federation(tmp_path, ONE_NODE) as made:
        case, services = new_case(made), made.node(COURT).services
        await case.offer(DESIGNATION, expires_at=made.now + timedelta(days=2))
        await made.settle()
        for _ in range(3):
            made.tick(timedelta(days=31))
            await services.prune()
            await made.settle()
        found = await services.node.ledger.deliveries_of(COURT, case.sent[DESIGNATION])
        states = {(one.endpoint, one.part): one.state for one in found}
        assert states[COURT, "expired"] == "skipped"
        assert (COURT, "undeliverable") not in states
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "received", "expired"}


async def test_a_defect_of_ours_is_a_failure_and_no_endless_lease(tmp_path: Path, broken: list[Exception]) -> None:
    """The adapter breaks on a message: one failure record with our code, the lane held; mended and replayed it is delivered."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        case, services = new_case(made), made.node(STATION).services
        await connect(services, STATION, system.url)
        broken.append(KeyError("defect"))
        await case.offer(DESIGNATION)
        await made.settle()
        [group] = await services.node.ledger.failure_groups(stage="deliver")
        assert (group.code, group.open) == ("NOD-099", 1)
        broken.clear()
        plan = await services.plan_group(Wish(fingerprint=group.fingerprint, reason="mended", actor="one"))
        await services.approve(plan.replay_id, actor="another")
        await services.run(plan.replay_id)
        await made.settle()
        assert list(system.effects.values()) == [1]


async def test_a_key_that_is_missing_is_tried_again_with_patience(tmp_path: Path, broken: list[Exception]) -> None:
    """Before the call this node cannot go on: the delivery is due again with a date and a count, no outcome is in doubt."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        case, services = new_case(made), made.node(STATION).services
        await connect(services, STATION, system.url)
        broken.append(NodeError("no key", code="NOD-040"))
        await case.offer(DESIGNATION)
        await made.settle()
        [delivery] = await services.node.ledger.deliveries_of(COURT, case.sent[DESIGNATION])
        assert (delivery.state, delivery.attempts, delivery.lease) == ("due", 1, None)
        broken.clear()
        made.tick(timedelta(minutes=1))
        await made.settle()
        assert list(system.effects.values()) == [1]


async def test_what_fails_while_its_correction_comes_gives_way(tmp_path: Path) -> None:
    """The correction is taken during the call that the partner then refuses: no failure holds the lane, the correction follows."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        case, services = new_case(made), made.node(COURT).services
        await case.tell(MEDIATION[:5])
        made.until(beijing("2026-03-18T16:25"))
        await connect(services, COURT, system.url)
        first = await case.offer(SUCCESS)
        await _relayed(made)
        [leased] = await services.lease(9, lease_us=45_000_000, per_endpoint=9)
        assert (await case.offer(SUCCESS, kind="correct", supersedes=first.receipt.message_id)).refusal is None
        system.mode = lambda message, _calls: "refused" if message == first.receipt.message_id else "well"
        await made.settle()
        await services.deliver(leased)
        await made.settle()
        assert system.messages() == {case.sent[SUCCESS]}
        assert {one.kind for one in await services.receipts(STATION, first.receipt.message_id)} == {
            "accepted", "received", "undeliverable",
        }  # fmt: skip
        assert [one.open for one in await services.node.ledger.failure_groups(stage="deliver")] == [0]


async def test_two_confirmations_at_once_are_one(tmp_path: Path) -> None:
    """A system that confirms ten times at once: one fact `retrieved`, one receipt."""
    async with federation(tmp_path, ONE_NODE) as made:
        case, services = new_case(made), made.node(STATION).services
        await case.offer(DESIGNATION)
        await made.settle()
        confirm = [services.confirm(STATION, case.sent[DESIGNATION], part="message") for _ in range(10)]
        await asyncio.gather(*confirm, return_exceptions=True)
        facts = await services.node.ledger.facts(case.conversation_id)
        assert [fact.kind for fact in facts].count("retrieved") == 1


async def _relayed(made: Federation) -> None:
    """One message as far as its delivery, and no further."""
    application = made.node(COURT)
    await application.services.relay(9)
    subscription, batch = await made.poll(application, topics.inbox(made.prefix, application.settings.node))
    for taken in batch.records:
        await application.services.receive(taken.record)
    await boundary.settle(subscription, batch, name="test.relayed")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """What canonical/https raises when it writes; empty: nothing."""
    errors: list[Exception] = []
    adapter = ADAPTERS["canonical/https"]
    write = type(adapter).write

    def breaking(*args: object, **named: object) -> object:
        return _raise(errors[0]) if errors else write(*args, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(type(adapter), "write", breaking)
    yield errors
    errors.clear()


def _raise(error: Exception) -> NoReturn:
    raise error
