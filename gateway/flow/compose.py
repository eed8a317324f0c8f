"""Compose: the header of a message that this node writes for a participant it speaks for (native calls, timers)."""

from __future__ import annotations

import datetime as dt

from gateway.flow.node import Node, moment
from gateway.model.envelope import Attachment, Header
from gateway.model.process import ProcessView


def header(
    node: Node,
    *,
    process: ProcessView,
    sender: str,
    receiver: str,
    message_type: str,
    copies: tuple[tuple[str, str], ...] = (),
    test: bool = False,
    message_id: str = "",
    sent_us: int | None = None,
    kind: str = "new",
    ref_to: str | None = None,
    supersedes: str | None = None,
    actor: str | None = None,
    occurred_at: dt.datetime | None = None,
    attachments: tuple[Attachment, ...] = (),
    trace: str = "",
) -> Header:
    """A header of the process's flow version; `message_id` and `sent_us` are given where they were claimed before."""
    message_id = message_id or node.ids.uuid7()
    return Header(
        message_id=message_id,
        conversation_id=process.conversation_id,
        process_id=process.process_id,
        ref_to=ref_to,
        supersedes=supersedes,
        kind=kind,  # type: ignore[arg-type]  # checked against the schema before it is signed
        flow=process.flow,
        flow_version=process.flow_version,
        message_type=message_type,
        schema_version=node.catalogue.version_of(message_type),
        sender=sender,
        receiver=receiver,
        copies=copies,
        actor=actor,
        occurred_at=occurred_at,
        sent_at=moment(sent_us if sent_us is not None else node.clock.now_us()),
        test=test,
        traceparent=trace or traceparent(process.conversation_id, message_id),
        attachments=attachments,
    )


def traceparent(conversation_id: str, message_id: str) -> str:
    """W3C trace context of a message that came without one: the trace is the conversation, the span the message."""
    return f"00-{conversation_id.replace('-', '')}-{message_id.replace('-', '')[-16:]}-01"
