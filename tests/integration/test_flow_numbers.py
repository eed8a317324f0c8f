"""Numbers of the keeper without a gap, questions that lose no answer, a relay that one node does not stop (protocol.md §3, §4, §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.bus import boundary
from gateway.errors import NodeError, SchemaRefused
from gateway.evidence import failure
from gateway.flow import receive, watch
from gateway.flow.replay import Wish
from gateway.model.envelope import Validated, Verified
from gateway.model.receipt import Receipt
from gateway.ports import Bus, Record
from gateway.services import Services
from gateway.signing import seal
from gateway.validate import structure
from gateway.validate.catalogue import Catalogue
from gateway.validate.rules import Rules
from tests.federation import COURT, INSTITUTION, STATION, THREE_NODES, Federation, federation
from tests.story import MEDIATION, Case, new_case

DESIGNATION, ACCEPT, ASSIGN = "mediation.DesignationRequest", "mediation.DesignationAccept", "mediation.MediatorAssign"


async def test_a_number_waits_for_those_before_it(tmp_path: Path) -> None:
    """The third number comes before the second: held, visibly parked; with the second both are applied and nothing is parked."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, (second, third) = await _counted_twice(made)
        station = made.node(STATION).services
        await _hear(station, third)
        assert await case.state(STATION) == ("designated", 1)
        [parked] = await station.node.ledger.parked_in(case.conversation_id)
        assert (parked.code, parked.wait_for) == ("PRK-008", f"number:{case.process_id}:2")
        await _hear(station, second)
        assert await case.state(STATION) == ("assigned", 3)
        await station.watch(9)
        assert await station.node.ledger.parked_in(case.conversation_id) == []
        await made.settle()
        assert await case.history(STATION) == await case.history(COURT)


async def test_a_gap_that_stays_is_a_failure_record(tmp_path: Path) -> None:
    """The second number never comes: after the limit a failure that stays says which number the process waits for."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, (_, third) = await _counted_twice(made)
        station = made.node(STATION).services
        await _hear(station, third)
        for _ in range(9):
            made.tick(timedelta(days=1))
            await station.watch(9)
        [group] = await station.node.ledger.failure_groups(stage="receive")
        [kept] = await station.node.ledger.failures_in(group.fingerprint)
        assert (kept.code, kept.conversation_id, kept.expires_us) == ("PRK-010", case.conversation_id, None)
        assert await station.node.ledger.parked_in(case.conversation_id) == []


async def test_what_is_counted_stays_counted_where_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body's node refuses the court's counted message by rules of its own: no gap, the next number is applied."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:7])
        validate, station = structure.validate, made.node(STATION).services

        def strict(verified: Verified, catalogue: Catalogue, rules: Rules) -> Validated:
            if catalogue is station.node.catalogue and verified.header.message_type == "mediation.CourtAcknowledge":
                raise SchemaRefused("newer here")
            return validate(verified, catalogue, rules)

        monkeypatch.setattr(structure, "validate", strict)
        await case.tell(MEDIATION[7:])
        assert "refused" in await case.kinds(COURT, "mediation.CourtAcknowledge")
        assert await case.state(STATION) == await case.state(COURT)
        assert (await case.state(STATION))[1] == 9


async def test_an_answer_between_look_and_question_stands(tmp_path: Path) -> None:
    """`received` comes while the watch is about to ask: the word stays, nothing is asked for any more."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, ledger = new_case(made), made.node(COURT).services.node.ledger
        await case.offer(DESIGNATION)
        [before] = await ledger.find_message(case.sent[DESIGNATION])
        await made.settle()
        await watch._queue_again(before, made.node(COURT).services.node)
        [after] = await ledger.find_message(case.sent[DESIGNATION])
        assert (after.word, after.ask_us) == ("received", None)
        assert await ledger.outbox_size() == 0


async def test_a_time_out_that_is_replayed_sends_again(tmp_path: Path) -> None:
    """The replay of a time-out queues the same bytes: the station takes them once, and its word stands."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, court = new_case(made), made.node(COURT)
        await case.offer(DESIGNATION)
        for _ in range(6):
            made.tick(timedelta(hours=25))
            await made.turn(court)
        [group] = await court.services.node.ledger.failure_groups(stage="relay")
        plan = await court.services.plan_group(Wish(fingerprint=group.fingerprint, reason="it runs", actor="one"))
        assert (await court.services.run(plan.replay_id)).done == 1
        assert await court.services.node.ledger.outbox_size() == 1
        await made.settle()
        assert len(await made.node(STATION).services.inbox(STATION, limit=9)) == 1
        [message] = await court.services.node.ledger.find_message(case.sent[DESIGNATION])
        assert message.word == "received"


async def test_a_node_without_topics_holds_up_its_own_rows_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks for the station's node find no topic: the observer's copy goes out all the same, the station's row waits."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, court = new_case(made), made.node(COURT).services
        publish = boundary.publish

        async def failing(bus: Bus, records: Sequence[Record], *, name: str) -> None:
            if any(record.topic == f"{made.prefix}.blobs.union" for record in records):
                raise NodeError("no such topic", code="NOD-021")
            await publish(bus, records, name=name)

        monkeypatch.setattr(boundary, "publish", failing)
        await case.offer(DESIGNATION, copies=(("observer", INSTITUTION),))
        assert await court.relay(9) == 1
        assert [row.destination for row in await court.node.ledger.outbox_first(9)] == ["node:union"]
        monkeypatch.undo()
        await made.settle()
        assert await case.state(STATION) == ("designated", 1)


async def test_strangers_are_tried_again_once(tmp_path: Path) -> None:
    """A registry entry comes: open records of strangers are tried again, those that were tried before are not."""
    async with federation(tmp_path, THREE_NODES) as made:
        services = made.node(STATION).services
        unknown = NodeError("unknown", code="SIG-046")
        for number, state in enumerate(("resolved", "resolved", "failed")):
            one = failure.record(
                unknown, failure.Subject(), failure_id=f"f{number}", stage="receive", original=b"x", at_us=0
            )
            await services.keep("test.stranger", replace(one, state=state))
        entry = made.node(STATION).known.current().participants[COURT]
        await made.learn(replace(entry, serial=entry.serial + 1))
        found = {group.code: (group.count, group.open) for group in await services.node.ledger.failure_groups()}
        assert found == {"SIG-046": (3, 0), "BUS-003": (1, 1)}


async def _counted_twice(made: Federation) -> tuple[Case, list[Receipt]]:
    """The court has counted two messages of the body, whose node has not read its inbox since; the two receipts."""
    case, station = new_case(made), made.node(STATION).services
    await case.tell(MEDIATION[:1])
    for message_type in (ACCEPT, ASSIGN):
        assert (await case.offer(message_type)).refusal is None
        await station.relay(9)
        await made.turn(made.node(COURT))
    court = made.node(COURT).services
    found = [await court.receipts(STATION, case.sent[message_type]) for message_type in (ACCEPT, ASSIGN)]
    return case, [next(one for one in receipts if one.kind == "received") for receipts in found]


async def _hear(services: Services, receipt: Receipt) -> None:
    await receive.take(seal.frame(b"", receipt.xml), (), services.node)
