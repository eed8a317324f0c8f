"""What is committed runs anywhere and hides nothing."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from tests.architecture.tree import committed, excepted, python, text

_PATHS = re.compile(r"(?<![\w.~/-])/(?:work|tmp|home|Users)/\w|(?<![\w.~/@*-])/root/\.?\w")
#: Whoever installs has an index or a mirror of their own; naming one here would go around it.
_HOSTS = re.compile(
    r"pypi\.org|pythonhosted\.org|repo1?\.maven|registry\.npmjs|proxy\.golang|--(?:extra-)?index-url|--find-links"
)
_SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore)(.*)$")
_WITH_REASON = re.compile(r"(?:: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*|\[[\w, -]+\])\s*(?:[-–—#:;]+)?\s*\S{2,}")
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME)\b|NotImplementedError\(\s*[\"']")
_OURS = "tests/architecture/test_committed.py"


def test_no_machine_path_is_committed() -> None:
    """A path of somebody's machine is wrong on every other one."""
    found = [place for place in _matches(_PATHS) if not excepted("machine-paths", place.split(":")[0])]
    assert found == []


def test_no_registry_host_is_committed() -> None:
    """Packages come from where the installing machine is told to look."""
    assert list(_matches(_HOSTS)) == []


def test_nothing_is_left_for_later_in_comments() -> None:
    """What is not done is an issue, not a TODO."""
    assert list(_matches(_UNFINISHED)) == []


def test_a_silenced_check_has_its_code_and_its_reason() -> None:
    """`noqa` and `type: ignore` name what they silence and say why, on the same line or the one above."""
    bare = [
        f"{name}:{line}"
        for name in python("gateway", "adapters", "tests")
        for line, comment, above in _comments(name)
        if (silenced := _SILENCED.search(comment)) and not (_WITH_REASON.match(silenced[1]) or above)
    ]
    assert bare == []


def _matches(pattern: re.Pattern[str]) -> Iterator[str]:
    for name in committed():
        if name != _OURS:
            for number, line in enumerate(text(name).splitlines(), start=1):
                if pattern.search(line):
                    yield f"{name}:{number}: {line.strip()[:100]}"


def _comments(name: str) -> Iterator[tuple[int, str, bool]]:
    """(line, comment, whether the line above is a comment as a whole) of every comment of a file."""
    lines = text(name).splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text(name)).readline):
        if token.type == tokenize.COMMENT:
            number = token.start[0]
            yield number, token.string, number > 1 and lines[number - 2].lstrip().startswith("# ")
