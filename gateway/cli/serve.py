"""`gateway serve` and `gateway migrate`: the processes of a node."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.session import Config
from gateway.errors import SettingRefused

if TYPE_CHECKING:
    import uvicorn

    from gateway.bootstrap import Application
    from gateway.settings import Settings

#: How often the parent of several processes looks after them, seconds.
_LOOK_S = 0.2
STAGES = frozenset({"api", "relay", "receive", "deliver", "watch", "prune"})


def serve(
    config: Config = None,
    only: Annotated[str, typer.Option(help="Stages of this process: api,relay,receive,deliver,watch,prune.")] = "",
    processes: Annotated[int, typer.Option(help="Processes that share the port; 0: the setting.")] = 0,
    migrate_first: Annotated[
        bool, typer.Option("--migrate", help="Bring the tables and topics up to date first.")
    ] = False,
) -> None:
    """Run the node: its API and its workers, until SIGTERM or SIGINT; then what is under way is ended, and nothing is lost."""
    from gateway import bootstrap, settings

    stages = frozenset(only.split(",")) if only else STAGES
    if unknown := sorted(stages - STAGES):
        print(f"--only: unknown stage {unknown[0]}; known are {', '.join(sorted(STAGES))}", file=sys.stderr)
        raise typer.Exit(2)
    loaded = settings.load(config)
    if migrate_first:
        asyncio.run(bootstrap.migrate(loaded))
    count = processes or loaded.processes
    if count > 1:
        raise typer.Exit(_parent(count, config, only))
    _child(loaded, stages)


def migrate(config: Config = None) -> None:
    """Create the ledger's tables or bring them up to date, and make sure of the node's topics."""
    from gateway import bootstrap, settings

    asyncio.run(bootstrap.migrate(settings.load(config)))
    print("tables and topics are up to date 数据表与主题已就绪")


def _child(loaded: Settings, stages: frozenset[str]) -> None:
    import uvloop

    uvloop.run(_run(loaded, stages))


async def _run(loaded: Settings, stages: frozenset[str]) -> None:
    """API and workers in one loop; whichever ends by a fault ends the process."""
    from gateway import bootstrap

    application = bootstrap.build(loaded)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        await application.start()
        # Before any work begins: an address that is taken ends the process at once.
        bound = [_socket(loaded)] if "api" in stages else []
        workers = application.workers(stages - {"api"})
        server = _server(application) if bound else None
        tasks = [asyncio.create_task(workers.run())]
        if server is not None:
            tasks.append(asyncio.create_task(server.serve(sockets=bound)))
            await _listens(server, tasks[-1])
        scheme = "https" if loaded.tls_certificate else "http"
        print(f"ready {loaded.node_id} {scheme}://{loaded.host}:{loaded.port} pid {os.getpid()}", flush=True)
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        workers.stop()
        if server is not None:
            server.should_exit = True
        await asyncio.gather(*tasks)
    finally:
        await application.close()


async def _listens(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    """Who reads `ready` may call at once."""
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)


def _server(application: Application) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """Signals are the command's own business: it stops workers and server together."""

        def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - uvicorn's own signature
            import contextlib

            return contextlib.nullcontext()

    loaded = application.settings
    tls: dict[str, Any] = (
        {"ssl_certfile": loaded.tls_certificate, "ssl_keyfile": loaded.tls_key} if loaded.tls_certificate else {}
    )
    config = uvicorn.Config(
        application.api(), loop="uvloop", http="httptools", access_log=False, log_level="warning", lifespan="off",
        timeout_graceful_shutdown=20, server_header=False, **tls,
    )  # fmt: skip
    return Server(config)


def _socket(loaded: Settings) -> socket.socket:
    """The listening socket; several processes of one node share the port (SO_REUSEPORT)."""
    bound = socket.socket(socket.AF_INET6 if ":" in loaded.host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((loaded.host, loaded.port))
    except OSError as error:
        bound.close()
        raise SettingRefused(
            f"host, port: cannot listen on {loaded.host}:{loaded.port} ({error.strerror}); write others"
        ) from error
    return bound


def _parent(count: int, config: Path | None, only: str) -> int:
    """Start the processes, hand signals on; when one ends the others are ended too, so that whoever watches the node notices."""
    command = [sys.executable, "-m", "gateway", "serve", "--processes", "1"]
    command += ["--config", str(config)] if config else []
    command += ["--only", only] if only else []
    children = [subprocess.Popen(command) for _ in range(count)]  # noqa: S603 - our own command

    told: list[int] = []

    def hand_on(number: int, _: object) -> None:
        told.append(number)
        for child in children:
            if child.poll() is None:
                child.send_signal(number)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, hand_on)
    while all(child.poll() is None for child in children):
        time.sleep(_LOOK_S)
    asked = bool(told)
    if not asked:  # a second signal would kill a process that is ending already
        hand_on(signal.SIGTERM, None)
    statuses = [child.wait() for child in children]
    # A process that was asked to end before it had begun dies by the signal itself.
    clean = {0, *(-number for number in told)} if asked else {0}
    return 0 if set(statuses) <= clean else 1
