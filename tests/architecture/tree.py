"""The committed files, their syntax trees, and the listed exceptions: what the rules of this folder are measured on."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def committed() -> tuple[str, ...]:
    """Paths of all files of the project, from its root, with `/`; without git (a source archive) what lies there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = (
        [name for name in listed.stdout.split("\0") if name]
        if listed.returncode == 0
        else [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if ".venv" not in path.parts]
    )
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def python(*folders: str) -> list[str]:
    """Committed Python files below these folders."""
    return [name for name in committed() if name.endswith(".py") and name.split("/")[0] in folders]


@cache
def text(name: str) -> str:
    """A file's text; empty where it is not UTF-8 text."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def syntax(name: str) -> ast.Module:
    """A Python file's syntax tree."""
    return ast.parse(text(name), filename=name)


def functions(name: str) -> Iterator[tuple[str, Function]]:
    """(qualified name, function) of every function of a file, methods and inner functions included."""
    yield from _functions(syntax(name), "")


def excepted(rule: str, subject: str) -> bool:
    """Whether exceptions.toml excuses a subject from a rule; its patterns may hold `*`."""
    return any(fnmatchcase(subject, pattern) for pattern in exceptions().get(rule, {}))


@cache
def exceptions() -> dict[str, dict[str, str]]:
    """Rule → pattern → reason."""
    return tomllib.loads((Path(__file__).parent / "exceptions.toml").read_text(encoding="utf-8"))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
        named = isinstance(child, Function | ast.ClassDef)
        yield from _functions(child, f"{prefix}{child.name}." if named else prefix)  # type: ignore[attr-defined]  # just asked
