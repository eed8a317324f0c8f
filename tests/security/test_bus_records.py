"""The bus is shared and not trusted: records that others put on a node's topic have no effect on the real message.

The attacker knows every public key and topic, holds keys of its own, and may be another node of the federation.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest

from gateway.bus import boundary, topics
from gateway.bus import headers as bus_headers
from gateway.model.ledger import Outbox
from gateway.model.receipt import Receipt
from gateway.ports import Keys, Record
from gateway.signing import authority, receipts, seal
from gateway.signing.keys import FileKeys
from tests import payloads_mediation as mediation
from tests.federation import COURT, INSTITUTION, START, STATION, THREE_NODES, Federation, federation
from tests.services import Broker
from tests.story import Case, fetch, new_case

DESIGNATION = "mediation.DesignationRequest"
HEADERS = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack:
    """A record that is put straight on the station's topic, and the code under which its node refuses it."""

    name: str
    record: Record
    code: str


@asynccontextmanager
async def standing(bus: str, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Federation]:
    """Three nodes over the named bus; over Kafka their workers run."""
    if bus == "sql":
        async with federation(folder, THREE_NODES) as made:
            yield made
        return
    broker: Broker = request.getfixturevalue("kafka")
    async with federation(folder, THREE_NODES, bus=broker.url, prefix=request.getfixturevalue("topic_prefix")) as made:
        await made.run()
        yield made


