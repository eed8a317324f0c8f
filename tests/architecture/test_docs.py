"""The documents lead somewhere."""

from __future__ import annotations

import re

from tests.architecture.tree import ROOT, committed, text

_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
_TARGET = re.compile(r"\bmake ([a-z][a-z-]+)\b")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_SECTIONS = ("Status", "Context", "Decision", "Consequences", "Rejected")


def _documents() -> list[str]:
    return [name for name in committed() if name.endswith(".md")]


def test_links_between_documents_lead_to_files() -> None:
    """Every relative link of a Markdown file names something that is committed here."""
    dead = [
        f"{name}: {link}"
        for name in _documents()
        for link in _LINK.findall(text(name))
        if not (ROOT / name).parent.joinpath(link).exists()
    ]
    assert dead == []


def test_documents_name_only_make_targets_that_exist() -> None:
    """`make X` in a document's code is a target of the Makefile with a line in `make help`."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", text("Makefile"), re.MULTILINE))
    named = {
        f"{name}: make {target}"
        for name in _documents()
        for code in _CODE.findall(text(name))
        for target in _TARGET.findall(code)
        if target not in targets
    }
    assert named == set()


def test_decisions_have_their_five_parts() -> None:
    """A decision says its status, context, decision, consequences and what was rejected."""
    incomplete = [
        f"{name}: {section}"
        for name in _documents()
        if name.startswith("contracts/decisions/")
        for section in _SECTIONS
        if not re.search(rf"^#+ {section}|^\*\*{section}", text(name), re.MULTILINE | re.IGNORECASE)
    ]
    assert incomplete == []


def test_decisions_are_numbered_without_gaps() -> None:
    """NNNN-what.md, from 0001, each number once."""
    names = [name.split("/")[-1] for name in _documents() if name.startswith("contracts/decisions/")]
    numbers = sorted(int(name[:4]) for name in names)
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_changelog_has_a_place_for_the_next_release() -> None:
    """A change brings its line in the changelog; unreleased ones stand at the top."""
    assert re.search(r"^## Unreleased$", text("CHANGELOG.md"), re.MULTILINE)
