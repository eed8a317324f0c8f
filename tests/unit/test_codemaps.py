"""Every code table of every dialect, both ways."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters import causes, lists
from adapters.arbitration.hrss import codes as hrss
from adapters.codemap import CodeMap
from adapters.court.platform import codes as court
from adapters.union.rest import codes as union
from gateway.errors import DialectRefused, UnknownCode

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).resolve().parent.parent.parent / "contracts" / "codes"
DIALECTS = {"court/platform": court, "arbitration/hrss": hrss, "union/rest": union}
TABLES = [(profile, name) for profile, module in DIALECTS.items() for name in sorted(module.CODES)]
#: What comes back coarser than it went, and why; the exact value travels in the dialect's extension.
COARSER: Mapping[tuple[str, str], Mapping[str, str]] = {
    # The platform tells six kinds of certificate apart, every other is 255 (domain.md §3.15).
    ("court/platform", "cert-type"): {"02": "99", "03": "99", "90": "99"},
    # AAC004 has no "unknown".
    ("arbitration/hrss", "sex"): {"0": "9"},
}


def values_of(name: str) -> list[str]:
    """The canonical values of a list, as contracts/codes has them."""
    file = FOLDER / f"{'cause' if name == 'disputeType' else name}.csv"
    with file.open(encoding="utf-8") as rows:
        return [row["code"] for row in csv.DictReader(rows)]


@pytest.mark.parametrize(("profile", "name"), TABLES)
def test_every_value_of_ours_can_be_written_and_reads_back(profile: str, name: str) -> None:
    """Each value of the list is written, and what is written reads back as the same or a documented coarser one."""
    table = DIALECTS[profile].CODES[name]
    coarser = COARSER.get((profile, name), {})
    for value in values_of(name):
        assert table.read(table.write(value)) == coarser.get(value, value)


@pytest.mark.parametrize(("profile", "name"), TABLES)
def test_every_native_form_reads_as_a_value_of_ours(profile: str, name: str) -> None:
    """No form of a table stands for something that our list has not."""
    table, ours = DIALECTS[profile].CODES[name], set(values_of(name))
    assert {table.read(native) for native in table.native} <= ours
    assert table.canonical == ours


@pytest.mark.parametrize(("profile", "name"), TABLES)
def test_an_unknown_form_is_an_error_with_a_name(profile: str, name: str) -> None:
    """A code that no table has is refused, and the refusal names the list and the value."""
    with pytest.raises(UnknownCode, match=f"{name}.*'unheard-of'") as refused:
        DIALECTS[profile].CODES[name].read("unheard-of")
    assert refused.value.code == "DIA-010"


@pytest.mark.parametrize("profile", DIALECTS)
def test_every_list_that_a_table_uses_is_there(profile: str) -> None:
    """Each code field names a table of the dialect, each label a list of names."""
    dialect = DIALECTS[profile].DIALECT
    for table in dialect.tables.values():
        for field in table.fields:
            assert field.kind not in {"code", "cause"} or field.of in dialect.codes, field
            assert field.kind != "label" or field.of in dialect.labels, field


def test_the_lists_are_those_of_the_contracts() -> None:
    """The values that dialects map are the values of contracts/codes, no more and no fewer."""
    assert {name: sorted(values) for name, values in lists.VALUES.items()} == {
        name: sorted(values_of(name)) for name in lists.VALUES
    }
    assert set(causes.NAMES) == set(values_of("cause"))


@pytest.mark.parametrize("profile", DIALECTS)
def test_kinds_and_receipts_are_complete(profile: str) -> None:
    """Every kind of message and, where receipts are coded, every kind of receipt has a native form that reads back."""
    module = DIALECTS[profile]
    for kind in ("new", "correct", "void", "out-of-band"):
        assert module.KINDS.read(module.KINDS.write(kind)) == kind
    receipts: CodeMap | None = getattr(module, "RECEIPTS", None)
    for kind in (
        "accepted",
        "rejected",
        "received",
        "refused",
        "delivered",
        "retrieved",
        "undeliverable",
        "expired",
        "timeout",
    ):
        assert receipts is None or receipts.read(receipts.write(kind)) == kind


@pytest.mark.parametrize("profile", DIALECTS)
def test_every_family_of_our_errors_has_an_answer(profile: str) -> None:
    """Each family of codes in gateway/errors.py is answered with a code of the dialect."""
    assert set(DIALECTS[profile].ERRORS) == {
        "ENV", "SIG", "XSD", "RUL", "FLW", "CLM", "ATT", "BUS", "DIA", "ACC", "REQ", "PRK", "PAR", "NOD",
    }  # fmt: skip


def test_a_region_overrides_single_codes() -> None:
    """A region's own number is written and read, the profile's number for it is gone, every other entry stays."""
    base = union.CODES["disputeType"]
    mended = base.overridden({"2025:205(6)": "NM0206"})

    assert mended.write("2025:205(6)") == "NM0206"
    assert mended.read("NM0206") == "2025:205(6)"
    assert mended.write("2025:205(5)") == base.write("2025:205(5)")
    with pytest.raises(UnknownCode):
        mended.read(base.write("2025:205(6)"))


def test_a_region_cannot_name_what_the_profile_has_not() -> None:
    """A misspelt list or field in a region's file is refused, not ignored."""
    with pytest.raises(DialectRefused, match="disputeTypo"):
        union.DIALECT.for_region({"codes": {"disputeTypo": {"2025:205(6)": "1"}}})
    with pytest.raises(DialectRefused, match="noSuchKey"):
        union.DIALECT.for_region({"fields": {"noSuchKey": "x"}})


@pytest.mark.parametrize(
    ("form", "value"), [("男", "1"), ("09_00003-2", "2"), ("１", "1"), (" 2 ", "2"), ("1-男", "1")]
)
def test_the_forms_of_the_field_are_read(form: str, value: str) -> None:
    """Words, the 09 standard, full-width digits and blanks read as the code that they mean (domain.md §3.15, §5.3)."""
    assert court.CODES["sex"].read(form) == value
