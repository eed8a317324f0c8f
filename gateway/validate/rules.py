"""The rules beyond XSD: check digits, codes, sums, signatures; each with texts, mend and source in contracts/rules.toml.

A rule refuses or advises as its row says. A row marked `known` cannot refuse: nobody has checked it against its official text yet
(protocol.md §3).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import Finding, SettingRefused, Severity
from gateway.model.envelope import Header
from gateway.model.payload import Payload, Value
from gateway.validate import rules_clauses, rules_fields, rules_message
from gateway.validate.judging import ROOT, Leaf, NodeCheck, Place, Problems, child
from gateway.validate.rules_fields import CodeLists

_MARKS = frozenset({"found", "known", "computed", "design"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One row of contracts/rules.toml; texts may name details in braces."""

    id: str
    severity: Severity
    text_zh: str
    text_en: str
    mend_zh: str
    mend_en: str
    source: str
    #: found, known, computed or design (domain.md §0).
    mark: str

    def finding(self, xpath: str, details: Mapping[str, str]) -> Finding:
        """The finding of this rule at a place."""
        return Finding(
            code=self.id,
            severity=self.severity,
            xpath=xpath,
            text_zh=self.text_zh.format_map(details),
            text_en=self.text_en.format_map(details),
            mend_zh=self.mend_zh,
            mend_en=self.mend_en,
            source=self.source,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is checked in the elements of one name."""

    leaves: Mapping[str, Leaf]
    node: NodeCheck | None = None


class Rules:
    """All rules, ready to judge payloads from any thread."""

    __slots__ = ("_default", "_plans", "_reasons", "rows")

    def __init__(self, rows: Mapping[str, Rule], codes: CodeLists) -> None:
        """`rows` is rule id → rule. Raises `NotFound` for a code list that is not there."""
        self.rows = rows
        leaves = rules_fields.leaves(codes)
        nodes = dict(rules_fields.NODES) | {"Cause": rules_fields.cause(codes)}
        nodes |= {name: rules_fields.ordered(*span) for name, span in rules_fields.SPANS.items()}
        lists = {
            parent: {name: rules_fields.in_list(codes, list_name) for name, list_name in inner.items()}
            for parent, inner in rules_fields.LISTS_IN.items()
        }
        self._default = _Plan(leaves)
        self._plans = {name: _Plan(leaves | lists.get(name, {}), nodes.get(name)) for name in {*nodes, *lists}}
        self._reasons = {
            message: (path, rules_fields.in_list(codes, list_name))
            for message, (path, list_name) in rules_message.REASONS.items()
        }

    @classmethod
    def load(cls, path: Path, codes: CodeLists) -> Rules:
        """Read contracts/rules.toml. Raises `SettingRefused` for a row that has not its form, or refuses though it is only known."""
        try:
            read = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls({name: _rule(name, row) for name, row in read.items()}, codes)
        except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise SettingRefused(f"{path.name}: {error}") from error

    def judge(self, message_type: str, payload: Payload, header: Header) -> list[Finding]:
        """Every finding of a schema-valid payload, refusing and advising, in the order of the document."""
        problems = Problems()
        self._walk(payload, self._plans.get(message_type, self._default), ROOT, problems)
        if (reason := self._reasons.get(message_type)) is not None:
            self._reason(payload, reason, problems)
        if (check := rules_message.MESSAGES.get(message_type)) is not None:
            check(payload, ROOT, problems)
        rules_message.consent(payload, header, problems)
        if header.attachments:
            rules_message.attachments(header, problems)
        return self._told(problems)

    def compare(self, agreement: Payload, statement: Payload) -> list[Finding]:
        """Where an `arbitration.ReviewStatement` differs from the `Agreement` element that was applied with; advice alone.

        Both stand in different messages, so the arbitration institution's flow asks for it (人社部令第33号第77条).
        """
        problems = Problems()
        rules_clauses.compare(agreement, statement, problems)
        return self._told(problems)

    def _told(self, problems: Problems) -> list[Finding]:
        if not problems.found:
            return []
        return [self.rows[rule].finding(xpath, details) for rule, xpath, details in problems.found]

    def _walk(self, node: Payload, plan: _Plan, place: Place, problems: Problems) -> None:
        # The hot path: exact types, since the payload is what `gateway.xml.shape` made, and a set before a call.
        leaves = plan.leaves
        if plan.node is not None:
            plan.node(node, place, problems)
        for name, value in node.items():
            if type(value) is str:
                if name in leaves:
                    known, check = leaves[name]
                    if value not in known:
                        check(value, (place, name, 0), problems)
            elif type(value) is dict:
                self._walk(value, self._plans.get(name, self._default), (place, name, 0), problems)
            else:
                self._walk_list(name, value, leaves, place, problems)

    def _walk_list(
        self, name: str, values: Value, leaves: Mapping[str, Leaf], place: Place, problems: Problems
    ) -> None:
        plan, leaf = self._plans.get(name, self._default), leaves.get(name)
        for position, value in enumerate(values, 1):
            if isinstance(value, dict):
                self._walk(value, plan, (place, name, position), problems)
            elif leaf is not None and isinstance(value, str) and value not in leaf.known:
                leaf.check(value, (place, name, position), problems)

    @staticmethod
    def _reason(payload: Payload, reason: tuple[tuple[str, ...], Leaf], problems: Problems) -> None:
        path, listed = reason
        node, place = payload, ROOT
        for name in path:
            node, place = child(node, name), (place, name, 0)
        code = node.get("Code")
        if isinstance(code, str):
            if code not in listed.known:
                listed.check(code, (place, "Code", 0), problems)
            rules_message.explained(node, place, problems)


def _rule(name: str, row: Mapping[str, Any]) -> Rule:
    fields = {field: row[field] for field in ("severity", "text_zh", "text_en", "mend_zh", "mend_en", "source", "mark")}
    if fields["severity"] not in {"refuse", "advise"} or fields["mark"] not in _MARKS:
        raise SettingRefused(
            f"rules.toml: {name} needs severity refuse or advise, and a mark of {', '.join(sorted(_MARKS))}"
        )
    if fields["severity"] == "refuse" and fields["mark"] == "known":
        raise SettingRefused(f"rules.toml: {name} is only known, so it may advise but not refuse")
    return Rule(id=name, **fields)
