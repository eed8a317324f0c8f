"""`gateway demo` as a person runs it: real processes, every step verified, nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from gateway.cli.app import app
from gateway.demo import run, show, witness
from gateway.demo.calls import Caller
from gateway.demo.federation import ALONE
from gateway.demo.services import KAFKA_LIBS, kafka_missing
from gateway.demo.stage import Stage
from gateway.demo.story import Story
from gateway.errors import NodeError

_ROOT = Path(__file__).parents[2]
_CHAPTERS = ("1 ·", "2 ·", "3 ·", "4 ·")
_END = re.compile(r"every step was verified in ([0-9.]+) s")
pytestmark = pytest.mark.timeout(300)


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    """The command to its end."""
    command = [sys.executable, "-m", "gateway", "demo", *options]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=280)


def of_the_demo(folder: Path) -> list[psutil.Process]:
    """Processes whose command line names the demo's folder."""
    everybody = psutil.process_iter(["cmdline"])
    return [process for process in everybody if any(str(folder) in word for word in process.info["cmdline"] or ())]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder for a demo, with nothing running in it afterwards."""
    folder = tmp_path / "demo"
    yield folder
    assert of_the_demo(folder) == []


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A demo that has run to its end, and the folder that it leaves."""
    folder = tmp_path_factory.mktemp("told") / "demo"
    return demo("--dir", str(folder)), folder


