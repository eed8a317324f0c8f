"""A command's session on this node: settings, application, and its end; the flow runs in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from gateway.bootstrap import Application

T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option("--config", help="gateway.toml; else GATEWAY_CONFIG, ./gateway.toml or the data directory's."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
#: Who acts, as it stands in facts and replays: the operating system's user unless `--as` says otherwise.
Actor = Annotated[str, typer.Option("--as", help="Who acts; none: the user of the operating system.")]


def on_node(config: Path | None, work: Callable[[Application], Awaitable[T]]) -> T:
    """Build the node, run `work` with its application, let go of everything. Raises what the node raises."""
    from gateway import bootstrap, settings

    async def session() -> T:
        application = bootstrap.build(settings.load(config))
        try:
            await application.start()
            return await work(application)
        finally:
            await application.close()

    return asyncio.run(session())


def actor(given: str) -> str:
    """The name that facts and replays get: the account of the operating system always stands in it."""
    import getpass

    account = f"os:{getpass.getuser()}"
    return f"{given} ({account})" if given else account
