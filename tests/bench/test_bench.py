"""The bench runs whole, with few messages, and prints figures that can be; nothing here judges how fast this machine is."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

_MESSAGES = 40
_FIGURES = {
    "messages_per_s",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "gateway_cpu_us",
    "database_cpu_us",
    "floor_us",
    "ratio_to_floor",
}


def _bench(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "gateway", "bench", *arguments, "--json", "--seconds", "30", "--in-flight", "4"]
    done = subprocess.run([*command, "--messages", str(_MESSAGES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _sane(figures: dict[str, Any]) -> None:
    assert figures["messages"] == _MESSAGES
    assert figures["refused"] == {}
    assert figures.keys() >= _FIGURES
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert figures["messages_per_s"] > 0
    assert figures["floor_us"] > 0
    assert figures["ratio_to_floor"] == pytest.approx(figures["gateway_cpu_us"] / figures["floor_us"], abs=0.1)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_bench_submit_prints_its_figures(database: str) -> None:
    """Every message is accepted by a real node, and all figures of the issue are there and fit each other."""
    figures = _bench("submit", "--database", database)
    _sane(figures)
    assert (figures["what"], figures["database"]) == ("submit", database)
    assert ("database" in figures["cpu_us"]) is (database == "postgresql")


def test_bench_end_to_end_waits_for_the_delivered_receipt() -> None:
    """Two real nodes and a partner: every message ends with its `delivered` receipt at the sender's node, and each process's CPU is told."""
    figures = _bench("end-to-end", "--database", "sqlite")
    _sane(figures)
    assert figures["what"] == "end-to-end"
    assert set(figures["cpu_us"]) == {"gateway court", "gateway union", "partner", "load"}
