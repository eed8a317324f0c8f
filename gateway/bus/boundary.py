"""The two places where the bus moves: records become durable there, and a batch is settled there.

Every call carries a stable name, so that a test can enumerate all crash points by wrapping these two functions; no
other code calls `Bus.publish` or `Subscription.done` (architecture.md §3).
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.ports import Batch, Bus, Record, Subscription


async def publish(bus: Bus, records: Sequence[Record], *, name: str) -> None:
    """Put records on the bus; all are durable there on return. Raises `NodeError`, after which some may be there.

    `name` is the stable name of the act, for instance `relay.transfer`.
    """
    del name  # Read by whoever wraps this function.
    if records:
        await bus.publish(records)


async def settle(subscription: Subscription, batch: Batch, *, name: str) -> None:
    """The batch is durable here and does not come again: Kafka's offsets, the queue's rows. Raises `NodeError`.

    Called after the ledger's commit, never before; `name` is the stable name of the act, for instance `receive.settle`.
    """
    del name  # Read by whoever wraps this function.
    if batch.records:
        await subscription.done(batch)
