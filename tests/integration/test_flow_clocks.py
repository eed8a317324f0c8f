"""Clocks of the law fire once, at the keeper's node alone, and silence between nodes is asked about before it is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.bus.mark import MARK_EVERY_S
from gateway.errors import ContractRefused
from tests.federation import COURT, ONE_NODE, STATION, THREE_NODES, federation
from tests.story import MEDIATION, beijing, fetch, new_case

DESIGNATION, ACCEPT = "mediation.DesignationRequest", "mediation.DesignationAccept"


@pytest.mark.parametrize("placement", [ONE_NODE, THREE_NODES], ids=["one-node", "three-nodes"])
async def test_silence_of_the_body_returns_the_case(tmp_path: Path, placement: dict[str, tuple[str, ...]]) -> None:
    """Three working days after `retrieved` the court's node says so by a signed message: both ends stand in `returned`."""
    async with federation(tmp_path, placement) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        await made.past(beijing("2026-03-06T00:30"))
        assert await case.state(COURT) == await case.state(STATION) == ("returned", 2)
        waiting = [one for one in await made.node(STATION).services.inbox(STATION, limit=9) if one.part == "message"]
        [expired] = await made.node(STATION).services.node.ledger.find_message(waiting[0].message_id)
        assert (expired.message_type, expired.receiver) == ("common.DeadlineExpired", STATION)
        assert expired.sender == made.node(COURT).services.node.name
        assert b">T-ACC<" in expired.raw
        assert [one.message_id for one in await made.node(COURT).services.inbox(COURT, limit=9)] == [expired.message_id]
        assert await fetch(made) == 2
        late = await case.offer(ACCEPT)
        assert isinstance(late.refusal, ContractRefused)


async def test_a_message_in_time_is_taken_after_the_expiry(tmp_path: Path) -> None:
    """The body accepted by the due time and its node was cut off: the court's clock has fired, and the acceptance still counts."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        made.until(beijing("2026-03-05T23:00"))
        assert (await case.offer(ACCEPT)).refusal is None
        made.until(beijing("2026-03-06T00:30"))
        await asyncio.sleep(2 * MARK_EVERY_S)
        await made.turn(made.node(COURT))
        assert await case.state(COURT) == ("returned", 2)
        await made.settle()
        assert await case.state(COURT) == await case.state(STATION) == ("accepted", 3)
        assert await case.history(COURT) == await case.history(STATION)
        assert "T-MED30" in await case.due(COURT)


async def test_a_timer_waits_for_the_inbox(tmp_path: Path) -> None:
    """Past the due time nothing fires before a read of the inbox that began after it has come to its end."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        made.until(beijing("2026-03-06T00:30"))
        services = made.node(COURT).services
        assert await services.watch(100) == 0
        assert await case.state(COURT) == ("designated", 1)
        await made.past(made.now)
        assert await case.state(COURT) == ("returned", 2)


async def test_watchers_side_by_side_fire_once(tmp_path: Path) -> None:
    """Ten watches at once, as of several processes of a node: one expiry, one number, one message to each addressee."""
    async with federation(tmp_path, ONE_NODE) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        made.until(beijing("2026-03-06T00:30"))
        services = made.node(COURT).services
        topic = next(iter(topic for topic in made.readers if ".to." in topic))
        await services.read_through(topic, ("0/1",), made.now)
        await asyncio.gather(*(services.watch(100) for _ in range(10)))
        await made.settle()
        assert await case.state(COURT) == ("returned", 2)
        told = await services.node.ledger.messages_of(case.conversation_id)
        assert [message.message_type for message in told] == [DESIGNATION, "common.DeadlineExpired"]


async def test_the_term_of_mediation_ends_it(tmp_path: Path) -> None:
    """Thirty days after the acceptance the process stands in `term-ended` at both ends; the reminder T-ASK changed nothing."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:3])
        await made.past(beijing("2026-03-10T00:30"))
        assert await case.state(COURT) == await case.state(STATION) == ("assigned", 4)
        await made.past(beijing("2026-04-04T00:30"))
        assert await case.state(COURT) == await case.state(STATION) == ("term-ended", 5)
        assert await case.history(COURT) == await case.history(STATION)
        assert await case.due(COURT) == await case.due(STATION) == {}


async def test_a_suspension_stops_the_clock_and_a_resumption_moves_it(tmp_path: Path) -> None:
    """The days of the appraisal do not count: T-MED30 ends so much later, at both ends."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:5])
        assert (await case.due(COURT))["T-MED30"] == "2026-04-03"
        await case.tell([("2026-03-10T10:00", "mediation.Suspension")])
        assert await case.due(COURT) == await case.due(STATION) == {}
        await case.tell([("2026-03-16T10:00", "mediation.Resumption")])
        assert await case.due(COURT) == await case.due(STATION) == {"T-MED30": "2026-04-09"}


async def test_silence_between_nodes_is_asked_about_then_told(tmp_path: Path) -> None:
    """The station's node is off: the same bytes are queued three times more, then the court's system learns of the time-out.

    When the station's node comes back it takes the message once, and its word replaces the time-out.
    """
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        court, station = made.node(COURT), made.node(STATION)
        assert (await case.offer(DESIGNATION)).refusal is None
        for _ in range(6):
            made.tick(timedelta(hours=25))
            await made.turn(court)
            await made.turn(court)
        [message] = await court.services.node.ledger.find_message(case.sent[DESIGNATION])
        assert (message.word, message.asked, message.ask_us) == ("timeout", 0, None)
        assert [one.part for one in await court.services.inbox(COURT, limit=9)] == ["timeout"]
        assert [
            failure.code for failure in await court.services.node.ledger.failures_of(COURT, message.message_id)
        ] == ["PAR-012"]
        await made.settle()
        assert len(await station.services.inbox(STATION, limit=9)) == 1
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "timeout", "received"}
        [message] = await court.services.node.ledger.find_message(case.sent[DESIGNATION])
        assert message.word == "received"
