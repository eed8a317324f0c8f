"""Again: a message that was accepted here goes on its way once more, the same bytes (protocol.md §6, §9)."""

from __future__ import annotations

from gateway.flow import acknowledge
from gateway.flow.node import Node
from gateway.model.ledger import Change, Message, Outbox
from gateway.signing import receipts
from gateway.xml import envelope


async def outbox(message: Message, node: Node, *, seq: int) -> list[Outbox]:
    """The transfer to the receiver's node under the conversation's `seq`; what has it already sends its receipts again."""
    stored = await node.ledger.receipts(message.sender, message.message_id)
    accepted = next(receipts.read(row.xml) for row in stored if row.kind == "accepted")
    about = acknowledge.about(envelope.unpack(message.raw, node.limits).header, message.digest)
    destinations = {node.registry().node_of(message.receiver)} - {""}
    return acknowledge.message_outbox(
        about, message.raw, accepted, node, destinations=destinations, seq=seq, again=f"/{message.message_id}"
    )


async def send_again(sender: str, message_id: str, node: Node) -> bool:
    """Queue an accepted message once more: the replay of a time-out. False where it is not here."""
    message = await node.ledger.message(sender, message_id)
    if message is None:
        return False
    conversation = await node.ledger.conversation(message.conversation_id)
    rows = await outbox(message, node, seq=conversation.version if conversation else 0)
    await node.ledger.commit(Change(name="replay.relay", rows=tuple(rows)))
    node.wake("relay")
    return True
