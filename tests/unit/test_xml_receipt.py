"""Receipts: canonical as written, whole when read, valid by their schema, and a node's own when verified."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Finding, NodeError, Refusal
from gateway.model.receipt import RANK, DueDate, Receipt
from gateway.signing import receipts
from gateway.xml import receipt as form
from gateway.xml.canonical import canonical
from gateway.xml.parse import parse
from tests.signers import COURT, LIMITS, NODE, NOW, Signers, catalogue, make, receipt

TIMES = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2200-01-01"), timezones=st.just(UTC))
#: What a finding may quote: anything that XML can hold; `escape` replaces the rest.
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), include_characters="\t\n\r"), min_size=1, max_size=30
)
WORDS = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
HEX = st.from_regex(r"[0-9a-f]{64}", fullmatch=True).filter(lambda text: text != "0" * 64)
FINDINGS = st.builds(
    Finding,
    code=st.from_regex(r"[A-Z]{3}-[0-9A-Z]{1,10}", fullmatch=True),
    severity=st.sampled_from(["refuse", "advise"]),
    xpath=st.just("") | TEXTS,
    line=st.integers(0, 10**6),
    text_zh=TEXTS,
    text_en=TEXTS,
    mend_zh=st.just("") | TEXTS,
    mend_en=st.just("") | TEXTS,
    source=st.just("") | st.just("GB 11643-1999"),
)
DUE_DATES = st.builds(
    DueDate,
    timer=st.from_regex(r"[A-Z][A-Z0-9-]{0,20}", fullmatch=True),
    item=st.just("") | st.just("2"),
    due=TIMES,
    provisional=st.booleans(),
)


RECEIPTS = st.builds(
    receipt,
    kind=st.sampled_from(sorted(RANK)),
    number=st.integers(0, 10**6),
    state=st.just("") | WORDS,
    due_dates=st.lists(DUE_DATES, max_size=3).map(tuple),
    seq=st.integers(0, 10**6),
    head=st.just("") | HEX,
    stage_times=st.lists(st.tuples(WORDS, TIMES), max_size=3).map(tuple),
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    issued_at=TIMES,
)


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    return make(tmp_path_factory.mktemp("keys"))


@given(given_receipt=RECEIPTS)
def test_a_receipt_is_canonical_valid_and_whole(signers: Signers, given_receipt: Receipt) -> None:
    """Written without lxml, it equals its own canonical form, is an instance of its schema, and reads back as it was."""
    written = form.write(given_receipt)
    issued = receipts.issue(given_receipt, signers.keys)

    assert canonical(parse(written, LIMITS)) == written
    assert catalogue().validate("receipt", parse(issued.xml, LIMITS)) == []
    assert receipts.verify(issued.xml, signers.trust(), at=NOW) == issued
    assert receipts.read(issued.xml) == issued


@given(text=st.text(max_size=60))
def test_any_text_of_a_finding_can_be_written(text: str) -> None:
    """A finding may quote whatever a stranger sent: what XML cannot hold is replaced, what is too long is cut."""
    finding = Finding(code="RUL-001", text_zh=text, text_en=text * 200, source=text)

    written = form.write(receipt(findings=(finding,)))

    assert canonical(parse(written, LIMITS)) == written
    assert catalogue().validate("receipt", parse(written, LIMITS)) == []


def test_a_receipt_of_somebody_else_is_refused(signers: Signers, tmp_path: Path) -> None:
    """The issuer must be the node whose certificate it is: not a participant, not a node with another's key, not a stranger."""
    stranger = make(tmp_path)
    by_court = receipts.issue(receipt(), signers.keys).xml.replace(NODE.encode(), b"node:other")
    participant = receipts.issue(receipt(issuer=COURT), signers.keys)
    foreign = receipts.issue(receipt(), stranger.keys)
    changed = receipts.issue(receipt(), signers.keys).xml.replace(b"<Kind>accepted", b"<Kind>delivered")

    for xml, code in (
        (by_court, "SIG-046"),
        (participant.xml, "SIG-051"),
        (foreign.xml, "SIG-040"),
        (changed, "SIG-005"),
    ):
        with pytest.raises(Refusal) as refusal:
            receipts.verify(xml, signers.trust())
        assert refusal.value.code == code


def test_a_receipt_is_judged_when_it_was_issued(signers: Signers) -> None:
    """An old receipt still holds after its certificate has run out; one dated outside the certificate's time does not."""
    late = receipts.issue(receipt(issued_at=NOW + timedelta(days=900)), signers.keys)

    assert receipts.verify(receipts.issue(receipt(), signers.keys).xml, signers.trust()).issued_at == NOW
    with pytest.raises(Refusal) as refusal:
        receipts.verify(late.xml, signers.trust())
    assert refusal.value.code == "SIG-041"


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (rb"<Kind>accepted", b"<Kind>approved"),
        (rb"<Digest>.*</Digest>", b""),
        (rb"<Seq>0", b"<Seq>-1"),
        (rb"<IssuedAt>[^<]*", b"<IssuedAt>yesterday"),
        (rb"</Receipt>", b"<More/></Receipt>"),
        (rb"receipt:1", b"receipt:2"),
        (rb"(<Issuer>.*</Issuer>)(<Recipient>.*</Recipient>)", rb"\2\1"),
    ],
)
def test_what_is_no_receipt_is_refused(pattern: bytes, replacement: bytes) -> None:
    """A document that is not of the receipt's structure is refused with the part and the line."""
    with pytest.raises(Refusal) as refusal:
        form.read(re.sub(pattern, replacement, form.write(receipt())))

    assert refusal.value.code == "ENV-030"


def test_without_the_key_nothing_is_issued(signers: Signers) -> None:
    """A node cannot issue in another node's name."""
    with pytest.raises(NodeError) as refusal:
        receipts.issue(receipt(issuer="node:other"), signers.keys)

    assert refusal.value.code == "NOD-040"
