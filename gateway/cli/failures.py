"""`gateway failures`: what failed, grouped by cause, the cause's fingerprint being the same from run to run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import listing
from gateway.cli.session import Config, Json, on_node

if TYPE_CHECKING:
    from gateway.bootstrap import Application

app = typer.Typer(help="What failed, by cause. 失败与原因", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_groups(
    stage: Annotated[str, typer.Option(help="submit, relay, receive, deliver, watch or replay.")] = "",
    code: Annotated[str, typer.Option(help="Error code.")] = "",
    participant: Annotated[str, typer.Option(help="Participant id.")] = "",
    open_only: Annotated[
        bool, typer.Option("--open", help="Groups alone that still have failed or scheduled members.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One row a cause, the most recently seen first."""

    async def work(application: Application) -> list[dict[str, Any]]:
        found = await application.services.node.ledger.failure_groups(
            stage=stage, code=code, participant=participant, open_only=open_only
        )
        return [_group(asdict(group)) for group in found]

    columns = ("fingerprint", "stage", "code", "rule", "participant", "count", "open", "last")
    listing(on_node(config, work), as_json=as_json, columns=columns)


@app.command("show")
def show(
    fingerprint: Annotated[str, typer.Argument(help="Of a group, or the id of one failure.")],
    limit: Annotated[int, typer.Option(help="Most members.", min=1, max=10_000)] = 100,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The members of a group, each with its cause as the partner or the rule told it; no payloads."""

    async def work(application: Application) -> list[dict[str, Any]]:
        ledger = application.services.node.ledger
        found = await ledger.failures_in(fingerprint, limit=limit)
        if not found and (one := await ledger.failure(fingerprint)) is not None:
            found = [one]
        return [_failure(asdict(failure)) for failure in found]

    rows = on_node(config, work)
    listing(
        rows,
        as_json=as_json,
        columns=("failure_id", "state", "code", "message_id", "conversation_id", "attempts", "cause"),
    )
    if not rows:
        raise typer.Exit(1)


def _group(row: dict[str, Any]) -> dict[str, Any]:
    from gateway.flow.node import moment

    return {**row, "first": moment(row["first_us"]).isoformat(), "last": moment(row["last_us"]).isoformat()}


def _failure(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("original")
    row["detail"] = json.loads(row["detail"] or "{}")
    return {**row, "cause": json.dumps(row["detail"], ensure_ascii=False)[:200]}
