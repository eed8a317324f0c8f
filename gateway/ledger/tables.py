"""What is proved and remembered for good.

Conversations, facts, claims, messages, processes, receipts (protocol.md §8).
"""

from __future__ import annotations

from sqlalchemy import Index

from gateway.ledger.schema import stored
from gateway.model import ledger as rows

CONVERSATIONS = stored(rows.Conversation, "conversations", key=("conversation_id",), policy="move")

FACTS = stored(rows.Fact, "facts", key=("stream", "seq"), policy="append")
#: `facts_of_message`: the trace of one message, whatever conversation it is in.
Index("facts_message", FACTS.table.c.sender, FACTS.table.c.message_id)

CLAIMS = stored(rows.Claim, "claims", key=("stage", "sender", "message_id"), policy="taken")

#: Kept once a node and never changed, so a second copy (submit and receive on one node) is let go; `Word` alone
#: updates.
MESSAGES = stored(rows.Message, "messages", key=("sender", "message_id"), policy="first")
#: `find_message` and the survey's `known`: people and RefToMessageId name a message without its sender.
Index("messages_id", MESSAGES.table.c.message_id)
#: `messages_of`: the whole conversation in the order of acceptance.
Index("messages_conversation", MESSAGES.table.c.conversation_id, MESSAGES.table.c.accepted_us)
#: `search`: newest first with a keyset cursor, so that page 1,000 costs what page 1 costs.
Index("messages_newest", MESSAGES.table.c.accepted_us, MESSAGES.table.c.message_id)
#: `unanswered`: the watch looks only at messages that await a receipt, which are few among millions.
Index(
    "messages_ask",
    MESSAGES.table.c.ask_us,
    sqlite_where=MESSAGES.table.c.ask_us.is_not(None),
    postgresql_where=MESSAGES.table.c.ask_us.is_not(None),
)

#: Until it is answered, the call whose message was accepted takes the place of one that was refused: the evidence is its bytes.
_OPEN = 'length("origins"."answer") = 0 AND length(excluded."answer") = 0 AND "origins"."message_id" = excluded."message_id"'
#: The first call stands; an answer is filled in once, because a repetition must be told what the first was told.
ORIGINS = stored(
    rows.Origin, "origins", key=("participant", "native_key"), policy="replace", updates=("answer", "raw", "authentication"),
    merge={
        "answer": 'CASE WHEN length("origins"."answer") = 0 THEN excluded."answer" ELSE "origins"."answer" END',
        "raw": f'CASE WHEN {_OPEN} THEN excluded."raw" ELSE "origins"."raw" END',
        "authentication": f'CASE WHEN {_OPEN} THEN excluded."authentication" ELSE "origins"."authentication" END',
    },
)  # fmt: skip
#: `origins_of`: from a message back to the native call that it was made from.
Index("origins_message", ORIGINS.table.c.message_id)

#: When it was opened is written once.
PROCESSES = stored(
    rows.Process, "processes", key=("process_id",), policy="replace",
    updates=("number", "state", "turn", "ended", "expired", "updated_us"),
)  # fmt: skip
#: `processes_of`: the trace shows every process of a dispute.
Index("processes_conversation", PROCESSES.table.c.conversation_id)

#: No role's participant changes within a process (protocol.md §3), hence the first row stands.
ROLES = stored(rows.Role, "roles", key=("process_id", "role"), policy="first")

STEPS = stored(rows.StepRow, "steps", key=("process_id", "sender", "message_id"), policy="replace")
#: The survey's `known`: a keeper's receipt may have told of a step whose bytes are not here.
Index("steps_message", STEPS.table.c.message_id)

RECEIPTS = stored(
    rows.ReceiptRow, "receipts", key=("sender", "message_id", "recipient", "kind", "issuer"), policy="first"
)  # fmt: skip
#: `receipts_of`: the trace of a conversation shows what every node said.
Index("receipts_conversation", RECEIPTS.table.c.conversation_id)

EVIDENCE = (CONVERSATIONS, CLAIMS, FACTS, MESSAGES, ORIGINS, PROCESSES, ROLES, STEPS, RECEIPTS)
