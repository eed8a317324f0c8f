"""`gateway demo`: the story of a dispute, on real processes; and the bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    kafka: Annotated[bool, typer.Option("--kafka", help="Three nodes on genuine Apache Kafka and PostgreSQL.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running afterwards, and print the addresses.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Empty folder for everything it writes; none: a temporary one.")
    ] = None,
) -> None:
    """Let cases travel from court to union station to arbitration, fail, be mended and replayed; every step is verified."""
    from gateway.demo import run

    raise typer.Exit(run.run(kafka=kafka, keep=keep, folder=folder))