def test_the_demo_verifies_every_step(told: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """One node, embedded: four chapters, the traces, status 0, within 60 s after set-up; no process outlives it."""
    done, folder = told
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    ending = _END.search(done.stdout)
    assert ending is not None
    assert float(ending[1]) <= 60
    assert [chapter for chapter in _CHAPTERS if chapter not in done.stdout] == []
    assert "✘" not in done.stdout
    assert done.stdout.count("trace 轨迹") == 7, "one mediated, one declined, five repaired"
    assert "RUL-" in done.stdout, "the refusal at the door says its rule"
    assert "+/disputeType = NM0206" in done.stdout, "the dry run shows the difference"
    assert of_the_demo(folder) == []


def test_the_command_line_reads_what_the_demo_left(told: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """Trace by the court's number in another spelling, the failure group with its members, and the replay with both names."""
    _, folder = told
    traced = listed(folder, "trace", "--case", "( 2026 ) 内0102民诉前调 596 号")
    assert {one["state"] for one in traced["processes"]} == {"closed"}
    assert {one["flow"] for one in traced["processes"]} == {"designated-mediation", "arbitration-review"}
    assert traced["chain"] == "holds"
    group = next(one for one in listed(folder, "failures", "list") if one["stage"] == "deliver")
    assert (group["count"], group["open"]) == (5, 0)
    members = listed(folder, "failures", "show", group["fingerprint"])
    assert {one["state"] for one in members} == {"resolved"}
    assert all("original" not in one for one in members), "a listing hands out no payload"
    replay = listed(folder, "replay", "status")[0]
    assert (replay["state"], replay["done"]) == ("done", 5)
    assert (replay["planned_by"], replay["approved_by"]) == ("operator-one", "operator-two")


def listed(folder: Path, *words: str) -> Any:
    """What a command prints with --json about the demo's one node."""
    result = CliRunner().invoke(app, [*words, "--json", "--config", str(folder / "local" / "gateway.toml")])
    assert result.exit_code == 0, (words, result.output, result.exception)
    return json.loads(result.stdout)


def test_the_demo_on_kafka_verifies_every_step_or_says_what_is_missing(place: Path) -> None:
    """Three nodes on genuine Apache Kafka and PostgreSQL tell the same story; without Kafka or Java one line says what to type."""
    done = demo("--kafka", "--dir", str(place))
    if missing := kafka_missing(_ROOT / KAFKA_LIBS):
        assert done.returncode == 1
        assert missing.partition(";")[2].strip() in done.stderr
        return
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert re.search(r"broker: Apache Kafka [0-9.]+ at kafka://127\.0\.0\.1:", done.stdout)
    assert [chapter for chapter in _CHAPTERS if chapter not in done.stdout] == []
    assert {name.name for name in place.iterdir()} >= {"court", "arbitration", "union"}
    assert all((place / name / "keys").is_dir() for name in ("court", "arbitration", "union"))


def test_a_demo_that_is_kept_runs_until_it_is_ended(place: Path) -> None:
    """`--keep` prints addresses and tokens that work, and SIGTERM ends every process with status 0."""
    command = [sys.executable, "-m", "gateway", "demo", "--keep", "--dir", str(place)]
    running = subprocess.Popen(
        command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    assert running.stdout is not None
    try:
        lines: list[str] = []
        for line in running.stdout:
            lines.append(line)
            if line.startswith("clock"):
                break
        text = "".join(lines)
        address, token = re.search(r"node local: (\S+)", text), re.search(r"token of auditor: (\S+)", text)
        assert address is not None
        assert token is not None
        assert len(Caller(base=address[1], token=token[1]).get("/v1/messages")["messages"]) > 10
    finally:
        running.send_signal(signal.SIGTERM)
        running.stdout.close()
        assert running.wait(60) == 0


def test_a_step_that_does_not_hold_makes_the_demo_fail(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A partner that loses what it should have had: the demo says which step, shows the logs, and ends with status 1."""
    place.mkdir()
    monkeypatch.setattr(witness, "PATIENCE_S", 1.0)

    def broken(story: Story) -> None:
        witness.until("the station has what nobody sent", lambda: None, seconds=0.2)
        story.told.append(("", ""))

    monkeypatch.setattr(Story, "tell", broken)
    with Stage(place, ALONE) as stage:
        assert run.verified(stage) == 1
    assert "nobody sent" in capsys.readouterr().out


def test_a_full_folder_is_refused(tmp_path: Path) -> None:
    """The demo writes keys and ledgers: never into a folder that holds something."""
    (tmp_path / "mine.txt").write_text("mine")
    done = demo("--dir", str(tmp_path))
    assert done.returncode == 1
    assert "NOD-061" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_waiting_ends_with_what_never_happened() -> None:
    """`until` gives the first thing that is so, and names what was not, in bounded time."""
    began = time.monotonic()
    with pytest.raises(NodeError, match="the moon") as caught:
        witness.until("the moon is blue", lambda: None, seconds=0.2)
    assert caught.value.code == "NOD-060"
    assert time.monotonic() - began < 2
    assert witness.until("something", lambda: "found") == "found"


def test_a_trace_shows_facts_and_receipts_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Facts and receipts stand in one list by time, and a process says whose turn it is and until when."""
    fact = {
        "at_us": 2,
        "stage": "deliver",
        "kind": "delivered",
        "detail": {},
        "message_id": "m",
        "actor": "union:t-a",
        "took_us": 1500,
    }
    receipt = {
        "issued_at": "1970-01-01T00:00:00.000001+00:00",
        "kind": "accepted",
        "message_id": "m",
        "message_type": "",
        "issuer": "node:a",
        "number": 1,
        "state": "designated",
    }
    process = {
        "flow": "designated-mediation", "process_id": "p", "state": "designated", "number": 1, "ended": False, "turn": "mediator",
        "roles": {"mediator": "union:t-a"}, "next": {"mediation.DesignationAccept": "union:t-a"},
        "deadlines": [{"timer": "T-ACC", "due_us": 0, "state": "armed", "provisional": False}],
    }  # fmt: skip
    show.trace(
        {
            "conversation_id": "c",
            "chain": "holds",
            "facts": [fact],
            "receipts": [receipt],
            "processes": [process],
            "messages": [{"message_id": "m", "message_type": "mediation.DesignationRequest"}],
            "failures": [],
        }
    )
    out = capsys.readouterr().out
    assert out.index("receipt accepted") < out.index("deliver: delivered")
    assert "turn 轮到 union:t-a" in out
    assert "T-ACC" in out
    assert "DesignationAccept" in out
