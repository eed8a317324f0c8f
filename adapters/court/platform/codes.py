"""Code lists of `court/platform`, complete both ways, and the dialect that they make.

The platform's numbers are the profile's own ([D] in domain.md: no official list is public); what a region numbers otherwise stands in
its region file. Forms of the 09 code standard (`09_00003-1`) and words are read, never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters import attachments, causes, lists
from adapters.codemap import CodeMap
from adapters.court.platform import tables, tables_messages
from adapters.fields import Dialect, Hooks, parse
from adapters.parties import mark_masked, split_parties


def _numbered(name: str, values: Iterable[str], words: Mapping[str, str] | None = None) -> CodeMap:
    """01, 02 … in the order of our list; `words` are further forms that are read."""
    return CodeMap(name, {f"{index:02d}": value for index, value in enumerate(values, start=1)} | dict(words or {}))


_DIGITS = ("classification", "answer", "id-state", "authority", "term-start", "selected-by", "acknowledged", "disclosure-decision",
           "attempt-result", "session-reply", "leave-reason", "quality", "identity-method", "session-mode", "session-role",
           "signatory-role", "signature-mode", "follow-up", "channel", "agent-type", "worker-group", "suspension", "session-reason",
           "extension")  # fmt: skip
_SAME = ("party-type", "nation", "nature", "matter", "body-type", "stage", "performance", "reject", "recusal", "termination",
         "close-mode", "designation-type", "change", "withdrawal")  # fmt: skip
_ROLE_WORDS = {
    "申请人": "applicant",
    "被申请人": "respondent",
    "第三人": "third-party",
    "原告": "plaintiff",
    "被告": "defendant",
}

#: 身份证 1, 其他 255 (domain.md §3.15, court e-service); what has no number of its own is 255, its exact kind travels in KZSX.
_CERT = CodeMap(
    "cert-type",
    {
        "1": "01",
        "2": "08",
        "3": "04",
        "4": "05",
        "5": "06",
        "6": "07",
        "255": "99",
        "身份证": "01",
        "居民身份证": "01",
        "护照": "08",
    },
    write={code: "255" for code in lists.VALUES["cert-type"] if code not in {"01", "04", "05", "06", "07", "08"}},
)
_SEX = CodeMap(
    "sex",
    {
        "1": "1",
        "2": "2",
        "0": "0",
        "9": "9",
        "男": "1",
        "女": "2",
        "09_00003-1": "1",
        "09_00003-2": "2",
        "1-男": "1",
        "2-女": "2",
    },
)
_CAUSE = CodeMap("cause", causes.numbered(9130, version="2025") | causes.numbered(9030, version="2020"))

CODES: Mapping[str, CodeMap] = {
    **{name: _numbered(name, lists.VALUES[name]) for name in _DIGITS},
    **{name: CodeMap.same(name, lists.VALUES[name]) for name in _SAME},
    "party-role": _numbered("party-role", lists.VALUES["party-role"], _ROLE_WORDS),
    "cert-type": _CERT,
    "sex": _SEX,
    "cause": _CAUSE,
    # 文书类型: our number plus 1000.
    "document": CodeMap("document", {str(1000 + int(code[1:])): code for code in lists.VALUES["document"]}),
}
#: 数据类型: 1 新增, 2 更正, 3 作废, 4 线下补录.
KINDS = CodeMap("kind", {"1": "new", "2": "correct", "3": "void", "4": "out-of-band"})
#: What became of a message that the court sent.
RECEIPTS = CodeMap(
    "receipt",
    {"11": "accepted", "19": "rejected", "21": "received", "29": "refused", "31": "delivered", "32": "retrieved",
     "39": "undeliverable", "41": "expired", "42": "timeout", "12": "relayed", "13": "delayed"},
)  # fmt: skip
#: A family of our error codes → the court's answer code.
ERRORS: Mapping[str, str] = {
    "ACC": "4010", "DIA": "4001", "ENV": "4001", "XSD": "4220", "RUL": "4221", "ATT": "4222", "SIG": "4030", "FLW": "4091", "CLM": "4090",
    "REQ": "4002", "BUS": "5002", "PRK": "5003", "PAR": "5004", "NOD": "5000",
}  # fmt: skip
#: The court's answer code → what it means for a delivery; any other is a refusal.
ANSWERS: Mapping[str, str] = {
    "0": "taken",
    "200": "taken",
    "1001": "repeated",
    "5000": "later",
    "5003": "later",
    "4290": "later",
}
FILE_KEYS = attachments.Keys(kind="WSLX", name="WJMC", media="WJLX", size="WJDX", data="WJNR")

DIALECT = Dialect(
    tables=parse(tables.RECORDS + tables_messages.MESSAGES + tables_messages.SESSIONS),
    codes=CODES,
    labels={"cause": causes.NAMES, "sex": {"0": "未知", "1": "男", "2": "女", "9": "未说明"}},
    extension="KZSX",
    day_form="%Y-%m-%d",
    instant_form="%Y-%m-%d %H:%M:%S",
    hooks={
        "Party": Hooks(after_read=mark_masked),
        "Agent": Hooks(after_read=mark_masked),
        "mediation.DesignationRequest": Hooks(before_read=split_parties("DSR", role="SSDW", name="DSRMC")),
    },
)
