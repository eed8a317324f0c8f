"""The envelope: what is built reads back as it was, and a header that is not in order is refused under its code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import UnreadableEnvelope
from gateway.model.envelope import Attachment, Header
from gateway.model.ids import uuid7
from gateway.xml import envelope, names
from gateway.xml.instant import read_instant, write_instant
from gateway.xml.limits import Limits
from gateway.xml.serial import serialise
from tests.signers import STATION, header

LIMITS = Limits()
PAYLOAD = "{urn:sct:mediation:1}DesignationRequest"

IDS = st.builds(uuid7, st.integers(0, 2**48 - 1), st.integers(0, 2**74 - 1))
ZONES = st.integers(-12 * 60, 13 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime.fromisoformat("1000-01-02"), datetime.fromisoformat("2999-12-30"), timezones=ZONES)
CODES = st.from_regex(r"(court|union|arbitration|mediation|legal-aid):([0-9A-Z]{18}|t-[a-z0-9-]{1,40})", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,40}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=30)
ATTACHMENTS = st.builds(
    Attachment,
    document_type=st.sampled_from(["D101", "D402"]),
    name=TEXTS,
    media_type=st.just("application/pdf"),
    size=st.integers(0, 10**15 - 1),
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
)
HEADERS = st.builds(
    Header,
    message_id=IDS,
    conversation_id=IDS,
    process_id=IDS,
    ref_to=st.none() | IDS,
    supersedes=st.none() | IDS,
    kind=st.sampled_from(["new", "correct", "void", "out-of-band"]),
    flow=WORDS,
    flow_version=st.just("1.0"),
    message_type=st.just("mediation.DesignationRequest"),
    schema_version=st.just("1.0"),
    sender=CODES,
    receiver=CODES,
    copies=st.lists(st.tuples(WORDS, CODES), max_size=3).map(tuple),
    actor=st.none() | TEXTS,
    occurred_at=st.none() | TIMES,
    sent_at=TIMES,
    expires_at=st.none() | TIMES,
    priority=st.sampled_from(["normal", "urgent"]),
    test=st.booleans(),
    traceparent=st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True),
    attachments=st.lists(ATTACHMENTS, max_size=3).map(tuple),
)


def written(**changes: Any) -> bytes:
    """An unsigned envelope on the wire."""
    return serialise(envelope.build(header(**changes), etree.Element(PAYLOAD)))


@given(given_header=HEADERS)
def test_a_header_reads_back_as_it_was_written(given_header: Header) -> None:
    """Every field of a header survives the way through bytes."""
    raw = serialise(envelope.build(given_header, etree.Element(PAYLOAD)))

    unpacked = envelope.unpack(raw, LIMITS)

    assert unpacked.header == given_header
    assert unpacked.raw == raw
    assert envelope.payload_of(unpacked.tree).tag == PAYLOAD


REFUSED = {
    "no envelope": (rb"Envelope", b"Envelop", "ENV-020"),
    "another version of the namespace": (rb"envelope:1", b"envelope:2", "ENV-020"),
    "no header": (rb"<Header>.*</Header>", b"", "ENV-021"),
    "no payload": (rb"<Payload>.*</Payload>", b"", "ENV-021"),
    "something else in the envelope": (rb"<Payload>", b"<Extra/><Payload>", "ENV-021"),
    "payload first": (rb"(<Header>.*</Header>)(<Payload>.*</Payload>)", rb"\2\1", "ENV-021"),
    "an empty payload": (rb"<Payload>.*</Payload>", b"<Payload></Payload>", "ENV-024"),
    "two in the payload": (rb"</Payload>", b"<x/></Payload>", "ENV-024"),
    "no sender": (rb"<Sender>.*</Sender>", b"", "ENV-022"),
    "no trace": (rb"<TraceParent>.*</TraceParent>", b"", "ENV-022"),
    "two receivers": (rb"(<Receiver>.*</Receiver>)", rb"\1\1", "ENV-022"),
    "out of order": (rb"(<Sender>.*</Sender>)(<Receiver>.*</Receiver>)", rb"\2\1", "ENV-022"),
    "unknown part": (rb"<Priority>", b"<Secret>x</Secret><Priority>", "ENV-022"),
    "part of another namespace": (rb"<Kind>new</Kind>", b'<Kind xmlns="urn:x">new</Kind>', "ENV-022"),
    "UUIDv4": (rb"-7000-", b"-4000-", "ENV-023"),
    "upper-case UUID": (rb"<MessageId>01a", b"<MessageId>01A", "ENV-023"),
    "no kind of ours": (rb"<Kind>new", b"<Kind>old", "ENV-023"),
    "no flow version": (rb'<Flow version="1.0">', b"<Flow>", "ENV-023"),
    "no message type": (rb"mediation.Designation", b"mediation:Designation", "ENV-023"),
    "no participant": (rb"court:t-xincheng", b"court:xincheng", "ENV-023"),
    "a node as receiver": (rb"<Receiver>[^<]*", b"<Receiver>node:local", "ENV-023"),
    "no offset": (rb"(<SentAt>.*)\+08:00", rb"\1", "ENV-023"),
    "30 February": (rb"<SentAt>2026-11-24", b"<SentAt>2026-02-30", "ENV-023"),
    "nanoseconds": (rb"<SentAt>([^.]*)\.000", rb"<SentAt>\1.000000000", "ENV-023"),
    "no priority of ours": (rb"<Priority>normal", b"<Priority>high", "ENV-023"),
    "1 for true": (rb"<Test>true", b"<Test>1", "ENV-023"),
    "no trace context": (rb"<TraceParent>00", b"<TraceParent>01", "ENV-023"),
    "an element in a leaf": (rb"<Kind>new", b"<Kind>new<b/>", "ENV-023"),
    "an empty leaf": (rb"<Kind>new", b"<Kind>", "ENV-023"),
    "white space around": (rb"<Sender>", b"<Sender> ", "ENV-023"),
    "a line feed at the end": (rb"</Sender>", b"\n</Sender>", "ENV-023"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_header_that_is_not_in_order_is_refused(name: str) -> None:
    """Parts that are missing, doubled, misplaced, or not of their type: refused under their code, with texts in both languages."""
    pattern, replacement, code = REFUSED[name]
    raw = written()
    changed = re.sub(pattern, replacement, raw)
    assert changed != raw

    with pytest.raises(UnreadableEnvelope) as refusal:
        envelope.unpack(changed, LIMITS)

    assert refusal.value.code == code
    assert refusal.value.findings[0].text_zh


ATTACHMENT = Attachment(document_type="D101", name="申请书.pdf", media_type="application/pdf", size=7, sha256="a" * 64)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (rb'algorithm="sha256"', b'algorithm="md5"'),
        (rb"a{64}", b"A" * 64),
        (rb"<Size>7", b"<Size>-7"),
        (rb"<Name>.*</Name>", b""),
        (rb"(<Digest.*</Digest>)", rb"\1\1"),
        (rb"<Attachments>.*</Attachments>", b"<Attachments/>"),
    ],
)
def test_an_attachment_that_is_not_in_order_is_refused(pattern: bytes, replacement: bytes) -> None:
    """A claim check names type, name, media type, size and one SHA-256, or the envelope is refused."""
    raw = written(attachments=(ATTACHMENT,))

    with pytest.raises(UnreadableEnvelope) as refusal:
        envelope.unpack(re.sub(pattern, replacement, raw), LIMITS)

    assert refusal.value.code in ("ENV-022", "ENV-023")


def test_sm3_may_stand_beside_sha256() -> None:
    """A second digest of another algorithm is taken and does not take the place of SHA-256."""
    raw = written(attachments=(ATTACHMENT,)).replace(
        b"</Digest>", b'</Digest><Digest algorithm="sm3">' + b"b" * 64 + b"</Digest>"
    )

    assert envelope.unpack(raw, LIMITS).header.attachments == (ATTACHMENT,)


def test_a_header_is_found_where_the_rest_cannot_be_read() -> None:
    """A rejection can name its message though the payload is missing; garbage and broken headers give None, never an exception."""
    raw = written(receiver=STATION)

    assert envelope.header_of_best_effort(raw.replace(b"<Payload>", b"<Payload><x/>")) == header()
    for garbage in (
        b"",
        b"<a/>",
        b"<a><!-- -->",
        raw.replace(b"court:", b"x:"),
        b"<!DOCTYPE a><a/>",
        bytes(range(256)),
    ):
        assert envelope.header_of_best_effort(garbage) is None


@pytest.mark.parametrize("message_type", ["mediation.DesignationRequest", "legal-aid.X1"])
def test_message_types_name_elements(message_type: str) -> None:
    """A message type of a family is an element of the family's namespace, and the other way round; nothing else is one."""
    element = names.element_of("mediation.DesignationRequest", "2.3")

    assert element == "{urn:sct:mediation:2}DesignationRequest"
    assert names.message_type_of(element) == "mediation.DesignationRequest"
    assert names.element_of("mediation:Designation") == ""
    assert names.message_type_of("{urn:other:1}X") == ""
    assert names.is_message_type(message_type) is (message_type == "mediation.DesignationRequest")


@given(moment=TIMES)
def test_instants_keep_their_moment_and_offset(moment: datetime) -> None:
    """A time survives writing and reading to the microsecond, with its own offset; UTC is written as Beijing time."""
    again = read_instant(write_instant(moment))

    assert again == moment
    assert again is not None
    assert again.utcoffset() == (moment.utcoffset() if moment.tzinfo is not UTC else timedelta(hours=8))
