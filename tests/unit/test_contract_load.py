"""A broken contract never starts a node: each way of breaking one is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.contract.check import problems
from gateway.contract.load import load_contracts, parse_contract
from gateway.contract.paths import holds, texts
from gateway.errors import SettingRefused
from tests.flow_run import CONTRACTS, ROOT

SMALL = """
flow: small
title: 小流程
title_en: A small flow
version: "1.0"
basis: test
roles:
  court: {family: [court], keeper: true, title: 法院}
  body: {family: [union], title: 组织}
  ear: {family: [job], copy: true, title: 抄送}
start: start
messages:
  m.Ask: {from: court, to: body, title: 问, receipt_starts: [T-ACC]}
  m.Answer: {from: body, to: court, title: 答, copies: [ear], until: Day}
states:
  start: {title: 始, turn: court, accepts: {m.Ask: {from: court, to: asked}}}
  asked:
    title: 问
    turn: body
    timers: [T-ACC]
    accepts: {m.Answer: {from: body, to: done}}
    expires: {T-ACC: done}
  done: {title: 终, final: true}
"""


def found(before: str, after: str) -> str:
    """What is wrong with the small contract after one change, as one text."""
    assert before in SMALL
    try:
        contract = parse_contract(SMALL.replace(before, after, 1), timers=CONTRACTS.timers, folder=ROOT / "flows")
    except SettingRefused as error:
        return str(error)
    return "; ".join(problems(contract))


def test_the_small_contract_is_sound() -> None:
    """The contract that the next test breaks is sound as it stands, so that each finding is the change's."""
    assert found("问", "问") == ""


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("keeper: true, ", "", "has 0 keepers"),
        ("family: [union]", "family: [union], keeper: true", "has 2 keepers"),
        ("family: [union]", "family: [onion]", "unknown families ['onion']"),
        ("family: [court], keeper: true", "family: [court], keeper: true, copy: true", "cannot be keeper and copy"),
        ("m.Answer: {from: body, to: court", "m.Answer: {from: body, to: ear", "must go from or to the keeper"),
        ("to: body, title: 问", "to: nobody, title: 问", "unknown role nobody"),
        ("copies: [ear]", "copies: [body]", "body, which is no copy role"),
        ("m.Ask: {from: court, to: asked}", "m.Ask: {from: body, to: asked}", "comes from court, not from body"),
        ("{from: court, to: asked}", "{from: court, to: nowhere}", "unknown states ['nowhere']"),
        ("{from: body, to: done}", "{from: body, to: done, when: {A: b}}", "only the keeper's messages may have one"),
        ("{from: court, to: asked}", "[{from: court, to: asked}, {from: court, to: done}]", "hides those after it"),
        ("{from: body, to: done}", "{from: body, to: done, starts: [T-ASK]}", "T-ASK, which does not run in done"),
        ("timers: [T-ACC]", "timers: [T-NONE]", "unknown timer T-NONE"),
        ("{from: body, to: done}", "{from: body, to: done, stops: [T-ACC]}", "stops T-ACC, which does not run in done"),
        ("{from: body, to: done}", "{from: body, starts: [T-PERF]}", "cannot start T-PERF, which starts by item"),
        ("{from: body, to: done}", "{from: body, starts: [T-PERF7]}", "cannot start T-PERF7, which starts by before"),
        (
            "{from: body, to: done}",
            "{from: body, starts: [T-ANNUAL]}",
            "cannot start T-ANNUAL, which starts by calendar",
        ),
        ("    expires: {T-ACC: done}", "    expires: {}", "must be what runs"),
        (", receipt_starts: [T-ACC]", "", "nothing starts T-ACC"),
        ("receipt_starts: [T-ACC]", "receipt_starts: [T-ASK]", "no timer that starts by delivered"),
        ("copies: [ear]", "opening: {T-ASK: [A]}", "no timer that starts by opening"),
        ("copies: [ear]", "answers: [m.None]", "unknown message m.None"),
        ("copies: [ear]", "correct: [nowhere]", "unknown states ['nowhere']"),
        ("done: {title: 终, final: true}", "done: {title: 终}", "nobody's turn"),
        ("done: {title: 终, final: true}", "done: {title: 终, turn: court}", "no final state"),
        (
            "done: {title: 终, final: true}",
            "done: {title: 终, final: true}\n  lost: {title: 失, final: true}",
            "never reached",
        ),
        (
            "expires: {T-ACC: done}",
            "expires: {T-ACC: trap}\n  trap: {title: 陷, turn: court}",
            "from state trap no end is reached",
        ),
        ("turn: body", "turn: ear", "cannot be the turn of ear"),
        ("start: start", "start: beginning", "start state beginning"),
        ("  m.Answer: {from: body", "  m.Other: {from: body", "m.Answer, which is not among the messages"),
        ("title: 问, receipt", "titel: 问, receipt", "unknown titel"),
        ("title: 小流程\n", "", "title is missing"),
        ("roles:", "roles: [1]\nrules:", "unknown rules"),
        ("states:", "states: 3\nalso:", "has not the shape"),
        ("  m.Ask: {from", "  m.Answer: {from", "m.Answer stands twice"),
        ("flow: small", "flow: {small", "text:"),
        (
            "start: start\n",
            "start: start\nparts: {session: {roles: {body: body, keeper: court}, never: [asked]}}\n",
            "no group never",
        ),
        ("start: start\n", "start: start\nparts: {nothing: {}}\n", "nothing.yaml: cannot be read"),
        ("start: start\n", "start: start\nalso: [{in: [nowhere], accepts: {}}]\n", "nowhere is missing"),
    ],
)
def test_what_is_unsound_is_named(before: str, after: str, text: str) -> None:
    """Every rule of contracts/README.md is checked: the finding names the flow or file, the place and the reason."""
    assert text in found(before, after)


