"""The servers that demo and tests stand on are real, keep what they must keep, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from gateway.demo.server import reachable
from gateway.demo.services import PostgresService, TansuService, kafka_answers
from gateway.errors import NodeError
from tests.services import Broker

_ORPHAN = """
import os, signal, sys
from gateway.demo.services import PostgresService
server = PostgresService(durable=False).start()
print(server.port, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_postgresql_comes_back_with_what_was_committed() -> None:
    """SIGKILL to PostgreSQL and a start on the same folder: the port is the same and the committed row is there."""
    with PostgresService() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS figure")
        port = server.port
        server.kill()
        assert not server.running
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT figure FROM kept").fetchone() == (42,)
        assert server.port == port


def test_a_server_does_not_outlive_the_one_who_started_it() -> None:
    """The starter is killed with SIGKILL: its server ends and the server's folder is removed, within seconds."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    orphaned = subprocess.run(
        [sys.executable, "-c", _ORPHAN], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    port, folder = orphaned.stdout.split()
    assert orphaned.returncode == -signal.SIGKILL
    assert _within_seconds(lambda: not reachable(int(port)) and not Path(folder).exists())


def test_closing_removes_processes_and_files() -> None:
    """After `with`, neither the server's process nor its folder exists."""
    with TansuService() as server:
        pid, folder = server._pid, server.folder
        assert kafka_answers(server.port)
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


def test_a_server_that_cannot_start_says_why() -> None:
    """A server whose command fails is an error with the end of its log, not a wait without end."""

    class Broken(TansuService):
        patience_s = 1.0

        def _command(self) -> list[str]:
            return [sys.executable, "-c", "import sys; sys.exit('no such listener')"]

    with pytest.raises(NodeError, match="no such listener"), Broken():
        pass


def test_the_broker_answers_as_kafka_does(kafka: Broker) -> None:
    """The broker of this run answers Kafka's protocol at its URL, and the run says what it is."""
    assert kafka_answers(int(kafka.url.rpartition(":")[2]))
    assert kafka.title


def test_a_fresh_database_is_empty_and_its_own(fresh_postgres: str, postgres_url: str) -> None:
    """Every test has a PostgreSQL database of its own, without a table of ours in it."""
    with psycopg.connect(fresh_postgres) as connection:
        count = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert count == (0,)
    assert fresh_postgres != postgres_url


def _within_seconds(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False
