"""What is still to be done.

Outbox, deliveries, deadlines, failures, parked records, numbers, attachments (protocol.md §8).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Index, Text, literal_column

from gateway.ledger.schema import stored
from gateway.model import ledger as rows


def _when(sql: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases.

    A literal, because a bound parameter cannot stand in DDL.
    """
    condition: ColumnElement[str] = literal_column(sql, Text)
    return {"sqlite_where": condition, "postgresql_where": condition}


#: The key is the order of publishing: the first row of each (destination, conversation) goes first (protocol.md §4).
OUTBOX = stored(rows.Outbox, "outbox", key=("destination", "conversation_id", "seq", "part"), policy="replace")
#: `outbox_first`: oldest first, so that a long backlog is not sorted at each poll.
Index("outbox_oldest", OUTBOX.table.c.at_us)

DELIVERIES = stored(rows.Delivery, "deliveries", key=("endpoint", "sender", "message_id", "part"), policy="replace")
#: `claim_due`: what could be handed over now, nearest deadline first, endpoint by endpoint; finished rows are not in
#: it.
Index(
    "deliveries_ready",
    DELIVERIES.table.c.endpoint,
    DELIVERIES.table.c.deadline_us,
    DELIVERIES.table.c.due_us,
    **_when("state IN ('due', 'leased')"),
)
#: `claim_due`: how many calls an endpoint has in flight.
Index(
    "deliveries_leased",
    DELIVERIES.table.c.endpoint,
    DELIVERIES.table.c.lease_until_us,
    **_when("state = 'leased'"),
)
#: `claim_due`: is there an earlier one of the same lane that holds it? Only those that hold a lane are in it.
Index(
    "deliveries_lane",
    DELIVERIES.table.c.endpoint,
    DELIVERIES.table.c.conversation_id,
    DELIVERIES.table.c.seq,
    DELIVERIES.table.c.part,
    **_when("state IN ('due', 'leased', 'failed')"),
)
#: `deliveries_of`: what became of one message, at every endpoint.
Index("deliveries_message", DELIVERIES.table.c.sender, DELIVERIES.table.c.message_id)

DEADLINES = stored(rows.Deadline, "deadlines", key=("process_id", "timer", "start_step", "item"), policy="replace")
#: `deadlines_due`: the watch looks at armed timers by due time; paused, stopped and fired ones are history.
Index("deadlines_armed", DEADLINES.table.c.due_us, **_when("state = 'armed'"))
#: `deadlines(conversation_id=…)`: what runs in this dispute.
Index("deadlines_conversation", DEADLINES.table.c.conversation_id)

FAILURES = stored(rows.Failure, "failures", key=("failure_id",), policy="replace")
#: `failure_groups` and `failures_in`: groups by cause, then the members in order of their ids, which are times.
Index("failures_cause", FAILURES.table.c.fingerprint, FAILURES.table.c.failure_id)
#: `failures_of`: the failures of one message, for its trace.
Index("failures_message", FAILURES.table.c.sender, FAILURES.table.c.message_id)
#: `prune`: only bounded records end.
Index("failures_expiry", FAILURES.table.c.expires_us, **_when("expires_us IS NOT NULL"))

#: Tried and parked again, it keeps the time of its arrival and its end.
PARKED = stored(
    rows.ParkedRecord, "parked", key=("sender", "message_id", "part"), policy="replace", updates=("wait_for", "code", "next_us"),
)  # fmt: skip
#: `parked_for`: an arrival asks for those that waited for exactly it.
Index("parked_wait", PARKED.table.c.wait_for)
#: `parked_due`: those that are tried again by the clock.
Index("parked_next", PARKED.table.c.next_us)
#: The survey's `parked` and `parked_of`: a parked record holds later ones of its sender in that conversation.
Index("parked_lane", PARKED.table.c.conversation_id, PARKED.table.c.sender)

REFERENCES = stored(rows.Reference, "references", key=("participant", "kind", "number_key"), policy="first")
#: `resolve_any`: people type a case number without saying whose system wrote it.
Index("references_number", REFERENCES.table.c.number_key)
#: `numbers`: the receiving system's own numbers of this conversation, for each delivery.
Index("references_conversation", REFERENCES.table.c.conversation_id, REFERENCES.table.c.participant)

#: What is here whole stays whole: a later message that names the digest must not make it awaited again.
ATTACHMENTS = stored(
    rows.AttachmentRow, "attachments", key=("sha256",), policy="replace",
    merge={"complete": '"attachments"."complete" OR excluded."complete"'},
)  # fmt: skip

ATTACHMENT_USES = stored(rows.AttachmentUse, "attachment_uses", key=("sha256", "sender", "message_id"), policy="first")
#: `incomplete`: which bytes a message's delivery still waits for.
Index("attachment_uses_message", ATTACHMENT_USES.table.c.sender, ATTACHMENT_USES.table.c.message_id)

WORK = (OUTBOX, DELIVERIES, DEADLINES, FAILURES, PARKED, REFERENCES, ATTACHMENTS, ATTACHMENT_USES)
