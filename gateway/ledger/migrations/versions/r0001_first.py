"""The first tables (protocol.md §8), written out: this file never changes, whatever becomes of the row types."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": _TEXT,
    "int": sa.BigInteger(),
    "bool": sa.Boolean(),
    "bytes": sa.LargeBinary(),
}

#: Table → (key, columns); `*` marks what may be NULL, a column without a type is text.
_TABLES = {
    "conversations": (
        "conversation_id",
        "conversation_id version:int head",
    ),
    "claims": (
        "stage sender message_id",
        "stage sender message_id digest verdict at_us:int",
    ),
    "facts": (
        "stream seq",
        (
            "stream seq:int kind at_us:int actor sender message_id process_id stage detail previous digest "
            "trace_id took_us:int"
        ),
    ),
    "messages": (
        "sender message_id",
        (
            "sender message_id conversation_id process_id receiver message_type flow kind schema_version digest "
            "raw:bytes accepted_us:int sent_us:int expires_us:int* priority test:bool trace_id held_by ref_to:* "
            "supersedes:* advice word ask_us:int* asked:int"
        ),
    ),
    "origins": (
        "participant native_key",
        "participant native_key message_id conversation_id profile raw:bytes authentication answer:bytes at_us:int",
    ),
    "processes": (
        "process_id",
        (
            "process_id conversation_id flow flow_version keeper number:int state turn ended:bool expired "
            "opened_us:int updated_us:int"
        ),
    ),
    "roles": (
        "process_id role",
        "process_id role participant",
    ),
    "steps": (
        "process_id sender message_id",
        "process_id sender message_id message_type number:int state kind accepted_us:int superseded_by:*",
    ),
    "receipts": (
        "sender message_id recipient kind issuer",
        "sender message_id recipient kind issuer conversation_id number:int xml:bytes issued_us:int stored_us:int",
    ),
    "outbox": (
        "destination conversation_id seq part",
        "destination conversation_id seq:int part sender message_id transfer:bytes headers at_us:int",
    ),
    "deliveries": (
        "endpoint sender message_id part",
        (
            "endpoint sender message_id part conversation_id process_id seq:int state due_us:int deadline_us:int "
            "expires_us:int* attempts:int lease:* lease_until_us:int* priority:int created_us:int outcome"
        ),
    ),
    "deadlines": (
        "process_id timer start_step item",
        (
            "process_id timer start_step item conversation_id start_us:int due_us:int provisional:bool calendar "
            "state kept:bool paused_us:int* pauses"
        ),
    ),
    "failures": (
        "failure_id",
        (
            "failure_id stage code rule participant schema_version fingerprint sender message_id conversation_id "
            "part detail original:bytes state attempts:int first_us:int last_us:int expires_us:int*"
        ),
    ),
    "parked": (
        "sender message_id part",
        (
            "sender message_id conversation_id part wait_for code transfer:bytes headers arrived_us:int "
            "next_us:int until_us:int"
        ),
    ),
    "references": (
        "participant kind number_key",
        "participant kind number_key conversation_id process_id original",
    ),
    "attachments": (
        "sha256",
        "sha256 size:int complete:bool at_us:int",
    ),
    "attachment_uses": (
        "sha256 sender message_id",
        "sha256 sender message_id",
    ),
    "endpoints": (
        "participant",
        "participant profile url settings secret:bytes paused:bool failures:int open_until_us:int updated_us:int",
    ),
    "registry_entries": (
        "subject serial",
        "subject serial:int xml:bytes learned_us:int",
    ),
    "tokens": (
        "digest",
        "digest name role participant created_us:int expires_us:int revoked_us:int*",
    ),
    "replays": (
        "replay_id",
        (
            "replay_id state fingerprint reason planned_by approved_by needs_second:bool total:int changed:int "
            "done:int failed:int plan created_us:int updated_us:int"
        ),
    ),
    "replay_claims": (
        "failure_id",
        "failure_id replay_id",
    ),
    "nonces": (
        "credential nonce",
        "credential nonce expires_us:int",
    ),
    "readings": (
        "topic part",
        "topic part through_us:int",
    ),
}

#: Index → (table, columns, condition).
_INDEXES = {
    "facts_message": ("facts", "sender message_id", ""),
    "messages_ask": ("messages", "ask_us", "ask_us IS NOT NULL"),
    "messages_conversation": ("messages", "conversation_id accepted_us", ""),
    "messages_id": ("messages", "message_id", ""),
    "messages_newest": ("messages", "accepted_us message_id", ""),
    "origins_message": ("origins", "message_id", ""),
    "processes_conversation": ("processes", "conversation_id", ""),
    "steps_message": ("steps", "message_id", ""),
    "receipts_conversation": ("receipts", "conversation_id", ""),
    "outbox_oldest": ("outbox", "at_us", ""),
    "deliveries_lane": ("deliveries", "endpoint conversation_id seq part", "state IN ('due', 'leased', 'failed')"),
    "deliveries_leased": ("deliveries", "endpoint lease_until_us", "state = 'leased'"),
    "deliveries_message": ("deliveries", "sender message_id", ""),
    "deliveries_ready": ("deliveries", "endpoint deadline_us due_us", "state IN ('due', 'leased')"),
    "deadlines_armed": ("deadlines", "due_us", "state = 'armed'"),
    "deadlines_conversation": ("deadlines", "conversation_id", ""),
    "failures_cause": ("failures", "fingerprint failure_id", ""),
    "failures_expiry": ("failures", "expires_us", "expires_us IS NOT NULL"),
    "failures_message": ("failures", "sender message_id", ""),
    "parked_lane": ("parked", "conversation_id sender", ""),
    "parked_next": ("parked", "next_us", ""),
    "parked_wait": ("parked", "wait_for", ""),
    "references_conversation": ("references", "conversation_id participant", ""),
    "references_number": ("references", "number_key", ""),
    "attachment_uses_message": ("attachment_uses", "sender message_id", ""),
    "replay_claims_replay": ("replay_claims", "replay_id", ""),
    "nonces_expiry": ("nonces", "expires_us", ""),
}


def upgrade() -> None:
    """Create every table and index."""
    for name, (key, columns) in _TABLES.items():
        op.create_table(name, *(_column(text, key.split()) for text in columns.split()))
    for name, (table, columns, condition) in _INDEXES.items():
        where: dict[str, Any] = (
            {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)} if condition else {}
        )
        op.create_index(name, table, columns.split(), **where)


def _column(text: str, key: list[str]) -> sa.Column[Any]:
    name, _, kind = text.partition(":")
    return sa.Column(
        name,
        _TYPES[kind.rstrip("*") or "text"],
        nullable=kind.endswith("*"),
        primary_key=name in key,
        autoincrement=False,
    )
