"""What the node tells about itself.

Facts in the log (JSON, ids only) and metrics for Prometheus with bounded labels.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import defaultdict
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from structlog.typing import EventDict, WrappedLogger

#: What a log line may carry: ids, codes, counts, durations. Anything else is dropped, so that no payload slips in by
#: mistake.
# fmt: off
ALLOWED = frozenset((
    "event", "level", "timestamp", "logger", "node", "worker", "stage", "name", "code", "outcome", "kind", "state",
    "part", "flow", "message_type", "profile", "participant", "sender", "receiver", "recipient", "issuer",
    "endpoint", "message_id", "conversation_id", "process_id", "failure_id", "replay_id", "deadline", "timer",
    "subject", "serial", "fingerprint", "trace_id", "span_id", "topic", "group", "partition", "offset", "count",
    "limit", "total", "done", "failed", "size_bytes", "status", "method", "route", "attempt", "attempts", "seq",
    "number", "version", "due", "until", "wait_s", "took_ms", "took_us", "age_s", "error", "exception", "reason",
    "signal", "pid", "port", "host", "broker", "database",
))
# fmt: on
#: Longer values are no ids.
_LONGEST = 200
#: Values of one label that are told apart; what comes later is counted as `other`, so that no stranger can fill the
#: memory.
_VALUES = 200
#: The labels of every metric; any other is left out.
LABELS = ("stage", "outcome", "code", "kind", "profile", "timer", "worker", "topic", "method", "route", "status")
#: Seconds: from a commit to a slow partner.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

METRICS_MEDIA_TYPE = CONTENT_TYPE_LATEST


def configure(*, level: str = "info", form: str = "json", stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging once a process.

    `form` is json or text, `stream` stderr by default.
    """
    out = stream or sys.stderr
    least = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_exception,
            guard,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(least, logging.WARNING), stream=out, format="%(levelname)s %(name)s", force=True)
    # These quote requests, records or addresses in their texts.
    for library in ("kafka", "aiohttp", "sqlalchemy", "uvicorn.access", "alembic"):
        logging.getLogger(library).setLevel(logging.ERROR)


def bind(**ids: str) -> None:
    """Bind ids to every later line of this task (message, conversation, process, sender); once, at ingress."""
    structlog.contextvars.bind_contextvars(**ids)


def unbind() -> None:
    """Forget the ids of this task."""
    structlog.contextvars.clear_contextvars()


def guard(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor: drops keys that are not in `ALLOWED`, cuts what is too long for an id, names what was dropped."""
    kept: EventDict = {}
    dropped = []
    for key, value in event.items():
        if key not in ALLOWED:
            dropped.append(key)
        elif isinstance(value, bool | int | float) or value is None:
            kept[key] = value
        else:
            text = str(value)
            kept[key] = text if len(text) <= _LONGEST else f"{text[:40]}… ({len(text)} characters)"
    if dropped:
        kept["dropped"] = ",".join(sorted(dropped))[:_LONGEST]
    return kept


def name_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor: an exception becomes its class and the place that raised it; its text may quote a message."""
    raised = event.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f" at {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else ""
        event["exception"] = f"{type(error).__name__}{place}"
    return event


class PrometheusMeter:
    """`ports.Meter` over a registry of its own; every metric has the same `LABELS`, an empty one counts as absent."""

    def __init__(self) -> None:
        """No metric yet."""
        self._registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._values: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()

    def count(self, name: str, value: int = 1, **labels: str) -> None:
        """Add to `sct_<name>_total`."""
        with self._lock:
            counter = self._counters.get(name)
            if counter is None:
                counter = self._counters[name] = Counter(
                    f"sct_{name}", name.replace("_", " "), LABELS, registry=self._registry
                )
        counter.labels(*self._fit(labels)).inc(value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Record a duration in `sct_<name>_seconds`."""
        with self._lock:
            histogram = self._histograms.get(name)
            if histogram is None:
                title = f"sct_{name}_seconds"
                histogram = Histogram(title, name.replace("_", " "), LABELS, registry=self._registry, buckets=_BUCKETS)
                self._histograms[name] = histogram
        histogram.labels(*self._fit(labels)).observe(seconds)

    def render(self) -> bytes:
        """All metrics in the text format of Prometheus (`METRICS_MEDIA_TYPE`)."""
        return generate_latest(self._registry)

    def _fit(self, labels: dict[str, str]) -> list[str]:
        fitted = []
        for label in LABELS:
            value = labels.get(label, "")[:64]
            known = self._values[label]
            if value not in known and len(known) >= _VALUES:
                value = "other"
            known.add(value)
            fitted.append(value)
        return fitted
