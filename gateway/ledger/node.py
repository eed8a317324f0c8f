"""What the node knows by name: numbers, registry, endpoints, tokens, nonces, readings, attachments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select

from gateway.errors import AlreadyClaimed
from gateway.ledger.reads import Reads
from gateway.ledger.tables_node import ENDPOINTS, READINGS, REGISTRY_ENTRIES, TOKENS
from gateway.ledger.tables_work import ATTACHMENT_USES, ATTACHMENTS, REFERENCES
from gateway.model.ledger import (
    AttachmentRow,
    AttachmentUse,
    Change,
    Endpoint,
    Nonce,
    Reading,
    Reference,
    RegistryRow,
    TokenRow,
)

_r = REFERENCES.table.c


class NodeReads(Reads):
    """Look-ups by number, subject, participant, digest."""

    async def resolve(self, participant: str, kind: str, number_key: str) -> Reference | None:
        """What one system's number means here."""
        return await self._one(Reference, participant=participant, kind=kind, number_key=number_key)

    async def resolve_any(self, number_key: str) -> list[Reference]:
        """What a number means whoever wrote it; several where systems happen to use the same."""
        return await self._all(
            Reference, select(REFERENCES.table).where(_r.number_key == number_key).order_by(_r.participant, _r.kind)
        )

    async def numbers(self, participant: str, *, conversation_id: str, process_id: str = "") -> dict[str, str]:
        """A system's own numbers as it wrote them, by kind.

        Those of the process stand before others of the conversation.
        """
        query = select(REFERENCES.table).where(_r.participant == participant, _r.conversation_id == conversation_id)
        found = await self._all(Reference, query)
        found.sort(key=lambda row: (row.process_id == process_id, row.process_id, row.number_key))
        return {row.kind: row.original for row in found}

    async def registry_rows(self) -> list[RegistryRow]:
        """The newest entry of every subject."""
        c = REGISTRY_ENTRIES.table.c
        newest = select(c.subject, func.max(c.serial).label("serial")).group_by(c.subject).subquery()
        query = select(REGISTRY_ENTRIES.table).join(
            newest, (newest.c.subject == c.subject) & (newest.c.serial == c.serial)
        )
        return await self._all(RegistryRow, query.order_by(c.subject))

    async def endpoints(self) -> list[Endpoint]:
        """All partner systems of this node."""
        return await self._all(Endpoint, select(ENDPOINTS.table).order_by(ENDPOINTS.table.c.participant))

    async def endpoint(self, participant: str) -> Endpoint | None:
        """A participant's system, if it has one here."""
        return await self._one(Endpoint, participant=participant)

    async def endpoint_outcome(self, participant: str, *, ok: bool, now_us: int, policy: tuple[int, int]) -> None:
        """Count a call's outcome in the breaker.

        `policy` = (failures in a row that open it, microseconds that it stays open).

        Only the breaker's columns are touched, in one statement: a worker must not undo a pause that a person has just
        set.
        """
        c = ENDPOINTS.table.c
        limit, open_us = policy
        if ok:
            # Nearly every call finds a healthy endpoint: that costs a read and no commit.
            values: dict[str, Any] = {"failures": 0, "open_until_us": 0}
            row = await self.endpoint(participant)
            if row is None or not (row.failures or row.open_until_us):
                return
        else:
            opened = case((c.failures + 1 >= limit, now_us + open_us), else_=c.open_until_us)
            values = {"failures": c.failures + 1, "open_until_us": opened}
        change = ENDPOINTS.table.update().where(c.participant == participant).values(**values)
        async with self._database.transaction("deliver.breaker") as session:
            await session.write(change)

    async def token(self, digest: str) -> TokenRow | None:
        """The token with this SHA-256; the caller judges expiry and revocation."""
        return await self._one(TokenRow, digest=digest)

    async def tokens(self) -> list[TokenRow]:
        """All tokens by name."""
        return await self._all(TokenRow, select(TOKENS.table).order_by(TOKENS.table.c.name, TOKENS.table.c.created_us))

    async def use_nonce(self, credential: str, nonce: str, expires_us: int) -> bool:
        """Use a nonce up; False where it was used before. Durable when this returns, so that a restart forgets none."""
        row = Nonce(credential=credential, nonce=nonce, expires_us=expires_us)
        try:
            await self._committer.commit(Change(name="access.nonce", rows=(row,)))
        except AlreadyClaimed:
            return False
        return True

    async def readings(self, topic: str) -> list[Reading]:
        """How far each part of a topic has been read to its end."""
        return await self._all(
            Reading, select(READINGS.table).where(READINGS.table.c.topic == topic).order_by(READINGS.table.c.part)
        )

    async def read_through(self, topic: str) -> int | None:
        """Until when all parts of a topic have been read to their end, microseconds; None while one was never read.

        A part is named `<index>/<count>`: the newest count says how many there have to be.
        """
        found = await self.readings(topic)
        if not found:
            return None
        count = max(found, key=lambda row: row.through_us).part.partition("/")[2]
        parts = [row.through_us for row in found if row.part.partition("/")[2] == count]
        return min(parts) if len(parts) == int(count) else None

    async def attachment(self, sha256: str) -> AttachmentRow | None:
        """What is known of a digest."""
        return await self._one(AttachmentRow, sha256=sha256)

    async def uses(self, sha256: str) -> list[AttachmentUse]:
        """The messages that name a digest."""
        u = ATTACHMENT_USES.table
        return await self._all(
            AttachmentUse, select(u).where(u.c.sha256 == sha256).order_by(u.c.sender, u.c.message_id)
        )

    async def incomplete(self, sender: str, message_id: str) -> list[str]:
        """Digests that a message names and whose bytes are not here, whole."""
        u, a = ATTACHMENT_USES.table, ATTACHMENTS.table
        here = select(a.c.sha256).where(a.c.sha256 == u.c.sha256, a.c.complete).exists()
        query = select(u.c.sha256).where(u.c.sender == sender, u.c.message_id == message_id, ~here).order_by(u.c.sha256)
        async with self._database.reading() as session:
            return [row[0] for row in await session.read(query)]
