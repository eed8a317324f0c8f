"""Log and metrics: facts with ids, never content; labels that cannot grow without bound."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway import observe


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Where the lines go; the set-up of the test run comes back after it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    observe.configure(level="info", stream=stream)
    yield stream
    observe.unbind()
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The log's lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_a_fact_with_its_ids(log: io.StringIO) -> None:
    """Ids are bound once and stand in every line; numbers stay numbers, the time is UTC."""
    observe.bind(message_id="m1", conversation_id="c1")

    structlog.get_logger().info("message.accepted", stage="submit", took_ms=3.1)
    observe.unbind()
    structlog.get_logger().info("node.stopped")

    first, second = lines(log)
    assert (first["event"], first["message_id"], first["took_ms"], first["level"]) == (
        "message.accepted",
        "m1",
        3.1,
        "info",
    )
    assert first["timestamp"].endswith("Z")
    assert "message_id" not in second


def test_content_does_not_reach_the_log(log: io.StringIO) -> None:
    """Keys that nobody allowed are dropped and named; a long value is cut; nothing is logged below the level."""
    structlog.get_logger().info(
        "message.read", payload="<m:IdNumber>身份证号</m:IdNumber>", reason="x" * 5000, body=b"secret"
    )
    structlog.get_logger().debug("message.detail", reason="hidden")

    (line,) = lines(log)
    assert line["dropped"] == "body,payload"
    assert len(line["reason"]) < 100
    assert "身份证号" not in log.getvalue()
    assert "secret" not in log.getvalue()


def test_an_exception_is_its_class_and_place(log: io.StringIO) -> None:
    """The text of an exception may quote a message: only its class and where it was raised are told."""
    try:
        raise KeyError("张三的身份证号")
    except KeyError:
        structlog.get_logger().exception("worker.failed", worker="relay")

    (line,) = lines(log)
    assert line["exception"].startswith("KeyError at ")
    assert "身份证号" not in log.getvalue()


def test_libraries_say_little(log: io.StringIO) -> None:
    """Libraries that quote requests and records are heard only on errors, and then by level and name alone."""
    logging.getLogger("kafka.producer").warning("Sending value=%s", "secret")
    logging.getLogger("anything").warning("text with %s", "secret")

    assert "secret" not in log.getvalue()
    assert log.getvalue() == "WARNING anything\n"


def test_metrics_are_rendered_for_prometheus() -> None:
    """Counters and durations appear under their names with the labels that were given; one name may be both."""
    meter = observe.PrometheusMeter()
    meter.count("relay", 3)
    meter.count("deliver", outcome="failed", code="PAR-002")
    meter.observe("deliver", 0.2, profile="union/rest")

    text = meter.render().decode()
    assert 'outcome=""' in next(line for line in text.splitlines() if line.startswith("sct_relay_total{"))
    assert [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith("sct_relay_total{")] == ["3.0"]
    assert 'code="PAR-002"' in text
    assert 'sct_deliver_seconds_bucket{code="",kind="",le="0.25"' in text


def test_no_stranger_can_fill_the_memory() -> None:
    """Values of a label beyond a bound are counted as `other`; unknown labels are left out."""
    meter = observe.PrometheusMeter()
    for number in range(1000):
        meter.count("refused", code=f"X-{number}", message_id=str(number))

    series = [line for line in meter.render().decode().splitlines() if line.startswith("sct_refused_total{")]
    assert len(series) <= 201
    assert sum(float(line.rpartition(" ")[2]) for line in series) == 1000
    assert "message_id" not in series[0]
