"""A node and a partner system as real processes of the demo, each on its leash: they do not outlive the command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from gateway.demo.calls import Caller
from gateway.demo.server import Server, reachable
from gateway.errors import NodeError


class _Process(Server):
    """A server whose port was chosen before it starts, because others must know it."""

    patience_s = 90.0

    def __init__(self, name: str, port: int, command: Sequence[str]) -> None:
        super().__init__()
        self.title = name
        self._chosen = port
        self._line = [sys.executable, "-m", *command]

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._chosen}"

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.folder / "server.log"

    def start(self) -> Self:
        """Start it and wait until it answers."""
        super().start()
        return self

    def _set_up(self) -> None:
        self.port = self._chosen

    def _command(self) -> list[str]:
        return self._line


class NodeProcess(_Process):
    """`gateway serve`."""

    def __init__(self, name: str, port: int, config: Path) -> None:
        """`config` is the node's gateway.toml, which names the same port."""
        super().__init__(f"gateway node-{name}", port, ["gateway", "serve", "--config", str(config)])

    def _answers(self) -> bool:
        if not reachable(self._chosen):
            return False
        try:
            return Caller(base=self.url).call("GET", "/healthz").status == 200  # noqa: PLR2004 - HTTP OK
        except NodeError:
            return False


class PartnerProcess(_Process):
    """A simulated partner system."""

    def __init__(self, profile: str, port: int, folder: Path, *, gateway: str) -> None:
        """`folder` holds its config.json and its state; `gateway` is the base address of its node."""
        module = f"adapters.{profile.replace('/', '.')}.simulator"
        options = [
            "--port",
            str(port),
            "--state",
            str(folder / "state.sqlite"),
            "--config",
            str(folder / "config.json"),
        ]
        super().__init__(
            f"simulator {profile.partition('/')[0]}",
            port,
            [module, *options, "--gateway", f"{gateway}/adapters/{profile}"],
        )


def start_all(servers: Sequence[Server]) -> None:
    """Start side by side; when one does not come up, its error is raised once all have been tried."""
    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        for started in [pool.submit(server.start) for server in servers]:
            started.result()


def close_all(servers: Sequence[Server]) -> None:
    """Stop side by side and sweep their own folders."""
    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        list(pool.map(lambda server: server.close(), servers))
