"""The composition root: the only place that builds databases, buses, clients and adapters, and that turns settings into options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from adapters import ADAPTERS
from gateway import observe
from gateway.bus import topics
from gateway.bus.sql import SqlBus
from gateway.contract.calendar import load_calendar
from gateway.contract.codes import CodeBook
from gateway.contract.load import load_contracts
from gateway.errors import SettingRefused
from gateway.flow.node import SECOND_US, Node, Policy
from gateway.flow.registry import KnownRegistry
from gateway.ledger.ledger import Ledger
from gateway.model.ids import is_test
from gateway.model.ledger import Endpoint
from gateway.model.receipt import CARRIED, GOOD_NEWS
from gateway.ports import Bus, Clock
from gateway.services import Services
from gateway.settings import Settings
from gateway.signing.keys import FileKeys
from gateway.signing.registry import Registrar
from gateway.signing.trust import Trust
from gateway.transport.blobs import FileBlobs
from gateway.transport.clock import FileClock, SystemClock
from gateway.transport.https import HttpsOptions, HttpsTransport, origin_of
from gateway.transport.ids import RandomIds
from gateway.validate.catalogue import load_catalogue
from gateway.validate.report import ErrorTable
from gateway.validate.rules import Rules
from gateway.workers.loop import Signals
from gateway.workers.stages import Pace, Workers
from gateway.xml.limits import Limits

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Data that the package carries when no other folder is set: schemas and contracts beside it.
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Application:
    """A node built from settings: opened by `start`, let go by `close`."""

    settings: Settings
    services: Services
    meter: observe.PrometheusMeter
    errors: ErrorTable
    known: KnownRegistry
    signals: Signals
    _refresh: Callable[[], object]

    async def start(self) -> None:
        """Open the ledger, read the registry, make sure of the topics. Raises `NodeError`, `SettingRefused`."""
        node = self.services.node
        await node.ledger.open()
        await node.refresh()
        _refuse_false_clock(self.settings, self.known)
        await node.bus.ensure(topics.of_node(self.settings.prefix, self.settings.node))

    async def close(self) -> None:
        """Let go of everything in the order of use."""
        node = self.services.node
        await node.bus.close()
        await node.transport.close()
        await node.ledger.close()

    def workers(self, stages: frozenset[str] | None = None) -> Workers:
        """The loops of this process; `stages` chooses some of relay, receive, deliver, watch, prune."""
        settings = self.settings
        pace = Pace(
            batch=settings.receive_batch,
            in_flight=settings.deliver_batch,
            rest_s=settings.watch_every_s,
            lease_us=int(settings.lease_s * SECOND_US),
        )
        if stages is not None:
            pace = Pace(
                batch=pace.batch, in_flight=pace.in_flight, rest_s=pace.rest_s, lease_us=pace.lease_us, stages=stages
            )
        names = {
            "inbox": topics.inbox(settings.prefix, settings.node),
            "blobs": topics.blobs(settings.prefix, settings.node),
            "registry": topics.registry(settings.prefix),
        }
        return Workers(self.services, self.signals, pace, topics=names)

    def api(self) -> FastAPI:
        """The ASGI application for machines."""
        from gateway.api.app import ApiOptions, create_app  # noqa: PLC0415 - a command that serves nothing need not wait for FastAPI

        options = ApiOptions(
            body_limit=self.settings.limit_envelope_bytes,
            errors=self.errors,
            metrics=self.meter.render,
            dialects=contracts_dir(self.settings) / "dialects",
        )
        return create_app(self.services, options)


def build(settings: Settings) -> Application:
    """A node from settings; opens nothing but its keys and files. Raises `SettingRefused` for what cannot work."""
    observe.configure(level=settings.log_level, form=settings.log_format)
    contracts, schemas = contracts_dir(settings), schemas_dir(settings)
    clock = _clock(settings)
    signals, meter = Signals(), observe.PrometheusMeter()
    ledger = Ledger(settings.database_url, group_max=settings.commit_max)
    keys = FileKeys(settings.keys_dir)
    known = KnownRegistry(ledger, Registrar(_registrar(settings)), clock)
    origins: set[str] = set()
    curious: set[str] = set()

    async def refresh() -> None:
        await known.refresh()
        rows = await ledger.endpoints()
        for held, now in ((origins, {origin_of(row.url) for row in rows if row.url}), (curious, _curious(rows))):
            held.clear()
            held.update(now)

    def tells(participant: str, kind: str) -> bool:
        return kind in CARRIED or (kind in GOOD_NEWS and participant in curious)

    codes = CodeBook.load(contracts / "codes")
    node = Node(
        name=settings.node_id,
        prefix=settings.prefix,
        ledger=ledger,
        bus=_bus(settings, clock),
        blobs=FileBlobs(settings.data / "blobs", limit=settings.attachment_max_bytes),
        transport=HttpsTransport(_https(settings, origins)),
        keys=keys,
        trust=Trust(_files(settings.anchors), _files(settings.crls), known.current),
        registry=known.current,
        limits=Limits(
            envelope_bytes=settings.limit_envelope_bytes,
            depth=settings.limit_depth,
            attributes=settings.limit_attributes,
            text=settings.limit_text,
        ),
        catalogue=load_catalogue(schemas),
        rules=Rules.load(contracts / "rules.toml", codes),
        codes=codes,
        contracts=load_contracts(contracts),
        calendar=load_calendar(contracts / "calendars"),
        adapters=ADAPTERS,
        clock=clock,
        ids=RandomIds(clock),
        meter=meter,
        learn=known.learn,
        refresh=refresh,
        tells=tells,
        policy=_policy(settings),
        wake=signals.wake,
    )
    errors = ErrorTable.load(contracts / "errors.toml")
    return Application(
        settings=settings,
        services=Services(node=node),
        meter=meter,
        errors=errors,
        known=known,
        signals=signals,
        _refresh=refresh,
    )


async def migrate(settings: Settings) -> None:
    """Create or move the ledger's tables, and the node's topics on the bus. Raises `NodeError`."""
    from gateway.ledger.migrate import migrate as migrate_ledger  # noqa: PLC0415 - nothing else needs Alembic

    settings.data.mkdir(parents=True, exist_ok=True)
    await migrate_ledger(settings.database_url)
    bus = _bus(settings, _clock(settings))
    try:
        await bus.ensure(topics.of_node(settings.prefix, settings.node))
    finally:
        await bus.close()


def contracts_dir(settings: Settings) -> Path:
    """Where flows, timers, code lists and rules lie."""
    return settings.contracts_dir or _ROOT / "contracts"


def schemas_dir(settings: Settings) -> Path:
    """Where the XSDs lie."""
    return settings.schemas_dir or _ROOT / "schemas"


def region(settings: Settings, name: str) -> dict[str, object]:
    """A region's data file (`contracts/dialects/…` or beside the node's data) as an endpoint's settings hold it. Raises `SettingRefused`."""
    path = settings.data / "regions" / name
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingRefused(f"region file {name}: cannot be read as JSON") from error
    return dict(found)


