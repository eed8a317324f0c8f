"""A federation in one process: nodes with real ledgers, bus and keys, whose stages a test turns by hand or lets run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.bootstrap import Application, build, migrate
from gateway.bus import topics
from gateway.flow.answer import Answer
from gateway.model.envelope import Attachment, Header
from gateway.model.ids import uuid7
from gateway.model.participant import BoundCertificate, NodeEntry, Participant
from gateway.model.payload import Payload
from gateway.settings import Settings
from gateway.signing import authority, keyfiles, registry, signature
from gateway.signing.keys import FileKeys
from gateway.transport.clock import set_clock

#: 2026-11-24 10:00 in Beijing, a Tuesday.
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
COURT, STATION, INSTITUTION = "court:t-xincheng", "union:t-station", "arbitration:t-hohhot"
FAMILIES = {"court": COURT, "union": STATION, "arbitration": INSTITUTION}


@dataclass(kw_only=True)
class Federation:
    """Participants on nodes, one clock, one bus."""

    folder: Path
    applications: dict[str, Application] = field(default_factory=dict)
    counter: int = 0
    now: datetime = START

    def node(self, participant: str) -> Application:
        """The application of the node that speaks for a participant."""
        any_node = next(iter(self.applications.values()))
        return self.applications[any_node.known.current().node_of(participant).removeprefix("node:")]

    def tick(self, span: timedelta) -> None:
        """Move the clock of all nodes."""
        self.now += span
        set_clock(self.folder / "clock", self.now)

    def new_id(self) -> str:
        """A UUIDv7 of the federation's time."""
        self.counter += 1
        return uuid7(int(self.now.timestamp() * 1000), self.counter)

    def header(self, message_type: str, sender: str, receiver: str, **changes: object) -> Header:
        """A header of the family's flow; a test changes what it is about."""
        message_id = self.new_id()
        flow = "arbitration-review" if message_type.startswith("arbitration") else "designated-mediation"
        base = Header(
            message_id=message_id,
            conversation_id=self.new_id(),
            process_id=self.new_id(),
            flow=flow,
            flow_version="1.0",
            message_type=message_type,
            schema_version="1.0",
            sender=sender,
            receiver=receiver,
            sent_at=self.now,
            test=True,
            traceparent=f"00-{message_id.replace('-', '')}-{message_id.replace('-', '')[-16:]}-01",
        )
        return replace(base, **changes)  # type: ignore[arg-type]  # a builder's keywords

    def envelope(self, header: Header, payload: Payload) -> bytes:
        """The signed envelope, by the sender's own key."""
        application = self.node(header.sender)
        element = application.services.node.catalogue.to_element(header.message_type, payload)
        return signature.sign_envelope(header, element, application.services.node.keys, subject=header.sender)

    async def attachment(self, participant: str, document_type: str, data: bytes) -> Attachment:
        """Hand bytes in at the participant's node and get the claim check."""
        import hashlib

        digest = hashlib.sha256(data).hexdigest()

        async def once() -> AsyncIterator[bytes]:
            yield data

        await self.node(participant).services.put_attachment(digest, once())
        name, media = f"{document_type}.pdf", "application/pdf"
        return Attachment(document_type=document_type, name=name, media_type=media, size=len(data), sha256=digest)

    async def submit(self, header: Header, payload: Payload) -> Answer:
        """Submit at the sender's node."""
        return await self.node(header.sender).services.submit(self.envelope(header, payload))

    async def settle(self, rounds: int = 30) -> None:
        """Turn relay, receive, deliver and watch of all nodes until nothing moves."""
        for _ in range(rounds):
            if not sum([await self.turn(application) for application in self.applications.values()]):
                return
        text = "the federation did not come to rest"
        raise AssertionError(text)

    async def turn(self, application: Application) -> int:
        """One round of each stage of one node; returns how much was done."""
        services, name = application.services, application.settings.node
        moved = await services.relay(500)
        for topic, take in (
            (topics.inbox("sct", name), services.receive),
            (topics.blobs("sct", name), services.take_chunk),
        ):
            subscription = services.node.bus.subscribe(topic, group=f"node:{name}")
            batch = await subscription.poll(limit=200, wait_s=0.05)
            for taken in batch.records:
                await take(taken.record)
            await subscription.done(batch)
            if batch.ended and ".to." in topic:
                await services.read_through(topic, batch.ended, batch.begun)
            await subscription.release()
            moved += len(batch.records)
        leased = await services.lease(50, lease_us=45_000_000, per_endpoint=50)
        await asyncio.gather(*(services.deliver(one) for one in leased))
        return moved + len(leased) + await services.watch(100)


@asynccontextmanager
async def federation(
    folder: Path, placement: dict[str, Sequence[str]], *, database: str = "", bus: str = ""
) -> AsyncIterator[Federation]:
    """Nodes with the families that they speak for, their registry known to all; `database` takes `{node}` for several nodes."""
    made = Federation(folder=folder)
    made.tick(timedelta())
    root = authority.new_authority("测试根", now=START - timedelta(days=1))
    (folder / "anchor.pem").write_bytes(root.pem)
    entries = []
    for node, families in placement.items():
        entries += _equip(folder, node, families, root)
    registrar = authority.equip(root, folder / "registrar", registry.REGISTRAR, now=START)
    (folder / "registrar.pem").write_bytes(registrar.public_bytes(Encoding.PEM))
    signer = FileKeys(folder / "registrar")
    signed = [registry.sign(entry, signer, issued_at=START) for entry in entries]
    try:
        for node in placement:
            settings = _settings(folder, node, database=database, bus=bus)
            await migrate(settings)
            application = made.applications[node] = build(settings)
            await application.start()
            for xml in signed:
                await application.known.learn(xml)
            await application.services.node.refresh()
        yield made
    finally:
        for application in made.applications.values():
            await application.close()


def _equip(
    folder: Path, node: str, families: Sequence[str], root: authority.Authority
) -> list[NodeEntry | Participant]:
    keys = folder / node / "keys"
    certificate = authority.equip(root, keys, f"node:{node}", now=START)
    sealing = keyfiles.new_sealing_key(keys)
    entries: list[NodeEntry | Participant] = [
        NodeEntry(id=f"node:{node}", serial=1, certificates=(_bound(certificate, "node"),), sealing_key=sealing)
    ]
    for family in families:
        participant = FAMILIES[family]
        own = authority.equip(root, keys, participant, now=START)
        entries.append(
            Participant(
                id=participant, serial=1, name_zh=f"测试{family}", family=family, node=f"node:{node}", region="150102",
                certificates=(_bound(own, "node"),),
            )
        )  # fmt: skip
    return entries


def _bound(certificate: object, held_by: str) -> BoundCertificate:
    return BoundCertificate(
        der=certificate.public_bytes(Encoding.DER),  # type: ignore[attr-defined]  # an x509.Certificate
        held_by=held_by,  # type: ignore[arg-type]  # node or participant
        not_before=START - timedelta(days=1),
        not_after=START + timedelta(days=700),
    )


def _settings(folder: Path, node: str, *, database: str, bus: str) -> Settings:
    return Settings(
        node=node,
        data=folder / node,
        database=database.format(node=node),
        bus=bus or f"sqlite:///{folder / 'bus.sqlite'}",
        anchors=(folder / "anchor.pem",),
        registrar=folder / "registrar.pem",
        clock=f"file:{folder / 'clock'}",
        log_level="error",
    )
