"""Every setting and every command is explained to who runs a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from gateway.cli.app import app
from gateway.settings import Settings
from tests.architecture.tree import ROOT, text

_PLACES = ("README.md", "deploy/runbook.md", "deploy/commands.md", "deploy/settings.md")


def _documents() -> str:
    return "\n".join(text(name) for name in _PLACES if (ROOT / name).exists())


def test_every_setting_is_documented() -> None:
    """Each field of Settings is named, as its environment variable or its key in gateway.toml."""
    documents = _documents()
    missing = [
        name
        for name in Settings.model_fields
        if f"GATEWAY_{name.upper()}" not in documents and f"`{name}`" not in documents
    ]
    assert missing == []


def test_every_command_is_documented() -> None:
    """Each command and subcommand of `gateway` is named as it is typed."""
    documents = _documents()
    assert [line for line in _commands(typer.main.get_command(app), "gateway") if line not in documents] == []


def test_every_command_and_option_explains_itself() -> None:
    """`--help` has a sentence for each command and each of its options."""
    assert list(_silent(typer.main.get_command(app), "gateway")) == []


def _commands(command: Any, typed: str) -> Iterator[str]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _commands(inner, f"{typed} {name}")
    else:
        yield typed


def _silent(command: Any, typed: str) -> Iterator[str]:
    if not command.help:
        yield typed
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.help:
            yield f"{typed} {parameter.opts[0]}"
    for name, inner in getattr(command, "commands", {}).items():
        yield from _silent(inner, f"{typed} {name}")
