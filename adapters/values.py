"""Single values as partner systems write them (domain.md §5.3 traps 3, 4, 6, 9, 12): nothing, yes and no, money, phones, files."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote_to_bytes

from gateway.errors import DialectRefused

#: What systems write where they have nothing to say.
NOTHING = frozenset({"", "null", "NULL", "Null", "None", "无", "/", "-", "—", "N/A", "n/a", "undefined"})
_BLANK = " \t\r\n\v\f\u00a0\u3000\ufeff"
_YES = frozenset({"1", "是", "Y", "YES", "TRUE", "T", "有"})
_NO = frozenset({"0", "否", "N", "NO", "FALSE", "F", "2"})
_PLAIN_MONEY = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,2})?\Z", re.ASCII)
_DIGITS = {"零": 0, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9} | {
    "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_UNITS = {"拾": 10, "佰": 100, "仟": 1000, "十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10**4, "亿": 10**8}


def is_nothing(text: str) -> bool:
    """Whether the text is one of the field's ways of saying nothing (trap 3)."""
    return text.strip(_BLANK) in NOTHING


def plain(text: str) -> str:
    """A number, code or id in half-width characters without blanks around it; the case of letters stays."""
    return unicodedata.normalize("NFKC", text).strip(_BLANK)


def trimmed(text: str) -> str:
    """Free text without blanks around it; nothing inside is rewritten, it may be signed content (trap 15)."""
    return text.strip(_BLANK)


def read_flag(text: str) -> str:
    """`true` or `false` from 1/0, 是/否, Y/N, true/false, `1-是` (trap 4). Raises `DialectRefused`."""
    word = plain(text).upper()
    head = word.split("-", 1)[0]
    for candidate in (word, head):
        if candidate in _YES:
            return "true"
        if candidate in _NO:
            return "false"
    raise DialectRefused(f"{text[:20]!r} is neither yes nor no", code="DIA-007")


def read_money(text: str) -> str:
    """Yuan as a plain decimal string from every form of trap 6. Raises `DialectRefused` for negative or finer than a cent."""
    word = plain(text)
    if _PLAIN_MONEY.match(word):
        return word
    word = re.sub(r"^(?:人民币|RMB|CNY|¥|￥)", "", word).replace(",", "").strip()
    amount = _decimal(word)
    if amount is None or not 0 <= amount < 10**16 or amount != amount.quantize(Decimal("0.01")):
        raise DialectRefused(f"{text[:30]!r} is no amount in yuan with at most two decimals", code="DIA-008")
    return f"{amount.quantize(Decimal('0.01')):f}"


def _decimal(word: str) -> Decimal | None:
    found = re.fullmatch(r"([+-]?[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]{1,2})?)\s*(亿|万)?元?整?", word, re.ASCII)
    try:
        if found:
            return Decimal(found[1]) * _BIG.get(found[2] or "", 1)
        return _capitals(word)
    except InvalidOperation:
        return None


def _capitals(word: str) -> Decimal | None:
    """Amounts in Chinese capitals: 壹仟贰佰叁拾肆元伍角陆分整."""
    found = re.fullmatch(r"(?:([^元圆角分整正]+)[元圆])?(?:(.)角)?零?(?:(.)分)?[整正]?|([^元圆角分整正]+)[整正]?", word)
    if not found or not word:
        return None
    yuan = _integer(found[1] or found[4] or "零")
    jiao, fen = (_DIGITS.get(part or "零") for part in (found[2], found[3]))
    if yuan is None or jiao is None or fen is None:
        return None
    return Decimal(yuan) + Decimal(jiao * 10 + fen) / 100


def _integer(word: str) -> int | None:
    total = section = digit = 0
    for char in word:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        elif char in _BIG:
            total = (total + section + digit) * _BIG[char] if char == "亿" else total + (section + digit) * _BIG[char]
            section = digit = 0
        else:
            return None
    return total + section + digit


def split_list(text: str) -> list[str]:
    """Several values that were typed into one field: phones, ids (trap 9)."""
    return [
        part for part in (trimmed(part) for part in re.split(r"[;；,，、/\n]", text)) if part and not is_nothing(part)
    ]


def read_base64(text: str) -> bytes:
    """Base64 with or without padding, line breaks or the URL alphabet (trap 11). Raises `DialectRefused`."""
    word = re.sub(r"\s", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise DialectRefused("a body or file is not base64", code="DIA-009") from None


def file_name(text: str) -> str:
    """The bare name of a file: percent-encoding (UTF-8 or GBK) undone, every path before it dropped (trap 12)."""
    name = text
    if "%" in text:
        raw = unquote_to_bytes(text)
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("gb18030", errors="replace")
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if unicodedata.category(char) != "Cc").strip(_BLANK + ".")
    if not name or "\ufffd" in name:
        raise DialectRefused(f"{text[:40]!r} is no file name", code="DIA-009")
    return name[-200:]
