"""The flows bound to what they need; all that api, cli and workers get."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from gateway.errors import NotFound, Refusal
from gateway.flow import deliver, native, receive, refuse, relay, replay, retrieve, trace, watch
from gateway.flow.answer import Answer
from gateway.flow.node import Node, microseconds
from gateway.flow.submit import submit
from gateway.ledger.deliveries import Leased
from gateway.model.ledger import AttachmentRow, Change, Deadline, Delivery, Reading, ReplayRow, Row
from gateway.model.receipt import Receipt
from gateway.ports import NativeAnswer, NativeRequest, Record
from gateway.signing import receipts

#: Chunks of an attachment whose rest did not come within a week, in seconds.
ABANDONED_S = 7 * 86_400.0
#: Refusals that a registry entry can mend: an unknown sender, a new key of a node, a node that does not speak for somebody yet.
STRANGERS = frozenset({"SIG-045", "SIG-046", "BUS-011", "BUS-013", "BUS-014"})


@dataclass(frozen=True, kw_only=True)
class Services:
    """One node's work, ready to be called; `node` is for reads of the ledger and for settings."""

    node: Node

    async def submit(self, raw: bytes) -> Answer:
        """Take a signed envelope (flow.submit)."""
        return await submit(raw, self.node)

    async def receive_native(self, profile: str, request: NativeRequest) -> NativeAnswer:
        """Take a native call (flow.native)."""
        return await native.receive_native(profile, request, self.node)

    async def relay(self, limit: int) -> int:
        """Publish what waits in the outbox (flow.relay)."""
        return await relay.relay(self.node, limit=limit)

    async def receive(self, record: Record) -> None:
        """Take a bus record (flow.receive)."""
        await receive.receive(record, self.node)

    async def take_chunk(self, record: Record) -> bool:
        """Take an attachment chunk (flow.relay); one that does not hold is a bounded failure record."""
        try:
            return await relay.take_chunk(record, self.node)
        except Refusal as refusal:
            await refuse.note(record.value, refusal, self.node)
            return False

    async def take_entry(self, record: Record) -> bool:
        """Take a registry entry off the bus; one that does not hold is a bounded failure record."""
        try:
            return await self.learn(record.value)
        except Refusal as refusal:
            await refuse.note(record.value, refusal, self.node)
            return False

    async def deliver(self, leased: Leased) -> None:
        """Hand a leased delivery to its partner (flow.deliver); a lease that ran out before left an unknown outcome."""
        await deliver.deliver(leased.delivery, self.node, unknown_before=leased.lost_lease is not None)

    async def lease(self, limit: int, *, lease_us: int, per_endpoint: int) -> list[Leased]:
        """Committed leases on due deliveries, nearest deadline first, one per lane."""
        token = self.node.ids.uuid7()
        return await self.node.ledger.claim_due(
            self.node.clock.now_us(), limit, lease_us=lease_us, token=token, each=per_endpoint
        )

    async def read_through(self, topic: str, parts: tuple[str, ...], begun: dt.datetime) -> None:
        """These parts of the inbox were read to their end as of `begun` (protocol.md §7)."""
        through = microseconds(begun)
        await self.keep("receive.reading", *(Reading(topic=topic, part=part, through_us=through) for part in parts))

    async def learn(self, xml: bytes) -> bool:
        """A signed registry entry from the bus or a file; a lower serial is ignored. Parked records that waited for it are tried again."""
        subject = await self.node.learn(xml)
        if subject:
            await self.arrived(f"registry:{subject}")
            await self._retry_strangers()
        return bool(subject)

    async def _retry_strangers(self) -> None:
        """Transfers of a sender or node that the registry did not know: bounded failure records, tried again (protocol.md §4)."""
        for group in await self.node.ledger.failure_groups(stage="receive", open_only=True):
            if group.code in STRANGERS:
                for failure_id in await self.node.ledger.open_failures(group.fingerprint, limit=500):
                    failure = await self.node.ledger.failure(failure_id)
                    if failure is not None:
                        await receive.take(failure.original, (), self.node)
                        await self.keep("registry.retried", replace(failure, state="resolved"))

    async def prune(self) -> int:
        """End what has its own end: deliveries that nobody takes, bounded failure records, used nonces, chunks whose rest never came."""
        await self.node.blobs.sweep(older_s=ABANDONED_S)
        ended = await watch.end_overdue(self.node, limit=1_000)
        return ended + await self.node.ledger.prune(self.node.clock.now_us(), 1_000)

    async def watch(self, limit: int) -> int:
        """One round of clocks, silence and parked records (flow.watch), on the registry as all processes of this node know it."""
        await self.node.refresh()
        return await watch.watch(self.node, limit=limit)

    async def arrived(self, *wait_for: str) -> None:
        """Something arrived that parked records wait for: they are tried again at once."""
        for name in wait_for:
            for record in await self.node.ledger.parked_for(name):
                await watch.try_again(record, self.node)

    async def plan(self, failures: list[str], wish: replay.Wish) -> ReplayRow:
        """Dry-run failures and keep the plan (flow.replay)."""
        return await replay.plan(failures, self.node, wish)

    async def plan_group(self, wish: replay.Wish) -> ReplayRow:
        """Plan the open failures of the group that the wish names."""
        return await self.plan(await self.node.ledger.open_failures(wish.fingerprint), wish)

    async def approve(self, replay_id: str, *, actor: str) -> ReplayRow:
        """A second person's consent (flow.replay)."""
        return await replay.approve(replay_id, self.node, actor=actor)

    async def run(self, replay_id: str) -> ReplayRow:
        """Run an approved plan (flow.replay)."""
        return await replay.run(replay_id, self.node)

    async def control(self, replay_id: str, state: str) -> ReplayRow:
        """Pause, resume (`running`) or cancel a replay."""
        return await replay.control(replay_id, self.node, state=state)

    async def trace(self, *, message: str = "", conversation: str = "", case: str = "") -> trace.Trace:
        """The trace of a dispute by message, conversation or any system's case number (flow.trace)."""
        found = await trace.find(self.node, message=message, conversation=conversation, case=case)
        return await trace.trace(found, self.node)

    async def note_access(self, conversation_id: str, *, who: str, why: str, what: str) -> None:
        """Who looked at a case, and why (flow.trace)."""
        await trace.note_access(self.node, conversation_id, who=who, why=why, what=what)

    async def put_attachment(self, sha256: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep an attachment's bytes, streamed and digest-checked; returns the size. Raises `AttachmentRefused`."""
        size = await self.node.blobs.put(sha256, chunks, limit=self.node.policy.attachment_limit)
        row = AttachmentRow(sha256=sha256, size=size, complete=True, at_us=self.node.clock.now_us())
        await self.keep("attachment.put", row)
        self.node.wake("deliver")
        return size

    async def receipts(self, sender: str, message_id: str) -> list[Receipt]:
        """The receipts of a message here, in the order they were stored."""
        return [receipts.read(row.xml) for row in await self.node.ledger.receipts(sender, message_id)]

    async def inbox(self, participant: str, *, limit: int) -> list[Delivery]:
        """What waits for a participant that pulls (flow.retrieve)."""
        return await retrieve.waiting(participant, self.node, limit=limit)

    async def confirm(self, participant: str, message_id: str, *, part: str) -> None:
        """A participant that pulls has a message (flow.retrieve)."""
        await retrieve.confirm(participant, message_id, self.node, part=part)

    async def deadlines(self, *, state: str, before_us: int | None, conversation_id: str, limit: int) -> list[Deadline]:
        """Due dates, nearest first."""
        return await self.node.ledger.deadlines(
            state=state, before_us=before_us, conversation_id=conversation_id, limit=limit
        )

    async def attachment(self, sha256: str, *, participant: str, who: str) -> AsyncIterator[bytes]:
        """An attachment's bytes, to a participant of a message naming it alone (protocol.md §5); "" is an auditor's or operator's view.

        Raises `NotFound`, and says no more to a stranger.
        """
        uses = await self.node.ledger.uses(sha256)
        if participant and not await self._takes_part(participant, [(use.sender, use.message_id) for use in uses]):
            raise NotFound("no such attachment")
        if not await self.node.blobs.has(sha256):
            raise NotFound("no such attachment")
        for use in uses:
            for message in await self.node.ledger.find_message(use.message_id):
                await self.note_access(message.conversation_id, who=who, why="download", what=f"attachment/{sha256}")
        return self.node.blobs.get(sha256)

    async def keep(self, name: str, *rows: Row) -> None:
        """Keep rows that no flow owns: endpoints, tokens, registry entries."""
        await self.node.ledger.commit(Change(name=name, rows=rows))

    async def _takes_part(self, participant: str, messages: list[tuple[str, str]]) -> bool:
        for sender, message_id in messages:
            message = await self.node.ledger.message(sender, message_id)
            if message is not None and participant in (message.sender, message.receiver):
                return True
            deliveries = await self.node.ledger.deliveries_of(sender, message_id)
            if any(delivery.endpoint == participant for delivery in deliveries):
                return True
        return False
