"""Nodes of the federation that say more than is theirs to say: about other processes, other bytes, for other recipients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.errors import ContractRefused
from gateway.flow import receive
from gateway.model.ledger import ParkedRecord
from gateway.model.receipt import Receipt
from gateway.services import Services
from gateway.signing import authority, receipts, seal
from gateway.signing.keys import FileKeys
from gateway.xml import envelope
from tests import payloads_mediation as mediation
from tests.federation import COURT, INSTITUTION, START, STATION, THREE_NODES, Federation, federation
from tests.story import MEDIATION, Case, new_case

DESIGNATION, ACCEPT = "mediation.DesignationRequest", "mediation.DesignationAccept"


async def test_a_number_moves_only_the_process_of_its_message(tmp_path: Path) -> None:
    """The court's own node accepts a message of one process in words about another: refused, and neither process moves."""
    async with federation(tmp_path, THREE_NODES) as made:
        victim, pretext = new_case(made), new_case(made)
        await victim.tell(MEDIATION[:1])
        answer = await pretext.offer(DESIGNATION)
        station = made.node(STATION).services
        [message] = await made.node(COURT).services.node.ledger.find_message(pretext.sent[DESIGNATION])
        twisted = replace(answer.receipt, process_id=victim.process_id, number=2, state="returned")
        await _take(station, message.raw, _signed(made, "node:court", COURT, twisted))
        assert await _noted(station) == ["BUS-010"]
        assert await victim.state(STATION) == ("designated", 1)
        assert await station.node.ledger.process(pretext.process_id) is None


async def test_a_receipt_is_about_the_bytes_that_are_here(tmp_path: Path) -> None:
    """`retrieved` over another digest, or in another conversation, by the right node: refused, no word and no clock."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.offer(DESIGNATION)
        await made.settle()
        told = await _received(case)
        court = made.node(COURT).services
        for changes in ({"digest": "0" * 64}, {"conversation_id": made.new_id()}, {"flow_version": "9.9"}):
            false = replace(told, kind="retrieved", number=0, **changes)  # type: ignore[arg-type]  # fields of Receipt by name
            await _take(court, b"", _signed(made, "node:union", STATION, false))
        assert len(await _noted(court)) == 3
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "received"}
        assert await case.due(COURT) == {}


async def test_a_bystander_neither_refuses_nor_starts_a_clock(tmp_path: Path) -> None:
    """The institution's node answers, for its own participant, about a message between court and body: refused, nothing is dropped."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        assert (await case.offer(ACCEPT)).refusal is None
        station = made.node(STATION).services
        [accepted] = await station.receipts(STATION, case.sent[ACCEPT])
        false = replace(accepted, kind="refused", recipient=INSTITUTION, issuer="node:arbitration")
        await _take(station, b"", _signed(made, "node:arbitration", INSTITUTION, false))
        assert await _noted(station) == ["BUS-013"]
        await made.settle()
        assert await case.state(COURT) == await case.state(STATION) == ("accepted", 2)
        assert await station.inbox(STATION, limit=9) == []


async def test_a_copy_that_is_delivered_starts_no_clock_of_the_addressee(tmp_path: Path) -> None:
    """T-ACC is the body's: the observer's `retrieved` comes days before the body's, and the clock starts with the body's."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.offer(DESIGNATION, copies=(("observer", INSTITUTION),))
        await made.settle()
        institution = made.node(INSTITUTION).services
        [copy] = await institution.inbox(INSTITUTION, limit=9)
        await institution.confirm(INSTITUTION, copy.message_id, part=copy.part)
        await made.settle()
        assert await case.due(COURT) == {}
        station = made.node(STATION).services
        await station.confirm(STATION, case.sent[DESIGNATION], part="message")
        await made.settle()
        assert set(await case.due(COURT)) == {"T-ACC"}


async def test_a_process_stays_in_its_conversation(tmp_path: Path) -> None:
    """A step under another conversation id would slip past the version that all steps compare: refused at the door, FLW-109."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        header = replace(await case.header(ACCEPT), conversation_id=made.new_id())
        answer = await made.submit(header, mediation.designation_accept())
        assert isinstance(answer.refusal, ContractRefused)
        assert answer.refusal.code == "FLW-109"


async def test_what_is_parked_and_turns_out_false_is_let_go(tmp_path: Path) -> None:
    """A parked record that is refused when it is tried again: one failure record, nothing parked any more, the watch comes to rest."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        answer = await case.offer(DESIGNATION)
        station = made.node(STATION).services
        false = _signed(made, "node:arbitration", INSTITUTION, replace(answer.receipt, issuer="node:arbitration"))
        record = ParkedRecord(
            sender=COURT, message_id=case.sent[DESIGNATION], conversation_id=case.conversation_id, part="accepted/x/y",
            wait_for="version:x", code="PRK-003", transfer=seal.frame(b"", false), headers="[]",
            arrived_us=0, next_us=0, until_us=2**62,
        )  # fmt: skip
        await station.keep("test.park", record)
        assert await station.watch(100) == 1
        assert await station.watch(100) == 0
        assert await station.node.ledger.parked_in(case.conversation_id) == []
        assert await _noted(station) == ["BUS-013"]


async def test_other_bytes_beside_a_true_receipt_hold_nobody(tmp_path: Path) -> None:
    """A stranger's certificate of a trusted chain over false content, then over the true one that was taken: neither is parked."""
    async with federation(tmp_path, THREE_NODES) as made:
        case, station = new_case(made), made.node(STATION).services
        answer = await case.offer(DESIGNATION)
        [message] = await made.node(COURT).services.node.ledger.find_message(case.sent[DESIGNATION])
        assert made.root is not None
        authority.equip(made.root, made.folder / "stranger", COURT, now=START)
        stranger = FileKeys(made.folder / "stranger")
        header = envelope.unpack(message.raw, station.node.limits).header
        false = made.envelope(replace(header, priority="urgent"), mediation.designation_request(), keys=stranger)
        again = made.envelope(header, mediation.designation_request(), keys=stranger)
        await _take(station, false, answer.receipt.xml)
        assert await _noted(station) == ["SIG-045"]
        await made.settle()
        assert await case.state(STATION) == ("designated", 1)
        await _take(station, again, answer.receipt.xml)
        assert sorted(await _noted(station)) == ["CLM-002", "SIG-045"]
        assert await station.node.ledger.parked_in(case.conversation_id) == []


def _signed(made: Federation, issuer: str, of: str, receipt: Receipt) -> bytes:
    return receipts.issue(replace(receipt, issuer=issuer, xml=b""), made.node(of).services.node.keys).xml


async def _take(services: Services, raw: bytes, receipt: bytes) -> None:
    await receive.take(seal.frame(raw, receipt), (), services.node)


async def _received(case: Case) -> Receipt:
    found = await case.at(COURT).services.receipts(COURT, case.sent[DESIGNATION])
    return next(receipt for receipt in found if receipt.kind == "received")


async def _noted(services: Services) -> list[str]:
    """Codes of the receive failures, each as often as it stands."""
    groups = await services.node.ledger.failure_groups(stage="receive")
    return [group.code for group in groups for _ in range(group.count)]
