"""Payloads as plain data and as XML, both ways without loss."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import PayloadRefused, SettingRefused
from gateway.validate.instances import Generator, serialise
from gateway.validate.pattern import draw
from gateway.xml.shape import Shape, Shapes
from tests import payloads

if TYPE_CHECKING:
    from gateway.model.payload import Payload, Value

SCHEMAS = Path(__file__).resolve().parent.parent.parent / "schemas"
SHAPES = Shapes(SCHEMAS.glob("*/v1.0/*.xsd"))
MESSAGES = sorted(payloads.all_payloads())


def _patterns(shape: Shape) -> set[str]:
    own = {shape.text.pattern} if shape.text is not None and shape.text.pattern else set()
    return own.union(*(_patterns(child) for child in shape.children))


PATTERNS = sorted(set().union(*(_patterns(shape) for shape in SHAPES.roots.values())))


@pytest.mark.parametrize("message_type", MESSAGES)
def test_a_built_payload_comes_back_as_it_was(message_type: str) -> None:
    """Plain data → XML bytes → plain data is the identity for every message."""
    payload = payloads.all_payloads()[message_type]()

    data = etree.tostring(SHAPES.to_element(message_type, payload))

    assert SHAPES.to_payload(etree.fromstring(data)) == payload


@settings(max_examples=150, deadline=None)
@given(chance=st.randoms(use_true_random=False), name=st.sampled_from(MESSAGES))
def test_any_instance_makes_the_round_trip(*, chance: Random, name: str) -> None:
    """XML → plain data → XML keeps every element, attribute and text of any document that the schemas allow."""
    first = etree.fromstring(serialise(Generator(SHAPES.roots, chance).good(name)))

    payload = SHAPES.to_payload(first)
    second = SHAPES.to_element(name, payload)

    assert SHAPES.to_payload(second) == payload
    assert [(node.tag, node.text or "", dict(node.attrib)) for node in second.iter()] == [
        (node.tag, node.text or "", dict(node.attrib)) for node in first.iter()
    ]


def test_order_comes_from_the_schema_not_from_the_dict() -> None:
    """An adapter may fill a payload in any order."""
    payload = payloads.all_payloads()["mediation.ResultSuccess"]()
    backwards: Payload = dict(reversed(list(payload.items())))

    ordered, reordered = (SHAPES.to_element("mediation.ResultSuccess", value) for value in (payload, backwards))

    assert etree.tostring(ordered) == etree.tostring(reordered)


REFERENCE: Payload = {"Classification": "internal"}


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"CaseReference": REFERENCE, "Stag": "08"}, "Progress/Stag"),
        ({"CaseReference": {**REFERENCE, "Number": "1"}}, "Progress/CaseReference/Number"),
        ({"CaseReference": [REFERENCE]}, "Progress/CaseReference"),
        ({"CaseReference": "internal"}, "Progress/CaseReference"),
        ({"CaseReference": REFERENCE, "OnBehalfOf": {}}, "Progress/OnBehalfOf"),
        (
            {"CaseReference": REFERENCE, "OnBehalfOf": [{"PartyName": ["甲"], "Wrong": "1"}]},
            "Progress/OnBehalfOf[1]/Wrong",
        ),
        ({"CaseReference": REFERENCE, "Summary": {"#text": "x"}}, "Progress/Summary"),
        ({"CaseReference": REFERENCE, "Summary": "bell \x07"}, "Progress/Summary"),
        ({"CaseReference": REFERENCE, "Summary": "half \ud800"}, "Progress/Summary"),
        ({"CaseReference": REFERENCE, "Extension": "<a>"}, "Progress/Extension"),
        ({"CaseReference": REFERENCE, "Extension": "</x><x>"}, "Progress/Extension"),
        ({"CaseReference": REFERENCE, "Extension": "<a><!-- b --></a>"}, "Progress/Extension"),
    ],
)
def test_what_does_not_fit_is_refused_by_path(payload: dict[str, Value], path: str) -> None:
    """A key without schema, a list where none belongs, a text that XML cannot hold: each is named by its path."""
    with pytest.raises(PayloadRefused) as refused:
        SHAPES.to_element("mediation.Progress", payload)

    assert refused.value.findings[0].xpath == path
    assert path in refused.value.findings[0].text_zh


def test_unknown_messages_and_elements_are_refused() -> None:
    """Neither a message type nor an element that no schema declares becomes anything."""
    with pytest.raises(PayloadRefused, match="no such message type"):
        SHAPES.to_element("mediation.Nothing", {})
    with pytest.raises(PayloadRefused, match="no such element"):
        SHAPES.to_payload(etree.fromstring("<Progress/>"))


def test_a_comment_inside_a_text_does_not_cut_it_short() -> None:
    """A text split by a comment is refused, never read up to the comment (the classic truncation of signed names)."""
    element = SHAPES.to_element("mediation.Progress", {"CaseReference": REFERENCE, "Stage": "08"})
    data = etree.tostring(element).replace(b"08", b"0<!-- -->8")

    with pytest.raises(PayloadRefused):
        SHAPES.to_payload(etree.fromstring(data))


def test_blanks_around_a_date_are_no_part_of_it() -> None:
    """Types whose blanks XML Schema collapses are read without them; texts are read as they stand."""
    element = SHAPES.to_element(
        "mediation.Progress", {"CaseReference": REFERENCE, "Summary": " a ", "NextDate": "2026-03-18"}
    )
    data = etree.tostring(element).replace(b"2026-03-18", b"\n 2026-03-18 ")

    payload = SHAPES.to_payload(etree.fromstring(data))

    assert payload["NextDate"] == "2026-03-18"
    assert payload["Summary"] == " a "


def test_an_extension_is_its_canonical_xml() -> None:
    """Foreign content is kept as it was, and a text around it cannot break out of the element."""
    text = '<a xmlns="urn:example:a">1 &lt; 2<b xmlns="urn:example:b"></b></a>'
    element = SHAPES.to_element("mediation.Progress", {"CaseReference": REFERENCE, "Extension": text})

    assert SHAPES.to_payload(etree.fromstring(etree.tostring(element)))["Extension"] == text


@pytest.mark.parametrize(
    "outside",
    [
        '<xs:complexType name="A"><xs:all><xs:element name="B" type="t:T"/></xs:all></xs:complexType>',
        '<xs:complexType name="A"><xs:sequence><xs:element name="B" type="t:A"/></xs:sequence></xs:complexType>',
        '<xs:complexType name="A"><xs:sequence><xs:element name="B" type="t:Unknown"/></xs:sequence></xs:complexType>',
        '<xs:complexType name="A"><xs:sequence><xs:sequence/></xs:sequence></xs:complexType>',
        '<xs:simpleType name="A"><xs:list itemType="xs:int"/></xs:simpleType>',
    ],
)
def test_a_schema_outside_the_house_subset_is_refused(tmp_path: Path, outside: str) -> None:
    """A construct that our reader does not understand stops the node at start, and says the line."""
    schema = tmp_path / "a.xsd"
    schema.write_text(
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">'
        f'<xs:element name="Root" type="t:A"/>{outside}</xs:schema>',
        encoding="utf-8",
    )

    with pytest.raises(SettingRefused, match="house subset"):
        Shapes([schema])


@settings(max_examples=200, deadline=None)
@given(chance=st.randoms(use_true_random=False), pattern=st.sampled_from(PATTERNS))
def test_a_drawn_text_matches_its_pattern(*, chance: Random, pattern: str) -> None:
    """The generator's reading of a pattern is the standard's, for every pattern that the schemas use."""
    assert re.fullmatch(pattern, draw(pattern, chance))


@pytest.mark.parametrize("pattern", [r"\d+", r"\p{L}", "a)", "[a", "a{2"])
def test_patterns_that_validators_read_differently_are_refused(pattern: str) -> None:
    r"""`\d`, `\w` and `\p` mean other things to libxml2 than to xmlschema: no schema of ours may use them."""
    with pytest.raises(SettingRefused):
        draw(pattern, Random(1))
