"""Rules that look at a whole message: consent, reasons, joint applications, terms, and what belongs together.

Grounds of law among them only advise (protocol.md §3): the receiver decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from gateway.model.envelope import Header
from gateway.model.ids import family_of
from gateway.model.payload import Payload
from gateway.validate.judging import ROOT, NodeCheck, Place, Problems, below, child, deep, rows, text
from gateway.validate.rules_agreement import both, money_of

#: Families that are no state organs: personal data go to them only with separate consent (个人信息保护法第23条).
_PRIVATE = frozenset({"union", "mediation"})
_BEIJING = timezone(timedelta(hours=8))
_REVIEW_DAYS = timedelta(days=15)
_GROUP = 10
#: Matter and causes that arbitration does not review (人社部令第33号第75条第4项).
_RELATION_MATTER = "06"
_RELATION_CAUSES = frozenset({"186(1)", "205(1)", "214(1)"})
#: First day of the 2025 causes (法〔2025〕226号).
_CAUSES_2025 = "2026-01-01"
#: Term in days by designation type (法释〔2016〕14号第27条): 委派 30, 委托 15 or 7.
_TERMS: Mapping[str, frozenset[str]] = {"01": frozenset({"30"}), "02": frozenset({"7", "15"})}
#: Message type → (path of its reason, code list).
REASONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "mediation.DesignationReject": (("Reason",), "reject"),
    "mediation.MediatorChange": (("Reason",), "change"),
    "mediation.Extension": (("Reason",), "extension"),
    "mediation.Suspension": (("Reason",), "suspension"),
    "mediation.Resumption": (("Reason",), "suspension"),
    "mediation.ResultFail": (("Reason",), "termination"),
    "mediation.ResultWithdraw": (("Withdrawal", "Reason"), "withdrawal"),
    "mediation.SessionReply": (("Reason",), "session-reason"),
    "mediation.SessionSwitchOnsite": (("Reason",), "session-reason"),
    "arbitration.ReviewRefuse": (("Reason",), "review-refuse"),
    "arbitration.ReviewExtend": (("Reason",), "review-extension"),
    "arbitration.ReviewWithdraw": (("Withdrawal", "Reason"), "review-withdrawal"),
    "arbitration.ReviewNotIssued": (("Reason",), "not-issued"),
    "mediation.CourtReturn": (("Reason",), "court-return"),
    "mediation.IntakeRefuse": (("Reason",), "intake-refusal"),
    "mediation.TriageBounce": (("Reason",), "triage-return"),
    "mediation.TransferArbitration": (("Termination",), "termination"),
    "mediation.TransferFiling": (("Termination",), "termination"),
    "confirmation.ConfirmationRefuse": (("Reason",), "confirmation-refusal"),
    "confirmation.ConfirmationDismissed": (("Reason",), "confirmation-dismissal"),
    "confirmation.ConfirmationWithdraw": (("Withdrawal", "Reason"), "review-withdrawal"),
    "confirmation.CourtStatementRefuse": (("Reason",), "statement-refusal"),
    "payment-order.PaymentRefuse": (("Reason",), "payment-refusal"),
    "payment-order.PaymentDismissed": (("Reason",), "payment-dismissal"),
    "payment-order.PaymentWithdraw": (("Withdrawal", "Reason"), "review-withdrawal"),
    "payment-order.PaymentObjectionDismissed": (("Reason",), "objection-invalid"),
    "payment-order.PaymentTerminated": (("Reason",), "payment-termination"),
    "roster.Suspend": (("Reason",), "roster-removal"),
    "roster.Remove": (("Reason",), "roster-removal"),
}
_EXPLAINED = frozenset({"A09"})


def consent(payload: Payload, header: Header, problems: Problems) -> None:
    """Natural persons' data go to a body that is no state organ only with a reference to their consent (个人信息保护法第23条)."""
    if "Party" not in payload and "Applicant" not in payload:
        return
    to = (header.receiver, *(participant for _, participant in header.copies))
    if not any(family_of(participant) in _PRIVATE for participant in to):
        return
    people = any(text(row, "Type") == "1" for name in ("Party", "Applicant") for _, row in rows(payload, name))
    if people and not deep(payload, "CaseReference", "ConsentRef"):
        problems.add("RUL-051", below(ROOT, "CaseReference"))


