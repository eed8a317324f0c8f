"""Nothing is lost between the canonical payload and any dialect, in either direction."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import ADAPTERS, json_body, reading, writing
from adapters.arbitration.hrss import codes as hrss
from adapters.arbitration.hrss import document
from adapters.court.platform import codes as court
from adapters.union.rest import codes as union
from gateway.validate.catalogue import load_catalogue
from gateway.xml.shape import Shapes
from tests import payloads
from tests.adapter_kit import payloads_of

if TYPE_CHECKING:
    from adapters.fields import Dialect
    from gateway.xml.shape import Shape

ROOT = Path(__file__).resolve().parent.parent.parent
DIALECTS: dict[str, Dialect] = {
    "court/platform": court.DIALECT,
    "arbitration/hrss": hrss.DIALECT,
    "union/rest": union.DIALECT,
}
CARRIED = [
    (profile, message)
    for profile in DIALECTS
    for message in sorted(ADAPTERS[profile].sends | ADAPTERS[profile].receives)
]


def through_the_wire(profile: str, native: dict[str, Any], encoding: str = "GB18030") -> dict[str, Any]:
    """The native record as its bytes are read on the other side."""
    if profile == "arbitration/hrss":
        data = document.encode(document.write("request", {}, native), encoding)
        return document.read(document.tree_of(document.decode(data)), "request")[1]
    return json_body.read_object(json_body.write_object(native))


@pytest.mark.parametrize(("profile", "message"), CARRIED)
def test_a_real_payload_comes_back_the_same(profile: str, message: str) -> None:
    """Every builder's payload survives canonical → native bytes → canonical, in every dialect that carries it."""
    payload = payloads.all_payloads()[message]()

    native = through_the_wire(profile, writing.write(DIALECTS[profile], message, payload))

    assert reading.read(DIALECTS[profile], message, native) == payload


@pytest.mark.parametrize(("profile", "message"), CARRIED)
def test_what_was_written_is_written_again_alike(profile: str, message: str) -> None:
    """Native → canonical → native is the identity on what a system of the profile writes in its normal form."""
    dialect = DIALECTS[profile]
    native = through_the_wire(profile, writing.write(dialect, message, payloads.all_payloads()[message]()))

    again = through_the_wire(profile, writing.write(dialect, message, reading.read(dialect, message, native)))

    assert again == native


@pytest.mark.parametrize("profile", DIALECTS)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), encoding=st.sampled_from(["GB18030", "UTF-8"]))
def test_no_value_is_lost(profile: str, data: st.DataObject, encoding: str) -> None:
    """Whatever stands in any field of any carried message, exact or not, known codes or coarser ones, comes back the same."""
    dialect = DIALECTS[profile]
    message = data.draw(st.sampled_from([message for of, message in CARRIED if of == profile]))
    payload = data.draw(payloads_of(dialect, message))

    native = through_the_wire(profile, writing.write(dialect, message, payload), encoding)

    assert reading.read(dialect, message, native) == payload


@cache
def shapes() -> Shapes:
    """The shapes of the shipped schemas."""
    return Shapes(sorted((ROOT / "schemas").rglob("*.xsd")))


def leaves(shape: Shape, path: tuple[str, ...], taken: set[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Paths below a shape that no field takes, itself or as part of a record."""
    if path in taken or path[-1:] == ("Extension",):
        return []
    if not shape.children:
        return [path]
    return [lost for child in shape.children for lost in leaves(child, (*path, child.name), taken)]


@pytest.mark.parametrize(("profile", "message"), CARRIED)
def test_every_element_has_a_field(profile: str, message: str) -> None:
    """No element of a carried message travels in the extension alone: the tables know every one of the schema, records included."""
    dialect, lost = DIALECTS[profile], []
    pending = [(message, shapes().roots[message])]
    while pending:
        table, shape = pending.pop()
        fields = dialect.tables[table].fields
        lost += [
            (table, path) for child in shape.children for path in leaves(child, (child.name,), {f.path for f in fields})
        ]
        for field in fields:
            if field.kind == "record":
                inner = shape
                for key in field.path:
                    inner = next(child for child in inner.children if child.name == key)
                pending.append((field.of, inner))

    assert lost == []


@pytest.mark.parametrize(("profile", "message"), CARRIED)
def test_no_field_names_what_the_schema_has_not(profile: str, message: str) -> None:
    """Every path of a message's table is an element of its schema, and repeats exactly where the schema lets it."""
    shape = shapes().roots[message]
    for field in DIALECTS[profile].tables[message].fields:
        inner = shape
        for key in field.path:
            inner = next(child for child in inner.children if child.name == key)
        assert field.many == inner.many, field


@pytest.mark.parametrize("profile", DIALECTS)
def test_an_unknown_field_is_refused_by_name(profile: str) -> None:
    """A key that the dialect has not is refused, and the finding says which and where."""
    dialect, message = DIALECTS[profile], "common.DeadlineExpired"
    native = writing.write(dialect, message, payloads.all_payloads()[message]()) | {"ZZZ": "1"}

    with pytest.raises(Exception, match="ZZZ") as refused:
        reading.read(dialect, message, native)

    assert refused.value.findings[0].code == "DIA-003"  # type: ignore[attr-defined]  # DialectRefused, told by its findings


def test_what_is_read_is_a_valid_instance() -> None:
    """A payload that went through a dialect is still an instance of its schema."""
    catalogue = load_catalogue(ROOT / "schemas")
    for profile, message in CARRIED:
        native = through_the_wire(
            profile, writing.write(DIALECTS[profile], message, payloads.all_payloads()[message]())
        )
        element = catalogue.to_element(message, reading.read(DIALECTS[profile], message, native))
        assert catalogue.to_payload(element) == payloads.all_payloads()[message](), json.dumps(
            native, ensure_ascii=False
        )[:200]
