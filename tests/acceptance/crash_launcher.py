"""Starts `gateway serve` processes that kill themselves with SIGKILL at one named commit, publication, settlement or answer.

Nothing of this is in the product: the launcher wraps the one committing function of the ledger, the two of the bus and the
transport's send, as architecture.md §3 promises that it can. Run as a process of its own, it has imported everything and read the
schemas once; each order on standard input forks a child, so that a start takes a moment: {"spawn": {…}} or {"status": pid}.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway import bootstrap
from gateway.bus import boundary
from gateway.cli import serve
from gateway.contract.codes import CodeBook
from gateway.ledger.database import Database
from gateway.settings import Settings
from gateway.transport.https import HttpsTransport
from gateway.validate.rules import Rules

_PR_SET_PDEATHSIG = 1


class Points:
    """Counts what this process passes, writes it down, and ends the process at the point that it was told."""

    def __init__(self, log: Path, kill: list[Any] | None) -> None:
        """`kill` is [name, "before" | "after", how often that point was passed]."""
        self._log, self._kill, self._passed = log, kill, Counter[tuple[str, str]]()

    def passing(self, names: str, when: str) -> None:
        """A group commit passes the points of all changes in it."""
        for name in names.split("+"):
            self._passed[name, when] += 1
            with self._log.open("a") as log:
                log.write(f"{name} {when}\n")
            if self._kill == [name, when, self._passed[name, when]]:
                os.kill(os.getpid(), signal.SIGKILL)


def wrap(points: Points) -> None:
    """Put the points around every commit, publication, settlement and partner answer of this process."""
    transaction, send = Database.transaction, HttpsTransport.send

    @asynccontextmanager
    async def committing(self: Database, name: str) -> AsyncIterator[Any]:
        async with transaction(self, name) as session:
            yield session
            points.passing(name, "before")
        points.passing(name, "after")

    async def sending(self: HttpsTransport, call: Any, *, timeout_s: float) -> Any:
        points.passing("partner.answer", "before")
        answer = await send(self, call, timeout_s=timeout_s)
        points.passing("partner.answer", "after")
        return answer

    Database.transaction = committing  # type: ignore[method-assign]  # this is what the launcher is for
    HttpsTransport.send = sending  # type: ignore[method-assign]  # the same
    boundary.publish = _around(boundary.publish, points, bool)
    boundary.settle = _around(boundary.settle, points, lambda batch: bool(batch.records))


def _around(function: Any, points: Points, counts: Callable[[Any], bool]) -> Any:
    async def wrapped(bus: Any, what: Any, *, name: str) -> None:
        if counts(what):
            points.passing(f"bus:{name}", "before")
        await function(bus, what, name=name)
        if counts(what):
            points.passing(f"bus:{name}", "after")

    return wrapped


def _child(order: dict[str, Any]) -> None:
    """One `gateway serve`; it does not outlive the launcher."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    wrap(Points(Path(order["log"]), order.get("kill")))
    serve._child(Settings(**order["settings"]), serve.STAGES)


def _spawn(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _child(order)
        status = 0
    finally:
        # The child must never come back into the launcher's loop; what ended it stands in its output.
        sys.excepthook(*sys.exc_info()) if status else None
        os._exit(status)


def _status(pid: int) -> int | None:
    """Exit code of a child that has ended (negative: the signal), None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _read_once() -> None:
    """What a node imports late, and schemas, contracts, codes and rules, are read before the first fork."""
    for name in ("uvicorn.protocols.http.httptools_impl", "uvloop", "aiosqlite", "psycopg", "gateway.api.app"):
        importlib.import_module(name)
    settings = Settings()
    contracts = bootstrap.contracts_dir(settings)
    for name, *read in (
        ("load_catalogue", bootstrap.schemas_dir(settings)),
        ("load_contracts", contracts),
        ("load_calendar", contracts / "calendars"),
    ):
        once = functools.cache(getattr(bootstrap, name))
        once(*read)
        setattr(bootstrap, name, once)
    codes = CodeBook.load(contracts / "codes")
    rules = Rules.load(contracts / "rules.toml", codes)
    CodeBook.load = lambda _path: codes  # type: ignore[method-assign,assignment]  # the same files in every child
    Rules.load = lambda _path, _codes: rules  # type: ignore[method-assign,assignment]  # the same


def main() -> None:
    """Obey until standard input ends."""
    _read_once()
    for line in sys.stdin:
        order = json.loads(line)
        answer = _spawn(order["spawn"]) if "spawn" in order else _status(order["status"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
