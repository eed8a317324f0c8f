"""Three nodes on genuine Apache Kafka and PostgreSQL, each with its own processes, database, keys and registry copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.demo import show
from gateway.demo.federation import THREE
from gateway.demo.processes import close_all, start_all
from gateway.demo.services import KAFKA_LIBS, KafkaService, PostgresService, kafka_missing
from gateway.demo.stage import Stage, Wiring
from gateway.errors import NodeError


def on_kafka(folder: Path, tell: Callable[[Stage], int]) -> int:
    """Start broker and database, make the three nodes, tell; everything is stopped at the end. Raises `NodeError` for what is missing."""
    if missing := kafka_missing():
        raise NodeError(missing, code="NOD-062")
    broker, database = KafkaService(), PostgresService()
    show.say("starting Apache Kafka and PostgreSQL 正在启动 …")
    try:
        start_all([broker, database])
        show.say(
            f"broker: {_title()} at {broker.url}; database: {database.title} at 127.0.0.1:{database.port}; everything in {folder}"
        )
        for node in THREE:
            _create(database, node)
        wiring = Wiring(database=database.database_url("gateway_{node}"), bus=broker.url)
        return tell(Stage(folder, THREE, wiring))
    finally:
        close_all([broker, database])


def _title() -> str:
    """Name and version, from the jar that runs."""
    jars = sorted(KAFKA_LIBS.glob("kafka_*.jar"))
    return f"Apache Kafka {jars[0].stem.rpartition('-')[2]}" if jars else "Apache Kafka"


def _create(database: PostgresService, node: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"gateway_{node}")))
