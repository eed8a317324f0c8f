"""W3C trace context.

Read what came, start one where none did, go on with a span of our own (www.w3.org/TR/trace-context, level 1).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """One hop of a trace."""

    #: 32 hexadecimal digits; the same on every hop.
    trace_id: str
    #: 16 hexadecimal digits; this hop's own.
    span_id: str
    sampled: bool = True

    def __str__(self) -> str:
        """The `traceparent` header."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def parse(text: str) -> Trace | None:
    """The trace of a `traceparent` header, None where it is not one.

    Then the caller starts anew, as the standard asks (§3.2.2).
    """
    match = _FORM.match(text.strip().lower())
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return Trace(trace_id=trace_id, span_id=span_id, sampled=bool(int(flags, 16) & 1))


def start() -> Trace:
    """A trace that begins here."""
    return Trace(trace_id=secrets.token_hex(16), span_id=secrets.token_hex(8))


def follow(text: str) -> Trace:
    """A span of our own within the trace that came, or a new trace."""
    came = parse(text)
    return (
        start() if came is None else Trace(trace_id=came.trace_id, span_id=secrets.token_hex(8), sampled=came.sampled)
    )
