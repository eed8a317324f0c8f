"""Looks until something is so, and says what was seen where it never is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.demo.calls import Caller
from gateway.errors import NodeError

T = TypeVar("T")
PATIENCE_S = 25.0
_PAUSE_S = 0.05


def until(what: str, look: Callable[[], T | None], *, seconds: float = PATIENCE_S) -> T:
    """The first truthy thing that `look` sees. Raises `NodeError` saying what never happened."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise NodeError(f"not within {seconds:.0f} s: {what}", code="NOD-060")
        time.sleep(_PAUSE_S)


def expect(what: str, holds: object, seen: object = "") -> None:
    """Raises `NodeError` with what was seen instead, where something does not hold."""
    if not holds:
        raise NodeError(
            f"not so: {what}; seen: {json.dumps(seen, ensure_ascii=False, default=str)[:2000]}", code="NOD-060"
        )


def act(system: Caller, action: str, **data: Any) -> dict[str, Any]:
    """A partner system does something and its gateway takes it; returns what it was answered. Raises `NodeError`."""
    done = attempt(system, action, **data)
    expect(f"the gateway takes {action}", done["ok"], done)
    return done


def attempt(system: Caller, action: str, **data: Any) -> dict[str, Any]:
    """A partner system does something, whatever comes of it."""
    done: dict[str, Any] = system.post("/_sim/act", {"action": action, "data": data})
    return done


def effects(system: Caller, message: str, *, number: str = "") -> list[dict[str, Any]]:
    """What a partner system took of a message type, with its native content, each once however often it came."""
    rows: list[dict[str, Any]] = system.get(f"/_sim/effects?message={message}&number={number}&native=1")["rows"]
    return rows


def process(node: Caller, conversation: str, flow: str) -> dict[str, Any]:
    """Where a process of a dispute stands at a node; empty while the node does not know it."""
    answer = node.call("GET", f"/v1/conversations/{conversation}")
    found = answer.body.get("processes", ()) if isinstance(answer.body, dict) else ()
    return next((one for one in found if one["flow"] == flow), {})
