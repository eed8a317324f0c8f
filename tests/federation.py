"""A federation in one process: nodes with real ledgers, bus and keys, whose stages a test turns by hand."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.bootstrap import Application, build, migrate
from gateway.bus import boundary, topics
from gateway.bus.mark import MARK_EVERY_S
from gateway.flow.answer import Answer
from gateway.ledger.messages import Search
from gateway.model.envelope import Attachment, Header
from gateway.model.ids import uuid7
from gateway.model.participant import NodeEntry, Participant
from gateway.model.payload import Payload
from gateway.ports import Batch, Keys, Subscription
from gateway.signing import authority, registry, signature
from gateway.signing.keys import FileKeys
from gateway.transport.clock import set_clock
from gateway.workers.stages import Workers
from tests.federation_nodes import COURT, INSTITUTION, ONE_NODE, START, STATION, THREE_NODES, equip, node_settings

__all__ = [
    "COURT",
    "INSTITUTION",
    "ONE_NODE",
    "START",
    "STATION",
    "THREE_NODES",
    "Federation",
    "federation",
    "node_settings",
]


@dataclass(kw_only=True)
class Federation:
    """Participants on nodes, one clock, one bus."""

    folder: Path
    prefix: str = "sct"
    applications: dict[str, Application] = field(default_factory=dict)
    counter: int = 0
    now: datetime = START
    #: Signs registry entries; set once the federation stands.
    registrar: FileKeys | None = None
    root: authority.Authority | None = None
    #: Readers by topic: a consumer group is joined once.
    readers: dict[str, Subscription] = field(default_factory=dict)
    #: Workers by node, while they run.
    running: dict[str, tuple[Workers, asyncio.Task[None]]] = field(default_factory=dict)

    def node(self, participant: str) -> Application:
        """The application of the node that speaks for a participant."""
        any_node = next(iter(self.applications.values()))
        return self.applications[any_node.known.current().node_of(participant).removeprefix("node:")]

    def tick(self, span: timedelta) -> None:
        """Move the clock of all nodes."""
        self.until(self.now + span)

    def until(self, moment: datetime) -> None:
        """Set the clock of all nodes."""
        self.now = moment
        set_clock(self.folder / "clock", moment)

    async def past(self, moment: datetime) -> None:
        """Set the clock, and settle once the readers measure anew: only a read begun after a due time lets a timer fire."""
        self.until(moment)
        await asyncio.sleep(MARK_EVERY_S * 1.1)
        await self.settle()

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
        return replace(base, **changes)  # type: ignore[arg-type]  # builders take any field of the header by its name

    def envelope(self, header: Header, payload: Payload, *, keys: Keys | None = None) -> bytes:
        """The signed envelope, by the sender's own key; `keys` where it is to be another's."""
        node = self.node(header.sender).services.node
        element = node.catalogue.to_element(header.message_type, payload)
        return signature.sign_envelope(header, element, keys or node.keys, subject=header.sender)

    async def attachment(self, participant: str, document_type: str, data: bytes) -> Attachment:
        """Hand bytes in at the participant's node and get the claim check."""
        digest = hashlib.sha256(data).hexdigest()

        async def once() -> AsyncIterator[bytes]:
            yield data

        await self.node(participant).services.put_attachment(digest, once())
        name, media = f"{document_type}.pdf", "application/pdf"
        return Attachment(document_type=document_type, name=name, media_type=media, size=len(data), sha256=digest)

    async def submit(self, header: Header, payload: Payload) -> Answer:
        """Submit at the sender's node."""
        return await self.node(header.sender).services.submit(self.envelope(header, payload))

    async def settle(self, rounds: int = 60) -> None:
        """Turn relay, receive, deliver and watch of all nodes until nothing moves; where they run, wait until nothing does."""
        for _ in range(rounds if not self.running else 600):
            if self.running:
                await asyncio.sleep(0.05)
                for _, task in self.running.values():
                    if task.done():
                        task.result()
                if await self._at_rest():
                    return
            elif not sum([await self.turn(application) for application in self.applications.values()]):
                return
        text = "the federation did not come to rest"
        raise AssertionError(text)

    async def _at_rest(self) -> bool:
        """Nothing waits in an outbox, and both ends of every message hold the same receipts, the recipient's word among them."""
        held: dict[tuple[str, str], list[set[tuple[str, str, str]]]] = {}
        for application in self.applications.values():
            ledger = application.services.node.ledger
            if await ledger.outbox_size():
                return False
            for message in await ledger.search(Search(limit=1000)):
                found = await ledger.receipts(message.sender, message.message_id)
                words = {(row.kind, row.issuer, row.recipient) for row in found}
                held.setdefault((message.sender, message.message_id), []).append(words)
        return all(
            len(ends) == min(2, len(self.applications)) and ends[0] == ends[-1] and len(ends[0]) > 1
            for ends in held.values()
        )

    async def run(self) -> None:
        """Let the workers of every node run, as `gateway serve` does."""
        for name, application in self.applications.items():
            workers = application.workers()
            self.running[name] = (workers, asyncio.create_task(workers.run()))

    async def halt(self) -> None:
        """Stop the workers and wait for their end."""
        for workers, _ in self.running.values():
            workers.stop()
        tasks = [task for _, task in self.running.values()]
        self.running.clear()
        await asyncio.gather(*tasks)

    async def turn(self, application: Application) -> int:
        """One round of each stage of one node; returns how much was done."""
        services, name = application.services, application.settings.node
        moved = await services.relay(500)
        for topic, take in (
            (topics.blobs(self.prefix, name), services.take_chunk),
            (topics.inbox(self.prefix, name), services.receive),
        ):
            subscription, batch = await self.poll(application, topic)
            for taken in batch.records:
                await take(taken.record)
            await boundary.settle(subscription, batch, name="test.turn")
            if batch.ended and ".to." in topic:
                await services.read_through(topic, batch.ended, batch.begun)
            moved += len(batch.records)
        leased = await services.lease(50, lease_us=45_000_000, per_endpoint=50)
        await asyncio.gather(*(services.deliver(one) for one in leased))
        return moved + len(leased) + await services.watch(100)

    async def poll(self, application: Application, topic: str) -> tuple[Subscription, Batch]:
        """The next records of a topic on the SQL bus, which hands over at once what there is."""
        bus, name = application.services.node.bus, application.settings.node
        if topic not in self.readers:
            self.readers[topic] = bus.subscribe(topic, group=topics.group_of(self.prefix, name))
        return self.readers[topic], await self.readers[topic].poll(limit=200, wait_s=0.0)

    def signed(self, entry: NodeEntry | Participant) -> bytes:
        """The entry with the registrar's signature, told to nobody."""
        assert self.registrar is not None
        return registry.sign(entry, self.registrar, issued_at=self.now)

    async def learn(self, entry: NodeEntry | Participant) -> None:
        """Sign a registry entry and tell it to every node."""
        xml = self.signed(entry)
        for application in self.applications.values():
            await application.services.learn(xml)

    async def restart(self, node: str) -> None:
        """Let a node go and build it again from its settings: what it knows is what its ledger holds."""
        application = self.applications[node]
        for topic in [topic for topic in self.readers if topic.endswith(f".{node}")]:
            await self.readers.pop(topic).release()
        await application.close()
        self.applications[node] = again = build(application.settings)
        await again.start()

    async def close(self) -> None:
        """Let go of readers and nodes."""
        try:
            await self.halt()
        finally:
            for reader in self.readers.values():
                await reader.release()
            for application in self.applications.values():
                await application.close()


@asynccontextmanager
async def federation(
    folder: Path,
    placement: Mapping[str, Sequence[str]],
    *,
    database: str = "",
    bus: str = "",
    prefix: str = "sct",
) -> AsyncIterator[Federation]:
    """Nodes with the families that they speak for, their registry known to all; `database` takes `{node}` for several nodes."""
    made = Federation(folder=folder, prefix=prefix)
    made.tick(timedelta())
    root = made.root = authority.new_authority("测试根", now=START - timedelta(days=1))
    (folder / "anchor.pem").write_bytes(root.pem)
    entries = [entry for node, families in placement.items() for entry in equip(folder, node, families, root)]
    registrar = authority.equip(root, folder / "registrar", registry.REGISTRAR, now=START)
    (folder / "registrar.pem").write_bytes(registrar.public_bytes(Encoding.PEM))
    made.registrar = FileKeys(folder / "registrar")
    try:
        for node in placement:
            settings = node_settings(folder, node, database=database, bus=bus, prefix=prefix)
            await migrate(settings)
            application = build(settings)
            await application.start()
            made.applications[node] = application
        for entry in entries:
            await made.learn(entry)
        yield made
    finally:
        await made.close()
