"""Time, ids, chance and trace context: what comes through ports so that a federation can be run again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import SettingRefused
from gateway.transport.clock import FileClock, SystemClock, set_clock
from gateway.transport.ids import RandomIds, SeededIds
from gateway.transport.trace import follow, parse, start


def test_the_clock_file_moves_time(tmp_path: Path) -> None:
    """A federation shares a clock by its file: still until it is written, half-written files change nothing."""
    path = tmp_path / "clock"
    moment = datetime.fromisoformat("2026-11-24T10:00:00+08:00")
    set_clock(path, moment)
    clock = FileClock(path)

    assert clock.now() == moment
    set_clock(path, moment + timedelta(days=3))
    assert clock.now() == moment + timedelta(days=3)
    assert clock.now_us() == int((moment + timedelta(days=3)).timestamp() * 1_000_000)
    path.write_text("2026-")
    assert clock.now() == moment + timedelta(days=3)
    set_clock(path, moment, running=True)
    first = clock.now()
    assert moment <= first <= clock.now() < moment + timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24T10:00:00"])
def test_a_clock_file_without_a_time_is_refused(tmp_path: Path, text: str) -> None:
    """A missing file, no time, or a time without its offset is a setting that cannot work."""
    path = tmp_path / "clock"
    if text:
        path.write_text(text)
    with pytest.raises(SettingRefused) as refused:
        FileClock(path)
    assert refused.value.code == "NOD-013"


def test_a_seed_gives_the_same_ids_again(tmp_path: Path) -> None:
    """With one seed and one clock a run repeats itself; the system's ids never do, and all are UUIDv7 of their time."""
    path = tmp_path / "clock"
    set_clock(path, datetime(2026, 11, 24, tzinfo=UTC))
    clock = FileClock(path)

    one, two = SeededIds(7, clock), SeededIds(7, clock)
    assert [one.uuid7(), one.random()] == [two.uuid7(), two.random()]
    ids = {RandomIds(clock).uuid7() for _ in range(1000)}
    assert len(ids) == 1000
    assert len({text[:13] for text in ids}) == 1
    assert 0 <= RandomIds(SystemClock()).random() < 1


def test_trace_context_is_read_and_followed() -> None:
    """A valid traceparent keeps its trace id on the next hop; anything else starts a new trace (W3C trace context §3.2)."""
    came = f"00-{'a' * 32}-{'b' * 16}-01"

    assert str(parse(came)) == came
    assert follow(came).trace_id == "a" * 32
    assert follow(came).span_id != "b" * 16
    for text in (
        "",
        "x",
        f"ff-{'a' * 32}-{'b' * 16}-01",
        f"00-{'0' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        f"{came}-x",
    ):
        assert parse(text) is None
        assert follow(text).trace_id != "a" * 32
    assert parse(str(start())) is not None
