"""Once is once: the same message again, other bytes under its id, garbage, and one failed message replayed by fifty hands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import ClaimRefused, RequestRefused
from gateway.flow.answer import Answer
from gateway.flow.replay import Wish
from gateway.model.envelope import Validated, Verified
from gateway.validate import structure
from gateway.validate.catalogue import Catalogue
from gateway.validate.rules import Rules
from tests import payloads_mediation as mediation
from tests.federation import COURT, ONE_NODE, STATION, THREE_NODES, Federation, federation
from tests.partner import connect, partner
from tests.story import Case, new_case

DESIGNATION = "mediation.DesignationRequest"


async def test_the_same_message_gets_the_same_receipt(tmp_path: Path, fresh_database: str) -> None:
    """Byte for byte, before and after it was delivered, and fifty at once leave one fact, one number, one delivery."""
    async with federation(tmp_path, ONE_NODE, database=fresh_database) as made:
        case, raw = await _designation(made)
        services = made.node(COURT).services
        answers: list[Answer] = await asyncio.gather(*(services.submit(raw) for _ in range(50)))
        assert {answer.receipt.xml for answer in answers} == {answers[0].receipt.xml}
        assert sum(not answer.repeated for answer in answers) == 1
        await made.settle()
        again = await services.submit(raw)
        assert (again.receipt.xml, again.repeated) == (answers[0].receipt.xml, True)
        assert await case.state(COURT) == ("designated", 1)
        facts = await services.node.ledger.facts(case.conversation_id)
        assert [fact.kind for fact in facts] == ["accepted", "received"]
        assert len(await services.inbox(STATION, limit=9)) == 1


async def test_other_bytes_under_the_id_are_refused(tmp_path: Path) -> None:
    """The same sender signs something else under an id that stands: 409 with its own code; the first message is what counts."""
    async with federation(tmp_path, ONE_NODE) as made:
        case, raw = await _designation(made)
        services = made.node(COURT).services
        first = await services.submit(raw)
        message_id = first.receipt.message_id
        other = made.header(
            DESIGNATION, COURT, STATION, message_id=message_id, conversation_id=case.conversation_id,
            process_id=case.process_id, attachments=(await case.header(DESIGNATION)).attachments, priority="urgent",
        )  # fmt: skip
        answer = await services.submit(made.envelope(other, mediation.designation_request()))
        assert isinstance(answer.refusal, ClaimRefused)
        assert answer.receipt.kind == "rejected"
        assert (await services.submit(raw)).receipt.xml == first.receipt.xml
        assert [r.kind for r in await services.receipts(COURT, message_id)] == ["accepted"]


async def test_garbage_under_a_known_id_changes_nothing(tmp_path: Path) -> None:
    """Tampered bytes, before and after the true message: refused, no claim, no fact, and the true message is taken as if alone."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, raw = await _designation(made)
        services = made.node(COURT).services
        tampered = raw.replace("装卸工".encode(), "保洁员".encode())
        assert tampered != raw
        assert (await services.submit(tampered)).refusal is not None
        assert await services.node.ledger.conversation(case.conversation_id) is None
        first = await services.submit(raw)
        assert first.refusal is None
        assert (await services.submit(tampered)).refusal is not None
        await made.settle()
        assert await case.state(COURT) == await case.state(STATION) == ("designated", 1)
        assert len(await services.node.ledger.facts(case.conversation_id)) == 2


async def test_a_rejected_message_is_judged_anew(tmp_path: Path) -> None:
    """A step that was too early is accepted under the same id and bytes once its turn has come (only acceptance claims)."""
    async with federation(tmp_path, ONE_NODE) as made:
        case = new_case(made)
        await case.send(DESIGNATION)
        header = await case.header("mediation.MediatorAssign")
        raw = made.envelope(header, mediation.mediator_assign())
        services = made.node(STATION).services
        early = await services.submit(raw)
        assert early.refusal is not None
        assert early.refusal.retryable
        await case.send("mediation.DesignationAccept")
        assert (await services.submit(raw)).refusal is None


