"""Numbers with a check digit or a grammar: identity numbers, credit codes, regions, telephones, money (domain.md §3.15, §3.16).

Pure functions: each takes the text as it came and returns what it says, or raises `RuleRefused` with one finding. Numbers of persons
are never repeated in a finding's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import mul
from typing import Literal, NoReturn

from gateway.errors import Finding, RuleRefused

# Weights are multiplied with bytes, not with parsed digits: an identity number must cost a few microseconds on the hot path.
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_18 = re.compile(r"[0-9]{17}[0-9Xx]")
_ID_15 = re.compile(r"[0-9]{15}")
_MASKED = re.compile(r"[0-9Xx*＊]*[*＊]{2}[0-9Xx*＊]*")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = bytes.maketrans(_CREDIT_ALPHABET.encode(), bytes(range(31)))
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")
_ORGANISATION_VALUES = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", bytes(range(36)))
_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION = re.compile(r"([0-9A-Z]{8})-?([0-9X])")
#: GB/T 2260 first two digits, and 81 to 83, which residence permits of Hong Kong, Macao and Taiwan residents carry.
PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
)
_REGION = re.compile(r"[0-9]{6}")
_MOBILE = re.compile(r"(?:\+?86)?1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[1-9][0-9]{1,2}[1-9][0-9]{6,7}(?:(?:转|ext\.?|[*#x])[0-9]{1,6})?", re.IGNORECASE)
_SERVICE = re.compile(r"12[0-9]{3}|[48]00[0-9]{7}")
_PHONE_SEPARATORS = str.maketrans("", "", " -－—()（）\u00a0\u3000")
_MONEY = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:[.][0-9]{1,2})?")
_CASE_MARK = re.compile(r"[0-9]{15}|[0-9]{4}(?:19|20)[0-9]{12}")
_FIRST_YEAR = 1850


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidentId:
    """What a resident identity number says; `masked` ones say nothing (birth and sex are None)."""

    #: Eighteen characters, X in upper case; fifteen as it came; masked as it came.
    text: str
    #: Six digits of the place of first registration, by GB/T 2260 of that day.
    region: str
    birth: date | None
    #: 1 male, 2 female (GB/T 2261.1).
    sex: Literal["1", "2"] | None
    masked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditCode:
    """What a unified social credit code says."""

    #: Eighteen characters, upper case.
    text: str
    #: 登记管理部门 and 机构类别, for instance 91 a company, 81 a union.
    kind: str
    region: str
    #: Organisation code: nine characters with its own check character (GB 11714).
    organisation: str


def resident_id(text: str) -> ResidentId:
    """GB 11643-1999 in eighteen or fifteen characters, or masked. Raises `RuleRefused`: RUL-010 form, -011 check digit, -012 birth, -013 region."""
    if _ID_18.fullmatch(text):
        plain = text.upper()
        if id_check(plain) != plain[17]:
            _refuse("RUL-011", "身份证号码校验位不符", "the check digit of the identity number does not hold")
        year, month, day, order = plain[6:10], plain[10:12], plain[12:14], plain[16]
    elif _ID_15.fullmatch(text):
        plain = text
        year, month, day, order = "19" + plain[6:8], plain[8:10], plain[10:12], plain[14]
    elif _MASKED.fullmatch(text):
        return ResidentId(text=text, region="", birth=None, sex=None, masked=True)
    else:
        _refuse("RUL-010", "身份证号码应为18位（旧15位）", "an identity number has 18 characters (15 in the old form)")
    if int(plain[:2]) not in PROVINCES:
        _refuse("RUL-013", "身份证号码的区划部分不存在", "the identity number names a province that does not exist")
    try:
        birth = date(int(year), int(month), int(day))
    except ValueError:
        birth = date.min
    if birth.year < _FIRST_YEAR:
        _refuse("RUL-012", "身份证号码中的出生日期不存在", "the birth date in the identity number does not exist")
    return ResidentId(text=plain, region=plain[:6], birth=birth, sex="1" if int(order) % 2 else "2")


def id_check(text: str) -> str:
    """The check character for the first seventeen digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _ID_CHECKS[sum(map(mul, _ID_WEIGHTS, text.encode().translate(_DIGITS))) % 11]