def test_a_type_without_a_schema_is_found() -> None:
    """Given the schemas' types, a message that has no element is named."""
    contract = parse_contract(SMALL, timers=CONTRACTS.timers, folder=ROOT / "flows")

    assert "m.Answer has no element" in "; ".join(problems(contract, known_types={"m.Ask"}))


def test_all_files_are_judged_before_the_start_fails(tmp_path: Path) -> None:
    """One start names the problems of all files, and a node without any contract does not start."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "timers.yaml").write_text((ROOT / "timers.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(SettingRefused, match="no contract found"):
        load_contracts(tmp_path)
    (tmp_path / "flows" / "small.yaml").write_text(SMALL, encoding="utf-8")
    assert load_contracts(tmp_path).names() == ("small@1.0",)
    (tmp_path / "flows" / "other.yaml").write_text(SMALL.replace("turn: body", "turn: ear"), encoding="utf-8")
    with pytest.raises(SettingRefused) as caught:
        load_contracts(tmp_path)
    for text in ("other.yaml: holds the flow small", "stands in another file too", "cannot be the turn of ear"):
        assert text in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [{"counts": "guessed"}, {"starts": "someday"}, {"length": None}, {"length": {"count": 0, "unit": "days"}},
     {"length": {"count": 1, "unit": "moons"}}, {"expiry": "x"}, {"event": None}, {"starts": "set"}, {"starts": "before"}, {"yearly": "12-10"}, {"starts": "item"}],
)  # fmt: skip
def test_a_broken_clock_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    """A clock with an unknown start, unit or count stops the start and names the clock."""
    timers = yaml.safe_load((ROOT / "timers.yaml").read_text(encoding="utf-8"))
    timers["T-REV"] |= change
    (tmp_path / "flows").mkdir()
    (tmp_path / "timers.yaml").write_text(yaml.safe_dump(timers, allow_unicode=True), encoding="utf-8")

    with pytest.raises(SettingRefused, match="T-REV"):
        load_contracts(tmp_path)


def test_every_clock_has_its_source_and_mark() -> None:
    """A lawyer finds for each clock where it comes from and how sure that is (domain.md §0)."""
    assert {timer.mark for timer in CONTRACTS.timers.values()} <= {"found", "known", "computed", "design"}
    assert all(timer.source and timer.event_zh and timer.expiry_zh for timer in CONTRACTS.timers.values())


def test_payload_paths() -> None:
    """A path walks dicts and lists, reads the text of an element with attributes, and finds nothing where none is."""
    payload = {"A": [{"B": "1"}, {"B": {"#text": "2", "@v": "x"}}, "loose"], "C": "", "D": {"E": []}}

    assert texts(payload, "A/B") == ["1", "2"]
    assert texts(payload, "C") == texts(payload, "D/E") == texts(payload, "D/E/F") == texts(payload, "X") == []
    assert holds(payload, {"A/B": "2"})
    assert holds(payload, {"A/B": "*"})
    assert not holds(payload, {"A/B": "3"})
    assert not holds(payload, {"C": "*"})
