"""Messages, facts, receipts, origins: what was said, by whom, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import LargeBinary, literal, or_, select

from gateway.ledger.reads import Reads
from gateway.ledger.tables import FACTS, MESSAGES, ORIGINS, PROCESSES, RECEIPTS
from gateway.ledger.tables_work import REFERENCES
from gateway.model.ledger import Fact, Message, Origin, ReceiptRow

_m = MESSAGES.table.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What to look for among messages; everything given must hold."""

    #: Sender or receiver.
    participant: str = ""
    message_type: str = ""
    #: The delivery word.
    word: str = ""
    #: State of the message's process.
    process_state: str = ""
    #: Normal form of a number that resolves to the conversation.
    number_key: str = ""
    #: Accepted at or after, microseconds UTC.
    from_us: int | None = None
    #: Accepted before, microseconds UTC.
    to_us: int | None = None
    #: (accepted_us, message_id) of the last row of the page before.
    after: tuple[int, str] | None = None
    #: Rows a page, at most 1,000.
    limit: int = 50


class MessageReads(Reads):
    """Messages and what belongs to one message."""

    async def message(self, sender: str, message_id: str) -> Message | None:
        """The message as it was accepted or taken, with its bytes."""
        return await self._one(Message, sender=sender, message_id=message_id)

    async def find_message(self, message_id: str) -> list[Message]:
        """Messages under an id whose sender is not known; more than one only where two senders chose the same id."""
        return await self._all(Message, select(MESSAGES.table).where(_m.message_id == message_id).order_by(_m.sender))

    async def messages_of(self, conversation_id: str) -> list[Message]:
        """All messages of a conversation in the order of acceptance."""
        query = select(MESSAGES.table).where(_m.conversation_id == conversation_id)
        return await self._all(Message, query.order_by(_m.accepted_us, _m.message_id))

    async def search(self, wanted: Search) -> list[Message]:
        """Newest first; `raw` is left empty, since a list shows messages and does not hand out their content."""
        columns = [literal(b"", LargeBinary).label("raw") if c.name == "raw" else c for c in MESSAGES.table.columns]
        query = select(*columns).order_by(_m.accepted_us.desc(), _m.message_id.desc()).limit(min(wanted.limit, 1000))
        if wanted.participant:
            query = query.where(or_(_m.sender == wanted.participant, _m.receiver == wanted.participant))
        if wanted.message_type:
            query = query.where(_m.message_type == wanted.message_type)
        if wanted.word:
            query = query.where(_m.word == wanted.word)
        if wanted.process_state:
            processes = PROCESSES.table.c
            query = query.where(
                select(processes.process_id)
                .where(processes.process_id == _m.process_id, processes.state == wanted.process_state)
                .exists()
            )
        if wanted.number_key:
            references = REFERENCES.table.c
            query = query.where(
                _m.conversation_id.in_(
                    select(references.conversation_id).where(references.number_key == wanted.number_key)
                )
            )
        if wanted.from_us is not None:
            query = query.where(_m.accepted_us >= wanted.from_us)
        if wanted.to_us is not None:
            query = query.where(_m.accepted_us < wanted.to_us)
        if wanted.after is not None:
            accepted_us, message_id = wanted.after
            older = or_(_m.accepted_us < accepted_us, (_m.accepted_us == accepted_us) & (_m.message_id < message_id))
            query = query.where(_m.accepted_us <= accepted_us, older)
        return await self._all(Message, query)

    async def unanswered(self, now_us: int, limit: int) -> list[Message]:
        """Messages whose receipt should have come by now, longest overdue first."""
        query = select(MESSAGES.table).where(_m.ask_us.is_not(None), _m.ask_us <= now_us)
        return await self._all(Message, query.order_by(_m.ask_us, _m.message_id).limit(limit))

    async def facts(self, stream: str) -> list[Fact]:
        """A stream's facts, oldest first."""
        return await self._all(
            Fact, select(FACTS.table).where(FACTS.table.c.stream == stream).order_by(FACTS.table.c.seq)
        )

    async def newest_fact(self, stream: str) -> Fact | None:
        """The end of a stream's chain: the next fact takes its seq + 1 and its digest."""
        query = select(FACTS.table).where(FACTS.table.c.stream == stream).order_by(FACTS.table.c.seq.desc()).limit(1)
        found = await self._all(Fact, query)
        return found[0] if found else None

    async def facts_of_message(self, sender: str, message_id: str) -> list[Fact]:
        """Everything that happened to one message, in order of time."""
        c = FACTS.table.c
        query = select(FACTS.table).where(c.sender == sender, c.message_id == message_id)
        return await self._all(Fact, query.order_by(c.at_us, c.stream, c.seq))

    async def receipts(self, sender: str, message_id: str) -> list[ReceiptRow]:
        """All receipts about a message that this node holds, in the order they were stored."""
        c = RECEIPTS.table.c
        query = select(RECEIPTS.table).where(c.sender == sender, c.message_id == message_id)
        return await self._all(ReceiptRow, query.order_by(c.stored_us, c.kind, c.issuer, c.recipient))

    async def receipts_of(self, conversation_id: str) -> list[ReceiptRow]:
        """All receipts of a conversation, in the order they were stored."""
        c = RECEIPTS.table.c
        query = select(RECEIPTS.table).where(c.conversation_id == conversation_id)
        return await self._all(ReceiptRow, query.order_by(c.stored_us, c.message_id, c.kind))

    async def origin(self, participant: str, native_key: str) -> Origin | None:
        """The native call that was claimed under this key."""
        return await self._one(Origin, participant=participant, native_key=native_key)

    async def origins_of(self, message_id: str) -> list[Origin]:
        """The native calls that a message was made from."""
        return await self._all(Origin, select(ORIGINS.table).where(ORIGINS.table.c.message_id == message_id))
