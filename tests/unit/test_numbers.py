"""Numbers: published examples, every single-character error found, and case numbers that mean the same however they are written."""

from __future__ import annotations

import string
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from gateway.errors import RuleRefused
from gateway.model import casenumber, numbers
from tests import payloads as p

CREDIT = "11150000011512968L"
BIRTHS = st.dates(date(1900, 1, 1), date(2026, 12, 31))
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def refusal(read: object, text: str) -> str:
    """The code with which a reader refuses a text."""
    assert callable(read)
    with pytest.raises(RuleRefused) as refused:
        read(text)
    return refused.value.code


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    """Identity numbers of region 150102 with any birth date and order, and their check digit."""
    body = f"150102{draw(BIRTHS):%Y%m%d}{draw(st.integers(1, 999)):03d}"
    return body + numbers.id_check(body)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    """Credit codes of companies and unions in region 150102, with both check characters."""
    organisation = draw(st.text(ALPHABET, min_size=8, max_size=8))
    body = draw(st.sampled_from(["91", "81"])) + "150102" + organisation + numbers.organisation_check(organisation)
    return body + numbers.credit_check(body)


def test_published_examples() -> None:
    """The examples that domain.md §3.15 computed: a public body's credit code and the check digit 9."""
    code = numbers.credit_code(CREDIT)
    assert (code.kind, code.region, code.organisation) == ("11", "150000", "011512968")
    assert numbers.id_check("15010219900101001") == "9"
    assert numbers.organisation_code("01151296-8") == "011512968"


def test_what_an_identity_number_says() -> None:
    """Region, birth and sex are read from the number; an odd order is male, an even one female."""
    found = numbers.resident_id(p.WORKER_ID)
    assert (found.region, found.birth, found.sex, found.masked) == ("150102", date(1990, 1, 1), "1", False)
    assert numbers.resident_id(p.resident_id("15010219900101002")).sex == "2"


def test_old_fifteen_characters() -> None:
    """The form of before 1999 has no check digit and means the twentieth century."""
    found = numbers.resident_id("150102650230001".replace("0230", "0228"))
    assert (found.birth, found.sex) == (date(1965, 2, 28), "1")


def test_lower_case_x_is_read() -> None:
    """A check digit x in lower case is the same number (domain.md §5.3, trap 10)."""
    number = next(n for n in (p.resident_id(f"15010219900101{order:03d}") for order in range(1, 99)) if n.endswith("X"))
    assert numbers.resident_id(number.lower()).text == number


@pytest.mark.parametrize("text", ["150102********0019", "1501**********0019", "150102＊＊＊＊＊＊＊＊001X"])
def test_masked_says_nothing(text: str) -> None:
    """A masked number is recognised as such, and neither birth nor sex is guessed from what is left."""
    found = numbers.resident_id(text)
    assert (found.masked, found.birth, found.sex) == (True, None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "RUL-010"),
        ("15010219900101001", "RUL-010"),
        ("１５０１０２１９９００１０１００１９", "RUL-010"),
        ("150102199001010019 ", "RUL-010"),
        ("150102199001010019\n", "RUL-010"),
        ("150102199001010018", "RUL-011"),
        (p.resident_id("15010219900230001"), "RUL-012"),
        (p.resident_id("15010200010101001"), "RUL-012"),
        (p.resident_id("99010219900101001"), "RUL-013"),
    ],
)
def test_refused_identity_numbers(text: str, code: str) -> None:
    """Each fault has its code, and no refusal repeats the number."""
    assert refusal(numbers.resident_id, text) == code


@given(number=resident_ids(), position=st.integers(0, 16), digit=st.sampled_from(string.digits))
def test_one_wrong_digit_is_found(number: str, position: int, digit: str) -> None:
    """MOD 11-2 finds every single wrong digit (ISO 7064)."""
    assume(number[position] != digit)
    wrong = number[:position] + digit + number[position + 1 :]
    assert refusal(numbers.resident_id, wrong) == "RUL-011"


@given(number=resident_ids())
def test_identity_numbers_agree_with_stdnum(number: str) -> None:
    """A second implementation (python-stdnum) computes the same check digit."""
    assert ric.calc_check_digit(number) == number[17]
    assert numbers.resident_id(number).text == number


@given(code=credit_codes(), position=st.integers(0, 17), letter=st.sampled_from(ALPHABET))
def test_credit_codes_agree_with_stdnum(code: str, position: int, letter: str) -> None:
    """python-stdnum takes what is taken here, and a single wrong character is refused by both."""
    assert uscc.is_valid(code)
    assert numbers.credit_code(code.lower()).text == code
    assume(code[position] != letter)
    assert refusal(numbers.credit_code, code[:position] + letter + code[position + 1 :]) in {"RUL-017", "RUL-018"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("11150000011512968M", "RUL-017"), ("1115000001151296", "RUL-017"), ("1I150000011512968L", "RUL-017")],
)
def test_refused_credit_codes(text: str, code: str) -> None:
    """A wrong check character, a wrong length, and a letter that the alphabet leaves out."""
    assert refusal(numbers.credit_code, text) == code


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("13800000001", "13800000001"),
        ("+86 138-0000-0001", "13800000001"),
        ("0471-6501234", "04716501234"),
        ("12351", "12351"),
    ],
)
def test_phones(text: str, plain: str) -> None:
    """Mobiles, landlines and hot lines, with the separators that people write."""
    assert numbers.phone(text) == plain


