"""Who holds a claim on a queue record.

A name by which another process of the same machine sees that its owner has died.

Without it the records of a killed process would wait for the end of its lease; with it a restart takes them over at
once.
"""

from __future__ import annotations

import itertools
import os
import secrets
from pathlib import Path

_count = itertools.count(1)
#: Fields of /proc/<pid>/stat after the name, up to the start time (proc(5), field 22).
_START = 20


def new_owner() -> str:
    """A name for one reader of this process: `<place>/<pid>/<start>/<number>`.

    Place is the kernel's boot and pid namespace.
    """
    return f"{_place()}/{os.getpid()}/{_start(os.getpid())}/{next(_count)}"


def has_died(owner: str) -> bool:
    """Whether the owner certainly lives no more.

    False wherever this process cannot see it (another machine or container).
    """
    place, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    if place != _place() or not pid.isdigit():
        return False
    return _start(int(pid)) != rest.partition("/")[0]


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return _elsewhere
    return f"{boot}.{namespace.strip('pid:[]')}"


#: Where the kernel tells nothing, no two processes are of one place, and leases alone decide.
_elsewhere = secrets.token_hex(8)


def _start(pid: int) -> str:
    """The start time of a process in clock ticks, so that a reused pid is not taken for its owner.

    Empty when there is none.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie has ended, though its parent has not looked yet.
    return "" if len(fields) < _START or fields[0] == "Z" else fields[_START - 1]
