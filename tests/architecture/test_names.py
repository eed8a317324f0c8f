"""Names say what a thing is (architecture.md, rules 11, 13, 15 and 16)."""

from __future__ import annotations

import ast
import re

from tests.architecture.tree import committed, excepted, python, syntax, text

_FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc"}
_BARE = {"Exception", "BaseException", "ValueError", "RuntimeError"}


def test_no_file_is_called_utils_or_helpers() -> None:
    """A file whose name says nothing collects what has no place; `common` is the name of a schema family only."""
    named = [
        name
        for name in committed()
        if not name.startswith(("schemas/", "contracts/examples/"))
        and _FORBIDDEN & {word for part in name.split("/") for word in re.split(r"[_.-]", part.lower())}
    ]
    assert [name for name in named if not excepted("names", name)] == []


def test_no_class_is_called_manager() -> None:
    """A class is a noun of the field: no XManager, XHelper, BaseX."""
    named = [
        f"{name}::{node.name}"
        for name in python("gateway", "adapters", "tests")
        for node in ast.walk(syntax(name))
        if isinstance(node, ast.ClassDef)
        and _FORBIDDEN & {word.lower() for word in re.findall(r"[A-Z][a-z]+|[A-Z]+(?![a-z])", node.name)}
    ]
    assert [name for name in named if not excepted("names", name)] == []


def test_init_files_are_empty() -> None:
    """Importing a package imports nothing else; `adapters/__init__.py` alone is a table."""
    full = [name for name in python("gateway", "adapters", "tests") if name.endswith("__init__.py") and text(name)]
    assert [name for name in full if name != "adapters/__init__.py"] == []


def test_only_errors_of_the_tree_are_raised() -> None:
    """Nothing raises a bare Exception or ValueError: what can go wrong has a class and a code in gateway/errors.py."""
    bare = [
        f"{name}:{node.lineno}"
        for name in python("gateway", "adapters")
        for node in ast.walk(syntax(name))
        if isinstance(node, ast.Raise) and _raised(node) in _BARE
    ]
    assert bare == []


def test_dataclasses_are_frozen_and_keyword_only() -> None:
    """A value does not change under its reader, each field is named where it is given, and model values have slots.

    What is private to a module may be working state.
    """
    loose = [
        f"{name}::{node.name}"
        for name in python("gateway", "adapters")
        for node in ast.walk(syntax(name))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator).split("(")[0] and not _promised(name) <= _switched_on(decorator)
    ]
    assert [place for place in loose if not excepted("dataclasses", place)] == []


def _raised(node: ast.Raise) -> str:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return raised.id if isinstance(raised, ast.Name) else ""


def _promised(name: str) -> set[str]:
    return {"frozen", "kw_only"} | ({"slots"} if name.startswith(("gateway/model/", "gateway/errors")) else set())


def _switched_on(decorator: ast.expr) -> set[str]:
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return {
        keyword.arg or ""
        for keyword in keywords
        if isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    }
