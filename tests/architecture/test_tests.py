"""A test proves a promise and says which (architecture.md, rules 17 and 19)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.tree import Function, functions, python, syntax

_PROVING = ("raises", "warns", "assert_", "expect")
_EVADING = {"skip", "skipif", "xfail", "importorskip"}
_SHORTEST = 20


def test_every_test_asserts() -> None:
    """A test without an assertion passes whatever the code does."""
    assert [place for place, test in _tests() if not any(_proves(node) for node in ast.walk(test))] == []


def test_no_assertion_is_constant() -> None:
    """`assert True` proves nothing."""
    constant = [
        f"{name}:{node.lineno}"
        for name in python("tests")
        for node in ast.walk(syntax(name))
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant)
    ]
    assert constant == []


def test_every_test_says_what_it_proves() -> None:
    """Each test has a docstring: the promise it holds."""
    assert [place for place, test in _tests() if len(ast.get_docstring(test) or "") < _SHORTEST] == []


def test_no_test_is_skipped() -> None:
    """What cannot run here is installed by `make test`; nothing is skipped or expected to fail."""
    evading = [
        f"{name}:{node.lineno}"
        for name in python("tests")
        for node in ast.walk(syntax(name))
        if isinstance(node, ast.Attribute)
        and node.attr in _EVADING
        and ast.unparse(node.value) in {"pytest", "pytest.mark", "unittest"}
    ]
    assert evading == []


def _tests() -> Iterator[tuple[str, Function]]:
    for name in python("tests"):
        if name.split("/")[-1].startswith("test_"):
            for qualified, function in functions(name):
                if function.name.startswith("test_"):
                    yield f"{name}::{qualified}", function


def _proves(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    return called.startswith(_PROVING)
