"""The commands that read the law: calendar, codes, number, and walking through a flow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.app import app
from gateway.errors import NotFound
from gateway.model.numbers import credit_check, id_check, organisation_check


def run(*words: str, said: str = "") -> Result:
    """One command in this process, `said` on its standard input."""
    return CliRunner().invoke(app, list(words), input=said)


def listed(*words: str) -> Any:
    """What a command prints with --json."""
    return json.loads(run(*words, "--json").stdout)


@pytest.mark.parametrize(
    ("start", "count", "unit", "last"),
    [
        ("2024-01-31", "+15", "days", "2024-02-18"),
        ("2024-01-31", "3", "working-days", "2024-02-04"),
        ("2026-02-10", "+5", "working-day", "2026-02-24"),
        ("2024-01-31", "+1", "months", "2024-02-29"),
        ("2024-02-29", "+2", "years", "2026-02-28"),
        ("2026-03-02T10:20", "+24", "hours", "2026-03-03"),
    ],
)
def test_calendar_gives_the_last_day(start: str, count: str, unit: str, last: str) -> None:
    """Golden dates of domain.md §1.10, one of each unit, with the reckoning that leads there."""
    found = listed("calendar", start, count, unit)

    assert found["last_day"] == last
    assert (found["reckoning"][0]["why"], found["reckoning"][-1]["why"]) == ("start", "due")
    assert last in run("calendar", start, count, unit).stdout


def test_calendar_says_what_is_provisional() -> None:
    """A date in a year whose notice is not published is marked."""
    assert listed("calendar", "2031-01-31", "+15", "days")["provisional"]
    assert "provisional" in run("calendar", "2031-01-31", "+15", "days").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("yesterday", "+1", "days"),
        ("2024-01-31", "0", "days"),
        ("2024-01-31", "-3", "days"),
        ("2024-01-31", "+1", "moons"),
    ],
)
def test_calendar_refuses_what_it_cannot_count(words: tuple[str, ...]) -> None:
    """A start, count or unit that is none is a usage error, exit status 2."""
    assert run("calendar", "--", *words).exit_code == 2


def test_codes_are_listed_and_searched() -> None:
    """All lists; all codes of one; one code; the codes whose name holds a text."""
    assert "region" in {row["list"] for row in listed("codes")}
    assert {"A01", "A05"} <= {row["code"] for row in listed("codes", "reject")}
    assert listed("codes", "reject", "A05")["source"]
    assert [row["code"] for row in listed("codes", "region", "新城区")] == ["150102"]


@pytest.mark.parametrize("words", [("no-list",), ("reject", "no-such-code")])
def test_codes_that_are_not_there(words: tuple[str, ...]) -> None:
    """A list or code that is not here is refused, never guessed."""
    result = run("codes", *words)

    assert isinstance(result.exception, NotFound)


def test_numbers_are_known_by_their_form() -> None:
    """Each kind of number: what it is, its parts, its normal form, and that it holds."""
    identity = "15010219900101001"
    organisation = "12345678" + organisation_check("12345678")
    credit = "91150102" + organisation
    read = {
        identity + id_check(identity): ("identity", "birth", "1990-01-01"),
        credit + credit_check(credit): ("credit", "organisation", organisation),
        "（2024） 内0102民初00123号": ("case number", "normal", "2024内0102民初123"),
        "呼劳人仲字〔2024〕第12号": ("case number", "grammar", "body"),
        "150102": ("region", "normal", "150102"),
        "138 0013 8000": ("telephone", "normal", "13800138000"),
        "12.30": ("amount", "normal", "12.30"),
    }
    for text, (what, part, value) in read.items():
        found = listed("number", text)[0]
        assert what in found["what"], text
        assert found["holds"], text
        assert found[part] == value, text


def test_a_number_that_does_not_hold_says_why() -> None:
    """A wrong check digit: exit status 1 and the finding's code; what no form knows: status 1 too."""
    wrong = "15010219900101001" + ("0" if id_check("15010219900101001") != "0" else "1")
    result = run("number", wrong)

    assert result.exit_code == 1
    assert "RUL-011" in result.stdout
    assert run("number", "无").exit_code == 1


def test_a_flow_is_walked_in_the_terminal() -> None:
    """A designation, silence until its clock fires, a step back, acceptance instead: who may do what, until when."""
    result = run(
        "contracts", "walk", "designated-mediation", "--start", "2026-03-02", said="1\n+7\nb\n2\nwhat\n99\nq\n"
    )

    assert result.exit_code == 0, result.output
    for text in (
        "needs 须附 D105", "T-ACC until 至 2026-03-05", "fired 届满: T-ACC", "已退回 returned",
        "已接收 accepted  turn 应由: mediator", "T-MED30 until 至 2026-04-01",
    ):  # fmt: skip
        assert text in result.stdout
    assert result.stdout.count("? number: send") == 2


def test_a_flow_as_data() -> None:
    """With --json each state lists its turn, clocks and choices; an unknown flow is refused with the names known."""
    states = {row["state"]: row for row in listed("contracts", "walk", "arbitration-review")}

    assert states["applied"]["turn"] == "arbitration"
    assert states["applied"]["clocks"] == {"T-REVACC": "applied"}
    assert "arbitration.ReviewAccept" in {one["message_type"] for one in states["applied"]["next"]}
    assert isinstance(run("contracts", "walk", "nothing").exception, NotFound)
