"""What is told to people: contracts/errors.toml with the meaning and mend of each code, and the exact place of a finding.

Rules carry their texts in rules.toml beside it; their ids are found here as well, so that one look-up serves every code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.errors import Finding, SettingRefused
from gateway.xml.schema import path_of

_TEXTS = ("title_zh", "title_en", "mend_zh", "mend_en")
_RULES = "rules.toml"
#: A broken rule (protocol.md §10).
_RULE_STATUS = 422
#: How rules begin the place of a finding (`gateway.validate.judging`).
_PAYLOAD = "/Envelope/Payload/*"
#: Where a rule's text is filled in for a case.
_DETAIL = re.compile(r"\{[a-z_]+\}")
_STEP = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\[(?P<position>[1-9][0-9]{0,5})\])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorRow:
    """One code: what it means and what to do."""

    code: str
    title_zh: str
    title_en: str
    mend_zh: str
    mend_en: str
    #: HTTP status where it is answered (protocol.md §10); 0 where the family's status stands.
    http: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorTable:
    """All rows by code."""

    rows: Mapping[str, ErrorRow]

    @classmethod
    def load(cls, path: Path) -> ErrorTable:
        """Read the table, and the rules beside it where there are any. Raises `SettingRefused` for a row without its form."""
        rows = {code: _row(code, read) for code, read in _read(path).items()}
        rules = path.with_name(_RULES)
        if rules.exists():
            rows |= {
                code: _rule(code, read)
                for code, read in _read(rules).items()
                if code.startswith("RUL-") and code not in rows
            }
        return cls(rows=rows)

    def find(self, code: str) -> ErrorRow | None:
        """The row of a code; None where there is none."""
        return self.rows.get(code)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingRefused(f"{path.name} cannot be read: {error}") from error


def _row(code: str, read: Any) -> ErrorRow:
    if not isinstance(read, dict):
        raise SettingRefused(f"errors.toml, {code}: a table with {', '.join(_TEXTS)} is needed")
    if unknown := set(read) - {*_TEXTS, "http"}:
        raise SettingRefused(f"errors.toml, {code}: {min(unknown)} is no column")
    http = read.get("http", 0)
    if not all(isinstance(read.get(name), str) and read[name] for name in _TEXTS) or not isinstance(http, int):
        raise SettingRefused(f"errors.toml, {code}: {', '.join(_TEXTS)} are texts, and http is a status")
    return ErrorRow(code=code, http=http, **{name: read[name] for name in _TEXTS})


def _rule(code: str, read: Any) -> ErrorRow:
    """A rule as a row: what it says, without the details of a case, is its title; its status is that of every broken rule."""
    try:
        return ErrorRow(
            code=code,
            title_zh=_DETAIL.sub("…", read["text_zh"]),
            title_en=_DETAIL.sub("…", read["text_en"]),
            mend_zh=read["mend_zh"],
            mend_en=read["mend_en"],
            http=_RULE_STATUS,
        )
    except (AttributeError, KeyError) as error:
        raise SettingRefused(f"{_RULES}, {code}: {error} is missing") from error


def located(findings: Sequence[Finding], payload: Any) -> list[Finding]:
    """Findings of rules with the XPath and line of the element that they mean; `payload` is the payload's element (lxml's).

    Rules judge plain data and name places by element names alone; what cannot be found keeps the place that the rule gave.
    """
    return [_located(finding, payload) for finding in findings]


def _located(finding: Finding, payload: Any) -> Finding:
    head, _, steps = finding.xpath.partition(_PAYLOAD)
    if head or not finding.xpath or finding.line:
        return finding
    element = payload
    for step in filter(None, steps.split("/")):
        found = _STEP.fullmatch(step)
        children = [child for child in element if found and child.tag.rpartition("}")[2] == found["name"]]
        position = int(found["position"] or 1) if found else 1
        if position > len(children):
            return finding
        element = children[position - 1]
    return replace(finding, xpath=path_of(element), line=element.sourceline or 0)
