"""Where the commands that only read the law find it: the contracts folder, without building a node."""

from __future__ import annotations

from pathlib import Path


def contracts_folder(config: Path | None) -> Path:
    """The folder of flows, timers, calendars and code lists that the settings name, else the package's own."""
    from gateway import settings

    return settings.load(config).contracts_dir or Path(__file__).resolve().parents[2] / "contracts"
