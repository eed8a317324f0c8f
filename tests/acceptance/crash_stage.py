"""The stage of the crash tests: two prepared nodes, copied for each point, driven by a court and a station that ask until answered.

Four disputes: one is accepted, one falls silent, the station's system refuses the third at first and it is replayed, and in the
fourth the court's close and the station's withdrawal crossed on the wire, so that the court's node has to refuse.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from psycopg import sql

from gateway.ledger.ledger import Ledger
from gateway.model.ledger import Change, TokenRow
from gateway.transport.clock import set_clock
from tests import payloads_mediation as mediation
from tests.federation import COURT, STATION, Federation, federation
from tests.partner import Partner, endpoint, partner
from tests.story import MEDIATION, Case, beijing, new_case

ROOT = Path(__file__).resolve().parents[2]
PLACEMENT = {"court": ("court", "arbitration"), "union": ("union",)}
SYSTEMS = {"court": COURT, "union": STATION}
NOW, PAST = beijing("2026-03-04T10:00"), beijing("2026-03-10T00:30")
#: Lease of a delivery; the clock leaps so far when a process has died, and else goes on at about its own pace.
LEASE_S, PACE_S = 8.0, 0.1
_TOKEN = "sct_crash"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What every point starts from."""

    folder: Path
    #: Ledger or bus → URL with {folder} and {name} to fill in; SQLite files lie in the folder, PostgreSQL databases are templates.
    database: str
    #: PostgreSQL: account that copies databases, and the stem of their names; empty for SQLite.
    account: str
    stem: str
    #: Dispute → (conversation id, process id).
    processes: dict[str, tuple[str, str]]
    #: Signed envelopes by name: three designations and an acceptance.
    envelopes: dict[str, bytes]
    #: The message that the station's system refuses at first, and the one that it accepts.
    refused: str
    answered: str


async def prepare(folder: Path, account: str = "") -> Prepared:
    """Two nodes with keys, registry and tables; the fourth dispute stands where both sides have written and nobody has read."""
    stem = f"crash_{secrets.token_hex(4)}"
    database = "sqlite:///{folder}/{name}.sqlite"
    folder.mkdir()
    if account:
        database = f"{account.partition('?')[0].rpartition('/')[0]}/{stem}_{{name}}"
        for name in ("court", "union", "bus"):
            _execute(account, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"{stem}_{name}")))
    urls = database.replace("{folder}", str(folder))
    nodes, bus = urls.replace("{name}", "{node}"), urls.format(name="bus")
    async with federation(folder, PLACEMENT, database=nodes, bus=bus) as made:
        cases, envelopes = {"crossed": await _crossed(made)}, {}
        for name in ("accepted", "silent", "replayed"):
            case = cases[name] = new_case(made)
            header = await case.header("mediation.DesignationRequest")
            case.sent[header.message_type] = header.message_id
            envelopes[name] = made.envelope(header, mediation.designation_request())
        header = await cases["accepted"].header("mediation.DesignationAccept")
        envelopes["acceptance"] = made.envelope(header, mediation.designation_accept())
        for node in PLACEMENT:
            await made.applications[node].services.keep("token.new", _operator())
    return Prepared(
        folder=folder,
        database=database,
        account=account,
        stem=stem,
        processes={name: (case.conversation_id, case.process_id) for name, case in cases.items()},
        envelopes=envelopes,
        refused=cases["replayed"].sent["mediation.DesignationRequest"],
        answered=cases["accepted"].sent["mediation.DesignationRequest"],
    )


async def _crossed(made: Federation) -> Case:
    """Accepted; then the station withdraws and the court closes, each before it has heard of the other."""
    case = new_case(made)
    await case.tell(MEDIATION[:2])
    made.until(NOW)
    for message_type in ("mediation.ResultWithdraw", "mediation.CaseClose"):
        assert (await case.offer(message_type)).refusal is None
    return case


def _operator() -> TokenRow:
    digest = hashlib.sha256(_TOKEN.encode()).hexdigest()
    return TokenRow(
        digest=digest, name="operator", role="operator", participant="", created_us=0, expires_us=1 << 60, revoked_us=None
    )  # fmt: skip


@dataclass(kw_only=True)
class Launcher:
    """The process that forks the nodes."""

    process: asyncio.subprocess.Process
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, order: dict[str, Any]) -> Any:
        """One order, one answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        async with self.turn:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            await self.process.stdin.drain()
            return json.loads(await self.process.stdout.readline())


@asynccontextmanager
async def launcher() -> AsyncIterator[Launcher]:
    """A launcher; its children end with it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.acceptance.crash_launcher", cwd=ROOT, env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Launcher(process=process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@dataclass(kw_only=True)
