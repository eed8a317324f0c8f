"""The layers of pyproject.toml hold, and cover everything."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.tree import ROOT, text


def test_imports_keep_to_the_layers() -> None:
    """import-linter's contracts hold: downwards only, no cycles, lxml, frameworks and adapters in their places."""
    program = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_module_that_exists_has_a_mandatory_place() -> None:
    """Brackets mark a layer that has no module yet; when it comes they go."""
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    optional = re.findall(r"\((\w+)\)", " ".join(layers))
    exist = [name for name in optional if any((ROOT / "gateway").glob(f"{name}*")) and _is_module(name)]
    assert exist == []


def _is_module(name: str) -> bool:
    return (ROOT / "gateway" / f"{name}.py").exists() or (ROOT / "gateway" / name / "__init__.py").exists()
