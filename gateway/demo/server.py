"""One real server as a child of the demo or of a test run: started, awaited, stopped, killed, swept away at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from gateway.errors import NodeError

#: Below the range from which systems take ports for outgoing connections, so that a restart finds its port free.
_PORTS = range(15_000, 30_000)
_LEASH = Path(__file__).with_name("leash.py")


class Server:
    """A server process with a folder and a port of its own; subclasses say how it is set up, started and asked.

    A context manager: `with KafkaService(libs) as kafka: … kafka.url`. Raises `NodeError` with the end of its log.
    """

    #: What it is called in messages.
    title = "server"
    #: How long it may take until it answers, and to stop, seconds.
    patience_s = 60.0

    def __init__(self) -> None:
        self.port = 0
        self._folder: Path | None = None
        self._leash: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @property
    def url(self) -> str:
        """Where clients find it; valid after the first `start`, the same after a restart."""
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        """The server's own folder, removed by `close`."""
        if self._folder is None:
            raise NodeError(f"{self.title} was not started")
        return self._folder

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._leash is not None and self._leash.poll() is None

    def start(self) -> Self:
        """Start it and wait until it answers; a running one is left alone, data of an earlier start are kept."""
        if self.running:
            return self
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"gateway-{self.title.split()[-1].lower()}-"))
            self.port = free_port()
            self._set_up()
        until = time.monotonic() + self.patience_s
        self._launch()
        while not self._answers():
            if not self.running:
                # A killed predecessor's children can hold its files a moment longer: the server says so and ends.
                self._give_up_after(until)
                time.sleep(0.3)
                self._launch()
            self._give_up_after(until)
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Ask it to end and wait for that; killed where it does not end in time. Its data stay."""
        self._end(self._stop_signal())

    def kill(self) -> None:
        """SIGKILL to its whole process group, as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Stop and start on the same port with the same data."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Stop it and remove everything it wrote."""
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        """Start."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_error: object) -> None:
        """Stop and sweep."""
        self.close()

    def _set_up(self) -> None:
        """Once, before the first start: write configuration, format storage."""

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _account(self) -> str:
        """The system account to run as; empty means the present one."""
        return ""

    def _stop_signal(self) -> signal.Signals:
        return signal.SIGTERM

    def _answers(self) -> bool:
        """Whether the server serves already; asked again and again while it starts."""
        return reachable(self.port)

    def _launch(self) -> None:
        self._end(signal.SIGKILL)  # of a process that ended by itself, only its pipes are left
        log = self.folder / "server.log"
        options = ["--log", str(log), "--sweep", str(self.folder)]
        if account := self._account():
            options += ["--user", account]
        self._leash = subprocess.Popen(
            [sys.executable, "-I", str(_LEASH), *options, "--", *self._command()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._leash.stdout is not None  # noqa: S101 - a pipe was asked for
        self._pid = int(self._leash.stdout.readline() or 0)
        if not self._pid:
            self._leash.wait()
            raise NodeError(f"{self.title} cannot be started: {self._command()[0]}")

    def _end(self, how: signal.Signals) -> None:
        leash, self._leash = self._leash, None
        if leash is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if leash.poll() is None:
                os.kill(self._pid, how) if how is not signal.SIGKILL else os.killpg(self._pid, how)
        try:
            leash.wait(self.patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(self._pid, signal.SIGKILL)
            leash.wait()
        for pipe in (leash.stdin, leash.stdout):
            if pipe is not None:
                pipe.close()

    def _give_up_after(self, until: float) -> None:
        if time.monotonic() < until:
            return
        log = self.folder / "server.log"
        tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        self.kill()
        raise NodeError(f"{self.title} does not answer on port {self.port}; the end of its log:\n{tail}")

    def _run(self, command: list[str]) -> None:
        """Run a set-up step as the server's account. Raises `NodeError` with what it printed."""
        account = pwd.getpwnam(self._account()) if self._account() else None
        done = subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode:
            raise NodeError(f"{self.title} cannot be set up: {(done.stderr or done.stdout)[-2000:]}")


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens now."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NodeError(f"no free port between {_PORTS.start} and {_PORTS.stop}")


def reachable(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
