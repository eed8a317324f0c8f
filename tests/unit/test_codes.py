"""Code lists: complete for the messages of F1, F6 and F11, sourced, and equal to what dialects map."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from adapters import causes, lists
from gateway.contract.codes import COLUMNS, CodeBook
from gateway.errors import NotFound, SettingRefused

CONTRACTS = Path(__file__).resolve().parent.parent.parent / "contracts"
BOOK = CodeBook.load(CONTRACTS / "codes")
HEAD = ",".join(COLUMNS) + "\n"
#: domain.md §3.16: the region, 12 leagues and cities, 103 banners, counties and districts.
INNER_MONGOLIA = 1 + 12 + 103


@pytest.mark.parametrize("name", sorted(lists.VALUES))
def test_what_dialects_map_is_exactly_the_list(name: str) -> None:
    """Adapters cannot read contracts/ (they are pure); their copy of a list may not differ from it."""
    assert set(BOOK.rows(name)) == set(lists.VALUES[name])


def test_both_versions_of_the_causes_stand_side_by_side() -> None:
    """A case keeps the version of its registration: 2020 until the end of 2025, 2025 from 2026-01-01 (法〔2025〕226号)."""
    assert {code: BOOK.name("cause", code) for code in BOOK.rows("cause")} == causes.NAMES
    assert BOOK.has("cause", "2020:186(5)", date(2025, 12, 31))
    assert not BOOK.has("cause", "2020:186(5)", date(2026, 1, 1))
    assert not BOOK.has("cause", "2025:205(5)", date(2025, 12, 31))
    assert BOOK.has("cause", "2025:205(5)", date(2026, 1, 1))


def test_a_cause_of_2020_has_its_successor_of_2025() -> None:
    """Renumbered causes are mapped; what came new in 2025 and what has no number there is not."""
    assert BOOK.successor("cause", "2020:186(5)") == "2025:205(5)"
    assert BOOK.successor("cause", "2020:十七") == "2025:十九"
    assert BOOK.successor("cause", "2020:458") is None
    assert BOOK.successor("cause", "2025:208") is None
    assert all(
        BOOK.name("cause", code) == BOOK.name("cause", after)
        for code in BOOK.rows("cause")
        if (after := BOOK.successor("cause", code))
    )


def test_inner_mongolia_is_complete_and_zones_are_no_regions() -> None:
    """103 banners, counties and districts in 12 leagues and cities; development zones have statistical codes only."""
    regions = BOOK.rows("region")
    assert len(regions) == INNER_MONGOLIA
    assert all(code[:4] + "00" in regions for code in regions)
    assert BOOK.name("region", "150102") == "新城区"
    assert BOOK.name("region", "150521") == "科尔沁左翼中旗"
    assert not set(regions) & set(BOOK.rows("region-statistical"))


def test_every_list_of_domain_3_is_here() -> None:
    """The reason and state lists of domain.md §3.4 to §3.14 and the documents of §3.18, whole."""
    sizes = {
        "stage": 18, "reject": 8, "court-return": 3, "triage-return": 6, "recusal": 3, "intake-refusal": 6, "termination": 9,
        "close-mode": 13, "payment-refusal": 9, "payment-dismissal": 4, "payment-termination": 4, "objection-invalid": 4,
        "review-refuse": 7, "not-issued": 6, "confirmation-refusal": 8, "confirmation-dismissal": 6, "roster-status": 6,
        "roster-removal": 10, "body-type": 16, "nature": 7, "performance": 9, "nation": 58, "document": 45,
    }  # fmt: skip
    assert {name: len(BOOK.rows(name)) for name in sizes} == sizes


def test_every_row_names_a_source_that_can_be_looked_up() -> None:
    """Keys stand in contracts/sources.csv with their address."""
    with (CONTRACTS / "sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["key"] for row in csv.DictReader(file)}
    named = {key for name in BOOK.lists for row in BOOK.rows(name).values() for key in row.source.split(";")}
    assert named - known == set()


def test_a_list_that_nobody_checked_says_so() -> None:
    """A list with a row marked `known` may be incomplete: no rule refuses on it."""
    assert BOOK.unverified("nation")
    assert not BOOK.unverified("termination")


def test_names_come_in_both_languages() -> None:
    """A code is shown to people by its name."""
    assert BOOK.name("termination", "T05") == "分歧较大难以达成"
    assert BOOK.name("termination", "T05", "en") == "positions too far apart"


@pytest.mark.parametrize("ask", [lambda: BOOK.has("colour", "1"), lambda: BOOK.name("sex", "7")], ids=["list", "code"])
def test_what_is_not_here_is_said(ask: object) -> None:
    """An unknown list or code is an error with a name, never an empty answer."""
    assert callable(ask)
    with pytest.raises(NotFound, match=r"colour|sex"):
        ask()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,name\n", "columns"),
        (HEAD + "1,男,male,,,K,known\n1,男,male,,,K,known\n", "twice"),
        (HEAD + "1,男,,,,K,known\n", "needed"),
        (HEAD + "1,男,male,,,K,guess\n", "mark"),
        (HEAD + "1,男,male,2026-13-01,,K,known\n", "dates"),
        (HEAD + "1,男,male,2026-01-02,2026-01-01,K,known\n", "before"),
        (HEAD + "1, 男,male,,,K,known\n", "blank"),
        (HEAD + "1,男,male,,,K,known,more\n", "column too many"),
    ],
    ids=["columns", "double", "no english", "mark", "date", "order", "blank", "long row"],
)
def test_a_broken_row_is_refused_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    """A lawyer who edits a list is told what to mend, at start and not in a case."""
    (tmp_path / "sex.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SettingRefused, match=f"sex.csv.*{said}"):
        CodeBook.load(tmp_path)


def test_a_successor_outside_the_list_is_refused(tmp_path: Path) -> None:
    """A mapping between versions names two codes that exist."""
    (tmp_path / "sex.csv").write_text(HEAD + "1,男,male,,,K,known\n", encoding="utf-8")
    (tmp_path / "successors").mkdir()
    (tmp_path / "successors" / "sex.csv").write_text("code,successor,source,mark\n1,7,K,known\n", encoding="utf-8")
    with pytest.raises(SettingRefused, match="1 → 7"):
        CodeBook.load(tmp_path)


def test_an_empty_folder_is_no_code_book(tmp_path: Path) -> None:
    """A wrong path stops the start instead of accepting every code."""
    with pytest.raises(SettingRefused, match=r"no \.csv"):
        CodeBook.load(tmp_path)
