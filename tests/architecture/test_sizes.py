"""Files, functions and parameter lists stay small (architecture.md, rule 12)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.tree import Function, excepted, functions, python, text

_FILE_LINES = 300
_FUNCTION_LINES = 40
_PARAMETERS = 5
_POSITIONAL = 4


def test_files_have_at_most_300_lines() -> None:
    """A file that grew past 300 lines holds two subjects: it is split, or listed with its reason."""
    lengths = {name: text(name).count("\n") for name in python("gateway", "adapters", "tests")}
    long = [f"{name}: {lines}" for name, lines in lengths.items() if lines > _FILE_LINES]
    assert [entry for entry in long if not excepted("file-lines", entry.split(":")[0])] == []


def test_functions_have_at_most_40_lines() -> None:
    """A function fits on a screen, its docstring not counted."""
    long = [f"{place}: {lines}" for place, function in _everywhere() if (lines := _lines(function)) > _FUNCTION_LINES]
    assert [entry for entry in long if not excepted("function-lines", entry.rsplit(": ", 1)[0])] == []


def test_functions_take_at_most_5_parameters() -> None:
    """More than five parameters are a type that has no name yet."""
    wide = [f"{place}: {count}" for place, function in _everywhere() if (count := _count(function)) > _PARAMETERS]
    assert [entry for entry in wide if not excepted("parameters", entry.rsplit(": ", 1)[0])] == []


def test_a_public_function_takes_few_parameters_by_position() -> None:
    """The house rule is two, with the node or state that a stage works on beside them; past four no reader knows which.

    Private functions and tests are free: their callers stand beside them.
    """
    wide = [
        f"{place}: {count}"
        for place, function in _everywhere("gateway", "adapters")
        if (count := _positional(function)) > _POSITIONAL and not function.name.startswith("_")
    ]
    assert [entry for entry in wide if not excepted("positional", entry.rsplit(": ", 1)[0])] == []


def _everywhere(*folders: str) -> Iterator[tuple[str, Function]]:
    for name in python(*(folders or ("gateway", "adapters", "tests"))):
        for qualified, function in functions(name):
            yield f"{name}::{qualified}", function


def _lines(function: Function) -> int:
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    spared = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - spared


def _positional(function: Function) -> int:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def _count(function: Function) -> int:
    return _positional(function) + len(function.args.kwonlyargs)
