"""`gateway simulate`: a partner system of a profile, as a process with its own state."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

PROFILES = ("court/platform", "arbitration/hrss", "union/rest", "canonical/https")


def simulate(
    profile: Annotated[str, typer.Argument(help=f"One of {', '.join(PROFILES)}.")],
    config: Annotated[
        Path,
        typer.Option("--config", help="JSON file with its credential and keys: see the profile's README.", exists=True),
    ],
    gateway: Annotated[
        str,
        typer.Option(help="Base address of this dialect at the node; none: http://127.0.0.1:8600/adapters/<profile>."),
    ] = "",
    port: Annotated[int, typer.Option(help="TCP port to listen on, at 127.0.0.1.", min=1, max=65535)] = 8700,
    state: Annotated[Path, typer.Option(help="File for its own state.")] = Path("simulator.sqlite"),
) -> None:
    """Run a simulated partner system until it is stopped; /_sim/mode makes it slow, down or wrong, /_sim/act makes it send."""
    import os

    if profile not in PROFILES:
        print(f"no simulator of {profile!r} 没有该模拟器; known are {', '.join(PROFILES)}", file=sys.stderr)
        raise typer.Exit(2)
    module = f"adapters.{profile.replace('/', '.')}.simulator"
    address = gateway or f"http://127.0.0.1:8600/adapters/{profile}"
    command = [sys.executable, "-m", module, "--port", str(port), "--state", str(state), "--gateway", address]
    command += ["--config", str(config)]
    os.execv(sys.executable, command)  # noqa: S606 - the simulator takes this process over, signals and all
