"""The stage of the demo: nodes with their ledgers, tokens and endpoints, and simulated partners, all real processes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.bootstrap import migrate
from gateway.demo import partners
from gateway.demo.calls import Caller
from gateway.demo.clock import DemoClock
from gateway.demo.federation import Federation, Seat
from gateway.demo.processes import NodeProcess, PartnerProcess, close_all, start_all
from gateway.demo.server import free_port
from gateway.flow.node import microseconds
from gateway.flow.registry import KnownRegistry
from gateway.ledger.ledger import Ledger
from gateway.model.ledger import Change, Endpoint, Row, TokenRow
from gateway.settings import Settings, load
from gateway.signing.registry import Registrar
from gateway.transport.clock import FileClock

#: Who works at a demo node: name of the token → role.
PEOPLE: Mapping[str, str] = {
    "operator-one": "operator",
    "operator-two": "approver",
    "auditor": "auditor",
    "admin": "admin",
}
_YEAR_US = 365 * 86_400_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring:
    """What nodes run on; `{node}` in a URL stands for the node's name, empty means SQLite in its folder."""

    database: str = field(default="", repr=False)
    bus: str = ""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One node of the stage."""

    name: str
    port: int
    #: Its gateway.toml.
    config: Path
    seats: Sequence[Seat]
    #: Name → bearer token.
    tokens: Mapping[str, str] = field(repr=False)
    #: participant → port of its system.
    systems: Mapping[str, int]

    @property
    def url(self) -> str:
        """Base address of its API."""
        return f"http://127.0.0.1:{self.port}"

    def caller(self, person: str = "auditor") -> Caller:
        """Its API, called by one of PEOPLE."""
        return Caller(base=self.url, token=self.tokens[person])


class Stage:
    """Made in an empty folder, started, stopped; a context manager."""

    def __init__(self, folder: Path, nodes: Mapping[str, Sequence[Seat]], wiring: Wiring | None = None) -> None:
        """Write keys, registry, settings and ledgers; nothing runs yet. Raises what a node raises."""
        self.folder = folder
        self.clock = DemoClock(folder / "clock.txt")
        self.federation = Federation(folder, nodes, now=self.clock.now())
        self.sites = [self._site(name, seats, wiring or Wiring()) for name, seats in nodes.items()]
        self._servers: list[NodeProcess | PartnerProcess] = []
        asyncio.run(self._furnish())

    def site_of(self, seat: Seat) -> Site:
        """The node that speaks for a participant."""
        return next(site for site in self.sites if seat in site.seats)

    def system(self, seat: Seat) -> Caller:
        """A participant's simulated system."""
        return Caller(base=f"http://127.0.0.1:{self.site_of(seat).systems[seat.participant]}")

    def start(self) -> None:
        """Start all processes side by side and wait until they answer."""
        self._servers = [NodeProcess(site.name, site.port, site.config) for site in self.sites]
        for site in self.sites:
            for seat in site.seats:
                port = site.systems[seat.participant]
                self._servers.append(PartnerProcess(seat.profile, port, self._partner(seat), gateway=site.url))
        start_all(self._servers)

    def close(self) -> None:
        """Stop all processes; what they wrote stays in the folder."""
        servers, self._servers = self._servers, []
        for server in servers:
            self._keep_log(server)
        close_all(servers)

    def logs(self) -> list[tuple[str, list[str]]]:
        """(name, last lines) of what each running process printed."""
        return [(server.title, server.log.read_text(errors="replace").splitlines()[-12:]) for server in self._servers]

    def __enter__(self) -> Self:
        """Start."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self.close()

    def _site(self, name: str, seats: Sequence[Seat], wiring: Wiring) -> Site:
        site = Site(
            name=name,
            port=free_port(),
            config=self.folder / name / "gateway.toml",
            seats=seats,
            tokens={person: f"sct_{secrets.token_urlsafe(32)}" for person in PEOPLE},
            systems={seat.participant: free_port() for seat in seats},
        )
        values: dict[str, object] = {
            "node": name,
            "data": str(self.folder / name),
            "port": site.port,
            "anchors": [str(self.federation.anchor)],
            "registrar": str(self.federation.registrar),
            "clock": self.clock.setting,
            "watch_every_s": 0.3,
            "retry_first_s": 0.5,
        }
        urls = {"database": wiring.database.replace("{node}", name), "bus": wiring.bus.replace("{node}", name)}
        values |= {key: url for key, url in urls.items() if url}
        # A JSON text or list of texts is TOML too.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
        site.config.touch(mode=0o600)
        site.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return site

    async def _furnish(self) -> None:
        """Tables, topics, registry, tokens and endpoints of every node."""
        entries = self.federation.entries()
        for site in self.sites:
            settings = load(site.config)
            await migrate(settings)
            await self._fill(site, settings, entries)

    async def _fill(self, site: Site, settings: Settings, entries: Sequence[bytes]) -> None:
        ledger = Ledger(settings.database_url)
        await ledger.open()
        try:
            registrar = Registrar(self.federation.registrar.read_bytes())
            known = KnownRegistry(ledger, registrar, FileClock(self.clock.path))
            for entry in entries:
                await known.learn(entry)
            rows: list[Row] = [*self._tokens(site), *(self._endpoint(site, seat) for seat in site.seats)]
            await ledger.commit(Change(name="demo.furnish", rows=tuple(rows)))
        finally:
            await ledger.close()

    def _tokens(self, site: Site) -> list[TokenRow]:
        now = microseconds(self.clock.now())
        return [
            TokenRow(
                digest=hashlib.sha256(site.tokens[person].encode()).hexdigest(),
                name=person,
                role=role,
                participant="",
                created_us=now,
                expires_us=now + _YEAR_US,
                revoked_us=None,
            )
            for person, role in PEOPLE.items()
        ]

    def _endpoint(self, site: Site, seat: Seat) -> Endpoint:
        place = partners.Place(folder=self._partner(seat), node=site.name, federation=self.federation)
        url = f"http://127.0.0.1:{site.systems[seat.participant]}"
        made = partners.introduce(seat, place, self.clock)
        return partners.endpoint(seat, made, url, now_us=microseconds(self.clock.now()))

    def _partner(self, seat: Seat) -> Path:
        return self.folder / f"system-{seat.family}"

    def _keep_log(self, server: NodeProcess | PartnerProcess) -> None:
        """A server's own folder is swept; what it printed stays beside the rest."""
        if server.running and server.log.exists():
            (self.folder / f"{server.title.replace(' ', '-')}.log").write_bytes(server.log.read_bytes())
