"""`gateway contracts` and `gateway schemas`: what the package promises, checked and drawn."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.output import done
from gateway.cli.session import Config, Json

app = typer.Typer(help="Flow contracts. 流程约定", no_args_is_help=True, rich_markup_mode=None)
schemas = typer.Typer(help="XML schemas. 结构定义", no_args_is_help=True, rich_markup_mode=None)


@app.command("check")
def check(config: Config = None, as_json: Json = False) -> None:
    """Every flow is sound: keeper, turns, clocks, reachable ends, and each message type has an element in the schemas."""
    from gateway import bootstrap, settings
    from gateway.contract.check import problems
    from gateway.contract.load import load_contracts
    from gateway.validate.catalogue import load_catalogue

    loaded = settings.load(config)
    known = frozenset(load_catalogue(bootstrap.schemas_dir(loaded)).shapes.roots)
    contracts = load_contracts(bootstrap.contracts_dir(loaded))
    found = [text for flow in contracts.flows.values() for text in problems(flow, known_types=known)]
    if as_json:
        done(
            json.dumps(
                {"flows": [f"{f.flow}@{f.version}" for f in contracts.flows.values()], "problems": found},
                ensure_ascii=False,
            )
        )
    else:
        done("\n".join(found) or f"{len(contracts.flows)} flows are sound 流程约定无误: {', '.join(contracts.names())}")
    if found:
        raise typer.Exit(1)


@app.command("draw")
def draw(
    flow: Annotated[str, typer.Argument(help="Name of a flow; none: all.")] = "",
    out: Annotated[Path | None, typer.Option(help="Markdown file to write; none: standard output.")] = None,
    config: Config = None,
) -> None:
    """States, sequence and clocks of the flows as Markdown with Mermaid diagrams."""
    from gateway import bootstrap, settings
    from gateway.contract import draw as drawing
    from gateway.contract.load import load_contracts
    from gateway.errors import NotFound

    contracts = load_contracts(bootstrap.contracts_dir(settings.load(config)))
    if flow and (found := contracts.current(flow)) is None:
        raise NotFound(f"no flow {flow!r}; known are {', '.join(contracts.names())}")
    text = drawing.draw(found) + "\n" if flow and found else drawing.draw_all(contracts)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    done(f"drawn 已绘制: {out}")


@app.command("walk")
def walk(
    flow: Annotated[str, typer.Argument(help="Name of a flow.")],
    start: Annotated[str, typer.Option(help="Day on which the walk begins, as 2026-03-02; none: today.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Step through a flow: what may come next, from whom, until when; with --json what each state takes."""
    from gateway.cli.law import contracts_folder
    from gateway.cli.walking import states, stroll
    from gateway.contract.load import load_contracts
    from gateway.errors import NotFound

    folder = contracts_folder(config)
    contracts = load_contracts(folder)
    found = contracts.current(flow)
    if found is None:
        raise NotFound(f"no flow {flow!r}; known are {', '.join(contracts.names())}")
    if as_json:
        done(json.dumps(states(found), ensure_ascii=False, indent=1))
    else:
        stroll(found, folder=folder, start=start)


@schemas.command("explain")
def explain(
    file: Annotated[Path, typer.Argument(help="An envelope as it came, signed or not.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say path and reason of everything that is wrong with a document, in xmlschema's words; exit 1 where there is anything."""
    from gateway import bootstrap, settings
    from gateway.cli.output import listing
    from gateway.validate.catalogue import read_index
    from gateway.validate.opinion import Explainer

    root = bootstrap.schemas_dir(settings.load(config))
    found = Explainer(root, read_index(root)).explain(file.read_bytes())
    listing([asdict(one) for one in found], as_json=as_json, columns=("xpath", "line", "text_en"))
    raise typer.Exit(1 if found else 0)


@schemas.command("check")
def check_schemas(
    count: Annotated[int, typer.Option(help="Seeded documents that both validators judge.", min=0)] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = 1,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Each schema holds its digest, compiles in libxml2 and xmlschema, and both judge seeded documents alike."""
    from gateway import bootstrap, settings
    from gateway.validate.differential import check_schemas as compare

    report = compare(bootstrap.schemas_dir(settings.load(config)), seed=seed, count=count)
    if as_json:
        done(json.dumps({**asdict(report), "ok": report.ok}, ensure_ascii=False, default=_plain))
    else:
        _told(report)
    if not report.ok:
        raise typer.Exit(1)


def _told(report: Any) -> None:
    for problem in report.problems:
        print(problem, file=sys.stderr)
    known: dict[str, int] = {}
    for difference in report.differences:
        if difference.known:
            known[difference.known] = known.get(difference.known, 0) + 1
        else:
            print(
                f"{difference.root} {difference.mutation}: {difference.taken_by} takes it, the other says: {difference.refusal}",
                file=sys.stderr,
            )
    done(
        f"{len(report.schemas)} schemas 结构定义, {report.instances} documents, {report.accepted} taken by both validators"
    )
    for name, times in sorted(known.items()):
        done(f"known difference 已知差异 {name}: {times}")


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
