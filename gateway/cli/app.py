"""The command line: flags → services → exit status (0 done, 1 refused or failed, 2 usage). Imports stay light until a command runs."""

from __future__ import annotations

import sys

import typer

from gateway.cli import (
    bench,
    calendar,
    check,
    codes,
    contracts,
    demo,
    endpoint,
    failures,
    key,
    messages,
    number,
    participant,
    replay,
    serve,
    simulate,
    token,
)
from gateway.errors import GatewayError

app = typer.Typer(
    name="gateway",
    help="诉裁调对接网关: a court, arbitration and mediation interoperability gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # What rich would draw the help with takes longer to import than the command line itself.
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("migrate")(serve.migrate)
app.command("check")(check.check)
app.command("send")(messages.send)
app.command("trace")(messages.trace)
app.command("simulate")(simulate.simulate)
app.command("demo")(demo.demo)
app.command("calendar")(calendar.calendar)
app.command("codes")(codes.codes)
app.command("number")(number.number)
app.add_typer(bench.app, name="bench")
app.add_typer(failures.app, name="failures")
app.add_typer(replay.app, name="replay")
app.add_typer(participant.app, name="participant")
app.add_typer(participant.registry, name="registry")
app.add_typer(endpoint.app, name="endpoint")
app.add_typer(key.app, name="key")
app.add_typer(token.app, name="token")
app.add_typer(contracts.app, name="contracts")
app.add_typer(contracts.schemas, name="schemas")


def run() -> None:
    """Run a command; what the gateway refuses is told in three parts (what and where, why, the mend), never as a stack."""
    try:
        app()
    except GatewayError as error:
        from gateway.cli.output import explain

        explain(error)
        sys.exit(1)
