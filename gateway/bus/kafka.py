"""The Kafka bus (product.md §3): an idempotent producer in one thread, a consumer thread for each subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Literal

from gateway.bus.kafka_client import MAX_RECORD, Kafka, KafkaOptions
from gateway.bus.kafka_reader import KafkaReader
from gateway.bus.kafka_writer import KafkaWriter, failure
from gateway.errors import NodeError
from gateway.ports import Clock, Record, Subscription

#: An undelivered record outlives every retry (30 days, protocol.md §4), whatever the broker's default is.
_RETENTION_MS = 35 * 24 * 3600 * 1000


class KafkaBus:
    """`ports.Bus` over Apache Kafka with kafka-python."""

    def __init__(self, options: KafkaOptions, *, clock: Clock) -> None:
        """Nothing is connected before the first use."""
        self._options = options
        self._clock = clock
        self._writer = KafkaWriter(options.client)
        self._readers: list[KafkaReader] = []

    async def ensure(self, topics: Mapping[str, Literal["inbox", "blobs", "compacted"]]) -> None:
        """Create missing topics and wait until each has its leaders. Raises `NodeError`."""
        await asyncio.to_thread(self._ensure, topics)

    async def publish(self, records: Sequence[Record]) -> None:
        """All records are durable on the broker on return. Raises `NodeError`, after which some may be there."""
        if records:
            await self._writer.publish(records)

    def subscribe(self, topic: str, *, group: str) -> Subscription:
        """A reader of `topic` in the consumer group; it joins at the first poll."""
        reader = KafkaReader(self._named(len(self._readers)), topic, group=group, clock=self._clock)
        self._readers.append(reader)
        return reader

    async def close(self) -> None:
        """Flush what was handed in, leave the groups, end the threads."""
        await self._writer.close()
        for reader in self._readers:
            await reader.release()

    def _named(self, number: int) -> KafkaOptions:
        """Each reader of this process is a member of its own.

        The same order of subscribing gives the same names again.
        """
        instance = self._options.instance
        return replace(self._options, instance=f"{instance}-{number}" if instance else "")

    def _ensure(self, topics: Mapping[str, Literal["inbox", "blobs", "compacted"]]) -> None:
        try:
            with closing(Kafka.KafkaAdminClient(**self._options.client)) as admin:
                known = set(admin.list_topics())
                missing = {topic: self._topic(kind) for topic, kind in topics.items() if topic not in known}
                if missing:
                    answer = admin.create_topics(missing, raise_errors=False)
                    _check(answer["topics"])
                admin.wait_for_topics(list(topics))
        except Kafka.errors.KafkaError as error:
            raise failure(error) from error

    def _topic(self, kind: Literal["inbox", "blobs", "compacted"]) -> dict[str, Any]:
        configs = {
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(MAX_RECORD + 64 * 1024),
            # The broker unpacks what a stranger compresses, so that no reader can be stopped by a codec that it lacks.
            "compression.type": "uncompressed",
        }
        configs |= {"cleanup.policy": "compact"} if kind == "compacted" else {"retention.ms": str(_RETENTION_MS)}
        if self._options.replication > 2:  # noqa: PLR2004 - with three copies, two must have a record before it counts
            configs["min.insync.replicas"] = "2"
        return {
            "num_partitions": self._options.partitions,
            "replication_factor": self._options.replication,
            "configs": configs,
        }


def _check(answers: Sequence[Mapping[str, Any]]) -> None:
    for answer in answers:
        error = Kafka.errors.for_code(answer["error_code"])
        if error not in (Kafka.errors.NoError, Kafka.errors.TopicAlreadyExistsError):
            raise NodeError(f"topic {answer['name']} could not be created: {error.__name__}", code="NOD-022")
