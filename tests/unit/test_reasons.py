"""Coded reasons of every message, and the codes that a field or its parent decides, against the lists of domain §3."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.contract.codes import CodeBook
from gateway.model.envelope import Header
from gateway.validate.rules import Rules
from gateway.validate.rules_message import REASONS
from tests.payloads import all_payloads

CONTRACTS = Path(__file__).parents[2] / "contracts"
CODES = CodeBook.load(CONTRACTS / "codes")
RULES = Rules.load(CONTRACTS / "rules.toml", CODES)


def found(message_type: str, path: tuple[str, ...], value: str) -> set[tuple[str, str]]:
    """Rule and place of what is said about a message whose text at the path is another one."""
    payload: Any = copy.deepcopy(all_payloads()[message_type]())
    node = payload
    for step in path[:-1]:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    node[path[-1]] = value
    header = Header(
        message_id="019cad6f-3c00-7000-8000-000000000001",
        conversation_id="019cad6f-3c00-7000-8000-000000000002",
        process_id="019cad6f-3c00-7000-8000-000000000003",
        flow="judicial-confirmation",
        flow_version="1.0",
        message_type=message_type,
        schema_version="1.0",
        sender="union:t-station",
        receiver="court:t-court",
        sent_at=datetime(2026, 3, 3, tzinfo=UTC),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    return {(finding.code, finding.xpath.rsplit("/", 1)[-1]) for finding in RULES.judge(message_type, payload, header)}


@pytest.mark.parametrize("message_type", sorted(REASONS))
def test_a_reason_is_one_of_its_list(message_type: str) -> None:
    """A code that the list of the message does not have is found where it stands; each code that it has is taken."""
    path, list_name = REASONS[message_type]
    wrong = "RUL-005" if CODES.unverified(list_name) else "RUL-002"

    assert any(code == wrong for code, _ in found(message_type, (*path, "Code"), "no-such-code"))
    for code in CODES.rows(list_name):
        assert not {rule for rule, _ in found(message_type, (*path, "Code"), code)} & {"RUL-002", "RUL-005"}


@pytest.mark.parametrize(
    ("message_type", "path", "value"),
    [
        ("payment-order.PaymentServed", ("Service", "0", "Method"), "pigeon"),
        ("roster.MediatorUpsert", ("MediatorProfile", "Status"), "famous"),
        ("roster.Snapshot", ("Entry", "0", "Status"), "famous"),
        ("mediation.TriageClassify", ("Nature",), "8"),
        ("performance.Report", ("PerformanceState",), "10"),
        ("payment-order.PaymentApply", ("Party", "0", "Role"), "creditor"),
        ("roster.MediatorUpsert", ("MediatorProfile", "IdNumber"), "150102198501010021"),
    ],
)
def test_codes_and_numbers_of_the_other_flows_are_judged(message_type: str, path: tuple[str, ...], value: str) -> None:
    """The lists and check digits of first light hold in the messages of every other flow as well."""
    assert found(message_type, path, value)


def test_the_new_end_of_an_entrustment_is_not_before_the_old() -> None:
    """An extension that ends earlier than the term it extends is told (RUL-032)."""
    told = found("mediation.EntrustmentExtend", ("NewEndDate",), "2026-03-01")

    assert ("RUL-032", "NewEndDate") in {(code, place.partition(":")[2] or place) for code, place in told}


def test_an_entrustment_has_the_term_of_its_kind() -> None:
    """Thirty days belong to a designation; an entrusted mediation has 15 or 7 (RUL-067, advice)."""
    told = found("mediation.EntrustmentRequest", ("Designation", "TermDays"), "30")

    assert "RUL-067" in {code for code, _ in told}
