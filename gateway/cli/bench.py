"""`gateway bench`: how fast this machine takes messages, with real processes and a bounded load."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.session import Json

if TYPE_CHECKING:
    from gateway.demo.bench import Plan

app = typer.Typer(
    help="Measure messages/s, latency and CPU, with the floor of the same run.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Seconds = Annotated[int, typer.Option(help="Seconds of load.", min=1, max=120)]
Messages = Annotated[int, typer.Option(help="Most messages that are measured; 0: as many as the seconds allow.", min=0)]
InFlight = Annotated[int, typer.Option(help="Messages under way at once.", min=1, max=512)]
Processes = Annotated[int, typer.Option(help="Processes of each node.", min=1, max=16)]
Database = Annotated[str, typer.Option(help="postgresql (started for the run) or sqlite.")]


@app.command("submit")
def submit(
    as_json: Json = False,
    seconds: Seconds = 5,
    messages: Messages = 0,
    in_flight: InFlight = 32,
    processes: Processes = 1,
    database: Database = "postgresql",
) -> None:
    """POST /v1/messages: from the signed envelope to the durable fact and the signed receipt."""
    from gateway.demo import bench

    _print(
        bench.submit(_plan(database, seconds=seconds, messages=messages, in_flight=in_flight, processes=processes)),
        as_json,
    )


@app.command("end-to-end")
def end_to_end(
    as_json: Json = False,
    seconds: Seconds = 5,
    messages: Messages = 0,
    in_flight: InFlight = 32,
    processes: Processes = 1,
    database: Database = "postgresql",
    kafka: Annotated[bool, typer.Option("--kafka", help="Over Apache Kafka; otherwise over the SQL bus.")] = False,
) -> None:
    """Two nodes and two partner systems: until the `delivered` receipt is back at the sender's node."""
    from gateway.demo import bench

    wanted = {"seconds": seconds, "messages": messages, "in_flight": in_flight, "processes": processes, "kafka": kafka}
    _print(bench.end_to_end(_plan(database, **wanted)), as_json)


def _plan(database: str, **wanted: Any) -> Plan:
    from gateway.demo.bench import Plan

    if database not in ("sqlite", "postgresql"):
        print(f"--database: {database!r} is neither sqlite nor postgresql 只能为 sqlite 或 postgresql", file=sys.stderr)
        raise typer.Exit(2)
    return Plan(database="sqlite" if database == "sqlite" else "postgresql", **wanted)


def _print(figures: dict[str, Any], as_json: bool) -> None:
    from gateway.cli import output

    output.one(figures, as_json=as_json)
