"""Holds one server on a leash: whatever becomes of the process that asked for it, the server does not outlive it.

Run as a file, never imported: `python leash.py --log FILE [--user NAME] [--sweep DIR] -- COMMAND…`. It starts the
command in a session of its own, prints its process id, and waits for either end: the server's (its status is passed on)
or that of the asker, seen as the end of standard input. Then the server's process group is killed and DIR removed.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Run the command until it or the asker ends; returns the command's exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--user", default="")
    parser.add_argument("--sweep", type=Path)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # A Ctrl-C goes to the whole terminal group; the asker decides when its servers stop, and its end is seen below.
        signal.signal(ignored, signal.SIG_IGN)
    server = _start(options.command, log=options.log, user=options.user)
    print(server.pid, flush=True)
    asker_ended = threading.Event()
    threading.Thread(target=_watch_asker, args=(server, asker_ended), daemon=True).start()
    status = server.wait()
    if asker_ended.is_set() and options.sweep is not None:
        shutil.rmtree(options.sweep, ignore_errors=True)
    return status


def _start(command: list[str], *, log: Path, user: str) -> subprocess.Popen[bytes]:
    account = pwd.getpwnam(user) if user else None
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=log.parent,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_die_with_the_leash,
        )


def _die_with_the_leash() -> None:
    """In the server, before its program: default signals, and SIGKILL when this leash dies itself (Linux: prctl(2))."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch_asker(server: subprocess.Popen[bytes], asker_ended: threading.Event) -> None:
    # The descriptor, not sys.stdin: a buffered reader blocked in a daemon thread aborts the interpreter's exit.
    while os.read(0, 1024):
        pass
    asker_ended.set()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
