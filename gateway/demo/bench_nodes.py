"""The nodes of the bench: P-256 throughout, the machine's own clock, endpoints that speak the envelope itself; and their processes."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.bootstrap import migrate
from gateway.demo.bench_envelopes import LETTER
from gateway.demo.federation import COURT, STATION, Federation, Seat
from gateway.demo.processes import NodeProcess
from gateway.demo.server import Server, free_port
from gateway.demo.services import KafkaService, PostgresService
from gateway.flow.node import microseconds
from gateway.flow.registry import KnownRegistry
from gateway.ledger.ledger import Ledger
from gateway.model.ledger import Change, Endpoint
from gateway.settings import Settings, load
from gateway.signing import suites
from gateway.signing.registry import Registrar
from gateway.transport.blobs import FileBlobs
from gateway.transport.clock import SystemClock

_PROFILE = "canonical/https"
SENDER, RECEIVER = (replace(seat, profile=_PROFILE, suite=suites.ECDSA_P256.name) for seat in (COURT, STATION))
#: One node that speaks for both, and a node for each.
ALONE: Mapping[str, Sequence[Seat]] = {"local": (SENDER, RECEIVER)}
PAIR: Mapping[str, Sequence[Seat]] = {"court": (SENDER,), "union": (RECEIVER,)}


@dataclass(frozen=True, kw_only=True)
class Site:
    """One node on disk."""

    name: str
    port: int
    #: Its gateway.toml.
    config: Path


class Nodes:
    """Keys, registry, settings, tables and endpoints of the nodes, in an empty folder; nothing runs yet."""

    def __init__(self, folder: Path, placement: Mapping[str, Sequence[Seat]], urls: Mapping[str, str]) -> None:
        """`urls` are the settings `database` and `bus`, `{node}` in them stands for the node's name; none: embedded."""
        self.folder, self.placement = folder, placement
        self.federation = Federation(folder, placement, now=datetime.now(UTC))
        #: participant → port of its system
        self.systems = {seat.participant: free_port() for seats in placement.values() for seat in seats}
        self.sites = {name: self._site(name, urls) for name in placement}

    def of(self, seat: Seat) -> Site:
        """The node that speaks for a participant."""
        return next(self.sites[name] for name, seats in self.placement.items() if seat in seats)

    async def furnish(self) -> None:
        """Tables, topics, registry and endpoints of every node. Raises what a node raises."""
        for name, site in self.sites.items():
            settings = load(site.config)
            await migrate(settings)
            await self._fill(name, settings)
            if SENDER in self.placement[name]:
                await _keep_letter(settings)

    async def _fill(self, name: str, settings: Settings) -> None:
        ledger, clock = Ledger(settings.database_url), SystemClock()
        await ledger.open()
        try:
            known = KnownRegistry(ledger, Registrar(self.federation.registrar.read_bytes()), clock)
            for entry in self.federation.entries():
                await known.learn(entry)
            now_us = microseconds(clock.now())
            rows = tuple(self._endpoint(seat, now_us) for seat in self.placement[name])
            await ledger.commit(Change(name="bench.furnish", rows=rows))
        finally:
            await ledger.close()

    def _endpoint(self, seat: Seat, now_us: int) -> Endpoint:
        return Endpoint(
            participant=seat.participant,
            profile=seat.profile,
            url=f"http://127.0.0.1:{self.systems[seat.participant]}/",
            settings="{}",
            secret=b"",
            paused=False,
            failures=0,
            open_until_us=0,
            updated_us=now_us,
        )

    def _site(self, name: str, urls: Mapping[str, str]) -> Site:
        site = Site(name=name, port=free_port(), config=self.folder / name / "gateway.toml")
        values = {
            "node": name,
            "data": str(self.folder / name),
            "port": site.port,
            "anchors": [str(self.federation.anchor)],
            "registrar": str(self.federation.registrar),
            "log_level": "warning",
            # One bus for all nodes, where it is a file.
            "bus": f"sqlite:///{self.folder / 'bus.sqlite'}",
        } | {key: url.replace("{node}", name) for key, url in urls.items() if url}
        site.config.touch(mode=0o600)
        # A JSON text or list of texts is TOML too.
        site.config.write_text(
            "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()), encoding="utf-8"
        )
        return site


async def _keep_letter(settings: Settings) -> None:
    """The bytes of the designations' attachment, at the sender's node."""

    async def once() -> AsyncIterator[bytes]:
        yield LETTER

    blobs = FileBlobs(settings.data / "blobs", limit=settings.attachment_max_bytes)
    await blobs.put(hashlib.sha256(LETTER).hexdigest(), once(), limit=len(LETTER))


class Measured(Server):
    """A server whose CPU is read: its process id is told."""

    @property
    def pid(self) -> int:
        """The server's own process; its children are found from it."""
        return self._pid


class MeasuredNode(NodeProcess, Measured):
    """`gateway serve` of some stages in so many processes."""

    def __init__(self, site: Site, *, only: str = "", processes: int = 1) -> None:
        """`only` as in `gateway serve --only`."""
        super().__init__(site.name, site.port, site.config)
        self._options = [*(["--only", only] if only else []), "--processes", str(processes)]

    def _command(self) -> list[str]:
        return [*super()._command(), *self._options]


class MeasuredPostgres(PostgresService, Measured):
    """PostgreSQL as it is installed: durable."""

    def create(self, name: str) -> None:
        """Make an empty database."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


class MeasuredKafka(KafkaService, Measured):
    """Apache Kafka, compiled fully."""


class Partner(Measured):
    """The receiver's system: takes everything."""

    title = "partner"

    def __init__(self, port: int) -> None:
        """The port that its endpoint names."""
        super().__init__()
        self._chosen = port

    def _set_up(self) -> None:
        self.port = self._chosen

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "gateway.demo.bench_load", "--partner", str(self._chosen)]
