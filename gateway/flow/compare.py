"""Compare: a mediation statement's clauses against those of the agreement under review, field by field (domain.md F6 no. 7)."""

from __future__ import annotations

from dataclasses import replace

from gateway.flow.node import Node
from gateway.model.envelope import Validated
from gateway.model.payload import Payload
from gateway.model.process import ProcessView
from gateway.xml import envelope

STATEMENT, APPLICATION = "arbitration.ReviewStatement", "arbitration.ReviewApply"


async def compare(validated: Validated, process: ProcessView | None, node: Node) -> Validated:
    """The statement with the differences as advice; any other message as it is. The gateway never decides law: it shows."""
    if validated.header.message_type != STATEMENT or process is None:
        return validated
    agreement = await _agreement(process, node)
    if agreement is None:
        return validated
    return replace(validated, advice=(*validated.advice, *node.rules.compare(agreement, validated.payload)))


async def _agreement(process: ProcessView, node: Node) -> Payload | None:
    """The agreement as the application that still stands handed it in."""
    standing = [step for step in process.steps if step.message_type == APPLICATION and step.superseded_by is None]
    message = await node.ledger.message(standing[-1].sender, standing[-1].message_id) if standing else None
    if message is None:
        return None
    payload = node.catalogue.to_payload(envelope.payload_of(envelope.unpack(message.raw, node.limits).tree))
    agreement = payload.get("Agreement")
    return agreement if isinstance(agreement, dict) else None
