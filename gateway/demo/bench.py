"""`gateway bench`: real processes under a bounded load; what comes out is measured, and set against the floor of the same run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gateway.bootstrap import contracts_dir, schemas_dir
from gateway.demo import bench_cpu, bench_envelopes
from gateway.demo.bench_floor import floor_us
from gateway.demo.bench_nodes import (
    ALONE,
    PAIR,
    RECEIVER,
    SENDER,
    Measured,
    MeasuredKafka,
    MeasuredNode,
    MeasuredPostgres,
    Nodes,
    Partner,
)
from gateway.demo.processes import close_all, start_all
from gateway.errors import NodeError
from gateway.model.participant import Registry
from gateway.settings import load
from gateway.signing.keys import FileKeys
from gateway.signing.trust import Trust
from gateway.validate.catalogue import load_catalogue

#: No machine is expected to take more in a second; it bounds what is signed beforehand.
_MOST_A_SECOND = 5_000
_WARM, _FLOOR = 600, 400
_ACCEPTED = "202"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is measured, and its bounds."""

    #: Seconds of load.
    seconds: int = 5
    #: Most messages that are measured; 0: as many as the seconds allow.
    messages: int = 0
    #: Messages under way at once.
    in_flight: int = 32
    #: Processes of each node.
    processes: int = 1
    database: Literal["sqlite", "postgresql"] = "postgresql"
    #: Apache Kafka as the bus; otherwise the SQL bus.
    kafka: bool = False

    @property
    def count(self) -> int:
        """Messages that are measured at most."""
        most = self.seconds * _MOST_A_SECOND
        return min(self.messages, most) if self.messages else most

    @property
    def warm(self) -> int:
        """Messages before the measured ones."""
        return min(_WARM, self.count)


def submit(plan: Plan) -> dict[str, Any]:
    """POST /v1/messages to the durable fact and the signed receipt; the node's other stages do not run. Raises `NodeError`."""
    with _place() as folder, ExitStack() as stack:
        servers = _servers(plan, stack)
        nodes = _nodes(plan, folder, ALONE, servers)
        site = nodes.of(SENDER)
        servers["gateway"] = stack.enter_context(MeasuredNode(site, only="api", processes=plan.processes))
        return {"what": "submit", **_measure(plan, nodes, servers)}


def end_to_end(plan: Plan) -> dict[str, Any]:
    """From POST at the sender's node over the bus to the partner's answer, and its `delivered` receipt back in the sender's node."""
    with _place() as folder, ExitStack() as stack:
        servers = _servers(plan, stack)
        nodes = _nodes(plan, folder, PAIR, servers)
        started: dict[str, Measured] = {
            f"gateway {name}": MeasuredNode(site, processes=plan.processes) for name, site in nodes.sites.items()
        }
        started["partner"] = Partner(nodes.systems[RECEIVER.participant])
        stack.callback(close_all, list(started.values()))
        start_all(list(started.values()))
        ledger = ["--ledger", str(nodes.of(SENDER).config)]
        return {"what": "end-to-end", **_measure(plan, nodes, servers | started, ledger)}


def _servers(plan: Plan, stack: ExitStack) -> dict[str, Measured]:
    """Database and broker of the run, started."""
    servers: dict[str, Measured] = {}
    if plan.database == "postgresql":
        servers["database"] = stack.enter_context(MeasuredPostgres())
    if plan.kafka:
        servers["kafka"] = stack.enter_context(MeasuredKafka(measured=True))
    return servers


def _nodes(plan: Plan, folder: Path, placement: Mapping[str, Any], servers: Mapping[str, Measured]) -> Nodes:
    urls = {}
    database = servers.get("database")
    if isinstance(database, MeasuredPostgres):
        for node in placement:
            database.create(f"gateway_{node}")
        urls["database"] = database.database_url("gateway_{node}")
    if plan.kafka:
        urls["bus"] = servers["kafka"].url
    nodes = Nodes(folder, placement, urls)
    asyncio.run(nodes.furnish())
    return nodes


def _measure(
    plan: Plan, nodes: Nodes, servers: Mapping[str, Measured], ledger: list[str] | None = None
) -> dict[str, Any]:
    """Sign, measure the floor, warm up, load; the floor again, since a busy machine moves it."""
    envelopes, floor = _prepared(plan, nodes)
    command = [
        sys.executable,
        "-m",
        "gateway.demo.bench_load",
        str(envelopes),
        str(nodes.of(SENDER).port),
        *(ledger or []),
    ]
    command += ["--in-flight", str(plan.in_flight), "--seconds", str(plan.seconds)]
    floors = [floor()]
    _load([*command, "--count", str(plan.warm)])
    pids = {name: server.pid for name, server in servers.items()}
    before = bench_cpu.usage(pids)
    load = _load([*command, "--skip", str(plan.warm), "--count", str(plan.count)])
    spent = bench_cpu.usage(pids).since(before, load["messages"])
    floors.append(floor())
    return _figures(plan, load, spent, sum(floors) / len(floors))


def _figures(plan: Plan, load: Mapping[str, Any], spent: Mapping[str, float], floor: float) -> dict[str, Any]:
    refused = {answer: count for answer, count in load["answers"].items() if answer != _ACCEPTED}
    ours = sum(us for name, us in spent.items() if name.startswith("gateway"))
    return {
        "database": plan.database,
        "bus": "kafka" if plan.kafka else "sql",
        "processes": plan.processes,
        "in_flight": plan.in_flight,
        "messages": load["messages"],
        "refused": refused,
        "seconds": round(load["seconds"], 3),
        "messages_per_s": round(load["messages"] / load["seconds"], 1),
        **{name: round(load[name], 2) for name in ("p50_ms", "p95_ms", "p99_ms")},
        "cpu_us": {name: round(us, 1) for name, us in spent.items()}
        | {"load": round(load["cpu_s"] / load["messages"] * 1e6, 1)},
        "gateway_cpu_us": round(ours, 1),
        "database_cpu_us": round(spent.get("database", 0.0), 1),
        "floor_us": round(floor, 1),
        "ratio_to_floor": round(ours / floor, 2),
        "cores": os.cpu_count(),
    }


def _prepared(plan: Plan, nodes: Nodes) -> tuple[Path, Any]:
    """The file of signed envelopes, and a call that measures the floor with some of them."""
    settings = load(nodes.of(SENDER).config)
    catalogue, keys = load_catalogue(schemas_dir(settings)), FileKeys(settings.keys_dir)
    example = (contracts_dir(settings) / bench_envelopes.EXAMPLE).read_bytes()
    maker = bench_envelopes.Designations(example, catalogue, keys, parties=(SENDER.participant, RECEIVER.participant))
    path, at = nodes.folder / "envelopes", datetime.now(UTC)
    bench_envelopes.write(path, (maker.make(number, at=at) for number in range(plan.warm + plan.count)))
    some = [maker.make(number, at=at) for number in range(min(_FLOOR, plan.count))]
    trust = Trust([nodes.federation.anchor.read_bytes()], [], Registry(participants={}, nodes={}))
    return path, lambda: floor_us(some, trust, catalogue, keys, issuer=settings.node_id)


def _load(command: list[str]) -> dict[str, Any]:
    """Run the load generator to its end. Raises `NodeError` with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NodeError(f"the load generator failed: {done.stderr[-800:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    if not figures["answers"].get(_ACCEPTED):
        raise NodeError(f"nothing was accepted: {figures['answers']}")
    return figures


@contextmanager
def _place() -> Iterator[Path]:
    """A folder for one run; settings of the machine's own node are left out of it."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        yield Path(folder)
