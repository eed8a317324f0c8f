"""Which text and which element is checked, found by name: numbers, codes of the lists, spans of time.

An element's checks are a table built once at load; on the hot path a payload is walked once and each name looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from gateway.errors import RuleRefused
from gateway.model import casenumber, numbers
from gateway.model.payload import Payload
from gateway.validate import rules_agreement, rules_party
from gateway.validate.judging import NOTHING, Leaf, LeafCheck, NodeCheck, Place, Problems, below, text


class CodeLists(Protocol):
    """What the rules ask of `gateway.contract.codes.CodeBook`."""

    def rows(self, name: str) -> Mapping[str, object]:
        """Code → row of a list. Raises `NotFound`."""

    def unverified(self, name: str) -> bool:
        """Whether the list is not checked against its official text, so that it may only advise."""


_INTERNAL = "D211"
_REMEMBERED = 10_000
#: Element name → code list, wherever the element stands.
LISTS: Mapping[str, str] = {
    "Answer": "answer", "Authority": "authority", "CertType": "cert-type", "Channel": "channel", "Classification": "classification",
    "FollowUp": "follow-up", "LeaveReason": "leave-reason", "Matter": "matter", "Nation": "nation", "Nature": "nature",
    "PerformanceState": "performance", "Privacy": "classification", "SelectedBy": "selected-by", "Sex": "sex", "Stage": "stage",
    "TermStart": "term-start", "Unit": "period-unit", "WorkerGroup": "worker-group",
}  # fmt: skip
#: Parent element → (child element → code list), where the child's name alone does not tell.
LISTS_IN: Mapping[str, Mapping[str, str]] = {
    "Party": {"Role": "party-role", "Type": "party-type"},
    "Applicant": {"Role": "party-role", "Type": "party-type"},
    "Agent": {"Type": "agent-type"},
    "Organisation": {"Type": "body-type"},
    "SuggestedOrganisation": {"Type": "body-type"},
    "Designation": {"Type": "designation-type"},
    "Attempt": {"Result": "attempt-result"},
    "Participant": {"Role": "session-role"},
    "Presence": {"Role": "session-role"},
    "Check": {"Role": "session-role", "Method": "identity-method"},
    "Service": {"Method": "service-method"},
    "QualityEvent": {"Kind": "quality"},
    "MediatorProfile": {"Status": "roster-status"},
    "Entry": {"Status": "roster-status"},
    "mediation.Disclosure": {"Ground": "recusal", "Decision": "disclosure-decision"},
    "mediation.SessionSchedule": {"Mode": "session-mode"},
    "mediation.CaseClose": {"CloseMode": "close-mode"},
    "arbitration.ReviewClose": {"CloseMode": "review-close"},
}
#: Numbers that a court or an arbitration institution gives; unions and mediation bodies have no grammar of their own (domain.md §3.2).
CASE_NUMBERS = (
    "CourtCaseNumber", "PreMediationNumber", "ArbitrationCaseNumber", "ArbitrationReviewNumber", "PaymentOrderNumber", "RulingNumber",
    "EnforcementNumber", "StatementNumber", "NextCaseNumber",
)  # fmt: skip
#: Parent element → pairs of dates or instants that must be in order.
SPANS: Mapping[str, tuple[str, str]] = {
    "Period": ("Start", "End"),
    "Presence": ("Join", "Leave"),
    "mediation.SessionSchedule": ("Start", "End"),
    "mediation.SessionReport": ("Start", "End"),
    "mediation.SessionReply": ("ProposedStart", "ProposedEnd"),
    "mediation.Suspension": ("From", "To"),
    "mediation.Extension": ("FormerEndDate", "NewEndDate"),
    "mediation.EntrustmentExtend": ("FormerEndDate", "NewEndDate"),
    "MediationPeriod": ("Start", "End"),
    "TrialLimitDeduction": ("Start", "End"),
    "Term": ("Start", "End"),
}
NODES: Mapping[str, NodeCheck] = {
    "Party": rules_party.party,
    "Applicant": rules_party.party,
    "Agent": rules_party.agent,
    "LegalRepresentative": rules_party.person,
    "MediatorProfile": rules_party.person,
    "Clause": rules_agreement.clause,
    "Agreement": rules_agreement.agreement,
}


def leaves(codes: CodeLists) -> dict[str, Leaf]:
    """Element name → check of its text, wherever it stands."""
    found: dict[str, Leaf] = {name: in_list(codes, list_name) for name, list_name in LISTS.items()}
    found |= dict.fromkeys(CASE_NUMBERS, _remembered(casenumber.parse))
    documents = in_list(codes, "document")
    regions = frozenset(codes.rows("region")) | frozenset(codes.rows("region-statistical"))
    found |= {
        "CreditCode": _remembered(numbers.credit_code),
        "CaseMark": _remembered(numbers.case_mark),
        "Phone": Leaf(NOTHING, _phone),
        "Amount": Leaf(NOTHING, _number(numbers.money)),
        "Region": Leaf(regions, _region),
        "DocumentType": Leaf(frozenset(codes.rows("document")) - {_INTERNAL}, _document(documents.check)),
    }
    return found


def in_list(codes: CodeLists, name: str) -> Leaf:
    """A code of the list: refused when it is not there, or only advised where the list itself is unverified."""
    rule = "RUL-005" if codes.unverified(name) else "RUL-002"

    def check(value: str, place: Place, problems: Problems) -> None:
        problems.add(rule, place, value=value, list=name)

    return Leaf(frozenset(codes.rows(name)), check)


def cause(codes: CodeLists) -> NodeCheck:
    """A cause of action in the version that it names (domain.md §3.1)."""
    known = frozenset(codes.rows("cause"))

    def check(node: Payload, place: Place, problems: Problems) -> None:
        value = f"{node.get('@version')}:{node.get('#text')}"
        if value not in known:
            problems.add("RUL-006", place, value=value)

    return check


def ordered(first: str, last: str) -> NodeCheck:
    """Two dates or instants of one element: the second is not before the first."""

    def check(node: Payload, place: Place, problems: Problems) -> None:
        start, end = text(node, first), text(node, last)
        if start and end and datetime.fromisoformat(end) < datetime.fromisoformat(start):
            problems.add("RUL-032", below(place, last), first=first, last=last)

    return check


def _number(read: Callable[[str], object]) -> LeafCheck:
    def check(value: str, place: Place, problems: Problems) -> None:
        try:
            read(value)
        except RuleRefused as refused:
            problems.add(refused.code, place, value=value)

    return check


def _remembered(read: Callable[[str], object]) -> Leaf:
    """Numbers of cases and organisations come again with each message of a case: right ones are kept, those of persons never."""
    known: set[str] = set()

    def check(value: str, place: Place, problems: Problems) -> None:
        try:
            read(value)
        except RuleRefused as refused:
            problems.add(refused.code, place, value=value)
            return
        if len(known) >= _REMEMBERED:
            known.clear()
        known.add(value)

    return Leaf(known, check)


def _phone(value: str, place: Place, problems: Problems) -> None:
    try:
        numbers.phone(value)
    except RuleRefused as refused:
        problems.add(refused.code, place)


def _region(value: str, place: Place, problems: Problems) -> None:
    try:
        numbers.region(value)
    except RuleRefused as refused:
        problems.add(refused.code, place, value=value)
        return
    if value.startswith("15"):
        problems.add("RUL-004", place, value=value)


def _document(listed: LeafCheck) -> LeafCheck:
    def check(value: str, place: Place, problems: Problems) -> None:
        if value == _INTERNAL:
            problems.add("RUL-050", place)
        else:
            listed(value, place, problems)

    return check
