"""What crosses the bus besides the plain message: attachments, copies, corrections, crossings, strangers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import AttachmentRefused, NotFound
from gateway.model.participant import Participant
from gateway.signing import authority
from tests import payloads_mediation as mediation
from tests.federation import COURT, INSTITUTION, ONE_NODE, START, STATION, THREE_NODES, Federation, federation
from tests.federation_nodes import bound
from tests.story import MEDIATION, beijing, fetch, new_case

DESIGNATION, ACCEPT, SUCCESS = "mediation.DesignationRequest", "mediation.DesignationAccept", "mediation.ResultSuccess"
ASSIGN = "mediation.MediatorAssign"
PROGRESS, CLOSE, WITHDRAW = "mediation.Progress", "mediation.CaseClose", "mediation.ResultWithdraw"
PLACEMENTS = pytest.mark.parametrize("placement", [ONE_NODE, THREE_NODES], ids=["one-node", "three-nodes"])


async def test_attachments_cross_in_chunks_and_stay_between_the_parties(tmp_path: Path) -> None:
    """A paper of three chunks is whole at the receiver's node, for the receiver; a participant of no message naming it gets nothing."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, paper = new_case(made), bytes(range(256)) * 5_000
        big = await made.attachment(COURT, "D101", paper)
        header = await case.header(DESIGNATION)
        sent = await case.offer(DESIGNATION, attachments=(*header.attachments, big))
        assert sent.refusal is None
        await made.settle()
        station = made.node(STATION).services
        got = await station.attachment(big.sha256, participant=STATION, who="test")
        assert b"".join([chunk async for chunk in got]) == paper
        with pytest.raises(NotFound):
            await station.attachment(big.sha256, participant=INSTITUTION, who="test")
        with pytest.raises(NotFound):
            await made.node(INSTITUTION).services.attachment(big.sha256, participant=INSTITUTION, who="test")


async def test_a_message_without_its_papers_is_not_accepted(tmp_path: Path) -> None:
    """The sender's node has not the bytes: 422 with a code of its own, and the same message is accepted once they are there."""
    async with federation(tmp_path, ONE_NODE) as made:
        case = new_case(made)
        header = await case.header(DESIGNATION)
        absent = replace(header.attachments[0], sha256="0" * 63 + "1", document_type="D101")
        header = replace(header, attachments=(*header.attachments, absent))
        answer = await made.submit(header, mediation.designation_request())
        assert answer.refusal is not None
        assert answer.refusal.code == "ATT-002"
        header = replace(header, attachments=header.attachments[:1])
        assert (await made.submit(header, mediation.designation_request())).refusal is None


