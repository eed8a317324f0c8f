"""A statement against the agreement that it states: clause by clause, field by field (人社部令第33号第77条, domain.md F6 row 7)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gateway.model.payload import Payload
from gateway.validate.judging import ROOT, Place, Problems, below, rows, text

#: What must be the same; wording and mode of performance may be put otherwise.
_FIELDS = ("Obligor", "Obligee", "Item", "Matter", "DueDate")


def compare(agreement: Payload, statement: Payload, problems: Problems) -> None:
    """Report every clause of the statement that the agreement has otherwise or not at all, and the first that is missing."""
    if text(statement, "AgreementNumber") != text(agreement, "AgreementNumber"):
        problems.add("RUL-062", below(ROOT, "AgreementNumber"))
    agreed = {text(row, "Number"): row for _, row in rows(agreement, "Clause")}
    stated = {text(row, "Number") for _, row in rows(statement, "Clause")}
    for position, row in rows(statement, "Clause"):
        _clause(agreed.get(text(row, "Number")), row, (ROOT, "Clause", position), problems)
    if agreed.keys() - stated:
        problems.add("RUL-062", below(ROOT, "Clause"))


def _clause(agreed: Payload | None, stated: Payload, place: Place, problems: Problems) -> None:
    if agreed is None:
        problems.add("RUL-062", place)
        return
    for name in _FIELDS:
        if text(agreed, name) != text(stated, name):
            problems.add("RUL-062", below(place, name))
    if _money(agreed) != _money(stated):
        problems.add("RUL-062", below(place, "Amount"))
    if _instalments(agreed) != _instalments(stated):
        problems.add("RUL-062", below(place, "Instalment"))


def _instalments(clause: Payload) -> list[tuple[str, Decimal | None]]:
    return sorted(((text(row, "DueDate"), _money(row)) for _, row in rows(clause, "Instalment")), key=str)


def _money(node: Mapping[str, object]) -> Decimal | None:
    """12000 and 12000.00 are the same amount."""
    value = node.get("Amount")
    return Decimal(value) if isinstance(value, str) else None
