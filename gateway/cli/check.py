"""`gateway check`: configuration, connections, certificates, clock and disk: one line each, why, and the mend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.output import listing
from gateway.cli.session import Config, Json

if TYPE_CHECKING:
    from gateway.bootstrap import Application
    from gateway.settings import Settings

#: Least free space on the data directory's disk, bytes.
_FREE = 2_000_000_000
_SOON_DAYS = 30
Line = dict[str, Any]


def check(config: Config = None, as_json: Json = False) -> None:
    """Whether this node can work: one line a thing; exit status 1 where something is wrong."""
    from gateway import settings
    from gateway.errors import GatewayError

    lines: list[Line] = []
    try:
        loaded = settings.load(config)
        lines.append(_line("configuration", ok=True, why=f"{loaded.node_id}, data in {loaded.data}"))
        lines += [_disk(loaded), _clock(loaded)]
        lines += asyncio.run(_node(loaded))
    except GatewayError as error:
        lines.append(_wrong("configuration", error))
    listing(lines, as_json=as_json, columns=("what", "ok", "why", "mend"))
    if not all(line["ok"] for line in lines):
        raise typer.Exit(1)


async def _node(loaded: Settings) -> list[Line]:
    """What can be asked of a node that is built: database, bus, registry, certificates."""
    from gateway import bootstrap
    from gateway.bus import topics

    application = bootstrap.build(loaded)
    node = application.services.node
    try:
        await node.ledger.open()
        database = await _try("database", node.ledger.ping, "gateway migrate")
        if not database["ok"]:
            return [database]
        await node.refresh()
        wanted = topics.of_node(loaded.prefix, loaded.node)
        bus = await _try("bus", lambda: node.bus.ensure(wanted), "start the broker, or mend the setting bus")
        return [database, bus, *_registry(application)]
    finally:
        await application.close()


async def _try(what: str, ask: Callable[[], Awaitable[object]], mend: str) -> Line:
    from gateway.errors import GatewayError

    try:
        await ask()
    except GatewayError as error:
        return {**_wrong(what, error), "mend": mend}
    return _line(what, ok=True, why="answers")


def _registry(application: Application) -> Iterator[Line]:
    node = application.services.node
    known = node.registry()
    entry = known.nodes.get(node.name)
    here = entry is not None and not entry.revoked
    yield _line(
        "registry",
        ok=here,
        why=f"{len(known.participants)} participants, {len(known.nodes)} nodes",
        mend="" if here else f"gateway participant add {node.name}",
    )
    for subject in (node.name, *(one.id for one in known.participants.values() if one.node == node.name)):
        yield _certificate(application, subject)


def _certificate(application: Application, subject: str) -> Line:
    from gateway.errors import GatewayError

    node = application.services.node
    now = node.clock.now()
    entry = node.registry().participants.get(subject) or node.registry().nodes.get(subject)
    bound = max(entry.certificates, key=lambda one: one.not_after, default=None) if entry else None
    if bound is None:
        return _line(f"certificate {subject}", ok=subject != node.name, why="the node's own key speaks for it", mend="")
    try:
        node.trust.signer(bound.der, sender=subject, at=now)
    except GatewayError as error:
        return {**_wrong(f"certificate {subject}", error), "mend": f"gateway key rotate {subject}"}
    days = (bound.not_after - now).days
    return _line(
        f"certificate {subject}", ok=True, why=f"{days} days left", mend="rotate soon" if days < _SOON_DAYS else ""
    )


def _disk(loaded: Settings) -> Line:
    import shutil

    folder = next(path for path in (loaded.data, *loaded.data.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    return _line(
        "disk",
        ok=free > _FREE,
        why=f"{free // 1_000_000} MB free",
        mend="" if free > _FREE else "make room, or move data",
    )


def _clock(loaded: Settings) -> Line:
    """A leap of the machine's clock cannot be seen from inside; a clock before the newest write of our data can."""
    import time

    if loaded.clock != "system":
        return _line("clock", ok=True, why=f"{loaded.clock}: tests alone")
    newest = max((path.stat().st_mtime for path in _files(loaded.data)), default=0.0)
    ok = time.time() >= newest - 1
    return _line(
        "clock",
        ok=ok,
        why="system" if ok else "behind this node's own data",
        mend="" if ok else "synchronise the clock (NTP)",
    )


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file())


def _line(what: str, *, ok: bool, why: str, mend: str = "") -> Line:
    return {"what": what, "ok": ok, "why": why, "mend": mend}


def _wrong(what: str, error: Exception) -> Line:
    return _line(what, ok=False, why=f"{getattr(error, 'code', '')} {error}")
