"""The canonical values of the code lists that dialects map; tests hold them against contracts/codes/<list>.csv."""

from __future__ import annotations

from collections.abc import Mapping


def _run(prefix: str, first: int, last: int, width: int = 2) -> tuple[str, ...]:
    return tuple(f"{prefix}{number:0{width}d}" for number in range(first, last + 1))


VALUES: Mapping[str, tuple[str, ...]] = {
    "acknowledged": ("accepted", "correction-requested"),
    "agent-type": (
        "lawyer",
        "legal-worker",
        "relative",
        "employee",
        "recommended-citizen",
        "union-recommended",
        "legal-aid",
        "statutory",
    ),
    "answer": ("agree", "refuse", "no-answer"),
    "attempt-result": ("reached", "unreachable", "refused"),
    "authority": ("general", "special"),
    "body-type": (*_run("", 1, 15), "19"),
    "cert-type": (*_run("", 1, 8), "90", "99"),
    "change": (*_run("D", 1, 3), "other"),
    "channel": ("platform", "onsite", "phone", "video", "sms", "mail", "paper", "other"),
    "classification": ("public", "internal", "sensitive"),
    "close-mode": ("10", "11", "12", "13", "14", "15", "20", "21", "22", "30", "31", "32", "33"),
    "designation-type": ("01", "02"),
    "disclosure-decision": ("continue", "replace", "end"),
    "document": (*_run("D", 101, 122, 3), *_run("D", 201, 211, 3), *_run("D", 301, 310, 3), *_run("D", 401, 402, 3)),
    "extension": ("consent", "other"),
    "follow-up": ("performance", "judicial-confirmation", "arbitration-review", "mediation-statement", "withdrawal"),
    "id-state": ("unknown", "masked"),
    "identity-method": ("id-card", "face", "sms", "manual"),
    "leave-reason": ("ended", "technical", "unjustified"),
    "matter": ("01", "02", "03", "04", "05", "06", "07", "08", "09", "99"),
    "nation": (*_run("", 1, 56), "97", "98"),
    "nature": ("1", "2", "3", "4", "5", "6", "9"),
    "not-issued": _run("W", 1, 6),
    "party-role": (
        "applicant",
        "respondent",
        "third-party",
        "plaintiff",
        "defendant",
        "joint-applicant",
        "representative",
    ),
    "party-type": ("1", "2", "3"),
    "performance": tuple("123456789"),
    "quality": ("outage", "audio", "video", "other"),
    "recusal": _run("D", 1, 3),
    "reject": (*_run("A", 1, 6), "A09", "A99"),
    "review-close": ("statement", "not-issued", "refused", "withdrawn"),
    "review-extension": ("verification", "complex", "other"),
    "review-refuse": _run("V", 1, 7),
    "review-withdrawal": ("performed", "settled", "other"),
    "selected-by": ("parties", "court"),
    "service-method": ("direct", "mail", "electronic", "public", "other"),
    "session-mode": ("video-joint", "video-separate", "mixed", "onsite"),
    "session-reason": ("conflict", "technical", "equipment", "other"),
    "session-reply": ("confirm", "decline", "reschedule"),
    "session-role": ("mediator", "applicant", "respondent", "third-party", "agent", "other"),
    "sex": ("0", "1", "2", "9"),
    "signatory-role": ("party", "agent", "mediator", "organisation", "arbitrator", "judge"),
    "signature-mode": ("electronic", "wet-ink", "fingerprint", "oral-record"),
    "stage": _run("", 1, 18),
    "suspension": ("appraisal", "sham-suspicion", "other"),
    "term-start": ("accepted", "signed-for", "consented"),
    "termination": _run("T", 1, 9),
    "withdrawal": _run("T", 1, 9),
    "worker-group": ("migrant", "dispatched", "new-form", "over-age", "minor", "other"),
}
