"""Rules: every row of contracts/rules.toml against its own examples, every builder without a refusal, the cost of a payload."""

from __future__ import annotations

import copy
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.contract.codes import CodeBook
from gateway.errors import Finding, SettingRefused
from gateway.model.envelope import Attachment, Header
from gateway.model.payload import Payload
from gateway.validate.rules import Rules
from tests.payloads import agreement, all_payloads

CONTRACTS = Path(__file__).parents[2] / "contracts"
CODES = CodeBook.load(CONTRACTS / "codes")
RULES = Rules.load(CONTRACTS / "rules.toml", CODES)
EXAMPLES: dict[str, dict[str, Any]] = tomllib.loads((CONTRACTS / "rules.toml").read_text(encoding="utf-8"))


def header(message_type: str, *, receiver: str = "union:t-station", attachment: str = "") -> Header:
    """The least header that rules look at."""
    attached = Attachment(
        document_type=attachment, name="测试.pdf", media_type="application/pdf", size=1, sha256="0" * 64
    )
    return Header(
        message_id="019cad6f-3c00-7000-8000-000000000001",
        conversation_id="019cad6f-3c00-7000-8000-000000000002",
        process_id="019cad6f-3c00-7000-8000-000000000003",
        flow="designated-mediation",
        flow_version="1.0",
        message_type=message_type,
        schema_version="1.0",
        sender="court:t-court",
        receiver=receiver,
        sent_at=datetime(2026, 3, 3, tzinfo=UTC),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        attachments=(attached,) if attachment else (),
    )


def changed(payload: Payload, changes: dict[str, Any]) -> Payload:
    """A deep copy with the values at dotted paths replaced; False takes one away."""
    payload = copy.deepcopy(payload)
    for path, value in changes.items():
        *way, last = path.split(".")
        node: Any = payload
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node[step]
        key: Any = int(last) if isinstance(node, list) else last
        if value is False:
            del node[key]
        else:
            node[key] = value
    return payload


def judge(example: dict[str, Any]) -> list[Finding]:
    """The findings of an example of contracts/rules.toml."""
    payload = changed(all_payloads()[example["message"]](), example.get("set", {}))
    return RULES.judge(
        example["message"], payload, header(example["message"], attachment=example.get("attachment", ""))
    )


@pytest.mark.parametrize("rule", EXAMPLES)
def test_example_that_passes(rule: str) -> None:
    """A rule says nothing about its good example."""
    assert rule not in {finding.code for finding in judge(EXAMPLES[rule]["passes"])}


@pytest.mark.parametrize("rule", EXAMPLES)
def test_example_that_fails(rule: str) -> None:
    """A rule finds its bad example at the place that it names, with the row's severity, texts filled in, mend and source."""
    row = EXAMPLES[rule]
    [found] = [finding for finding in judge(row["fails"]) if finding.code == rule]
    assert (found.xpath, found.severity) == (row["fails"]["at"], row["severity"])
    assert (found.mend_zh, found.mend_en, found.source) == (row["mend_zh"], row["mend_en"], row["source"])
    assert "{" not in found.text_zh + found.text_en


@pytest.mark.parametrize("rule", EXAMPLES)
def test_bad_example_breaks_nothing_else(rule: str) -> None:
    """A bad example is refused for one reason only, so that a finding points at what is wrong."""
    others = [
        finding.code
        for finding in judge(EXAMPLES[rule]["fails"])
        if finding.code != rule and finding.severity == "refuse"
    ]
    assert others == []


@pytest.mark.parametrize("message_type", all_payloads())
def test_builders_pass(message_type: str) -> None:
    """The payloads of the tests, which are whole and right, give no finding at all."""
    assert RULES.judge(message_type, all_payloads()[message_type](), header(message_type)) == []


def test_internal_attachment() -> None:
    """D211 is refused as an attachment too, though the payload does not mention it."""
    message = "mediation.Progress"
    [found] = RULES.judge(message, all_payloads()[message](), header(message, attachment="D211"))
    assert (found.code, found.xpath) == ("RUL-050", "/Envelope/Header/Attachments/Attachment[1]/DocumentType")


