"""Parsing from outside: every limit and every forbidden thing under its own code, and memory that stays flat."""

from __future__ import annotations

import gc
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UnreadableEnvelope
from gateway.xml import parse as parsing
from gateway.xml.canonical import canonical
from gateway.xml.limits import Limits
from gateway.xml.parse import parse

LIMITS = Limits()
XSI = b"http://www.w3.org/2001/XMLSchema-instance"
BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;&y;&y;</a>'

REFUSED = {
    "empty": (b"", "ENV-001"),
    "unfinished": (b"<a", "ENV-001"),
    "not XML": (b"{}", "ENV-001"),
    "undeclared prefix": (b"<x:a/>", "ENV-001"),
    "a NUL": (b"<a>\x00</a>", "ENV-001"),
    "XML 1.1": (b"<?xml version='1.1'?><a/>", "ENV-001"),
    "something after the root": (b"<a/><b/>", "ENV-001"),
    "too large": (b"x" * 1_000_001, "ENV-002"),
    "DOCTYPE": (b"<!DOCTYPE a><a/>", "ENV-003"),
    "DOCTYPE after a declaration": (b"<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///x'><a/>", "ENV-003"),
    "entity bomb": (BOMB, "ENV-003"),
    "entity": (b"<a>&b;</a>", "ENV-004"),
    "entity in an attribute": (b"<a b='&b;'/>", "ENV-004"),
    "comment": (b"<a><!--x--></a>", "ENV-005"),
    "comment before the root": (b"<!--x--><a/>", "ENV-005"),
    "comment after the root": (b"<a/><!--x-->", "ENV-005"),
    "instruction": (b"<a><?x y?></a>", "ENV-006"),
    "instruction before the root": (b"<?xml-stylesheet href='x'?><a/>", "ENV-006"),
    "instruction after the root": (b"<a/><?x?>", "ENV-006"),
    "xsi": (b"<a xmlns:xsi='%s' xsi:type='x'/>" % XSI, "ENV-007"),
    "xsi by another prefix": (b"<a xmlns:i=\"%s\"><b i:nil='true'/></a>" % XSI, "ENV-007"),
    "xsi by character reference": (b"<a xmlns:i='%s' i:type='x'/>" % XSI.replace(b"-", b"&#45;"), "ENV-007"),
    "too deep": (b"<a>" * 33 + b"</a>" * 33, "ENV-008"),
    "far too deep": (b"<a>" * 60_000 + b"</a>" * 60_000, "ENV-008"),
    "too many attributes": (b"<a %s/>" % b" ".join(b"x%d='1'" % i for i in range(65)), "ENV-009"),
    "too many namespaces": (b"<a %s/>" % b" ".join(b"xmlns:x%d='urn:x%d'" % (i, i) for i in range(65)), "ENV-009"),
    "too long a text": (b"<a>%s</a>" % (b"x" * 20_001), "ENV-010"),
    "too long a text in parts": (b"<a>%s<![CDATA[%s]]></a>" % (b"x" * 15_000, b"y" * 15_000), "ENV-010"),
    "too long a tail": (b"<a><b/>%s</a>" % (b"x" * 20_001), "ENV-010"),
    "too long an attribute": (b"<a b='%s'/>" % (b"x" * 20_001), "ENV-010"),
    "GB18030": ("<?xml version='1.0' encoding='GB18030'?><a>中</a>".encode("gb18030"), "ENV-011"),
    "UTF-16": ("<a/>".encode("utf-16"), "ENV-011"),
    "UTF-16 without mark": ("<a/>".encode("utf-16-le"), "ENV-011"),
    "broken UTF-8": (b"<a>\xff</a>", "ENV-011"),
    "relative namespace": (b"<a xmlns='rel'/>", "ENV-012"),
    "relative namespace on a prefix": (b"<a xmlns:b='#r'/>", "ENV-012"),
    "too many elements": (b"<a>" + b"<b/>" * 50_001 + b"</a>", "ENV-013"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_has_its_code(name: str) -> None:
    """What is forbidden, or past a limit, is refused under the code that says why, in both languages."""
    raw, code = REFUSED[name]

    with pytest.raises(UnreadableEnvelope) as refusal:
        parse(raw, LIMITS)

    assert refusal.value.code == code
    assert refusal.value.findings[0].text_zh
    assert refusal.value.findings[0].text_en


def test_a_syntax_error_names_its_line() -> None:
    """The sender is told where its document breaks off."""
    with pytest.raises(UnreadableEnvelope) as refusal:
        parse(b"<a>\n<b>\n</a>", LIMITS)

    assert refusal.value.findings[0].line == 3


ALLOWED = {
    "declaration": b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<a/>\n",
    "byte order mark": b"\xef\xbb\xbf<a/>",
    "CDATA with what looks like a comment": b"<a><![CDATA[<!-- x --><?y?>]]></a>",
    "xsi declared and not used": b"<a xmlns:xsi='%s'/>" % XSI,
    "a > in an attribute": b'<a b="x>y"/>',
    "as deep as allowed": b"<a>" * 32 + b"</a>" * 32,
    "as long as allowed": b"<a>%s</a>" % (b"x" * 20_000),
    "as many attributes as allowed": b"<a %s/>" % b" ".join(b"x%d='1'" % i for i in range(64)),
    "Chinese names": '<消息 类="1">中</消息>'.encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_parsed(name: str) -> None:
    """Documents at the limits, and those that merely look odd, are taken."""
    assert canonical(parse(ALLOWED[name], LIMITS))


def test_limits_come_from_the_settings() -> None:
    """Each limit can be set lower, also below what the vocabulary takes for plain."""
    small = Limits(envelope_bytes=200, depth=2, attributes=2, text=10, elements=3)
    for raw, code in (
        (b"<a>" + b" " * 200 + b"</a>", "ENV-002"),
        (b"<a><b><c/></b></a>", "ENV-008"),
        (b"<a b='1' c='2' d='3'/>", "ENV-009"),
        (b"<a>12345678901</a>", "ENV-010"),
        (b"<a><b/><b/><b/></a>", "ENV-013"),
    ):
        with pytest.raises(UnreadableEnvelope) as refusal:
            parse(raw, small)
        assert refusal.value.code == code


NAMES = st.sampled_from(["a", "m:b", "c", "x-y", "Envelope"])
VALUES = st.sampled_from(["1", "urn:x", "a b", "x&#45;y", "<!--", "a>b", "'", str(XSI, "ascii")])
PIECES = st.one_of(
    st.builds("<{0}>t</{0}>".format, NAMES),
    st.builds('<{0} k="{1}"/>'.format, NAMES, VALUES),
    st.builds('<{0} xmlns:q="{1}" q:type="x"/>'.format, NAMES, VALUES),
    st.sampled_from(["<!-- x -->", "<?p q?>", "<![CDATA[<x>]]>", "text", "&amp;", "&e;", "<", "&#x2d;"]),
)


@given(pieces=st.lists(PIECES, max_size=6))
def test_the_quick_way_and_the_careful_way_agree(pieces: list[str]) -> None:
    """A document that is parsed by vocabulary alone would have passed the look at every node as well, and is the same tree."""
    raw = f'<r xmlns:m="urn:m">{"".join(pieces)}</r>'.encode()
    try:
        quick = canonical(parse(raw, LIMITS))
    except UnreadableEnvelope as refusal:
        quick = refusal.code.encode()
    try:
        tree = parsing._parse_apart(raw)
        parsing._look(tree, LIMITS)
        careful = canonical(tree)
    except UnreadableEnvelope as refusal:
        careful = refusal.code.encode()

    assert quick == careful


def test_a_thousand_bombs_leave_memory_flat(tmp_path: Path) -> None:
    """1,000 refusals in a row, of bombs and of documents full of names that were never seen before, do not add up."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    process = psutil.Process()
    bombs = [
        BOMB,
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode(),
        b"<a>" * 5_000,
        b"<a>" + b"x" * 200_000 + b"</a>",
        b"<a b='" + b"&#65;" * 40_000 + b"'/>",
    ]
    measured = []
    for number in range(1_000):
        new_names = b"<r>" + b"".join(b"<n%dx%d/>" % (number, i) for i in range(2_000)) + b"<!----></r>"
        for raw in (bombs[number % len(bombs)], new_names):
            with pytest.raises(UnreadableEnvelope):
                parse(raw, LIMITS)
        if number in (200, 999):
            gc.collect()
            measured.append(process.memory_info().rss)

    # Without the vocabulary's bound 1.6 million names would stay: some 60 MB.
    assert measured[1] - measured[0] < 12_000_000


def test_names_that_are_new_in_every_valid_document_leave_memory_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain documents with ever new names are taken, and their names are let go once the vocabulary is full."""
    monkeypatch.setattr(parsing, "_vocabulary", set())
    process = psutil.Process()
    measured = []
    for number in range(400):
        parse(b"<r>" + b"".join(b"<v%dx%d/>" % (number, i) for i in range(2_000)) + b"</r>", LIMITS)
        if number in (100, 399):
            gc.collect()
            measured.append(process.memory_info().rss)

    assert len(parsing._vocabulary) <= parsing._VOCABULARY_LIMIT
    assert measured[1] - measured[0] < 12_000_000
