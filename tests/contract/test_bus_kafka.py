"""What only Kafka can do to us: records that the client cannot read, and how topics are made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.bus import headers
from gateway.bus.kafka_client import Kafka, read_url
from gateway.errors import NodeError, SettingRefused, TransferRefused
from tests.contract.bus_kit import open_bus, read_until, records, values
from tests.services import Broker


class _NotText(str):
    """A header name that goes out as bytes that are no UTF-8, as a hostile producer sends it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe" if encoding else errors.encode()


def _send_raw(url: str, topic: str, **record: Any) -> None:
    producer = Kafka.KafkaProducer(**read_url(url))
    producer.send(topic, **record).get(timeout=20)
    producer.close()


async def test_a_record_that_cannot_be_read_stops_nothing(kafka: Broker, topic_prefix: str) -> None:
    """Between two good records one whose framing no client can decode: it is handed on as unreadable, the others come."""
    topic = f"{topic_prefix}.to.court"
    bus = open_bus(kafka.url)
    await bus.ensure({topic: "inbox"})
    await bus.publish(records(topic, "a-1"))
    await asyncio.to_thread(_send_raw, kafka.url, topic, key=b"a", value=b"x", headers=[(_NotText("n"), b"v")])
    await bus.publish(records(topic, "a-2"))

    reader = bus.subscribe(topic, group="g")
    seen: list[Any] = []
    for _ in range(60):
        try:
            batch = await reader.poll(limit=10, wait_s=0.3)
        except NodeError:
            # The client's first tries: the worker would come back after a pause.
            continue
        seen += [taken.record for taken in batch.records]
        await reader.done(batch)
        if len(seen) >= 3:
            break
    await bus.close()

    assert [record.value for record in seen] == [b"a-1", b"", b"a-2"]
    with pytest.raises(TransferRefused) as refused:
        headers.ce_id(seen[1].headers)
    assert refused.value.code == "BUS-023"


async def test_bytes_that_are_no_text_become_no_error(kafka: Broker, topic_prefix: str) -> None:
    """A key, value or header that is missing or no UTF-8 is a record like any other; what it says contradicts every message."""
    topic = f"{topic_prefix}.to.court"
    bus = open_bus(kafka.url)
    await bus.ensure({topic: "inbox"})
    await asyncio.to_thread(
        _send_raw, kafka.url, topic, key=b"\xff", value=None, headers=[("ce_id", b"\xff\x00"), ("ce_type", b"")]
    )

    batch = await bus.subscribe(topic, group="g").poll(limit=10, wait_s=20)
    await bus.close()

    record = batch.records[0].record
    assert (record.key, record.value) == ("�", b"")
    assert record.headers == (("ce_id", "�\x00"), ("ce_type", ""))


async def test_topics_keep_what_protocol_asks(kafka: Broker, topic_prefix: str) -> None:
    """Partition counts are fixed at creation and times are the broker's (protocol.md §4); making a topic twice changes nothing."""
    topic = f"{topic_prefix}.to.court"
    bus = open_bus(kafka.url)
    await bus.ensure({topic: "inbox"})
    await bus.ensure({topic: "inbox"})
    await bus.close()

    consumer = Kafka.KafkaConsumer(**read_url(kafka.url))
    partitions = await asyncio.to_thread(consumer.partitions_for_topic, topic)
    consumer.close()

    assert partitions == {0, 1, 2}


async def test_two_groups_of_topics_do_not_disturb_each_other(kafka: Broker, topic_prefix: str) -> None:
    """A node's inbox goes on being read while the reader of its blobs topic stands still: their groups are apart."""
    inbox, blobs = f"{topic_prefix}.to.court", f"{topic_prefix}.blobs.court"
    bus = open_bus(kafka.url)
    await bus.ensure({inbox: "inbox", blobs: "blobs"})
    await bus.publish(records(inbox, "a-1"))
    await bus.publish(records(blobs, "b-1"))

    still = await bus.subscribe(blobs, group="g").poll(limit=1, wait_s=20)
    reading = await read_until(bus.subscribe(inbox, group="g"), lambda so_far: bool(so_far.got), seconds=20)
    await bus.close()

    assert values(still) == ["b-1"]
    assert reading.got == ["a-1"]


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("kafka://h1:9092,h2:9093", {"bootstrap_servers": ["h1:9092", "h2:9093"], "security_protocol": "PLAINTEXT"}),
        (
            "kafka://node:p%40ss@h1:9093?mechanism=SCRAM-SHA-256&ca=ca.pem",
            {
                "bootstrap_servers": ["h1:9093"],
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-256",
                "sasl_plain_username": "node",
                "sasl_plain_password": "p@ss",
                "ssl_cafile": "ca.pem",
            },
        ),
        (
            "kafka://h1:9093?security=SSL&ca=a&cert=b&key=c",
            {
                "bootstrap_servers": ["h1:9093"],
                "security_protocol": "SSL",
                "ssl_cafile": "a",
                "ssl_certfile": "b",
                "ssl_keyfile": "c",
            },
        ),
    ],
)
def test_the_url_says_how_to_connect(url: str, options: dict[str, Any]) -> None:
    """Hosts, TLS and SASL/SCRAM of a bus URL become the client's options."""
    assert read_url(url) == options


@pytest.mark.parametrize(
    "url",
    [
        "kafka://",
        "kafka://host",
        "kafka://u:secret@h:1?security=PLAINTEXT",
        "kafka://h:1?tls=1",
        "kafka://u:secret@h:1?mechanism=MD5",
    ],
)
def test_a_wrong_url_is_refused_without_its_password(url: str) -> None:
    """What cannot be read is refused with a reason that does not repeat the secret."""
    with pytest.raises(SettingRefused) as refused:
        read_url(url)
    assert refused.value.code == "NOD-012"
    assert "secret" not in str(refused.value)
