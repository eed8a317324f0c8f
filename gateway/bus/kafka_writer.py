"""The producer's thread: all who wait publish in one round, and each is told when its own records are durable."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.bus.kafka_client import MAX_RECORD, Kafka
from gateway.errors import NodeError
from gateway.ports import Record

#: Records that wait longer than this for the broker are given up, in milliseconds; the outbox still has them.
_DELIVERY_MS = 30_000
_SETTINGS = {
    "acks": "all",
    "enable_idempotence": True,
    # A round is flushed at its end, so lingering only gathers it; nobody waits for the timer.
    "linger_ms": 20,
    "batch_size": 512 * 1024,
    "max_request_size": MAX_RECORD + 64 * 1024,
    "delivery_timeout_ms": _DELIVERY_MS,
    "request_timeout_ms": 10_000,
    "max_block_ms": 5_000,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """What one caller wants published."""

    records: Sequence[Record]
    future: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop


class KafkaWriter:
    """One idempotent producer in one thread.

    Made at the first publish, made anew after a failure it cannot recover from.
    """

    def __init__(self, client: Mapping[str, Any]) -> None:
        """`client` are the options of `kafka_client.read_url`."""
        self._client = client
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._producer: Any = None

    async def publish(self, records: Sequence[Record]) -> None:
        """All records are acknowledged by all in-sync replicas on return.

        Raises `NodeError`; then some may be there.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="bus-writer", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        order = _Order(records=records, future=loop.create_future(), loop=loop)
        self._orders.put(order)
        # A caller that is cancelled does not take the others' round with it.
        await asyncio.shield(order.future)

    async def close(self) -> None:
        """Finish the rounds that wait, then end the thread."""
        if self._thread is not None:
            self._orders.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _work(self) -> None:
        while (first := self._orders.get()) is not None:
            orders = [first]
            stop = False
            with suppress(queue.Empty):
                while not stop:
                    order = self._orders.get_nowait()
                    stop = order is None
                    orders += [order] if order is not None else []
            self._round(orders)
            if stop:
                break
        self._drop()

    def _round(self, orders: list[_Order]) -> None:
        """Send everything, flush, then look at each record's own outcome."""
        sent: list[tuple[_Order, list[Any], Exception | None]] = []
        for order in orders:
            futures: list[Any] = []
            try:
                producer = self._ready()
                futures.extend(self._send(producer, record) for record in order.records)
                sent.append((order, futures, None))
            except Exception as error:  # noqa: BLE001 - whatever the client raises is this order's answer
                sent.append((order, futures, error))
        if self._producer is not None:
            with suppress(Exception):
                self._producer.flush(timeout=_DELIVERY_MS / 1000 + 5)
        broken = False
        for order, futures, refused in sent:
            failed = refused or _failure(futures)
            broken = broken or failed is not None
            _answer(order, failed)
        if broken:
            # After a lost batch the idempotent sequence of a partition has a gap: a new producer starts without one.
            self._drop()

    @staticmethod
    def _send(producer: Any, record: Record) -> Any:
        headers = [(name, value.encode()) for name, value in record.headers]
        return producer.send(record.topic, value=record.value, key=record.key.encode(), headers=headers)

    def _ready(self) -> Any:
        if self._producer is None:
            self._producer = Kafka.KafkaProducer(**self._client, **_SETTINGS)
        return self._producer

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                producer.close(timeout=5)


def _failure(futures: Sequence[Any]) -> Exception | None:
    for future in futures:
        if not future.is_done:
            return TimeoutError("the broker did not answer")
        if future.failed():
            error: Exception = future.exception
            return error
    return None


def _answer(order: _Order, error: Exception | None) -> None:
    def tell() -> None:
        if order.future.done():
            return
        if error is None:
            order.future.set_result(None)
        else:
            order.future.set_exception(failure(error))

    # The loop may have closed while the round was under way; then nobody waits any more.
    with suppress(RuntimeError):
        order.loop.call_soon_threadsafe(tell)


def failure(error: Exception) -> NodeError:
    """An error of the client library as ours; its text may quote a record, so only its class is told."""
    if isinstance(error, Kafka.errors.UnknownTopicOrPartitionError):
        return NodeError("there is no such topic on the bus: run `gateway migrate`", code="NOD-021")
    return NodeError(f"the broker failed: {type(error).__name__}", code="NOD-020")