def test_consent_is_asked_for_by_receiver() -> None:
    """The same data need no consent on their way to a court, and do on their way to a union."""
    message = "mediation.DesignationRequest"
    payload = changed(all_payloads()[message](), {"CaseReference.ConsentRef": False})
    assert RULES.judge(message, payload, header(message, receiver="court:t-court")) == []
    assert [finding.code for finding in RULES.judge(message, payload, header(message))] == ["RUL-051"]


def test_extension_is_not_read() -> None:
    """What stands in an extension point is text of others: no rule looks into it."""
    message = "mediation.Progress"
    payload = changed(all_payloads()[message](), {"Extension": "<x:IdNumber xmlns:x='urn:x'>1</x:IdNumber>"})
    assert RULES.judge(message, payload, header(message)) == []


def test_findings_repeat_no_identity_number() -> None:
    """A finding about a person's number shows neither the number nor a part of it."""
    number = cast("str", EXAMPLES["RUL-011"]["fails"]["set"]["Party.0.IdNumber"])
    findings = judge(EXAMPLES["RUL-011"]["fails"])
    assert findings
    assert not any(number[6:] in finding.text_zh + finding.text_en for finding in findings)


def test_details_are_never_formatted_again() -> None:
    """Braces in a hostile value come out as they came in: only the rule's own text is a template."""
    hostile = changed(
        all_payloads()["mediation.Progress"](), {"CaseReference.PreMediationNumber": "{value}{0.__class__}"}
    )
    [found] = RULES.judge("mediation.Progress", hostile, header("mediation.Progress"))
    assert "{value}{0.__class__}" in found.text_en


def test_a_statement_is_compared_with_its_agreement() -> None:
    """Clauses are the same field by field; 12000 is 12000.00, and the wording of a clause may differ."""
    payload = all_payloads()["arbitration.ReviewStatement"]()
    same = changed(payload, {"Clause.0.Amount": "12000", "Clause.0.Text": "另行措辞"})
    assert RULES.compare(agreement(), same) == []


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"Clause.0.Amount": "12000.01"}, "Clause[1]/Amount"),
        ({"Clause.0.Instalment.1.DueDate": "2026-06-01"}, "Clause[1]/Instalment"),
        ({"Clause.1.Obligor": "测试乙商贸有限公司"}, "Clause[2]/Obligor"),
        ({"Clause.1": False}, "Clause"),
        ({"AgreementNumber": "工调字〔2026〕第032号"}, "AgreementNumber"),
    ],
    ids=["amount", "instalment", "obligor", "missing", "another agreement"],
)
def test_a_difference_between_statement_and_agreement_is_advice(changes: dict[str, Any], at: str) -> None:
    """What differs is named by its place; the institution decides (人社部令第33号第77条)."""
    statement = changed(all_payloads()["arbitration.ReviewStatement"](), changes)
    [found] = RULES.compare(agreement(), statement)
    assert (found.code, found.severity, found.xpath) == ("RUL-062", "advise", f"/Envelope/Payload/*/{at}")


def test_known_rule_cannot_refuse(tmp_path: Path) -> None:
    """A row that nobody has checked may not refuse: it stops the node at start instead."""
    path = tmp_path / "rules.toml"
    row = 'severity = "refuse"\ntext_zh = "一"\ntext_en = "a"\nmend_zh = "一"\nmend_en = "a"\nsource = "x"\nmark = "known"\n'
    path.write_text(f"[RUL-002]\n{row}", encoding="utf-8")
    with pytest.raises(SettingRefused, match="only known"):
        Rules.load(path, CODES)


def test_cost_of_a_payload() -> None:
    """A designation request, the largest message, is judged in well under a millisecond even on a busy machine."""
    message = "mediation.DesignationRequest"
    payload, head = all_payloads()[message](), header(message)
    RULES.judge(message, payload, head)
    spent = min(_timed(message, payload, head) for _ in range(50))
    assert spent < 0.0005


def _timed(message: str, payload: Payload, head: Header) -> float:
    start = time.perf_counter()
    RULES.judge(message, payload, head)
    return time.perf_counter() - start
