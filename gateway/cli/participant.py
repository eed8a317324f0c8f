"""`gateway participant` and `gateway registry`: who may send, with which keys, from which node (protocol.md §1)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import done, listing
from gateway.cli.session import Config, Json, on_node

if TYPE_CHECKING:
    from gateway.bootstrap import Application
    from gateway.model.participant import BoundCertificate, NodeEntry, Participant

app = typer.Typer(
    help="Participants and nodes of the federation. 参与方与节点", no_args_is_help=True, rich_markup_mode=None
)
registry = typer.Typer(help="The signed registry as a file. 登记册", no_args_is_help=True, rich_markup_mode=None)


@app.command("add")
def add(
    subject: Annotated[str, typer.Argument(help="<family>:<credit code>, <family>:t-… for tests, or node:<name>.")],
    name: Annotated[str, typer.Option(help="Its name in Chinese.")] = "",
    name_en: Annotated[str, typer.Option(help="Its name in English.")] = "",
    node: Annotated[str, typer.Option(help="The node it is local to; none: this node.")] = "",
    credit_code: Annotated[str, typer.Option(help="Unified social credit code.")] = "",
    region: Annotated[str, typer.Option(help="Region code, GB/T 2260.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="A role it may play; several times for several.")] = None,
    certificate: Annotated[
        list[Path] | None,
        typer.Option(help="PEM of a key that it holds itself; none: this node's key of it, or the node's own."),
    ] = None,
    sealing_key: Annotated[str, typer.Option(help="Of a node elsewhere: raw X25519 public key, base64.")] = "",
    revoked: Annotated[bool, typer.Option("--revoked", help="The entry says that it is revoked.")] = False,
    registrar_keys: Annotated[
        Path | None, typer.Option(help="Folder with the registrar's key; none: the node's key folder.")
    ] = None,
    config: Config = None,
) -> None:
    """Write a registry entry, signed with the registrar's key, into this node's registry and on to the others by the bus."""
    from gateway import settings
    from gateway.cli import entries

    loaded = settings.load(config)
    wanted = entries.Wanted(
        subject=subject, name=name, name_en=name_en, node=node or loaded.node_id, credit_code=credit_code, region=region,
        roles=tuple(role or ()), certificates=tuple(certificate or ()), sealing_key=sealing_key, revoked=revoked,
    )  # fmt: skip

    async def work(application: Application) -> int:
        entry = entries.make(wanted, application.services.node, loaded.keys_dir)
        xml = entries.signed(entry, registrar_keys or loaded.keys_dir, now=application.services.node.clock.now())
        await application.services.learn(xml)
        await entries.announce(entry, xml, application.services.node)
        return entry.serial

    serial = on_node(config, work)
    done(f"{subject} serial {serial} is registered 已登记")


@app.command("list")
def list_participants(config: Config = None, as_json: Json = False) -> None:
    """Participants and nodes that this node knows."""

    async def work(application: Application) -> list[dict[str, Any]]:
        known = application.services.node.registry()
        return [*map(_shown, known.nodes.values()), *map(_shown, known.participants.values())]

    rows = sorted(on_node(config, work), key=lambda row: row["subject"])
    listing(rows, as_json=as_json, columns=("subject", "serial", "name", "node", "certificates", "until", "revoked"))


@app.command("check")
def check(
    subject: Annotated[str, typer.Argument(help="Participant or node id.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Whether messages of this participant would be taken now: entry, node, chain, windows, revocation, endpoint."""
    from gateway.cli import entries

    async def work(application: Application) -> list[dict[str, Any]]:
        return await entries.examine(subject, application.services.node)

    rows = on_node(config, work)
    listing(rows, as_json=as_json, columns=("what", "ok", "why"))
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


@registry.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="File to write: one JSON object a line, each with a signed entry.")],
    config: Config = None,
) -> None:
    """Write every newest entry, signed as it came, for nodes that the bus does not reach."""
    import json

    async def work(application: Application) -> list[dict[str, Any]]:
        rows = await application.services.node.ledger.registry_rows()
        return [{"subject": row.subject, "serial": row.serial, "xml": row.xml.decode()} for row in rows]

    rows = on_node(config, work)
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    done(f"{len(rows)} entries written 已导出: {file}")


@registry.command("import")
def import_entries(
    file: Annotated[Path, typer.Argument(help="File of `gateway registry export`.", exists=True)],
    config: Config = None,
) -> None:
    """Take entries from a file; each must be signed by the registrar, a lower serial than the known one is ignored."""
    from gateway.cli import entries

    lines = entries.read_export(file)

    async def work(application: Application) -> int:
        return sum([await application.services.learn(xml) for xml in lines])

    done(f"{on_node(config, work)} of {len(lines)} entries were new 新增登记项")


def _shown(entry: Participant | NodeEntry) -> dict[str, Any]:
    row = asdict(entry)
    certificates: tuple[BoundCertificate, ...] = entry.certificates
    windows = [one.not_after.isoformat() for one in certificates]
    return {
        "subject": entry.id,
        "serial": entry.serial,
        "name": row.get("name_zh", ""),
        "node": row.get("node", ""),
        "region": row.get("region", ""),
        "certificates": len(windows),
        "until": max(windows, default=""),
        "revoked": entry.revoked,
    }