def credit_code(text: str) -> CreditCode:
    """GB 32100-2015, eighteen characters; lower case is read. Raises `RuleRefused`: RUL-017 form or check, -018 organisation code."""
    plain = text.upper()
    if not _CREDIT.fullmatch(plain):
        _refuse("RUL-017", f"统一社会信用代码 {text} 应为18位", f"credit code {text} has not the form of 18 characters")
    if credit_check(plain) != plain[17]:
        _refuse(
            "RUL-017", f"统一社会信用代码 {text} 校验位不符", f"the check character of credit code {text} does not hold"
        )
    if organisation_check(plain[8:16]) != plain[16]:
        _refuse(
            "RUL-018", f"信用代码 {text} 中的组织机构代码校验位不符", f"the organisation code in {text} does not hold"
        )
    return CreditCode(text=plain, kind=plain[:2], region=plain[2:8], organisation=plain[8:17])


def credit_check(text: str) -> str:
    """The check character for the first seventeen characters (GB 32100-2015)."""
    total = sum(map(mul, _CREDIT_WEIGHTS, text.encode().translate(_CREDIT_VALUES)))
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def organisation_code(text: str) -> str:
    """GB 11714, nine characters with or without a hyphen → nine characters. Raises `RuleRefused` RUL-018."""
    found = _ORGANISATION.fullmatch(text.upper())
    if not found or organisation_check(found[1]) != found[2]:
        _refuse("RUL-018", f"组织机构代码 {text} 不符", f"organisation code {text} does not hold")
    return found[1] + found[2]


def organisation_check(text: str) -> str:
    """The check character for eight characters (GB 11714)."""
    total = sum(map(mul, _ORGANISATION_WEIGHTS, text.encode().translate(_ORGANISATION_VALUES)))
    return "0123456789X0"[11 - total % 11]


def region(text: str) -> str:
    """GB/T 2260, six digits of a known province. Raises `RuleRefused` RUL-003."""
    if not _REGION.fullmatch(text) or int(text[:2]) not in PROVINCES:
        _refuse("RUL-003", f"行政区划代码 {text} 不存在", f"{text} is no GB/T 2260 region code")
    return text


def phone(text: str) -> str:
    """A Chinese mobile, landline or service number → digits without separators or 86. Raises `RuleRefused` RUL-022."""
    plain = text if text.isdecimal() else text.translate(_PHONE_SEPARATORS)
    if _MOBILE.fullmatch(plain):
        return plain[-11:]
    if not _LANDLINE.fullmatch(plain) and not _SERVICE.fullmatch(plain):
        _refuse("RUL-022", "电话号码不是手机、固定电话或热线号码", "not a mobile, landline or service number")
    return plain


def money(text: str) -> Decimal:
    """CNY in yuan as a decimal text of at most two places → Decimal. Raises `RuleRefused` RUL-023."""
    if not _MONEY.fullmatch(text):
        _refuse(
            "RUL-023",
            "金额应为至多两位小数的十进制数，单位元",
            "an amount is a decimal text in yuan with at most two places",
        )
    return Decimal(text)


def case_mark(text: str) -> str:
    """案件标识 (AJBS): 15 digits, or 18 = court 4, year 4, type 4, serial 6. Raises `RuleRefused` RUL-021."""
    if not _CASE_MARK.fullmatch(text):
        _refuse("RUL-021", f"案件标识 {text} 应为15位或18位数字", f"case mark {text} has not 15 or 18 digits")
    return text


def _refuse(code: str, zh: str, en: str) -> NoReturn:
    raise RuleRefused(code=code, findings=[Finding(code=code, text_zh=zh, text_en=en)])
