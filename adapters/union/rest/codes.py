"""Code lists of `union/rest`, complete both ways, and the dialect that they make.

A station's system speaks in words: the canonical value in capitals. Dispute types are numbers of the profile's base table; a region
whose system numbers them otherwise lists its own in its region file (`codes.disputeType`: canonical → native).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters import attachments, causes, lists
from adapters.codemap import CodeMap
from adapters.fields import Dialect, Hooks, parse
from adapters.parties import mark_masked, split_parties
from adapters.union.rest import tables, tables_mediation, tables_review


def _words(name: str, values: Iterable[str]) -> CodeMap:
    """The canonical value in capitals with underscores; numbers stay as they are."""
    return CodeMap(name, {value.upper().replace("-", "_"): value for value in values})


_ROLE_WORDS = {"申请人": "applicant", "被申请人": "respondent", "第三人": "third-party"}
_DISPUTE_TYPES = causes.numbered(25001, version="2025") | causes.numbered(20001, version="2020")

CODES: Mapping[str, CodeMap] = {
    **{name: _words(name, values) for name, values in lists.VALUES.items()},
    "party-role": CodeMap(
        "party-role", {value.upper().replace("-", "_"): value for value in lists.VALUES["party-role"]} | _ROLE_WORDS
    ),
    "party-type": CodeMap("party-type", {"PERSON": "1", "COMPANY": "2", "OTHER": "3", "1": "1", "2": "2", "3": "3"}),
    "sex": CodeMap(
        "sex", {"MALE": "1", "FEMALE": "2", "UNKNOWN": "0", "UNSTATED": "9", "男": "1", "女": "2", "1": "1", "2": "2"}
    ),
    "cert-type": CodeMap(
        "cert-type", {"ID_CARD": "01", "PASSPORT": "08"} | {code: code for code in lists.VALUES["cert-type"]}
    ),
    "disputeType": CodeMap("disputeType", _DISPUTE_TYPES),
}
KINDS = CodeMap("kind", {"NEW": "new", "CORRECT": "correct", "VOID": "void", "OUT_OF_BAND": "out-of-band"})
#: A family of our error codes → (HTTP status, errorCode).
ERRORS: Mapping[str, tuple[int, str]] = {
    "ACC": (401, "UNAUTHORIZED"), "DIA": (422, "INVALID_FIELD"), "ENV": (400, "UNREADABLE"), "XSD": (422, "INVALID_FIELD"),
    "RUL": (422, "RULE_BROKEN"), "ATT": (422, "ATTACHMENT_REFUSED"), "SIG": (403, "FORBIDDEN"), "FLW": (409, "NOT_ALLOWED_NOW"),
    "CLM": (409, "CONFLICT"), "REQ": (400, "BAD_REQUEST"), "BUS": (503, "UNAVAILABLE"), "PRK": (503, "UNAVAILABLE"),
    "PAR": (503, "UNAVAILABLE"), "NOD": (503, "UNAVAILABLE"),
}  # fmt: skip
#: errorCode of a station's system → what it means for a delivery; any other is a refusal.
ANSWERS: Mapping[str, str] = {"DUPLICATE": "repeated", "BUSY": "later", "UNAVAILABLE": "later"}
FILE_KEYS = attachments.Keys(kind="documentType", name="fileName", media="mediaType", size="size", data="content")

DIALECT = Dialect(
    tables=parse(tables.RECORDS + tables_mediation.MESSAGES + tables_mediation.SESSIONS + tables_review.REVIEWS),
    codes=CODES,
    labels={"disputeType": causes.NAMES, "sex": {"0": "未知", "1": "男", "2": "女", "9": "未说明"}},
    extension="extra",
    day_form="%Y-%m-%d",
    instant_form="%Y-%m-%dT%H:%M:%S+08:00",
    flags=("true", "false"),
    hooks={
        "Party": Hooks(after_read=mark_masked),
        "Agent": Hooks(after_read=mark_masked),
        "mediation.DesignationRequest": Hooks(before_read=split_parties("parties", role="role", name="name")),
    },
)
