"""contracts/errors.toml holds every code that can be met, and none that cannot."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.errors import Finding, SettingRefused
from gateway.validate.report import ErrorRow, ErrorTable, located

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "contracts" / "errors.toml"
TABLE = ErrorTable.load(FILE)
OWN = frozenset(tomllib.loads(FILE.read_text(encoding="utf-8")))
_CODE = re.compile(r"(?:ENV|SIG|XSD|RUL|FLW|CLM|ATT|BUS|DIA|ACC|REQ|PRK|PAR|NOD)-[0-9]{3}")
_HAN = re.compile(r"[一-鿿]")
#: protocol.md §10; a 5xx is ours alone.
_STATUSES = {
    "ENV": {400, 413},
    "SIG": {403},
    "XSD": {422},
    "RUL": {422},
    "FLW": {202, 409, 422},
    "CLM": {409},
    "ATT": {413, 422},
    "BUS": {400},
    "DIA": {422},
    "ACC": {401, 403},
    "REQ": {400, 404, 405, 409, 413, 415},
    "PRK": {409},
    "PAR": {409},
    "NOD": {503},
}
ROW = 'title_zh = "甲"\ntitle_en = "a"\nmend_zh = "乙"\nmend_en = "b"\n'


def _codes_in_code() -> Iterator[tuple[str, str]]:
    """(code, file) of every string literal that is a code, docstrings and comments apart."""
    for folder in ("gateway", "adapters"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                    yield node.value, file.relative_to(ROOT).as_posix()


def test_every_code_in_the_code_has_a_row() -> None:
    """No person meets a code without its meaning and mend."""
    missing = {code: file for code, file in _codes_in_code() if TABLE.find(code) is None}
    assert missing == {}


def test_every_row_is_a_code_that_the_code_raises() -> None:
    """A row that nothing raises is a promise that nobody keeps; rules are raised by their table."""
    used = {code for code, _ in _codes_in_code()}
    assert OWN - used == set()


@pytest.mark.parametrize("row", TABLE.rows.values(), ids=TABLE.rows)
def test_a_row_speaks_both_languages_and_has_its_status(row: ErrorRow) -> None:
    """Chinese texts are Chinese, English ones are not, and the status is one that protocol.md §10 gives the family."""
    assert _CODE.fullmatch(row.code)
    assert _HAN.search(row.title_zh)
    assert _HAN.search(row.mend_zh)
    assert row.title_en.isascii() or not _HAN.search(row.title_en[:3])
    assert row.http in _STATUSES[row.code[:3]]


def test_only_our_own_codes_are_5xx() -> None:
    """Bad input is never answered as our failure (protocol.md §10)."""
    assert {row.code[:3] for row in TABLE.rows.values() if row.http >= 500} == {"NOD"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ENV-001]\n" + ROW.replace('"b"', '""'), "ENV-001"),
        ("[ENV-001]\n" + ROW + 'colour = "red"\n', "colour"),
        ("[ENV-001]\n" + ROW + 'http = "400"\n', "http"),
        ("ENV-001 = 3\n", "ENV-001"),
        ("[ENV-001\n", "cannot be read"),
    ],
    ids=["empty text", "unknown column", "status as text", "no table", "no TOML"],
)
def test_a_row_without_its_form_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    """A broken table stops the start and says which row is broken."""
    file = tmp_path / "errors.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingRefused, match=said):
        ErrorTable.load(file)


def test_a_rule_beside_the_table_is_found_by_its_id(tmp_path: Path) -> None:
    """Rules have their texts in rules.toml alone; the table finds them there, as 422."""
    (tmp_path / "errors.toml").write_text("[ENV-001]\n" + ROW, encoding="utf-8")
    rule = '[RUL-999]\ntext_zh = "丙"\ntext_en = "c {value}"\nmend_zh = "丁"\nmend_en = "d"\n'
    (tmp_path / "rules.toml").write_text(rule, encoding="utf-8")
    row = ErrorTable.load(tmp_path / "errors.toml").find("RUL-999")
    assert row == ErrorRow(code="RUL-999", title_zh="丙", title_en="c …", mend_zh="丁", mend_en="d", http=422)


ENVELOPE = b"""<Envelope xmlns="urn:sct:envelope:1"><Header/>
<Payload><m:DesignationRequest xmlns:m="urn:sct:mediation:1" xmlns:c="urn:sct:common:1">
<m:Party><c:Name>a</c:Name></m:Party>
<m:Party><c:Name>b</c:Name>
<c:IdNumber>1</c:IdNumber></m:Party>
</m:DesignationRequest></Payload></Envelope>"""


def _finding(xpath: str, line: int = 0) -> Finding:
    return Finding(code="RUL-011", xpath=xpath, line=line, text_zh="甲", text_en="a")


def test_a_rules_finding_is_told_with_prefixes_and_line() -> None:
    """Rules see plain data; the sender is told the element of the document and its line (style.md, a refusal helps)."""
    payload = etree.fromstring(ENVELOPE)[1][0]
    (found,) = located([_finding("/Envelope/Payload/*/Party[2]/IdNumber")], payload)
    assert found.xpath == "/Envelope/Payload/m:DesignationRequest/m:Party[2]/c:IdNumber"
    assert found.line == 5


@pytest.mark.parametrize(
    "xpath",
    [
        "",
        "/Envelope/Header/Attachments/Attachment[1]",
        "/Envelope/Payload/*/Party[3]",
        "/Envelope/Payload/*/Party[2]/@x",
    ],
)
def test_a_place_that_is_not_in_the_payload_stays_as_it_was(xpath: str) -> None:
    """What cannot be found is not guessed."""
    payload = etree.fromstring(ENVELOPE)[1][0]
    assert located([_finding(xpath)], payload) == [_finding(xpath)]
