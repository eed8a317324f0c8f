"""What to do about a record that the client cannot read: step over it and say so, instead of stopping the topic."""

from __future__ import annotations

from typing import Any

from gateway.bus.kafka_client import Kafka

#: What the client raises: a header name that is no UTF-8, a framing that does not add up, a codec that it lacks.
UNREADABLE_ERRORS = (Kafka.errors.CorruptRecordError, Kafka.errors.UnsupportedCodecError)
#: A broken read may be the network's fault: the record is fetched this often before it is stepped over.
TRIES = 3


def let_go(consumer: Any) -> tuple[Any, int] | None:
    """Drop the fetched batch that could not be read, so that it is fetched anew; returns its (partition, offset).

    kafka-python 3.0.12 keeps such a batch and spins over it for ever at the next poll, and tells nobody whose it is: both
    can be had only from its fetcher's own slot. The version is pinned, and tests/contract/test_bus_kafka.py holds this.
    """
    fetched = consumer._fetcher._next_partition_records  # noqa: SLF001 - see above
    if not fetched:
        return None
    partition = fetched.topic_partition
    fetched.drain()
    if partition not in consumer.assignment():
        return None
    position = consumer.position(partition, timeout_ms=1000)
    return None if position is None else (partition, max(position, fetched.next_fetch_offset))


def step_over(consumer: Any, partition: Any, offset: int) -> None:
    """Read on behind the record. What follows it in the same batch of its producer cannot be read either, one by one."""
    consumer.seek(partition, offset + 1)
