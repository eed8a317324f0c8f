"""`gateway endpoint`: the partner systems of this node (protocol.md §1): they and their secrets stay at home."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import done, listing
from gateway.cli.session import Config, Json, on_node

if TYPE_CHECKING:
    from gateway.bootstrap import Application
    from gateway.model.ledger import Endpoint

app = typer.Typer(help="Partner systems of this node. 对接系统", no_args_is_help=True, rich_markup_mode=None)
Who = Annotated[str, typer.Argument(help="Participant id.")]


@app.command("add")
def add(
    participant: Who,
    profile: Annotated[str, typer.Option(help="Dialect, for instance court/platform.")],
    url: Annotated[str, typer.Option(help="Base address of the system; empty: it pulls from the inbox.")] = "",
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="JSON file with what the dialect's README asks for.", exists=True)
    ] = None,
    region: Annotated[
        Path | None, typer.Option(help="JSON file of the region: paths, field names, code tables.", exists=True)
    ] = None,
    secret: Annotated[
        Path | None, typer.Option(help="File with the secret to present or to sign with.", exists=True)
    ] = None,
    config: Config = None,
) -> None:
    """Set a participant's system, or change it: what is not given stays as it was; the breaker closes and the switch is on."""
    from gateway.errors import NotFound, RequestRefused

    given = _object(settings_file) if settings_file else None
    area = _object(region) if region else None

    async def work(application: Application) -> Endpoint:
        node = application.services.node
        if profile not in node.adapters:
            raise RequestRefused(f"no dialect {profile!r}; installed are {', '.join(sorted(node.adapters))}")
        if not node.is_local(participant):
            raise NotFound(f"{participant} is not local to {node.name}: gateway participant add first")
        row = _row(participant, profile, await node.ledger.endpoint(participant), now_us=node.clock.now_us())
        row = replace(row, url=url or row.url, secret=secret.read_bytes() if secret else row.secret)
        row = replace(row, settings=_merged(row.settings, given, area))
        await application.services.keep("endpoint.put", row)
        return row

    row = on_node(config, work)
    done(f"{participant} speaks {row.profile} at {row.url or 'its inbox'} 已登记对接系统")


@app.command("list")
def list_endpoints(config: Config = None, as_json: Json = False) -> None:
    """Partner systems, and how they do; no secrets."""

    async def work(application: Application) -> list[dict[str, Any]]:
        now = application.services.node.clock.now_us()
        return [_shown(row, now) for row in await application.services.node.ledger.endpoints()]

    listing(on_node(config, work), as_json=as_json, columns=("participant", "profile", "url", "state", "failures"))


@app.command("test")
def try_out(participant: Who, config: Config = None, as_json: Json = False) -> None:
    """Whether the system answers at all, and how fast; no message is sent."""
    import time

    from gateway.errors import GatewayError, NotFound, RequestRefused
    from gateway.ports import NativeCall

    async def work(application: Application) -> dict[str, Any]:
        node = application.services.node
        row = await node.ledger.endpoint(participant)
        if row is None:
            raise NotFound(f"no endpoint of {participant} here")
        if not row.url:
            raise RequestRefused(f"{participant} pulls from its inbox: there is nothing to call")
        began = time.perf_counter()
        try:
            status, _, _ = await node.transport.send(
                NativeCall(method="GET", url=row.url, headers=(), body=b""), timeout_s=node.policy.call_timeout_s
            )
            found = {"ok": True, "status": status, "why": ""}
        except GatewayError as error:
            found = {"ok": False, "status": 0, "why": f"{error.code} {error}"}
        return {
            "participant": participant,
            "url": row.url,
            **found,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }

    found = on_node(config, work)
    listing([found], as_json=as_json, columns=("participant", "url", "ok", "status", "ms", "why"))
    if not found["ok"]:
        raise typer.Exit(1)


@app.command("pause")
def pause(participant: Who, config: Config = None) -> None:
    """Stop deliveries to a system, within a second; what is due waits."""
    _switch(participant, config, paused=True)


@app.command("resume")
def resume(participant: Who, config: Config = None) -> None:
    """Deliver to a system again; its breaker is closed."""
    _switch(participant, config, paused=False)


def _switch(participant: str, config: Path | None, *, paused: bool) -> None:
    from gateway.errors import NotFound

    async def work(application: Application) -> None:
        node = application.services.node
        row = await node.ledger.endpoint(participant)
        if row is None:
            raise NotFound(f"no endpoint of {participant} here")
        after = replace(row, paused=paused, failures=0, open_until_us=0, updated_us=node.clock.now_us())
        await application.services.keep("endpoint.switch", after)

    on_node(config, work)
    done(f"{participant} {'paused 已暂停' if paused else 'resumed 已恢复'}")


def _row(participant: str, profile: str, before: Endpoint | None, *, now_us: int) -> Endpoint:
    from gateway.model.ledger import Endpoint

    if before is not None:
        return replace(before, profile=profile, paused=False, failures=0, open_until_us=0, updated_us=now_us)
    return Endpoint(
        participant=participant, profile=profile, url="", settings="{}", secret=b"", paused=False, failures=0,
        open_until_us=0, updated_us=now_us,
    )  # fmt: skip


def _merged(before: str, given: dict[str, Any] | None, region: dict[str, Any] | None) -> str:
    import json

    settings = json.loads(before or "{}") if given is None else given
    if region is not None:
        settings = {**settings, "region": region}
    return json.dumps(settings, ensure_ascii=False, sort_keys=True)


def _object(path: Path) -> dict[str, Any]:
    import json

    from gateway.errors import RequestRefused

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RequestRefused(f"{path.name} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise RequestRefused(f"{path.name} must hold a JSON object")
    return found


def _shown(row: Endpoint, now_us: int) -> dict[str, Any]:
    import json

    state = "paused" if row.paused else "breaker open" if row.open_until_us > now_us else "on"
    return {
        "participant": row.participant, "profile": row.profile, "url": row.url, "state": state, "failures": row.failures,
        "settings": json.loads(row.settings or "{}"), "secret": "set" if row.secret else "",
    }  # fmt: skip