async def test_fifty_replays_at_once_deliver_once(tmp_path: Path, fresh_database: str) -> None:
    """One message that the partner refused; fifty plans are run at once: the partner gets it once, one plan has done it."""
    async with federation(tmp_path, ONE_NODE, database=fresh_database) as made, partner() as system:
        system.mode = lambda _message, calls: "refused" if calls == 0 else "well"
        services = made.node(STATION).services
        await connect(services, STATION, system.url)
        case, raw = await _designation(made)
        await services.submit(raw)
        await made.settle()
        [group] = await services.node.ledger.failure_groups(stage="deliver")
        assert (group.code, group.open, system.effects) == ("PAR-003", 1, {})
        plans = [
            await services.plan_group(Wish(fingerprint=group.fingerprint, reason="mended", actor=f"operator {n}"))
            for n in range(50)
        ]
        assert {plan.needs_second for plan in plans} == {False}
        ran = await asyncio.gather(*(services.run(plan.replay_id) for plan in plans), return_exceptions=True)
        assert all(not isinstance(one, BaseException) or isinstance(one, RequestRefused) for one in ran)
        await made.settle()
        done = [row.done for row in await services.node.ledger.replays()]
        assert (sum(done), len(done)) == (1, 50)
        assert list(system.effects.values()) == [1]
        [message] = await services.node.ledger.messages_of(case.conversation_id)
        assert message.word == "delivered"
        assert [failure.state for failure in await services.node.ledger.failures_of(COURT, message.message_id)] == [
            "resolved"
        ]


async def test_a_plan_that_changes_what_is_sent_needs_a_second_person(tmp_path: Path) -> None:
    """Another address is another call: the planner may not approve; a colleague may, and the lane behind it goes on in order."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system, partner() as mended:
        system.mode = lambda _message, _calls: "refused"
        services = made.node(STATION).services
        await connect(services, COURT, system.url)
        case = new_case(made)
        await case.send(DESIGNATION)
        for message_type in ("mediation.DesignationAccept", "mediation.MediatorAssign", "mediation.Notification"):
            assert (await case.offer(message_type)).refusal is None
            await made.settle()
        [group] = await services.node.ledger.failure_groups(stage="deliver")
        assert group.count == 1
        await connect(services, COURT, mended.url)
        plan = await services.plan_group(Wish(fingerprint=group.fingerprint, reason="moved", actor="one"))
        assert (plan.needs_second, plan.changed) == (True, 1)
        refused = await asyncio.gather(services.approve(plan.replay_id, actor="one"), return_exceptions=True)
        assert getattr(refused[0], "code", "") == "ACC-020"
        await services.approve(plan.replay_id, actor="another")
        assert (await services.run(plan.replay_id)).state == "done"
        await made.settle()
        assert mended.order[case.conversation_id] == list(case.sent.values())[1:]
        assert set(mended.effects.values()) == {1}


async def test_a_fault_of_ours_in_one_record_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node breaks on one message by a defect: it is kept with its bytes, the next is taken, and the replay takes it once mended."""
    async with federation(tmp_path, THREE_NODES) as made:
        broken, whole = new_case(made), new_case(made)
        validate = structure.validate

        def defective(verified: Verified, catalogue: Catalogue, rules: Rules) -> Validated:
            if verified.header.process_id == broken.process_id and verified.header.sender == STATION:
                return validate(None, catalogue, rules)  # type: ignore[arg-type]  # the defect
            return validate(verified, catalogue, rules)

        for case in (broken, whole):
            await case.send(DESIGNATION)
        for case in (broken, whole):
            assert (await case.offer("mediation.DesignationAccept")).refusal is None
        monkeypatch.setattr(structure, "validate", defective)
        await made.settle()
        monkeypatch.undo()
        assert await whole.state(COURT) == ("accepted", 2)
        assert await broken.state(COURT) == ("designated", 1)
        services = made.node(COURT).services
        [group] = await services.node.ledger.failure_groups(stage="receive")
        assert (group.code, group.count) == ("NOD-099", 1)
        plan = await services.plan_group(Wish(fingerprint=group.fingerprint, reason="mended", actor="one"))
        assert (await services.run(plan.replay_id)).done == 1
        await made.settle()
        assert await broken.state(COURT) == await broken.state(STATION) == ("accepted", 2)


async def _designation(made: Federation) -> tuple[Case, bytes]:
    """A case, and its designation as signed bytes that nobody has submitted yet."""
    case = new_case(made)
    return case, made.envelope(await case.header(DESIGNATION), mediation.designation_request())