def attachments(header: Header, problems: Problems) -> None:
    """Internal approvals (副卷) never leave the arbitration institution (domain.md §3.18)."""
    for position, attachment in enumerate(header.attachments, 1):
        if attachment.document_type == "D211":
            problems.add("RUL-050", ((None, "/Envelope/Header/Attachments/Attachment", position), "DocumentType", 0))


def explained(reason: Payload, place: Place, problems: Problems) -> None:
    """A refusal for another ground says which (法释〔2021〕23号第12条)."""
    if text(reason, "Code") in _EXPLAINED and not text(reason, "Text").strip():
        problems.add("RUL-066", place)


def intake(payload: Payload, place: Place, problems: Problems) -> None:
    """A designation: causes of their day, groups of ten, the term of its kind."""
    cause, day = child(child(payload, "Intake"), "Cause"), deep(payload, "Intake", "Date")
    if day and cause.get("@version") == ("2020" if day >= _CAUSES_2025 else "2025"):
        problems.add("RUL-007", below(place, "Intake", "Cause"))
    size = deep(payload, "Intake", "GroupSize")
    if size and int(size) >= _GROUP:
        problems.add("RUL-063", below(place, "Intake", "GroupSize"), value=size)
    terms = _TERMS.get(deep(payload, "Designation", "Type"))
    if terms and deep(payload, "Designation", "TermDays") not in terms:
        problems.add("RUL-067", below(place, "Designation", "TermDays"), value=deep(payload, "Designation", "TermDays"))


def review(payload: Payload, place: Place, problems: Problems) -> None:
    """A review application: joint, in time, of a kind that can be reviewed, not yet confirmed (人社部令第33号第74、75条)."""
    names = {text(row, "Name") for _, row in rows(payload, "Applicant")}
    roles = [row.get("Role") for _, row in rows(payload, "Signatory")]
    if len(names) < 2 or not both(roles) or text(payload, "Joint") == "false":  # noqa: PLR2004 - the two sides of a dispute
        problems.add("RUL-043", below(place, "Applicant"))
    effective, applied = deep(payload, "Agreement", "EffectiveDate"), text(payload, "AppliedOn")
    if effective and applied:
        last = date.fromisoformat(effective) + _REVIEW_DAYS
        if date.fromisoformat(applied) > last:
            problems.add("RUL-060", below(place, "AppliedOn"), value=last.isoformat())
    matter = payload.get("Matter")
    if isinstance(matter, list) and _RELATION_MATTER in matter:
        problems.add("RUL-061", below(place, "Matter"))
    elif deep(payload, "Agreement", "Cause", "#text") in _RELATION_CAUSES:
        problems.add("RUL-061", below(place, "Agreement", "Cause"))
    if text(payload, "NotJudiciallyConfirmed") == "false":
        problems.add("RUL-065", below(place, "NotJudiciallyConfirmed"))
    amount, total = text(payload, "Amount"), money_of(child(payload, "Agreement"))
    if amount and total and total != Decimal(amount):
        problems.add("RUL-031", below(place, "Amount"), amount=amount, total=str(total))


def statement(payload: Payload, place: Place, problems: Problems) -> None:
    """A statement is about the agreement of its case (人社部令第33号第77条)."""
    number, known = text(payload, "AgreementNumber"), deep(payload, "CaseReference", "AgreementNumber")
    if known and number != known:
        problems.add("RUL-062", below(place, "AgreementNumber"))


def served(payload: Payload, place: Place, problems: Problems) -> None:
    """A statement is in effect with the later of both receipts (劳动争议调解仲裁法第42条)."""
    days = [_beijing_day(text(row, "ReceivedAt")) for _, row in rows(payload, "Service")]
    effective = text(payload, "EffectiveDate")
    if effective and days and effective != max(days):
        problems.add("RUL-064", below(place, "EffectiveDate"), value=max(days))


MESSAGES: Mapping[str, NodeCheck] = {
    "mediation.DesignationRequest": intake,
    "mediation.EntrustmentRequest": intake,
    "arbitration.ReviewApply": review,
    "arbitration.ReviewStatement": statement,
    "arbitration.ReviewServed": served,
}


def _beijing_day(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(_BEIJING).date().isoformat()