@pytest.mark.parametrize("bus", ["sql", "kafka"])
async def test_records_of_others_have_no_effect(bus: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Forged, re-signed, foreign-sealed, moved, contradicted, mis-receipted: refused, before and after the true message came.

    The message is taken once, with the facts and receipts that it would have without them; each refusal is a bounded failure record.
    """
    async with standing(bus, tmp_path, request) as made:
        case = new_case(made)
        row = await _true_row(case)
        attacks = _attacks(made, row)
        for _ in range(2):
            await _put(made, [attack.record for attack in attacks])
        await _refused(made, {attack.name: attack.code for attack in attacks}, times=2)
        station = made.node(STATION).services.node.ledger
        assert await station.conversation(case.conversation_id) is None
        await made.node(COURT).services.submit(_raw(row))
        await made.settle()
        await _put(made, [attack.record for attack in attacks])
        await _refused(made, {attack.name: attack.code for attack in attacks}, times=3)
        assert await case.state(STATION) == await case.state(COURT) == ("designated", 1)
        assert [fact.kind for fact in await station.facts(case.conversation_id)] == ["received"]
        assert len(await made.node(STATION).services.inbox(STATION, limit=9)) == 1
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "received"}
        for group in await station.failure_groups(stage="receive"):
            assert all(one.expires_us for one in await station.failures_in(group.fingerprint)), group


@pytest.mark.parametrize("bus", ["sql", "kafka"])
async def test_a_replayed_record_changes_nothing(bus: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The true record again, forty times, after the message was fetched: one delivery, one fact, the same receipts, no failure."""
    async with standing(bus, tmp_path, request) as made:
        case = new_case(made)
        row = await _true_row(case)
        await made.node(COURT).services.submit(_raw(row))
        await made.settle()
        await fetch(made)
        court, station = (made.node(who).services.node.ledger for who in (COURT, STATION))
        before = [await ledger.facts(case.conversation_id) for ledger in (court, station)]
        kept = await made.node(COURT).services.receipts(COURT, case.sent[DESIGNATION])
        true = _sealed(made, row.transfer, _headers(row))
        await _put(made, [true] * 40)
        await made.settle()
        await asyncio.sleep(0.5 if bus == "kafka" else 0)
        await made.settle()
        assert [await ledger.facts(case.conversation_id) for ledger in (court, station)] == before
        assert await made.node(COURT).services.receipts(COURT, case.sent[DESIGNATION]) == kept
        assert await station.failure_groups() == []
        assert {state for _, state in await station.delivery_counts()} == {"delivered"}


async def _true_row(case: Case) -> Outbox:
    """What the court's node would put on the bus: taken from a node that accepted the same bytes and was then put back."""
    made = case.federation
    header = await case.header(DESIGNATION)
    raw = made.envelope(header, mediation.designation_request())
    case.sent[DESIGNATION] = header.message_id
    node = made.node(COURT).services.node
    accepted = receipts.issue(
        Receipt(
            kind="accepted", issuer=node.name, recipient=STATION, sender=COURT, message_id=header.message_id,
            conversation_id=header.conversation_id, message_type=DESIGNATION, digest=_digest(made, raw),
            process_id=header.process_id, flow=header.flow, flow_version="1.0", number=1, state="designated", seq=1, head="0" * 64,
            issued_at=START,
        ),
        node.keys,
    )  # fmt: skip
    headers = bus_headers.for_message(header, destination="node:union", at_us=0)
    return Outbox(
        destination="node:union", conversation_id=header.conversation_id, seq=1, part="message", sender=COURT,
        message_id=header.message_id, transfer=seal.frame(raw, accepted.xml), headers=headers, at_us=0,
    )  # fmt: skip


def _digest(made: Federation, raw: bytes) -> str:
    from gateway.signing import signature
    from gateway.xml import envelope

    node = made.node(COURT).services.node
    return signature.verify(envelope.unpack(raw, node.limits), node.trust, at=START).digest


def _attacks(made: Federation, row: Outbox) -> list[Attack]:
    raw, accepted, headers = _raw(row), receipts.read(_receipt(row)), _headers(row)
    outsider = _outsider(made.folder)
    ours = made.node(INSTITUTION).services.node.keys
    forged = raw.replace("装卸工".encode(), "保洁员".encode())
    resigned = _signed_by(made, row, ours, INSTITUTION)
    by_other = receipts.issue(replace(accepted, issuer="node:arbitration"), ours).xml
    contradicting = [
        _other(headers, name, value) for name, value in (("ce_type", "mediation.CaseClose"), ("ce_subject", "x"))
    ]
    return [
        Attack(name="forged content", code="SIG-005", record=_sealed(made, seal.frame(forged, accepted.xml), headers)),
        Attack(name="an outsider's keys", code="SIG-040", record=_sealed(made, _all_by(made, row, outsider), headers)),
        Attack(name="re-signed", code="SIG-044", record=_sealed(made, seal.frame(resigned, accepted.xml), headers)),
        Attack(name="another node's receipt", code="BUS-011", record=_sealed(made, seal.frame(raw, by_other), headers)),
        Attack(name="foreign-sealed", code="BUS-002", record=_sealed(made, row.transfer, headers, to="node:court")),
        Attack(name="moved", code="BUS-002", record=replace(_sealed(made, row.transfer, headers), headers=_other(headers, "ce_id", "y"))),
        *(Attack(name=f"headers {n}", code="BUS-022", record=_sealed(made, row.transfer, h)) for n, h in enumerate(contradicting)),
        Attack(name="cut short", code="BUS-003", record=_sealed(made, row.transfer[:-9], headers)),
        Attack(name="noise", code="BUS-002", record=replace(_sealed(made, b"", headers), value=b"\x00" * 200)),
    ]  # fmt: skip


def _all_by(made: Federation, row: Outbox, keys: Keys) -> bytes:
    """Envelope and receipt with the true names, by keys of a chain that nobody trusts."""
    return seal.frame(_signed_by(made, row, keys, COURT), receipts.issue(receipts.read(_receipt(row)), keys).xml)


def _signed_by(made: Federation, row: Outbox, keys: Keys, subject: str) -> bytes:
    from gateway.signing import signature
    from gateway.xml import envelope

    node = made.node(COURT).services.node
    header = envelope.unpack(_raw(row), node.limits).header
    element = node.catalogue.to_element(DESIGNATION, mediation.designation_request())
    return signature.sign_envelope(header, element, keys, subject=subject)


def _outsider(folder: Path) -> FileKeys:
    """Keys under the names of the court and its node, by an authority of the attacker's own."""
    root = authority.new_authority("旁人", now=START)
    for subject in (COURT, "node:court"):
        authority.equip(root, folder / "outsider", subject, now=START)
    return FileKeys(folder / "outsider")


def _sealed(made: Federation, transfer: bytes, headers: HEADERS, *, to: str = "node:union") -> Record:
    """A record on the station's topic, sealed to a node's public key: anybody can make one."""
    topic = topics.inbox(made.prefix, "union")
    key = made.node(COURT).known.current().nodes[to].sealing_key
    value = seal.seal(key, transfer, seal.info(topic, bus_headers.ce_id(headers)))
    return Record(topic=topic, key=dict(headers)["ce_subject"], value=value, headers=headers)


def _other(headers: HEADERS, name: str, value: str) -> HEADERS:
    return tuple((key, value if key == name else kept) for key, kept in headers)


def _headers(row: Outbox) -> HEADERS:
    return tuple((name, value) for name, value in orjson.loads(row.headers))


def _raw(row: Outbox) -> bytes:
    return row.transfer[4 : 4 + int.from_bytes(row.transfer[:4], "big")]


def _receipt(row: Outbox) -> bytes:
    return row.transfer[8 + len(_raw(row)) :]


async def _put(made: Federation, records: list[Record]) -> None:
    bus = made.node(INSTITUTION).services.node.bus
    await boundary.publish(bus, records, name="test.attack")
    if not made.running:
        await made.settle()


async def _refused(made: Federation, codes: dict[str, str], *, times: int) -> None:
    """The station's node has noted every attack so often, and no other failure."""
    expected = {code: count * times for code, count in Counter(codes.values()).items()}
    found: dict[str, int] = {}
    for _ in range(200):
        found = {}
        for group in await made.node(STATION).services.node.ledger.failure_groups():
            found[group.code] = found.get(group.code, 0) + group.count
        if found == expected:
            return
        await asyncio.sleep(0.05)
    assert found == expected


async def test_receipts_of_nodes_that_may_not_speak_are_refused(tmp_path: Path) -> None:
    """`delivered` by a node that is not the recipient's, a number by a node that is not the keeper's: no word, no step, no clock."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.offer(DESIGNATION)
        await made.settle()
        arbitration, court = made.node(INSTITUTION).services.node, made.node(COURT).services.node
        station = made.node(STATION).services.node
        [received] = [
            r for r in await made.node(COURT).services.receipts(COURT, case.sent[DESIGNATION]) if r.kind == "received"
        ]
        false = [
            receipts.issue(replace(received, kind="delivered", issuer=arbitration.name), arbitration.keys),
            receipts.issue(replace(received, kind="refused", issuer=arbitration.name), arbitration.keys),
            receipts.issue(replace(received, kind="delivered", number=2, state="closed"), station.keys),
        ]
        await _put(made, [_alone(made, one, to="court") for one in false])
        found = {group.code: group.count for group in await court.ledger.failure_groups()}
        assert found == {"BUS-013": 2, "BUS-014": 1}
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "received"}
        assert await case.state(COURT) == await case.state(STATION) == ("designated", 1)
        assert await case.due(COURT) == {}


async def test_poison_on_the_other_topics_stops_no_loop(tmp_path: Path) -> None:
    """A chunk and a registry entry that do not hold, and one that is no XML: noted, and what comes behind them is taken."""
    async with federation(tmp_path, THREE_NODES) as made:
        bus = made.node(COURT).services.node.bus
        case = new_case(made)
        header = await case.header(DESIGNATION)
        chunk = bus_headers.for_chunk(header, header.attachments[0].sha256, index=0, total=1, destination="node:union")
        entry = bus_headers.for_entry(STATION, 9, source="node:court", at=START)
        blobs, registry = topics.blobs(made.prefix, "union"), topics.registry(made.prefix)
        poison = [
            Record(topic=blobs, key="x", value=b"\x00" * 90, headers=chunk),
            Record(topic=blobs, key="y", value=b"\x00" * 90, headers=()),
            Record(topic=registry, key=STATION, value=b"<Entry/>", headers=entry),
            Record(topic=registry, key=COURT, value=b"\xff", headers=entry),
        ]
        await boundary.publish(bus, poison, name="test.poison")
        await made.run()
        await case.send(DESIGNATION)
        assert await case.kinds(COURT, DESIGNATION) == {"accepted", "received", "retrieved"}
        ledger = made.node(STATION).services.node.ledger
        assert sum(group.count for group in await ledger.failure_groups(stage="receive")) == len(poison)
        assert await made.node(STATION).services.node.blobs.has(header.attachments[0].sha256)


def _alone(made: Federation, receipt: Receipt, *, to: str) -> Record:
    """A receipt that travels alone, sealed to a node."""
    headers = _other(
        tuple((name, value) for name, value in orjson.loads(bus_headers.for_receipt(made.header(DESIGNATION, COURT, STATION), receipt, destination=f"node:{to}", at_us=0))),
        "traceparent", f"00-{'0' * 31}1-{'0' * 15}1-01",
    )  # fmt: skip
    topic = topics.inbox(made.prefix, to)
    key = made.node(COURT).known.current().nodes[f"node:{to}"].sealing_key
    value = seal.seal(key, seal.frame(b"", receipt.xml), seal.info(topic, bus_headers.ce_id(headers)))
    return Record(topic=topic, key=receipt.conversation_id, value=value, headers=headers)
