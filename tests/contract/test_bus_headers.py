"""Record headers: the CloudEvents binding, what contradicts a message, and contracts/asyncapi.yaml against the code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.bus import boundary, headers, topics
from gateway.errors import SettingRefused, TransferRefused
from gateway.model.envelope import Header
from gateway.model.receipt import Receipt
from gateway.ports import Batch, Record

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AT_US = int(AT.timestamp() * 1_000_000)
SHA = "ab" * 32
HEADER = Header(
    message_id="019ab000-0000-7000-8000-000000000001",
    conversation_id="019ab000-0000-7000-8000-000000000002",
    process_id="019ab000-0000-7000-8000-000000000003",
    flow="designated-mediation",
    flow_version="1.0",
    message_type="mediation.DesignationRequest",
    schema_version="1.0",
    sender="court:t-court",
    receiver="union:t-union",
    sent_at=AT,
    traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
)
RECEIPT = Receipt(
    kind="received",
    issuer="node:union",
    recipient="union:t-union",
    sender="court:t-court",
    message_id=HEADER.message_id,
    conversation_id=HEADER.conversation_id,
    message_type=HEADER.message_type,
    digest=SHA,
    issued_at=AT,
)


def message_headers(**changed: str | None) -> headers.Headers:
    """The message's headers as they come from the bus, some changed or (None) left out."""
    pairs = dict(json.loads(headers.for_message(HEADER, destination="node:union", at_us=AT_US)))
    pairs |= {name.replace("__", "-"): value for name, value in changed.items()}
    return tuple((name, value) for name, value in pairs.items() if value is not None)


def test_headers_follow_the_cloudevents_binding() -> None:
    """Binary mode: names, values and time as the Kafka binding 1.0 writes them, ids only."""
    assert dict(message_headers()) == {
        "ce_specversion": "1.0",
        "ce_id": HEADER.message_id,
        "ce_source": "court:t-court",
        "ce_type": "mediation.DesignationRequest",
        "ce_subject": HEADER.conversation_id,
        "ce_time": "2026-11-24T10:00:00.000Z",
        "ce_dataschema": "urn:sct:mediation:1",
        "content-type": "application/sct-transfer+sealed",
        "traceparent": HEADER.traceparent,
        "sct-receiver": "node:union",
    }


def test_a_receipt_has_the_id_of_its_key() -> None:
    """A receipt that travels alone is named by message, recipient, kind and issuer (protocol.md §5), and agrees with itself."""
    pairs = tuple(
        tuple(pair) for pair in json.loads(headers.for_receipt(HEADER, RECEIPT, destination="node:court", at_us=AT_US))
    )

    assert headers.ce_id(pairs) == f"{HEADER.message_id}/union:t-union/received/node:union"
    headers.check_receipt(pairs, RECEIPT, receiver="node:court")
    with pytest.raises(TransferRefused):
        headers.check_receipt(pairs, RECEIPT, receiver="node:union")


def test_a_chunk_names_digest_index_and_total() -> None:
    """What a chunk's headers say is read back exactly."""
    chunk = headers.for_chunk(HEADER, SHA, index=3, total=7, destination="node:union")

    assert headers.ce_id(chunk) == f"{SHA}/3"
    assert headers.chunk_of(chunk) == (SHA, 3, 7)


def test_a_registry_entry_is_open_to_every_node() -> None:
    """Registry entries are signed XML, not sealed to anybody."""
    entry = dict(headers.for_entry("court:t-court", 4, source="node:court", at=AT))

    assert entry["sct-receiver"] == "*"
    assert entry["content-type"] == "application/xml"
    assert entry["ce_id"] == "court:t-court/4"


