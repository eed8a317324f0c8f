"""What the command line prints: tables for people, JSON for machines, refusals in three parts and two languages."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError

#: Columns of a page whose width nobody says.
_WIDTH = 200


def listing(rows: Sequence[dict[str, Any]], *, as_json: bool, columns: Sequence[str]) -> None:
    """Print rows: all of them as JSON, or the named columns as a table."""
    if as_json:
        print(json.dumps(list(rows), ensure_ascii=False, indent=1, default=_plain))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        # What a person copies into the next command must be whole, however narrow the page.
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table if rows else "nothing 无")


def one(row: dict[str, Any], *, as_json: bool) -> None:
    """Print one thing: as JSON, or a line a field."""
    if as_json:
        print(json.dumps(row, ensure_ascii=False, indent=1, default=_plain))
        return
    for name, value in row.items():
        print(f"{name:16} {value}")


def done(text: str) -> None:
    """Say that something was done, on standard output."""
    print(text)


def explain(error: GatewayError) -> None:
    """What, with the place; why, with the rule; what to do: from the error and contracts/errors.toml."""
    from rich.console import Console

    from gateway.validate.report import ErrorTable

    console = Console(stderr=True)
    for finding in error.findings:
        place = f"{finding.xpath}{f', line {finding.line}' if finding.line else ''}"
        console.print(f"{finding.code}  {place}", style="bold", markup=False)
        console.print(f"{finding.text_zh}\n{finding.text_en}", markup=False)
        if finding.mend_zh or finding.mend_en:
            console.print(f"{finding.mend_zh}\n{finding.mend_en}", markup=False)
    row = ErrorTable.load(Path(__file__).resolve().parents[2] / "contracts" / "errors.toml").find(error.code)
    console.print(f"{error.code}  {row.title_zh + ' ' + row.title_en if row else ''}", style="bold red", markup=False)
    if not error.findings:
        console.print(str(error), markup=False)
    if row:
        console.print(f"{row.mend_zh}\n{row.mend_en}", markup=False)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
