"""Identifiers: message, conversation and process ids are UUIDv7 (RFC 9562 §5.7); participants are `<family>:<code>`."""

from __future__ import annotations

import re
from typing import NewType

from gateway.errors import Finding

MessageId = NewType("MessageId", str)
ConversationId = NewType("ConversationId", str)
ProcessId = NewType("ProcessId", str)
ParticipantId = NewType("ParticipantId", str)

#: protocol.md §1; `node` names a node itself, never a party.
FAMILIES = ("court", "arbitration", "union", "mediation", "triage", "inspection", "legal-aid", "job", "node")

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_PARTICIPANT = re.compile(
    r"(?:court|arbitration|union|mediation|triage|inspection|legal-aid|job):([0-9A-Z]{18}|t-[a-z0-9-]{1,40})\Z"
)
_NODE = re.compile(r"node:[a-z][a-z0-9-]{0,30}\Z")


def uuid7(milliseconds: int, chance: int) -> str:
    """A UUIDv7 from Unix milliseconds and 74 bits of chance (RFC 9562 §5.7), in lower-case text form."""
    value = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 7 << 76
        | (chance >> 62 & 0xFFF) << 64
        | 2 << 62
        | chance & ((1 << 62) - 1)
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def family_of(participant: str) -> str:
    """The family part of a participant or node id."""
    return participant.partition(":")[0]


def is_participant(text: str) -> bool:
    """Whether `text` has the form of a participant id (protocol.md §1)."""
    return _PARTICIPANT.match(text) is not None


def is_node(text: str) -> bool:
    """Whether `text` has the form of a node id."""
    return _NODE.match(text) is not None


def is_test(participant: str) -> bool:
    """A test participant's code starts with `t-`; it may only send and receive with Test=true."""
    return participant.partition(":")[2].startswith("t-")


def participant_finding(text: str, xpath: str) -> Finding:
    """The finding for a participant id of the wrong form."""
    return Finding(
        code="RUL-001",
        xpath=xpath,
        text_zh=f"参与方标识 {text!r} 不是“系统族:18位统一社会信用代码”形式",
        text_en=f"{text!r} is no participant id: it must be <family>:<18-character credit code>",
        source="protocol.md §1",
    )
