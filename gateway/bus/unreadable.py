"""What to do about a record batch that the client cannot read.

Find it, step over it, and say so instead of stopping the topic.
"""

from __future__ import annotations

from typing import Any

from gateway.bus.kafka_client import Kafka

#: What the client raises for such a batch: a header name that is no UTF-8, a framing that does not add up, a codec it
#: lacks.
UNREADABLE_ERRORS = (Kafka.errors.CorruptRecordError, Kafka.errors.UnsupportedCodecError)
#: A broken read may be the network's fault: the batch is fetched again this often before it is stepped over.
TRIES = 3
_LOOK_MS = 1000


def skip_unreadable(consumer: Any) -> tuple[Any, int] | None:
    """Step over one record that cannot be read; returns its (partition, offset), or None when all can be read by now.

    The client does not say which partition a failure came from, so each is read alone, the others paused.
    """
    assigned = sorted(consumer.assignment())
    try:
        for partition in assigned:
            consumer.pause(*(other for other in assigned if other != partition))
            consumer.resume(partition)
            offset = consumer.position(partition, timeout_ms=_LOOK_MS)
            if offset is not None and not _is_readable(consumer, partition):
                consumer.seek(partition, offset + 1)
                return partition, offset
    finally:
        consumer.resume(*assigned)
    return None


def _is_readable(consumer: Any, partition: Any) -> bool:
    try:
        found = consumer.poll(timeout_ms=_LOOK_MS, max_records=1)
    except UNREADABLE_ERRORS:
        return False
    for records in found.values():
        # Only a look: the record is read again by the next poll.
        consumer.seek(partition, records[0].offset)
    return True