def _curious(rows: list[Endpoint]) -> set[str]:
    """Participants whose systems want the good news too (`"receipts": "all"` in the endpoint's settings)."""
    return {row.participant for row in rows if orjson.loads(row.settings or "{}").get("receipts") == "all"}


def _registrar(settings: Settings) -> bytes:
    if settings.registrar is None:
        raise SettingRefused("registrar: no certificate is named; write the PEM file of the federation's registrar")
    return _files((settings.registrar,))[0]


def _files(paths: tuple[Path, ...]) -> list[bytes]:
    try:
        return [path.read_bytes() for path in paths]
    except OSError as error:
        raise SettingRefused(f"{error.filename}: cannot be read ({error.strerror})") from error


def _clock(settings: Settings) -> Clock:
    if settings.clock == "system":
        return SystemClock()
    return FileClock(Path(settings.clock.removeprefix("file:")))


def _refuse_false_clock(settings: Settings, known: KnownRegistry) -> None:
    """A clock that somebody moves is for tests alone (protocol.md §7)."""
    registry = known.current()
    real = [p.id for p in registry.participants.values() if p.node == settings.node_id and not is_test(p.id)]
    if settings.clock != "system" and real:
        raise SettingRefused(
            f'clock: file:… is refused, since {real[0]} is no test participant; write clock = "system"'
        )


def _bus(settings: Settings, clock: Clock) -> Bus:
    url = settings.bus_url
    if not url.startswith("kafka://"):
        return SqlBus(url, clock=clock, lease_s=settings.bus_lease_s)
    from gateway.bus.kafka import KafkaBus  # noqa: PLC0415 - an embedded node has no Kafka to import
    from gateway.bus.kafka_client import KafkaOptions, read_url  # noqa: PLC0415 - the same

    options = KafkaOptions(
        client=read_url(url),
        partitions=settings.bus_partitions,
        replication=settings.bus_replication,
        session_s=settings.bus_session_s,
    )
    return KafkaBus(options, clock=clock)


def _https(settings: Settings, origins: set[str]) -> HttpsOptions:
    return HttpsOptions(
        permits=origins.__contains__,
        connect_s=settings.connect_timeout_s,
        ca_file=settings.partner_ca,
        plain_http=settings.partner_plain_http,
    )


def _policy(settings: Settings) -> Policy:
    """Settings in hours, days and seconds as the flows' microseconds."""
    return Policy(
        retry_first_us=int(settings.retry_first_s * SECOND_US),
        retry_factor=settings.retry_factor,
        retry_max_us=int(settings.retry_max_s * SECOND_US),
        retry_jitter=settings.retry_jitter,
        retry_span_us=settings.retry_days * 86_400 * SECOND_US,
        breaker_failures=settings.breaker_failures,
        breaker_open_us=int(settings.breaker_open_s * SECOND_US),
        call_timeout_s=settings.call_timeout_s,
        lease_us=int(settings.lease_s * SECOND_US),
        ask_after_us=int(settings.receipt_hours * 3600 * SECOND_US),
        asks=settings.receipt_asks,
        park_retry_us=int(settings.park_retry_s * SECOND_US),
        park_limit_us=settings.park_days * 86_400 * SECOND_US,
        bounded_failure_us=settings.failure_days * 86_400 * SECOND_US,
        attachment_limit=settings.attachment_max_bytes,
        replay_alone=settings.replay_alone,
        skew_us=settings.skew_s * SECOND_US,
    )
