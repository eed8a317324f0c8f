"""Rules about agreements: who has signed, when it takes effect, and whether the money adds up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gateway.model.payload import Payload, Value
from gateway.validate.judging import Place, Problems, below, deep, rows, text

#: Body types whose agreement needs both parties, the mediator and the seal by 劳动争议调解仲裁法 art. 14 (domain.md §3.12, §6 item 6).
LABOUR_BODIES = frozenset({"01", "03", "04", "05", "06", "13", "14"})
#: 人民法院专职调解: a court on-line takes effect with the last electronic signature.
_COURT_BODY = "15"
_SIDES = 2


def agreement(node: Payload, place: Place, problems: Problems) -> None:
    """Both parties, mediator and seal; in effect with the last of them (劳动争议调解仲裁法第14条, 人民调解法第29、30条)."""
    signed = [row for _, row in rows(node, "Signatory")]
    roles = [row.get("Role") for row in signed]
    last = max((text(row, "Date") for row in signed), default="")
    oral = any(row.get("Mode") == "oral-record" for row in signed)
    body = deep(node, "Organisation", "Type")
    complete = both(roles) and "mediator" in roles and "organisation" in roles
    if not complete and body != _COURT_BODY and not oral:
        problems.add("RUL-040" if body in LABOUR_BODIES else "RUL-041", below(place, "Signatory"))
    elif last and text(node, "EffectiveDate") != last and not oral:
        problems.add("RUL-042", below(place, "EffectiveDate"))


def clause(node: Payload, place: Place, problems: Problems) -> None:
    """Instalments add up to the clause's amount and none is due after the clause is."""
    if "Instalment" not in node:
        return
    total, due = Decimal(0), text(node, "DueDate")
    for position, row in rows(node, "Instalment"):
        total += Decimal(text(row, "Amount") or 0)
        if due and text(row, "DueDate") > due:
            problems.add("RUL-033", ((place, "Instalment", position), "DueDate", 0))
    amount = text(node, "Amount")
    if amount and Decimal(amount) != total:
        problems.add("RUL-030", below(place, "Amount"), total=str(total), amount=amount)


def both(roles: Sequence[Value | None]) -> bool:
    """Whether two parties, or agents in their place, are among the roles of the signatories."""
    return roles.count("party") + roles.count("agent") >= _SIDES


def money_of(node: Payload) -> Decimal:
    """What the clauses of an agreement or statement add up to, in yuan."""
    return sum((Decimal(text(row, "Amount") or 0) for _, row in rows(node, "Clause")), Decimal(0))
