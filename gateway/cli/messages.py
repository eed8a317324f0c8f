"""`gateway send` and `gateway trace`: hand a signed envelope to a running node; follow a dispute."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import done
from gateway.cli.session import Config, Json, on_node

if TYPE_CHECKING:
    from gateway.bootstrap import Application


def send(
    file: Annotated[Path, typer.Argument(help="Signed envelope, XML.", exists=True)],
    url: Annotated[str, typer.Option(help="Base address of a running node.")] = "http://127.0.0.1:8600",
    out: Annotated[Path | None, typer.Option(help="File for the signed receipt; none: standard output.")] = None,
) -> None:
    """Post a signed envelope to a running node; prints its signed receipt, exit status 1 where it is rejected."""
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        print("--url must begin with http:// or https://", file=sys.stderr)
        raise typer.Exit(2)
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at above
        f"{url.rstrip('/')}/v1/messages",
        data=file.read_bytes(),
        headers={"content-type": "application/xml"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the scheme was looked at above
            status, body, code = answer.status, answer.read(), ""
    except urllib.error.HTTPError as refused:
        status, body, code = refused.code, refused.read(), refused.headers.get("sct-code", "")
    except urllib.error.URLError as error:
        print(f"no node answers 节点无应答: {url} ({error.reason}); start it 请启动: gateway serve", file=sys.stderr)
        raise typer.Exit(1) from error
    if out is None:
        sys.stdout.buffer.write(body + b"\n")
    else:
        out.write_bytes(body)
    sys.stdout.flush()
    print(f"{status} {'accepted 已受理' if status == 202 else f'refused 被拒绝 {code}'}", file=sys.stderr)  # noqa: PLR2004 - 202 Accepted
    if status != 202:  # noqa: PLR2004 - 202 Accepted
        raise typer.Exit(1)


def trace(
    number: Annotated[str, typer.Argument(help="A case number of any system, a message id or a conversation id.")] = "",
    case: Annotated[str, typer.Option(help="A case number of any system, in any spelling.")] = "",
    message: Annotated[str, typer.Option(help="A message id.")] = "",
    conversation: Annotated[str, typer.Option(help="A conversation id.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Every fact and receipt of a dispute at this node, in order; due dates, whose turn it is and what comes next."""
    from gateway.api.routes_messages import trace_shown

    if sum(bool(given) for given in (number, case, message, conversation)) != 1:
        print("name one of NUMBER, --case, --message, --conversation 请只给出一个编号", file=sys.stderr)
        raise typer.Exit(2)

    async def work(application: Application) -> dict[str, Any]:
        if number:
            return trace_shown(await _found(application, number))
        return trace_shown(await application.services.trace(case=case, message=message, conversation=conversation))

    found = on_node(config, work)
    if as_json:
        done(json.dumps(found, ensure_ascii=False, indent=1, default=_plain))
        return
    from gateway.demo import show

    show.trace(found)


async def _found(application: Application, number: str) -> Any:
    """Ids look like UUIDs; everything else is a number of some system."""
    from gateway.errors import NotFound
    from gateway.model.ids import UUID7

    services = application.services
    if not UUID7.match(number):
        return await services.trace(case=number)
    try:
        return await services.trace(conversation=number)
    except NotFound:
        return await services.trace(message=number)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
