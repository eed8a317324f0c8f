"""Exceptions stay few and true."""

from __future__ import annotations

from tests.architecture.tree import committed, exceptions

_SHORTEST = 20


def test_every_exception_has_a_reason() -> None:
    """An exception says why the rule does not serve there."""
    bare = [pattern for patterns in exceptions().values() for pattern, why in patterns.items() if len(why) < _SHORTEST]
    assert bare == []


def test_every_exception_is_of_something_that_exists() -> None:
    """An exception goes with the file that it excused."""
    files = {pattern.partition("::")[0] for patterns in exceptions().values() for pattern in patterns}
    gone = [path for path in files if not any(name.startswith(path.rstrip("*")) for name in committed())]
    assert gone == []
