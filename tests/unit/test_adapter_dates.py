"""Single values in every form of the field (domain.md §5.3)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import dates, values
from gateway.errors import DialectRefused

DAYS = [
    ("20230920", "2023-09-20"),
    ("2023-09-20", "2023-09-20"),
    ("2023/9/20", "2023-09-20"),
    ("2023.9.2", "2023-09-02"),
    ("2023年9月20日", "2023-09-20"),
    ("20JAN21", "2021-01-20"),
    ("20-JAN-2021", "2021-01-20"),
    ("2023-09-2008:30:00", "2023-09-20"),
    ("2014-12-31 00:00:00.0", "2014-12-31"),
    ("1700000000000", "2023-11-15"),
    ("２０２３-09-20", "2023-09-20"),
    ("2026-03-01 24:00", "2026-03-01"),
    ("2026-03-01T20:00:00Z", "2026-03-02"),
]
INSTANTS = [
    ("20260301101112", "2026-03-01T10:11:12+08:00"),
    ("2026-03-01 10:11:12", "2026-03-01T10:11:12+08:00"),
    ("2026-03-01 10:11", "2026-03-01T10:11:00+08:00"),
    ("2023-09-2008:30:00", "2023-09-20T08:30:00+08:00"),
    ("2026年3月1日 10时11分12秒", "2026-03-01T10:11:12+08:00"),
    ("1700000000123", "2023-11-15T06:13:20.123000+08:00"),
    ("2026-03-01 24:00", "2026-03-02T00:00:00+08:00"),
    ("2026-03-01T10:11:12.5Z", "2026-03-01T10:11:12.5Z"),
    ("2026-03-01T10:11:12+0800", "2026-03-01T10:11:12+08:00"),
    ("2014-12-31 00:00:00.0", "2014-12-31T00:00:00+08:00"),
]


@pytest.mark.parametrize(("text", "day"), DAYS)
def test_a_day_is_read_in_every_form(text: str, day: str) -> None:
    """Trap 2: separated, compact, Chinese, Oracle's, without a blank, in milliseconds, full-width, 24:00, in another zone."""
    assert dates.read_day(text) == day


@pytest.mark.parametrize(("text", "instant"), INSTANTS)
def test_an_instant_is_read_in_every_form(text: str, instant: str) -> None:
    """Trap 2: a time without a zone is Beijing's; a time with one keeps it."""
    assert dates.read_instant(text) == instant


@pytest.mark.parametrize("text", ["0001-01-01", "1900-01-01", "1900-01-01 00:00:00", "99991231"])
def test_days_that_mean_none_are_none(text: str) -> None:
    """Trap 2: databases write these where they have no date."""
    assert dates.read_day(text) is None
    assert dates.read_instant(text) is None


@pytest.mark.parametrize(
    "text",
    ["2023", "202309", "2023-13-01", "2023-02-30", "2026-03-01 25:00", "2026-03-01 10:61", "gestern", "2/3/2026"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """A month without its day, a day that does not exist and an order that could be two are not guessed."""
    with pytest.raises(DialectRefused) as refused:
        dates.read_day(text)
    assert refused.value.code == "DIA-006"


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    """Nothing but a day, none or a refusal comes of any text, however hostile."""
    try:
        day = dates.read_day(text)
    except DialectRefused:
        return
    assert day is None or re.fullmatch(r"\d{4}-\d\d-\d\d", day)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.50", "1234.50"), ("1234.5元", "1234.50"), ("壹仟", "1000.00"), ("1.2E3", "1200.00"), ("3万元", "30000.00"),
        ("壹万贰仟捌佰元整", "12800.00"), ("叁佰伍拾元伍角", "350.50"), ("１２８００.00", "12800.00"), ("￥12800", "12800.00"), ("0", "0"),
    ],
)  # fmt: skip
def test_money_is_read_in_every_form(text: str, amount: str) -> None:
    """Trap 6: separators, units, capitals, 万, scientific, full-width."""
    assert values.read_money(text) == amount


@pytest.mark.parametrize("text", ["-5", "1.234", "一些", "", "1e99", "NaN", "Infinity", "12元5", "99999999999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Trap 6: negative, finer than a cent, or beyond sixteen digits is refused and never rounded."""
    with pytest.raises(DialectRefused) as refused:
        values.read_money(text)
    assert refused.value.code == "DIA-008"


@given(st.text("零壹贰拾佰仟万亿元角分整0123456789.,-eE ", max_size=16))
def test_any_amount_is_exact_or_refused(text: str) -> None:
    """Whatever is read is a plain decimal with at most two decimals."""
    try:
        amount = values.read_money(text)
    except DialectRefused:
        return
    assert re.fullmatch(r"\d{1,16}(\.\d{1,2})?", amount)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("1", "true"),
        ("0", "false"),
        ("是", "true"),
        ("否", "false"),
        ("Y", "true"),
        ("n", "false"),
        ("1-是", "true"),
        ("TRUE", "true"),
    ],
)
def test_yes_and_no_in_every_form(text: str, flag: str) -> None:
    """Trap 4: numbers, words, letters, and a number with its word all say the same."""
    assert values.read_flag(text) == flag


@pytest.mark.parametrize("text", ["", "null", "NULL", "无", "/", "-", " ", "\u3000"])
def test_nothing_in_every_form(text: str) -> None:
    """Trap 3: empty, null, 无, a slash, a dash and blanks say nothing."""
    assert values.is_nothing(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("..%2F%D6%A4%BE%DD.pdf", "证据.pdf"),
        ("C:\\scan\\a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("%E8%AF%81.pdf", "证.pdf"),
    ],
)
def test_a_file_name_is_bare(text: str, name: str) -> None:
    """Trap 12: GBK and UTF-8 percent-encoding undone, no path left."""
    assert values.file_name(text) == name


@pytest.mark.parametrize("text", ["", "..", "/", "a/..", "\x00"])
def test_what_is_no_file_name_is_refused(text: str) -> None:
    """A name that is a path alone is not made into one."""
    with pytest.raises(DialectRefused):
        values.file_name(text)


@pytest.mark.parametrize("text", ["YWI=", "YWI", "YW\nI=", " YWI "])
def test_base64_of_the_field(text: str) -> None:
    """Trap 11: without padding, with line breaks."""
    assert values.read_base64(text) == b"ab"


def test_phones_of_one_field() -> None:
    """Trap 9: two phones typed into one field are two."""
    assert values.split_list("13800000001；0471-0000000、") == ["13800000001", "0471-0000000"]
