"""`gateway serve` as a service manager runs it: ready, several processes, stopped, one killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from gateway.demo.calls import Caller
from gateway.demo.federation import ALONE
from gateway.demo.stage import Site, Stage
from gateway.errors import NodeError

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A furnished node that does not run."""
    return Stage(tmp_path, ALONE).sites[0]


@pytest.fixture
def serving(site: Site) -> Iterator[subprocess.Popen[str]]:
    """Two processes of the node behind one port."""
    with started(site, "--processes", "2") as running:
        yield running


@contextmanager
def started(site: Site, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command, with its output on a pipe; whatever of it still runs at the end is killed."""
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(site.config), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                for child in psutil.Process(running.pid).children():
                    child.kill()
                running.kill()


def ready(running: subprocess.Popen[str], count: int) -> list[str]:
    """The lines by which processes say that they are ready."""
    assert running.stdout is not None
    lines: list[str] = []
    for line in running.stdout:
        lines += [line] if line.startswith("ready") else []
        if len(lines) == count:
            break
    return lines


def test_processes_share_a_port_and_stop_together(site: Site, serving: subprocess.Popen[str]) -> None:
    """Each process prints one line with node and address, answers come, and SIGTERM ends all with status 0 and no stack."""
    lines = ready(serving, 2)
    assert len(lines) == 2
    assert all(line.split()[1:3] == ["node:local", site.url] for line in lines)
    assert site.caller("admin").get("/readyz")["status"] == "ready"
    serving.send_signal(signal.SIGTERM)
    assert serving.stdout is not None
    rest = serving.stdout.read()
    assert serving.wait(60) == 0
    assert "Traceback" not in rest


def test_a_killed_process_ends_the_others(serving: subprocess.Popen[str]) -> None:
    """When one of several processes is killed, the command ends with status 1, so that whoever watches it starts it anew."""
    ready(serving, 2)
    child = psutil.Process(serving.pid).children()[0]
    others = psutil.Process(serving.pid).children()[1:]
    child.kill()
    assert serving.wait(60) == 1
    assert [other for other in others if other.is_running()] == []


def test_stages_can_run_apart(site: Site) -> None:
    """A process with the API alone takes calls and does no work of the others; a process with workers alone opens no port."""
    with started(site, "--only", "api") as running:
        ready(running, 1)
        assert Caller(base=site.url).call("GET", "/healthz").status == 200
        assert Caller(base=site.url).call("GET", "/readyz").status == 401, "no token, no answer"
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    with started(site, "--only", "relay,receive,deliver,watch,prune") as workers:
        ready(workers, 1)
        time.sleep(0.5)
        assert workers.poll() is None
        with pytest.raises(NodeError):
            Caller(base=site.url).call("GET", "/healthz")
        workers.send_signal(signal.SIGTERM)
        assert workers.wait(60) == 0
