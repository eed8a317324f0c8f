"""First light: one dispute travels whole, between participants that pull, over one node and over three."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gateway.evidence import chain
from tests.federation import COURT, INSTITUTION, ONE_NODE, STATION, THREE_NODES, Federation, federation
from tests.services import Broker
from tests.story import MEDIATION, REVIEW, Case, new_case


@contextmanager
def databases(account: str) -> Iterator[str]:
    """A URL with `{node}` in it: a PostgreSQL database for each of the three nodes, dropped afterwards."""
    base, stem = account.partition("?")[0].rpartition("/")[0], f"gateway_{secrets.token_hex(4)}_"
    names = [sql.Identifier(f"{stem}{node}") for node in (*THREE_NODES, "bus")]
    with psycopg.connect(account, autocommit=True) as admin:
        for name in names:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield f"{base}/{stem}{{node}}"
        finally:
            for name in names:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@asynccontextmanager
async def over(kind: str, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Federation]:
    """A federation over the named ground: nodes, databases and bus are real in each."""
    if kind == "one node, sqlite":
        async with federation(folder, ONE_NODE) as made:
            yield made
    elif kind == "three nodes, sqlite":
        async with federation(folder, THREE_NODES) as made:
            yield made
    elif kind == "three nodes, kafka":
        broker: Broker = request.getfixturevalue("kafka")
        prefix = request.getfixturevalue("topic_prefix")
        async with federation(folder, THREE_NODES, bus=broker.url, prefix=prefix) as made:
            await made.run()
            yield made
    else:
        with databases(request.getfixturevalue("postgres_url")) as url:
            bus = url.format(node="bus")
            async with federation(folder, THREE_NODES, database=url, bus=bus) as made:
                await made.run()
                yield made


GROUNDS = ("one node, sqlite", "three nodes, sqlite", "three nodes, kafka", "three nodes, postgresql")


@pytest.mark.parametrize("ground", GROUNDS)
async def test_a_dispute_travels_whole(ground: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """F1 to the court's close and F6 to the statement's service: both ends hold the same state, numbers and history.

    Every message ends with the receipts that it must have, nothing waits, no failure is recorded, and the chains of facts hold.
    """
    async with over(ground, tmp_path, request) as made:
        mediation = new_case(made)
        await mediation.tell(MEDIATION)
        review = new_case(made, conversation_id=mediation.conversation_id)
        await review.tell(REVIEW)
        assert await mediation.state(COURT) == await mediation.state(STATION) == ("closed", len(MEDIATION))
        assert await mediation.history(COURT) == await mediation.history(STATION)
        assert [number for number, *_ in await mediation.history(COURT)] == list(range(1, len(MEDIATION) + 1))
        assert await review.state(INSTITUTION) == await review.state(STATION) == ("closed", len(REVIEW))
        assert await review.history(INSTITUTION) == await review.history(STATION)
        await _all_acknowledged(mediation, COURT)
        await _all_acknowledged(review, INSTITUTION)
        await _nothing_is_left(made, mediation.conversation_id)


async def _all_acknowledged(case: Case, keeper: str) -> None:
    """Sender and receiver hold accepted, received and retrieved; both show the final word; the number is in one receipt."""
    for message_type, message_id in case.sent.items():
        for participant in (keeper, STATION):
            assert await case.kinds(participant, message_type) == {"accepted", "received", "retrieved"}, message_type
            [message] = await case.at(participant).services.node.ledger.find_message(message_id)
            assert message.word == "retrieved", message_type
    numbered = [
        receipt.number
        for message_type in case.sent
        for receipt in await case.at(STATION).services.receipts(*await _key(case, message_type))
        if receipt.number
    ]
    assert sorted(numbered) == list(range(1, len(case.sent) + 1))


async def _key(case: Case, message_type: str) -> tuple[str, str]:
    [message] = await case.at(STATION).services.node.ledger.find_message(case.sent[message_type])
    return message.sender, message.message_id


async def _nothing_is_left(made: Federation, conversation_id: str) -> None:
    for application in made.applications.values():
        ledger = application.services.node.ledger
        assert await ledger.outbox_size() == 0
        assert await ledger.failure_groups() == []
        assert await ledger.parked_in(conversation_id) == []
        assert {state for _, state in await ledger.delivery_counts()} <= {"delivered"}
        assert chain.broken(await ledger.facts(conversation_id)) is None


async def test_both_ends_show_the_same_clocks_and_turn(tmp_path: Path) -> None:
    """T-ACC starts with `retrieved`, T-MED30 with the acceptance; the other node shows what the keeper's receipts say."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        assert await case.due(COURT) == {"T-ACC": "2026-03-05"}
        await case.tell(MEDIATION[1:2])
        armed = {"T-MED30": "2026-04-03", "T-ASK": "2026-03-09"}
        assert await case.due(COURT) == await case.due(STATION) == armed
        turn = (await case.trace(COURT)).turns[0]
        assert turn.process.turn == STATION
        assert turn.next["mediation.MediatorAssign"] == STATION
        assert turn.deadlines[0].timer == "T-ASK"


async def test_numbers_of_any_system_find_the_dispute(tmp_path: Path) -> None:
    """The court's number, in another spelling, finds the conversation at the station's node, and its trace is in order."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:3])
        found = await made.node(STATION).services.trace(case="(2026)内0102诉前调595号")
        assert found.conversation_id == case.conversation_id
        assert [fact.seq for fact in found.facts] == list(range(1, len(found.facts) + 1))
        assert found.broken_at is None
        kinds = [fact.kind for fact in found.facts if fact.message_id == case.sent["mediation.DesignationAccept"]]
        assert kinds == ["accepted", "receipt", "receipt"]


async def test_a_node_that_starts_again_goes_on(tmp_path: Path) -> None:
    """Both nodes are closed and built again in the middle of the process: the next message finds everything."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:2])
        await made.restart("court")
        await made.restart("union")
        await case.tell(MEDIATION[2:5])
        assert await case.state(COURT) == await case.state(STATION) == ("mediating", 5)
