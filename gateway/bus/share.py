"""Which partitions are ours at the moment, and what of them was handed out and is not done."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from gateway.bus.kafka_client import Kafka


class Share:
    """Changed by the reader's thread and, at a rebalance, by the client's; hence the lock."""

    def __init__(self) -> None:
        """Nothing is ours yet."""
        self._lock = threading.Lock()
        #: Counts the rebalances: what was taken in an earlier turn may be another reader's by now.
        self.turn = 0
        self._open: dict[Any, int] = {}

    def opened(self, partition: Any, offset: int) -> None:
        """A batch with `offset` as its first of `partition` was handed out."""
        with self._lock:
            self._open.setdefault(partition, offset)

    def closed(self, partitions: Iterable[Any]) -> None:
        """The batch is done for `partitions`."""
        with self._lock:
            for partition in partitions:
                self._open.pop(partition, None)

    def rewind(self) -> list[tuple[Any, int]]:
        """(partition, offset) from which to read again, because that was handed out and is not done."""
        with self._lock:
            again = list(self._open.items())
            self._open.clear()
        return again

    def changed(self) -> None:
        """Partitions came or went: each is read on from its committed offset, whoever has it."""
        with self._lock:
            self.turn += 1
            self._open.clear()


def listen(share: Share) -> Any:
    """The client's rebalance listener over `share`."""
    return _Listener(share)


class _Listener(Kafka.ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    def __init__(self, share: Share) -> None:
        self._share = share

    def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002 - the client's interface
        self._share.changed()

    def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ARG002 - the client's interface
        self._share.changed()

    def on_partitions_lost(self, lost: Any) -> None:  # noqa: ARG002 - the client's interface
        self._share.changed()
