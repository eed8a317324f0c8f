"""Case numbers of courts, arbitration commissions and stations: one normal form, whatever brackets and blanks they are written with.

The grammars are those of domain.md §3.2 (法〔2018〕335号 for courts; arbitration and mediation bodies have no national rule).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from gateway.errors import Finding, RuleRefused

#: Every bracket that is met in the field, after NFKC (which makes full width half), as one pair.
_OPENING, _CLOSING = "(〔【[〈《{", ")〕】]〉》}"
_ONE_PAIR = str.maketrans(_OPENING + _CLOSING, "(" * len(_OPENING) + ")" * len(_CLOSING))
_NO_BRACKETS = str.maketrans("", "", "()")
_YEAR = r"\(?(?P<year>(?:19|20)[0-9]{2})\)?"
_SERIAL = r"(?:字第|字|第)?(?P<serial>[0-9]{1,8})号?(?P<suffix>之[一二三四五六七八九十]+|-[0-9]+)?"
#: Year, 法院代字 with its digits, 类型代字, serial.
_COURT = re.compile(_YEAR + r"(?P<word>[一-鿿]+?[0-9]{0,4})(?P<kind>[一-鿿]{1,6}?)" + _SERIAL)
#: Words, year, serial.
_BODY = re.compile(r"(?P<word>[一-鿿]{2,12}?)字?" + _YEAR + _SERIAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseNumber:
    """A case number in parts; `original` is what is shown and signed."""

    original: str
    grammar: Literal["court", "body"]
    year: int
    #: 法院代字 with digits, or the body's words.
    word: str
    #: 类型代字 of a court's number, for instance 民诉前调; empty for a body's.
    kind: str
    serial: int
    suffix: str


@lru_cache(maxsize=10_000)
def key(text: str) -> str:
    """The normal form by which a number is found: no brackets, blanks, 字, 第, 号 or leading zeros of the serial.

    Any text has one; numbers of a grammar unknown here are found by their spelling without brackets and blanks.
    """
    try:
        found = parse(text)
    except RuleRefused:
        return _plain(text).translate(_NO_BRACKETS).upper()
    return f"{found.year}{found.word}{found.kind}{found.serial}{found.suffix}"


def parse(text: str) -> CaseNumber:
    """A court's number or a body's. Raises `RuleRefused` (RUL-020) for what no grammar reads."""
    plain = _plain(text)
    for grammar, pattern in (("court", _COURT), ("body", _BODY)):
        found = pattern.fullmatch(plain)
        if found:
            parts = found.groupdict()
            return CaseNumber(
                original=text,
                grammar=grammar,  # type: ignore[arg-type]  # one of the two words above
                year=int(parts["year"]),
                word=parts["word"],
                kind=parts.get("kind") or "",
                serial=int(parts["serial"]),
                suffix=parts["suffix"] or "",
            )
    raise RuleRefused(code="RUL-020", findings=[_unread(text)])


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(_ONE_PAIR)


def _unread(text: str) -> Finding:
    return Finding(
        code="RUL-020",
        text_zh=f"无法识别的案号：{text!r}",
        text_en=f"{text!r} is no case number of a known grammar",
        mend_zh="按“（年份）法院代字类型代字序号号”或“×劳人仲字〔年份〕第序号号”填写",
        mend_en="write it as the issuing court or commission does, year, words and serial",
        source="法〔2018〕335号",
    )
