"""`gateway replay`: plan with its difference, a second person's consent, run (protocol.md §9)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import done, listing, one
from gateway.cli.session import Actor, Config, Json, actor, on_node

if TYPE_CHECKING:
    from gateway.bootstrap import Application
    from gateway.model.ledger import ReplayRow

app = typer.Typer(help="Failures back into the flow, once. 重放", no_args_is_help=True, rich_markup_mode=None)
Replay = Annotated[str, typer.Argument(help="Replay id.")]


@app.command("plan")
def plan(
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    fingerprint: Annotated[str, typer.Option("--group", help="A whole failure group, by its fingerprint.")] = "",
    failure: Annotated[
        list[str] | None, typer.Option(help="A single failure by id; several times for several.")
    ] = None,
    skip: Annotated[
        bool, typer.Option("--skip", help="Give the deliveries up instead: undeliverable, final, by two persons.")
    ] = False,
    who: Actor = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Dry-run failures: what would be sent now against what was sent then. Nothing is changed by a plan."""
    from gateway.errors import RequestRefused
    from gateway.flow.replay import Wish

    if bool(fingerprint) == bool(failure):
        raise RequestRefused("name either --group or --failure")
    wish = Wish(actor=actor(who), reason=reason, fingerprint=fingerprint, skip=skip)

    async def work(application: Application) -> ReplayRow:
        if fingerprint:
            return await application.services.plan_group(wish)
        return await application.services.plan(list(failure or ()), wish)

    _print(on_node(config, work), as_json=as_json, with_plan=True)


@app.command("approve")
def approve(replay_id: Replay, who: Actor = "", config: Config = None, as_json: Json = False) -> None:
    """A second person's consent, where the plan changes what is sent or has more than 20 messages."""
    _act(config, lambda application: application.services.approve(replay_id, actor=actor(who)), as_json=as_json)


@app.command("run")
def run(replay_id: Replay, config: Config = None, as_json: Json = False) -> None:
    """Run an approved plan in growing waves; it can be run again where it was cut off."""
    _act(config, lambda application: application.services.run(replay_id), as_json=as_json)


@app.command("status")
def status(
    replay_id: Annotated[str, typer.Argument(help="Replay id; none: all, newest first.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """A replay with its plan and progress, or the list of all."""
    from gateway.errors import NotFound

    async def work(application: Application) -> list[ReplayRow]:
        ledger = application.services.node.ledger
        if not replay_id:
            return await ledger.replays()
        row = await ledger.replay(replay_id)
        if row is None:
            raise NotFound(f"no replay {replay_id} here")
        return [row]

    rows = on_node(config, work)
    if replay_id:
        _print(rows[0], as_json=as_json, with_plan=True)
        return
    shown = [_row(row) for row in rows]
    listing(
        shown,
        as_json=as_json,
        columns=("replay_id", "state", "total", "changed", "done", "failed", "planned_by", "approved_by"),
    )


@app.command("pause")
def pause(replay_id: Replay, config: Config = None, as_json: Json = False) -> None:
    """Stop after the wave that is under way."""
    _act(config, lambda application: application.services.control(replay_id, "paused"), as_json=as_json)


@app.command("resume")
def resume(replay_id: Replay, config: Config = None, as_json: Json = False) -> None:
    """Go on with a paused replay: its next `run` takes up where it stopped."""
    _act(config, lambda application: application.services.control(replay_id, "running"), as_json=as_json)


@app.command("cancel")
def cancel(replay_id: Replay, config: Config = None, as_json: Json = False) -> None:
    """End a replay; what it has not scheduled stays failed."""
    _act(config, lambda application: application.services.control(replay_id, "cancelled"), as_json=as_json)


def _act(config: Path | None, act: Callable[[Application], Awaitable[ReplayRow]], *, as_json: bool) -> None:
    _print(on_node(config, act), as_json=as_json, with_plan=False)


def _print(row: ReplayRow, *, as_json: bool, with_plan: bool) -> None:
    shown = _row(row)
    if as_json:
        one(shown, as_json=True)
        return
    planned = shown.pop("plan")
    one(shown, as_json=False)
    if with_plan:
        for run_ in planned["shown"]:
            done(f"\n{run_['failure']} {run_['verdict']} {run_['code']}")
            done("\n".join(run_["difference"]))


def _row(row: ReplayRow) -> dict[str, Any]:
    return {**asdict(row), "plan": json.loads(row.plan)}
