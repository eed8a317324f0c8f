"""What a person sees: the steps of a story as they are verified, and the trace of a dispute."""

from __future__ import annotations

import datetime as dt
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

BEIJING = dt.timezone(dt.timedelta(hours=8))
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: A trace is wide; where nobody says how wide the page is, this is.
_console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 140)
_began = time.monotonic()


def heading(text: str) -> None:
    """A chapter begins."""
    _console.print(f"\n[bold cyan]{text}[/]")


def say(text: str) -> None:
    """Something is under way or is worth knowing."""
    _console.print(text, style="dim", markup=False)


def verified(text: str) -> None:
    """A step was made, and what it should have done was found."""
    _console.print(f"[green]  ✔[/] [dim]{time.monotonic() - _began:5.1f}s[/]", end=" ")
    _console.print(text, markup=False)


def failed(text: str) -> None:
    """A step did not do what it should have done."""
    _console.print(f"  ✘ {text}", style="bold red", markup=False)


def lines(title: str, rows: list[str]) -> None:
    """A difference, findings: as they are, indented."""
    _console.print(f"    {title}", markup=False)
    for row in rows:
        style = {"+": "green", "-": "red"}.get(row[:1], "")
        _console.print(f"      {row}", style=style, markup=False)


def trace(found: dict[str, Any]) -> None:
    """One dispute: what happened in order, what was said about each message, where its processes stand."""
    _console.print(f"\n[bold]trace 轨迹 {found['conversation_id']}[/] [dim]chain {found['chain']}[/]")
    types = {one["message_id"]: one["message_type"] for one in found["messages"]}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("time", "what", "message", "by", "number", "state", "ms"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=18 if name == "time" else None)
    for at, cells in sorted(_facts(found, types) + _receipts(found, types), key=lambda row: row[0]):
        table.add_row(_time(at), *cells)
    _console.print(table)
    for process in found["processes"]:
        _standing(process)
    for one in found["failures"]:
        _console.print(f"  failure 失败 {one['code']} at {one['stage']}: {one['state']}", style="yellow", markup=False)


def date(at_us: int) -> str:
    """A due date as people read it, Beijing time."""
    return (_EPOCH + dt.timedelta(microseconds=at_us)).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _facts(found: dict[str, Any], types: dict[str, str]) -> list[tuple[int, tuple[str, ...]]]:
    return [
        (
            fact["at_us"],
            (
                f"{fact['stage']}: {fact['kind']}",
                _short(fact["detail"].get("type") or types.get(fact["message_id"], "")),
                fact["actor"],
                str(fact["detail"].get("number") or ""),
                str(fact["detail"].get("state") or ""),
                f"{fact['took_us'] / 1000:.1f}" if fact["took_us"] else "",
            ),
        )
        for fact in found["facts"]
    ]


def _receipts(found: dict[str, Any], types: dict[str, str]) -> list[tuple[int, tuple[str, ...]]]:
    rows: list[tuple[int, tuple[str, ...]]] = []
    for receipt in found["receipts"]:
        at = _microseconds(receipt["issued_at"])
        message = _short(types.get(receipt["message_id"], receipt["message_type"]))
        cells = (
            f"[blue]receipt {receipt['kind']}[/]",
            message,
            receipt["issuer"],
            str(receipt["number"] or ""),
            receipt["state"],
            "",
        )
        rows.append((at, cells))
    return rows


def _standing(process: dict[str, Any]) -> None:
    ended = (
        "ended 已结束" if process["ended"] else f"turn 轮到 {process['roles'].get(process['turn'], process['turn'])}"
    )
    _console.print(
        f"  [bold]{process['flow']}[/] {process['process_id']}: [bold]{process['state']}[/], step {process['number']}, {ended}"
    )
    for deadline in process["deadlines"]:
        mark = " provisional" if deadline["provisional"] else ""
        _console.print(
            f"    due 期限 {deadline['timer']} {_time(deadline['due_us'])} {deadline['state']}{mark}", markup=False
        )
    if process["next"] and not process["ended"]:
        following = ", ".join(sorted(_short(name) for name in process["next"]))
        _console.print(f"    next 下一步: {following}", style="dim", markup=False)


def _short(message_type: str) -> str:
    return message_type.rpartition(".")[2]


def _time(at_us: int) -> str:
    moment = _EPOCH + dt.timedelta(microseconds=at_us)
    return moment.astimezone(BEIJING).strftime("%m-%d %H:%M:%S.%f")[:-3]


def _microseconds(moment: object) -> int:
    aware = moment if isinstance(moment, dt.datetime) else dt.datetime.fromisoformat(str(moment))
    return (aware - _EPOCH) // dt.timedelta(microseconds=1)
