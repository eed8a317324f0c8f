"""CPU of processes from /proc (proc(5)): what a server and all its children have used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import NodeError

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
#: Fields of /proc/PID/stat behind the name: parent, and the four times (own and of children that have ended; user and system).
_PARENT, _TIMES = 1, slice(11, 15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """CPU seconds of named processes at one moment."""

    #: Name → seconds since the process began, its children included.
    seconds: Mapping[str, float]

    def since(self, earlier: Usage, messages: int) -> dict[str, float]:
        """Microseconds a message of each process between two moments."""
        return {name: (now - earlier.seconds[name]) / max(1, messages) * 1e6 for name, now in self.seconds.items()}


def usage(processes: Mapping[str, int]) -> Usage:
    """What each process (name → pid) has used so far. Raises `NodeError` where there is no /proc, or no such process."""
    table = _table()
    if gone := [name for name, pid in processes.items() if pid not in table]:
        raise NodeError(f"no CPU time of {gone[0]} in /proc: it has ended, or this system has none")
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    return Usage(seconds={name: _tree(pid, table, children) for name, pid in processes.items()})


def _tree(pid: int, table: Mapping[int, tuple[int, int]], children: Mapping[int, list[int]]) -> float:
    return table[pid][1] * _TICK_S + sum(_tree(child, table, children) for child in children.get(pid, ()))


def _table() -> dict[int, tuple[int, int]]:
    """Pid → (parent, ticks) of all processes."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        found[int(folder.name)] = (int(fields[_PARENT]), sum(map(int, fields[_TIMES])))
    return found
