"""`gateway token`: bearer tokens with a role (protocol.md §10); only their SHA-256 is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import done, listing, one
from gateway.cli.session import Config, Json, on_node

if TYPE_CHECKING:
    from gateway.bootstrap import Application
    from gateway.model.ledger import TokenRow

app = typer.Typer(help="Bearer tokens of people and machines. 访问令牌", no_args_is_help=True, rich_markup_mode=None)
ROLES = ("viewer", "operator", "approver", "auditor", "integrator", "admin", "participant")
_DAY_US = 86_400_000_000


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Whose token it is; the actor in facts.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")],
    participant: Annotated[str, typer.Option(help="With role participant: the id that it is bound to.")] = "",
    days: Annotated[int, typer.Option(help="Days until it ends.", min=1, max=3660)] = 365,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a token and show it, this once."""
    import hashlib
    import secrets

    from gateway.errors import RequestRefused
    from gateway.model.ids import is_participant
    from gateway.model.ledger import TokenRow

    if role not in ROLES:
        raise RequestRefused(f"--role {role!r} is none of {', '.join(ROLES)}")
    if (role == "participant") != is_participant(participant):
        raise RequestRefused("--participant belongs to --role participant, and to no other")
    secret = f"sct_{secrets.token_urlsafe(32)}"

    async def work(application: Application) -> TokenRow:
        now = application.services.node.clock.now_us()
        row = TokenRow(
            digest=hashlib.sha256(secret.encode()).hexdigest(), name=name, role=role, participant=participant,
            created_us=now, expires_us=now + days * _DAY_US, revoked_us=None,
        )  # fmt: skip
        await application.services.keep("token.new", row)
        return row

    row = on_node(config, work)
    one(
        {"token": secret, "name": name, "role": role, "participant": participant, "digest": row.digest}, as_json=as_json
    )


@app.command("list")
def list_tokens(config: Config = None, as_json: Json = False) -> None:
    """All tokens by name; the tokens themselves are not kept."""

    async def work(application: Application) -> list[dict[str, Any]]:
        now = application.services.node.clock.now_us()
        return [_shown(row, now) for row in await application.services.node.ledger.tokens()]

    listing(on_node(config, work), as_json=as_json, columns=("name", "role", "participant", "until", "state", "digest"))


@app.command("revoke")
def revoke(
    digest: Annotated[str, typer.Argument(help="The beginning of its digest, or its name where only one has it.")],
    config: Config = None,
) -> None:
    """End a token now; running processes notice within five seconds."""
    from gateway.errors import NotFound

    async def work(application: Application) -> str:
        node = application.services.node
        found = [row for row in await node.ledger.tokens() if row.digest.startswith(digest) or row.name == digest]
        if len(found) != 1:
            raise NotFound(f"{len(found)} tokens are named {digest!r}: give more of the digest")
        await application.services.keep("token.revoke", replace(found[0], revoked_us=node.clock.now_us()))
        return found[0].name

    done(f"token of {on_node(config, work)} revoked 已吊销")


def _shown(row: TokenRow, now_us: int) -> dict[str, Any]:
    from gateway.flow.node import moment

    state = "revoked" if row.revoked_us is not None else "expired" if row.expires_us <= now_us else "valid"
    return {
        "name": row.name, "role": row.role, "participant": row.participant, "state": state, "digest": row.digest[:16],
        "since": moment(row.created_us).isoformat(), "until": moment(row.expires_us).isoformat(),
    }  # fmt: skip
