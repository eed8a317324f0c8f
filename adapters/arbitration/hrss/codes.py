"""Code lists of `arbitration/hrss`, complete both ways, and the dialect that they make.

金保 lists where domain.md §3.15 knows them (AAC004 sex, AAC058 certificate), the profile's own three-digit numbers else ([D]); words in
Chinese are read where bodies are typed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from adapters import attachments, causes, lists
from adapters.arbitration.hrss import document, tables
from adapters.codemap import CodeMap
from adapters.fields import Dialect, Hooks, Native, parse
from adapters.parties import mark_masked
from gateway.errors import DialectRefused


def _numbered(name: str, values: Iterable[str]) -> CodeMap:
    return CodeMap(name, {f"{index:03d}": value for index, value in enumerate(values, start=1)})


_THREE = ("answer", "id-state", "authority", "channel", "agent-type", "worker-group", "party-role", "signatory-role", "signature-mode",
          "follow-up", "service-method", "review-close", "review-extension", "review-withdrawal", "classification")  # fmt: skip
_SAME = ("nation", "matter", "body-type", "document")

CODES: Mapping[str, CodeMap] = {
    **{name: _numbered(name, lists.VALUES[name]) for name in _THREE},
    **{name: CodeMap.same(name, lists.VALUES[name]) for name in _SAME},
    # AAB019 单位类型: 10 自然人, 20 法人, 30 非法人组织.
    "party-type": CodeMap("party-type", {"10": "1", "20": "2", "30": "3"}),
    # AAC004: 1 男, 2 女, 9 未说明; unknown has no number of its own, its exact value travels in KZ.
    "sex": CodeMap("sex", {"1": "1", "2": "2", "9": "9", "男": "1", "女": "2"}, write={"0": "9"}),
    "cert-type": CodeMap(
        "cert-type", {code: code for code in lists.VALUES["cert-type"]} | {"居民身份证": "01", "身份证": "01"}
    ),
    "cause": CodeMap("cause", causes.numbered(118601, version="2025") | causes.numbered(108601, version="2020")),
    # 不予受理 1xx, 不予制作 2xx, as the review form counts them.
    "review-refuse": CodeMap(
        "review-refuse", {f"1{index:02d}": code for index, code in enumerate(lists.VALUES["review-refuse"], start=1)}
    ),
    "not-issued": CodeMap(
        "not-issued", {f"2{index:02d}": code for index, code in enumerate(lists.VALUES["not-issued"], start=1)}
    ),
}
#: 数据类型 of the head.
KINDS = CodeMap("kind", {"1": "new", "2": "correct", "3": "void", "4": "out-of-band"})
RECEIPTS = CodeMap(
    "receipt",
    {"01": "accepted", "02": "rejected", "03": "received", "04": "refused", "05": "delivered", "06": "retrieved",
     "07": "undeliverable", "08": "expired", "09": "timeout", "10": "relayed", "11": "delayed"},
)  # fmt: skip
#: A family of our error codes → rc of the answer; 0 is success.
ERRORS: Mapping[str, str] = {
    "ACC": "301", "DIA": "101", "ENV": "101", "XSD": "102", "RUL": "103", "ATT": "104", "SIG": "302", "FLW": "201", "CLM": "202",
    "REQ": "105", "BUS": "902", "PRK": "903", "PAR": "904", "NOD": "900",
}  # fmt: skip
#: rc of a partner → meaning; any other is a refusal.
ANSWERS: Mapping[str, str] = {"0": "taken", "200": "repeated", "900": "later", "903": "later"}
FILE_KEYS = attachments.Keys(kind="BZB001", name="BZB002", media="BZB007", size="BZB008", data="BZB009")

_ID = re.compile(r"(?:\d{15}|\d{17}[\dXx])\Z", re.ASCII)
_PERSON, _SEX_CODES = "10", frozenset({"0", "1", "2", "9"})


def unswap_person(native: Native) -> Native:
    """A person's tags as they should be: AAC002 for AAC147, name and number exchanged where that is beyond doubt (domain.md §5.1).

    Raises `DialectRefused` where AAC003 holds a sex code. A writer that means what it says repeats the name in KZ.
    """
    record = dict(native)
    if "AAC002" in record and "AAC147" not in record:
        record["AAC147"] = record.pop("AAC002")
    if "AAB004" in record and "AAC003" not in record:
        record["AAC003"] = record.pop("AAB004")
    if not _doubtful(record) or any(row.get("KZM") == "Name" for row in _rows(record)):
        return record
    if not isinstance(record.get("AAC147"), str) or not _ID.match(record["AAC003"].strip()):
        raise DialectRefused("AAC003 holds a code where the name belongs", code="DIA-016")
    record["AAC003"], record["AAC147"] = record["AAC147"], record["AAC003"]
    return record


def insist(native: Native) -> Native:
    """A name that looks like a code or a number is repeated in KZ, so that no reader mends it."""
    if not _doubtful(native):
        return native
    said = document.pack({"Name": native["AAC003"]})
    return native | {"KZ": [*(row for row in _rows(native) if row["KZM"] != "Name"), *said]}


def name_organisation(native: Native) -> Native:
    """An organisation's name goes into AAB004, a person's into AAC003."""
    native = insist(native)
    if native.get("AAB019") == _PERSON or "AAC003" not in native:
        return native
    return {("AAB004" if tag == "AAC003" else tag): value for tag, value in native.items()}


def _doubtful(record: Native) -> bool:
    """Whether AAC003 holds a sex code, or the identity number that AAC147 should hold."""
    name, number = record.get("AAC003"), record.get("AAC147")
    if not isinstance(name, str):
        return False
    if name.strip() in _SEX_CODES:
        return True
    return isinstance(number, str) and bool(_ID.match(name.strip())) and not _ID.match(number.strip())


def _rows(record: Native) -> list[dict[str, str]]:
    rows = record.get("KZ")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


DIALECT = Dialect(
    tables=parse(tables.RECORDS + tables.MESSAGES),
    codes=CODES,
    labels={"cause": causes.NAMES},
    extension="KZ",
    day_form="%Y%m%d",
    instant_form="%Y%m%d%H%M%S",
    hooks={
        "Party": Hooks(before_read=unswap_person, after_read=mark_masked, after_write=name_organisation),
        "Agent": Hooks(before_read=unswap_person, after_read=mark_masked, after_write=insist),
        "LegalRepresentative": Hooks(before_read=unswap_person, after_write=insist),
    },
    pack=document.pack,
    unpack=document.unpack,
)