def test_agreeing_headers_pass_on_every_hop() -> None:
    """Another span of the same trace, another time and unknown extra headers contradict nothing."""
    hop = message_headers(traceparent=f"00-{'a' * 32}-{'c' * 16}-00", ce_time="2030-01-01T00:00:00Z", other="x")

    headers.check(hop, HEADER, receiver="node:union")

    assert headers.ce_id(hop) == HEADER.message_id


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ce_specversion", "0.3", "BUS-022"),
        ("ce_id", "019ab000-0000-7000-8000-00000000000f", "BUS-022"),
        ("ce_source", "court:t-other", "BUS-022"),
        ("ce_type", "mediation.DesignationAccept", "BUS-022"),
        ("ce_subject", "019ab000-0000-7000-8000-00000000000f", "BUS-022"),
        ("content__type", "application/json", "BUS-022"),
        ("traceparent", f"00-{'d' * 32}-{'b' * 16}-01", "BUS-022"),
        ("traceparent", "nonsense", "BUS-022"),
        ("sct__receiver", "node:court", "BUS-022"),
        ("ce_source", "x" * 600, "BUS-022"),
        ("ce_source", None, "BUS-021"),
        ("ce_id", None, "BUS-021"),
        ("sct__unreadable", "0:1", "BUS-023"),
    ],
)
def test_a_contradicting_header_is_refused_by_name(name: str, value: str | None, code: str) -> None:
    """Each header that differs from the signed bytes, or is missing, is refused under its own code; the text names it."""
    with pytest.raises(TransferRefused) as refused:
        headers.check(message_headers(**{name: value}), HEADER, receiver="node:union")

    assert refused.value.code == code
    assert code == "BUS-023" or name.replace("__", "-") in str(refused.value)


def test_a_header_that_stands_twice_is_refused() -> None:
    """Two values under one name are no hint: another reader could see the other one."""
    with pytest.raises(TransferRefused) as refused:
        headers.check((*message_headers(), ("ce_id", "x")), HEADER)
    assert refused.value.code == "BUS-022"


@pytest.mark.parametrize(
    ("ce_id", "chunks"),
    [
        (f"{SHA}/7", "7"),
        (f"{SHA}/-1", "7"),
        ("../../etc/passwd/0", "1"),
        (f"{SHA}/0", ""),
        (f"{SHA.upper()}/0", "1"),
        (f"{SHA}/0", "9999999"),
    ],
)
def test_impossible_chunks_are_refused(ce_id: str, chunks: str) -> None:
    """Digest, index and total are checked for form before anything is made of them."""
    with pytest.raises(TransferRefused):
        headers.chunk_of((("ce_type", "blobs.Chunk"), ("ce_id", ce_id), ("sct-chunks", chunks)))


def test_topics_are_named_after_nodes() -> None:
    """One inbox and one blobs topic a node and the registry, under one prefix; a wild name is refused as a setting."""
    assert topics.of_node("sct", "node:court") == {
        "sct.to.court": "inbox",
        "sct.blobs.court": "blobs",
        "sct.registry": "compacted",
    }
    assert topics.group_of("sct", "node:court") == "sct.court"
    for prefix, node in (("S C T", "court"), ("sct", "node:court/../x"), ("", "court"), ("sct", "node:")):
        with pytest.raises(SettingRefused):
            topics.inbox(prefix, node)


def test_asyncapi_describes_the_code() -> None:
    """contracts/asyncapi.yaml has exactly the topics and headers of the code, with what is required and the fixed values."""
    document: dict[str, Any] = yaml.safe_load(
        (Path(__file__).parents[2] / "contracts" / "asyncapi.yaml").read_text("utf-8")
    )
    channels = {channel["address"] for channel in document["channels"].values()}
    described = document["components"]["schemas"]["Headers"]

    assert document["asyncapi"].startswith("3.")
    assert channels == {name.replace(".court", ".{node}") for name in topics.of_node("sct", "court")}
    assert set(described["properties"]) == set(headers.HEADERS)
    assert {name: text["description"] for name, text in described["properties"].items()} == {
        name: text for name, (_, text) in headers.HEADERS.items()
    }
    assert set(described["required"]) == {name for name, (required, _) in headers.HEADERS.items() if required}
    assert described["properties"]["ce_specversion"]["const"] == headers.SPEC_VERSION
    assert document["components"]["messages"]["Transfer"]["contentType"] == headers.CONTENT_TYPE


async def test_the_boundary_is_the_one_way_in_and_out() -> None:
    """Publishing and settling go through two named functions, so that a test can stand before and behind each of them."""
    acts: list[object] = []

    class Double:
        async def publish(self, given: object) -> None:
            acts.append(given)

        async def done(self, batch: object) -> None:
            acts.append(batch)

    record = Record(topic="sct.to.court", key="k", value=b"", headers=())
    batch = Batch(records=(), begun=AT)
    await boundary.publish(Double(), [record], name="relay.transfer")  # type: ignore[arg-type]  # the part of a bus that is used
    await boundary.publish(Double(), [], name="relay.transfer")  # type: ignore[arg-type]  # as above
    await boundary.settle(Double(), batch, name="receive.settle")  # type: ignore[arg-type]  # as above

    assert acts == [[record]]