@pytest.mark.parametrize("text", ["", "12345678", "23800000001", "138000000011", "13800000001,13800000002", "电话"])
def test_refused_phones(text: str) -> None:
    """Too short, too long, two in one field, or no number at all."""
    assert refusal(numbers.phone, text) == "RUL-022"


@given(amount=st.decimals(0, 10**15, places=2))
def test_money_is_exact(amount: Decimal) -> None:
    """An amount is read as written, never through a float."""
    assert numbers.money(f"{amount:f}") == amount


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1,000", "01", "1.", "1.234", ".5", "１", "Infinity", "NaN", "1元"])
def test_refused_money(text: str) -> None:
    """Signs, exponents, separators, units and more than two places are no amount (domain.md §5.3, trap 6)."""
    assert refusal(numbers.money, text) == "RUL-023"


@pytest.mark.parametrize(
    ("text", "taken"), [("150102", True), ("110101", True), ("990102", False), ("15010", False), ("15010２", False)]
)
def test_regions(text: str, taken: bool) -> None:
    """Six digits of a province that exists."""
    assert numbers.region(text) == text if taken else refusal(numbers.region, text) == "RUL-003"


@pytest.mark.parametrize(
    ("text", "taken"),
    [("300420210301003684", True), ("300100001093369", True), ("300418010301003684", False), ("1", False)],
)
def test_case_marks(text: str, taken: bool) -> None:
    """The samples of domain.md §3.2 in both lengths; a year that cannot be is refused."""
    assert numbers.case_mark(text) == text if taken else refusal(numbers.case_mark, text) == "RUL-021"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("(2018)内0102刑初88号", "2018内0102刑初88"),
        ("（2021）川0104民诉前调801号", "2021川0104民诉前调801"),
        ("(2021)川01财保17号", "2021川01财保17"),
        ("（2014）梅丰法附调确字第27号", "2014梅丰法附调确27"),
        ("2015青民初89", "2015青民初89"),
        ("（2026）内0102诉前调595号之一", "2026内0102诉前调595之一"),
        ("（2026）内0102诉前调595号-1", "2026内0102诉前调595-1"),
        ("呼劳人仲案字〔2023〕第123号", "2023呼劳人仲案123"),
        ("呼劳人仲审字[2026]第012号", "2026呼劳人仲审12"),
        ("调协字〔2023〕第001号", "2023调协1"),
        ("工调字【2026】第031号", "2026工调31"),
    ],
)
def test_keys_of_known_grammars(text: str, key: str) -> None:
    """The examples of domain.md §3.2: brackets, 字, 第, 号 and leading zeros do not matter, 之一 and -1 do."""
    assert casenumber.key(text) == key
    assert casenumber.parse(text).original == text


@given(
    serial=st.integers(1, 99999999),
    year=st.sampled_from(["(2026)", "（2026）", "〔2026〕", "【2026】", "[2026]", "〈2026〉", "2026"]),
    blanks=st.sampled_from(["", " ", "\u3000"]),
)
def test_writing_does_not_change_the_key(serial: int, year: str, blanks: str) -> None:
    """Whatever brackets, blanks and width a number is written with, it is found by one key."""
    written = f"{year}{blanks}内0102{blanks}诉前调{serial}号"
    assert casenumber.key(written) == casenumber.key(f"（2026）内0102诉前调{serial}号")
    full_width = written.translate({ord(digit): ord(digit) + 0xFEE0 for digit in string.digits})
    assert casenumber.key(full_width) == casenumber.key(written)


@given(text=st.text(max_size=60))
def test_any_text_has_a_key(text: str) -> None:
    """The key of hostile text is computed without an error, and a key is its own key's worth of blanks and brackets."""
    key = casenumber.key(text)
    assert not set(key) & set(" \u3000()〔〕【】[]")


@pytest.mark.parametrize("text", ["待补", "", "2026", "（2026）595号", "内0102诉前调595号"])
def test_refused_case_numbers(text: str) -> None:
    """No year, no words or no serial: no grammar reads it."""
    assert refusal(casenumber.parse, text) == "RUL-020"


def test_hostile_length_is_cheap() -> None:
    """A hundred characters that almost match are refused without backtracking for seconds."""
    assert refusal(casenumber.parse, "（2026）" + "内" * 92 + "!") == "RUL-020"