class Stage:
    """A copy of what was prepared, its two nodes as processes, and the two systems behind them."""

    prepared: Prepared
    folder: Path
    launcher: Launcher
    systems: dict[str, Partner]
    client: aiohttp.ClientSession
    ports: dict[str, int]
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    #: Node → exit codes of processes that have ended.
    ended: dict[str, list[int]] = field(default_factory=lambda: {"court": [], "union": []})
    now: datetime = NOW
    minding: asyncio.Lock = field(default_factory=asyncio.Lock)

    def url(self, name: str) -> str:
        """The database of a node, or the bus."""
        return (
            self.prepared.database.replace("{folder}", str(self.folder))
            .replace(self.prepared.stem, f"{self.prepared.stem}_{self.folder.name}")
            .format(name=name)
        )

    async def start(self, node: str, kill: list[Any] | None = None) -> None:
        """A node's process; `kill` is the point at which it ends itself."""
        settings = {
            "node": node, "data": str(self.folder / node), "database": self.url(node), "bus": self.url("bus"), "port": self.ports[node],
            "anchors": str(self.folder / "anchor.pem"), "registrar": str(self.folder / "registrar.pem"),
            "clock": f"file:{self.folder / 'clock'}", "log_level": "error", "watch_every_s": 0.3, "lease_s": LEASE_S, "call_timeout_s": 5,
            "retry_first_s": 0.2,
        }  # fmt: skip
        order = {
            "settings": settings,
            "kill": kill,
            "log": str(self.folder / f"{node}.points"),
            "output": str(self.folder / f"{node}.out"),
        }
        self.pids[node] = await self.launcher.ask({"spawn": order})

    async def mind(self) -> None:
        """A node that has ended is started again without its point; leases of the dead run out."""
        async with self.minding:
            for node, pid in list(self.pids.items()):
                status = await self.launcher.ask({"status": pid})
                if status is not None:
                    self.ended[node].append(status)
                    await self.start(node)
                    self.until(self.now + timedelta(seconds=LEASE_S * 2))
        self.until(self.now + timedelta(seconds=PACE_S))

    def until(self, moment: datetime) -> None:
        """Move the clock of both nodes, never back."""
        self.now = max(self.now, moment)
        set_clock(self.folder / "clock", self.now)

    async def wait(self, holds: Callable[[], Any], *, seconds: float = 60.0) -> None:
        """Mind the nodes until `holds` does; what the nodes print is told where it never does."""
        until = asyncio.get_running_loop().time() + seconds
        while not await holds():
            await self.mind()
            await asyncio.sleep(PACE_S)
            if asyncio.get_running_loop().time() > until:
                told = "\n".join((self.folder / f"{node}.out").read_text()[-1500:] for node in PLACEMENT)
                raise AssertionError(f"it did not come to its end: {holds.__name__}\n{told}")

    async def post(self, node: str, path: str, *, data: bytes = b"", body: Any = None) -> tuple[int, bytes]:
        """One call; (0, b"") where nobody answers."""
        headers = {"authorization": f"Bearer {_TOKEN}"} if not data else {"content-type": "application/xml"}
        method = "POST" if data or body is not None else "GET"
        try:
            async with self.client.request(
                method, f"http://127.0.0.1:{self.ports[node]}{path}", data=data or None, json=body, headers=headers
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return 0, b""

    async def submit(self, node: str, name: str) -> bytes:
        """Post an envelope until it is accepted; the receipt."""
        receipts: list[bytes] = []

        async def accepted() -> bool:
            status, body = await self.post(node, "/v1/messages", data=self.prepared.envelopes[name])
            assert status in (0, 202, 503), (status, body)
            receipts.append(body)
            return status == 202

        await self.wait(accepted)
        return receipts[-1]


@asynccontextmanager
async def stage(prepared: Prepared, folder: Path, started: Launcher) -> AsyncIterator[Stage]:
    """A copy of the prepared nodes; their processes end with the stage."""
    shutil.copytree(prepared.folder, folder)
    doors = [_door() for _ in PLACEMENT]
    if prepared.account:
        for name in ("court", "union", "bus"):
            names = [sql.Identifier(f"{prepared.stem}{middle}_{name}") for middle in (f"_{folder.name}", "")]
            await asyncio.to_thread(
                _execute, prepared.account, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names)
            )
    async with (
        partner() as court,
        partner() as union,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client,
    ):
        made = Stage(
            prepared=prepared, folder=folder, launcher=started, client=client, systems={"court": court, "union": union},
            ports={node: held.getsockname()[1] for node, held in zip(PLACEMENT, doors, strict=True)},
        )  # fmt: skip
        union.mode = lambda message, calls: "refused" if message == prepared.refused and calls == 0 else "well"
        made.until(NOW)
        for node, system in made.systems.items():
            ledger = made.ledgers[node] = Ledger(made.url(node))
            await ledger.open()
            await ledger.commit(Change(name="endpoint.put", rows=(endpoint(SYSTEMS[node], system.url),)))
        try:
            yield made
        finally:
            for pid in made.pids.values():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for ledger in made.ledgers.values():
                await ledger.close()
            for held in doors:
                held.close()


def _door() -> socket.socket:
    """A port that stays a node's own while its process is dead: bound, never listening; the node shares it (SO_REUSEPORT)."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", 0))
    return held


def _execute(account: str, statement: sql.Composed) -> None:
    with psycopg.connect(account, autocommit=True) as admin:
        admin.execute(statement)