async def test_copies_come_from_the_keeper_after_it_has_counted(tmp_path: Path) -> None:
    """The observer's node gets the court's designation, and the body's result only with the court's number; its papers too."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, copies = new_case(made), (("observer", INSTITUTION),)
        await case.send(DESIGNATION, copies=copies)
        observer = made.node(INSTITUTION).services
        assert await case.state(INSTITUTION) == ("designated", 1)
        made.until(beijing("2026-03-04T09:35"))
        await case.send(ACCEPT)
        assert await observer.node.ledger.message(STATION, case.sent[ACCEPT]) is None
        assert await case.state(INSTITUTION) == ("accepted", 2)
        made.until(beijing("2026-03-18T16:25"))
        assert (await case.offer(SUCCESS, copies=copies)).refusal is None
        await made.node(STATION).services.relay(100)
        assert await observer.inbox(INSTITUTION, limit=9) == []
        await made.settle()
        assert [one.message_id for one in await observer.inbox(INSTITUTION, limit=9)] == [case.sent[SUCCESS]]
        await fetch(made)
        assert await case.history(INSTITUTION) == await case.history(COURT) == await case.history(STATION)
        kinds = {(r.kind, r.recipient) for r in await made.node(STATION).services.receipts(STATION, case.sent[SUCCESS])}
        assert ("retrieved", INSTITUTION) in kinds
        [message] = await made.node(STATION).services.node.ledger.find_message(case.sent[SUCCESS])
        assert message.word == "retrieved"


@PLACEMENTS
async def test_a_correction_takes_the_seat_of_what_was_not_delivered(
    tmp_path: Path, placement: dict[str, tuple[str, ...]]
) -> None:
    """The result is corrected before the court fetched it: the court gets the correction alone, the body learns `undeliverable`."""
    async with federation(tmp_path, placement) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:5])
        made.until(beijing("2026-03-18T16:25"))
        first = await case.offer(SUCCESS)
        await made.settle()
        second = await case.offer(SUCCESS, kind="correct", supersedes=first.receipt.message_id)
        assert second.refusal is None, second.refusal
        await made.settle()
        assert [one.message_id for one in await made.node(COURT).services.inbox(COURT, limit=9)] == [case.sent[SUCCESS]]
        waiting = await made.node(STATION).services.inbox(STATION, limit=9)
        assert [(one.message_id, one.part) for one in waiting] == [(first.receipt.message_id, "undeliverable")]
        await fetch(made)
        history = await case.history(COURT)
        assert history == await case.history(STATION)
        assert history[-2:] == [
            (6, first.receipt.message_id, "new", "agreed", case.sent[SUCCESS]),
            (7, case.sent[SUCCESS], "correct", "agreed", None),
        ]


@PLACEMENTS
async def test_a_correction_of_what_was_delivered_follows_it(
    tmp_path: Path, placement: dict[str, tuple[str, ...]]
) -> None:
    """A note that the court has is voided: the void follows as a message of its own, and nothing is undeliverable."""
    async with federation(tmp_path, placement) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:5])
        note = await case.send(PROGRESS)
        await case.send(PROGRESS, kind="void", supersedes=note.message_id)
        assert await case.history(COURT) == await case.history(STATION)
        assert (await case.history(COURT))[-2][4] == case.sent[PROGRESS]
        kinds = {receipt.kind for receipt in await made.node(STATION).services.receipts(STATION, note.message_id)}
        assert kinds == {"accepted", "received", "retrieved"}


@PLACEMENTS
async def test_of_two_that_cross_the_keeper_refuses_one(tmp_path: Path, placement: dict[str, tuple[str, ...]]) -> None:
    """The court closes while the body reports: the court's node refuses the report, the body's system learns it, both ends agree."""
    async with federation(tmp_path, placement) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:5])
        made.until(beijing("2026-03-12T10:00"))
        report = await case.offer(WITHDRAW)
        close = await case.offer(CLOSE)
        assert (report.refusal, close.refusal) == (None, None)
        await made.settle()
        assert await case.state(COURT) == await case.state(STATION) == ("closed", 6)
        assert await case.history(COURT) == await case.history(STATION)
        dropped = [step.message_id for step in await case.steps(STATION) if step.number < 0]
        assert dropped == [report.receipt.message_id]
        parts = [one.part for one in await made.node(STATION).services.inbox(STATION, limit=9)]
        assert sorted(parts) == ["message", "refused"]
        [message] = await made.node(STATION).services.node.ledger.find_message(report.receipt.message_id)
        assert message.word == "refused"
        refused = [
            r for r in await made.node(STATION).services.receipts(STATION, message.message_id) if r.kind == "refused"
        ]
        assert refused[0].findings[0].code == "FLW-101"


async def test_a_certificate_that_is_not_known_yet_parks_the_message(tmp_path: Path) -> None:
    """The body signs with a key that the court's node does not know yet: parked, and what follows with it, whatever signed it.

    Both are taken in their order when the entry comes.
    """
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        old = made.node(STATION).services.node.keys
        entry = await _rotated(made)
        made.until(beijing("2026-03-04T09:35"))
        assert (await case.offer(ACCEPT)).refusal is None
        header = await case.header(ASSIGN)
        raw = made.envelope(header, mediation.mediator_assign(), keys=old)
        assert (await made.node(STATION).services.submit(raw)).refusal is None
        await made.settle()
        court = made.node(COURT).services
        parked = await court.node.ledger.parked_in(case.conversation_id)
        assert [(one.code, one.message_id) for one in parked] == [
            ("PRK-006", case.sent[ACCEPT]),
            ("PRK-002", header.message_id),
        ]
        assert await court.inbox(COURT, limit=9) == []
        await court.learn(entry)
        await made.settle()
        assert await court.node.ledger.parked_in(case.conversation_id) == []
        assert await case.state(COURT) == await case.state(STATION) == ("assigned", 3)
        assert await case.history(COURT) == await case.history(STATION)


async def test_a_message_that_waits_for_a_certificate_delays_the_clock(tmp_path: Path) -> None:
    """The body's node accepted it in time, it came after the due time and is parked: T-ACC does not fire before it is judged."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        entry = await _rotated(made)
        made.until(beijing("2026-03-05T23:00"))
        assert (await case.offer(ACCEPT)).refusal is None
        made.until(beijing("2026-03-06T00:20"))
        await made.node(STATION).services.relay(9)
        await made.past(beijing("2026-03-06T00:30"))
        assert await case.state(COURT) == ("designated", 1)
        await made.node(COURT).services.learn(entry)
        await made.settle()
        assert await case.state(COURT) == await case.state(STATION) == ("accepted", 2)


async def _rotated(made: Federation) -> bytes:
    """A new key of the station, whose entry the station's own node has and the others have not."""
    assert made.root is not None
    keys = made.folder / "union" / "keys"
    certificate = authority.rotate(made.root, keys, STATION, now=START)
    old = made.node(STATION).known.current().participants[STATION]
    entry: Participant = replace(old, serial=2, certificates=(*old.certificates, bound(certificate, START)))
    xml = made.signed(entry)
    await made.node(STATION).services.learn(xml)
    await made.restart("union")
    return xml


async def test_strangers_bytes_are_let_go_when_the_digest_does_not_hold(tmp_path: Path) -> None:
    """Bytes under a digest that is not theirs are refused, and the true ones are taken after them."""

    async def of(data: bytes) -> AsyncIterator[bytes]:
        yield data

    async with federation(tmp_path, ONE_NODE) as made:
        attachment = await made.attachment(COURT, "D101", b"true")
        services = made.node(COURT).services
        with pytest.raises(AttachmentRefused) as refused:
            await services.put_attachment("0" * 64, of(b"false"))
        assert refused.value.code == "ATT-002"
        assert await services.node.blobs.has(attachment.sha256)
