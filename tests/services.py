"""Real servers for tests, one of each for a run, started only when a test asks; none outlives the run.

Settings: GATEWAY_TEST_KAFKA (kafka://host:port of a broker to use), GATEWAY_TEST_POSTGRES (postgresql://… of an account
that may create databases), GATEWAY_REQUIRE_APACHE_KAFKA=1 (`make test`: a substitute for Apache Kafka is an error).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gateway.demo.server import Server
from gateway.demo.services import KAFKA_LIBS, KafkaService, PostgresService, TansuService, kafka_missing

_ROOT = Path(__file__).parent.parent
_LIBS = _ROOT / KAFKA_LIBS


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """The broker of this run."""

    #: kafka://host:port
    url: str
    #: What it is: "Apache Kafka 4.3.1", "Tansu" or "given by GATEWAY_TEST_KAFKA".
    title: str
    #: To restart or kill it; None where it was given.
    server: Server | None


def pytest_configure() -> None:
    """Stop before the first test where the run demands Apache Kafka and cannot have it."""
    missing = kafka_missing(_LIBS)
    if os.environ.get("GATEWAY_REQUIRE_APACHE_KAFKA") == "1" and missing and not os.environ.get("GATEWAY_TEST_KAFKA"):
        raise pytest.UsageError(f"GATEWAY_REQUIRE_APACHE_KAFKA is set: {missing}")


def pytest_report_header() -> list[str]:
    """Say at the top of the run what the tests run on."""
    postgres = "given by GATEWAY_TEST_POSTGRES" if os.environ.get("GATEWAY_TEST_POSTGRES") else PostgresService.title
    return [f"broker: {_broker_title()}", f"database: SQLite and {postgres}"]


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A broker: the given one, else Apache Kafka, else Tansu (memory only, slow to consume)."""
    title = _broker_title()
    if given := os.environ.get("GATEWAY_TEST_KAFKA"):
        yield Broker(url=given, title=title, server=None)
        return
    with TansuService() if kafka_missing(_LIBS) else KafkaService(_LIBS) as server:
        yield Broker(url=server.url, title=title, server=server)


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics and groups that no other test has, so that tests share one broker."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL account that may create databases: postgresql://user:password@host:port/database."""
    if given := os.environ.get("GATEWAY_TEST_POSTGRES"):
        yield given
        return
    with PostgresService(durable=False) as server:
        yield server.url


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database for this test, dropped after it."""
    name = f"gateway_test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{postgres_url.partition('?')[0].rpartition('/')[0]}/{name}"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def fresh_sqlite(tmp_path: Path) -> str:
    """URL of an SQLite file for this test, not yet made."""
    return f"sqlite:///{tmp_path / 'gateway.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_database(request: pytest.FixtureRequest) -> str:
    """URL of an empty database for this test; the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue("fresh_sqlite" if request.param == "sqlite" else "fresh_postgres"))


def _broker_title() -> str:
    if os.environ.get("GATEWAY_TEST_KAFKA"):
        return "given by GATEWAY_TEST_KAFKA"
    if missing := kafka_missing(_LIBS):
        return f"{TansuService.title} ({missing})"
    jar = next(_LIBS.glob("kafka_*.jar"))
    return f"{KafkaService.title} {jar.stem.rpartition('-')[2]}"
