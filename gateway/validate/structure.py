"""Structure and rules: a verified envelope is an instance of its schemas and breaks no refusing rule."""

from __future__ import annotations

from gateway.errors import Finding, RuleRefused, SchemaRefused
from gateway.model.envelope import Header, Validated, Verified
from gateway.model.ids import is_test
from gateway.validate.catalogue import Catalogue
from gateway.validate.report import located
from gateway.validate.rules import Rules
from gateway.xml import envelope, names


def validate(verified: Verified, catalogue: Catalogue, rules: Rules) -> Validated:
    """libxml2 over the signed tree, then the rules over its payload as plain data.

    Raises `SchemaRefused` with every finding (XPath, line, text), or `RuleRefused` with every finding;
    advising findings travel with the message (protocol.md §3: the gateway never decides law).
    """
    findings = catalogue.validate("envelope", verified.tree)
    if findings:
        raise SchemaRefused(findings=findings)
    element = envelope.payload_of(verified.tree)
    if names.message_type_of(str(element.tag)) != verified.header.message_type:
        raise SchemaRefused(f"MessageType says {verified.header.message_type}, the payload is another", code="XSD-007")
    _test_agrees(verified.header)
    payload = catalogue.to_payload(element)
    judged = rules.judge(verified.header.message_type, payload, verified.header)
    if judged:
        judged = located(judged, element)
    refusing = [finding for finding in judged if finding.severity == "refuse"]
    if refusing:
        raise RuleRefused(code=refusing[0].code, findings=judged)
    return Validated(verified=verified, payload=payload, advice=tuple(judged))


def _test_agrees(header: Header) -> None:
    """Test participants send and receive with Test=true alone, others never: a test message reaches no production case (protocol.md §1)."""
    named = (header.sender, header.receiver, *(participant for _, participant in header.copies))
    if {is_test(participant) for participant in named if not participant.startswith("node:")} != {header.test}:
        finding = Finding(
            code="XSD-008",
            xpath="/Envelope/Header/Test",
            text_zh="测试标志须与参与方一致：测试参与方只在 Test=true 时收发，其他参与方从不",
            text_en="Test must be true exactly where all participants are test ones (t-…)",
            source="protocol.md §1",
        )
        raise SchemaRefused(code="XSD-008", findings=[finding])
