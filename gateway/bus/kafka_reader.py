"""A consumer in a thread of its own: bounded polls, offsets committed after our own commit, rebalances survived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from gateway.bus.headers import UNREADABLE
from gateway.bus.kafka_client import MAX_RECORD, Kafka, KafkaOptions
from gateway.bus.kafka_writer import failure
from gateway.bus.mark import Mark, part_name
from gateway.bus.share import Share, listen
from gateway.bus.unreadable import TRIES, UNREADABLE_ERRORS, let_go, step_over
from gateway.errors import NodeError
from gateway.ports import Batch, Clock, Record, Taken

_SETTINGS = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "heartbeat_interval_ms": 2000,
    # Questions to a broker wait behind its open fetch: this bounds how late a new mark, and other brokers' records, can be.
    "fetch_max_wait_ms": 200,
    # A reader that does not come back for its next batch within this time gives its partitions to the others.
    "max_poll_interval_ms": 120_000,
    "max_partition_fetch_bytes": MAX_RECORD + 64 * 1024,
    "fetch_max_bytes": 8 * 1024 * 1024,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "bootstrap_timeout_ms": 10_000,
}
_COMMIT_MS = 10_000
#: A position is known locally as a rule; where it is not, the end is not claimed to be reached.
_POSITION_MS = 50
#: After these the partitions are another reader's, and the records come again there: no failure of ours.
_LOST = (
    Kafka.errors.CommitFailedError,
    Kafka.errors.IllegalGenerationError,
    Kafka.errors.RebalanceInProgressError,
    Kafka.errors.UnknownMemberIdError,
    Kafka.errors.FencedInstanceIdError,
)
T = TypeVar("T")


class KafkaReader:
    """`ports.Subscription` over one KafkaConsumer. What is not done when the next poll begins comes again, in order."""

    def __init__(self, options: KafkaOptions, topic: str, *, group: str, clock: Clock) -> None:
        """A reader in the consumer group `<group>.<topic>`: other topics' rebalances do not disturb it.

        It joins at the first poll.
        """
        self._options = options
        self._topic = topic
        self._group = f"{group}.{topic}"
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bus-reader")
        self._consumer: Any = None
        self._share = Share()
        self._mark: Mark | None = None
        self._broken = 0

    async def poll(self, *, limit: int, wait_s: float) -> Batch:
        """Up to `limit` records, waiting at most `wait_s` seconds for the first. Raises `NodeError`."""
        return await self._run(partial(self._poll, limit, wait_s))

    async def done(self, batch: Batch) -> None:
        """Commit the offsets behind the batch; partitions that are no longer ours are left to their reader.

        Raises `NodeError`.
        """
        await self._run(partial(self._done, batch))

    async def release(self) -> None:
        """Leave the group, so that another reader takes over at once, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            raise NodeError("the subscription was released", code="NOD-020")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except Kafka.errors.KafkaError as error:
            raise failure(error) from error

    def _poll(self, limit: int, wait_s: float) -> Batch:
        consumer = self._ready()
        for partition, offset in self._share.rewind():
            if partition in consumer.assignment():
                consumer.seek(partition, offset)
        begun = self._clock.now()
        mark = self._mark = self._measure(consumer, begun)
        taken = self._read(consumer, limit, wait_s)
        if mark is None or mark.turn != self._share.turn:
            # Partitions came or went meanwhile: what was measured says nothing about them.
            self._mark = None
            return Batch(records=taken, begun=begun)
        reached = {name for name in mark.left if self._is_reached(consumer, mark, name)}
        return Batch(records=taken, begun=mark.begun, ended=mark.reach(reached))

    def _read(self, consumer: Any, limit: int, wait_s: float) -> tuple[Taken, ...]:
        try:
            found = consumer.poll(timeout_ms=int(wait_s * 1000), max_records=limit)
        except UNREADABLE_ERRORS:
            unreadable = let_go(consumer)
            self._broken += 1
            if self._broken < TRIES or unreadable is None:
                raise
            step_over(consumer, *unreadable)
            return (self._unreadable(*unreadable),)
        self._broken = 0
        for partition, records in found.items():
            self._share.opened(partition, records[0].offset)
        return tuple(
            Taken(record=_record(record), position=(partition, record.offset, self._share.turn))
            for partition, records in found.items()
            for record in records
        )

    def _unreadable(self, partition: Any, offset: int) -> Taken:
        """What cannot be read is handed on as such, so that it ends in a failure record and not in silence."""
        self._share.opened(partition, offset)
        headers = ((UNREADABLE, f"{partition.partition}:{offset}"),)
        record = Record(topic=self._topic, key="", value=b"", headers=headers)
        return Taken(record=record, position=(partition, offset, self._share.turn))

    def _done(self, batch: Batch) -> None:
        behind: dict[Any, int] = {}
        for taken in batch.records:
            partition, offset, turn = taken.position
            if turn == self._share.turn:
                behind[partition] = max(offset + 1, behind.get(partition, 0))
        if not behind or self._consumer is None:
            return
        offsets = {partition: Kafka.OffsetAndMetadata(offset, "", -1) for partition, offset in behind.items()}
        # Lost: the group is being shared out anew, the records come again to whoever gets the partition.
        with suppress(*_LOST):
            self._consumer.commit(offsets, timeout_ms=_COMMIT_MS)
        self._share.closed(behind)

    def _measure(self, consumer: Any, begun: datetime) -> Mark | None:
        """The mark in force, or a new one over the partitions that are ours; None while none is."""
        if self._mark is not None and not self._mark.is_spent() and self._mark.turn == self._share.turn:
            return self._mark
        turn, partitions = self._share.turn, sorted(consumer.assignment())
        if not partitions:
            return None
        count = len(consumer.partitions_for_topic(self._topic) or ())
        ends = consumer.end_offsets(partitions, timeout_ms=_COMMIT_MS)
        return Mark(begun=begun, ends={part_name(tp.partition, count): end for tp, end in ends.items()}, turn=turn)

    def _is_reached(self, consumer: Any, mark: Mark, name: str) -> bool:
        partition = Kafka.TopicPartition(self._topic, int(name.partition("/")[0]))
        if partition not in consumer.assignment():
            return False
        position = consumer.position(partition, timeout_ms=_POSITION_MS)
        return position is not None and position >= mark.ends[name]

    def _ready(self) -> Any:
        if self._consumer is None:
            self._consumer = Kafka.KafkaConsumer(
                **self._options.client,
                **_SETTINGS,
                group_id=self._group,
                group_instance_id=self._options.instance or None,
                session_timeout_ms=int(self._options.session_s * 1000),
            )
            self._consumer.subscribe([self._topic], listener=listen(self._share))
        return self._consumer

    def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=_COMMIT_MS)


def _record(record: Any) -> Record:
    """A consumer record as ours.

    Bytes that are no UTF-8 become replacement characters, which contradict every signed value.
    """
    return Record(
        topic=record.topic,
        key=_text(record.key),
        value=record.value or b"",
        headers=tuple((name, _text(value)) for name, value in record.headers),
    )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")
