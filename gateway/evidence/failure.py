"""Failure records and their fingerprints: the same cause has the same fingerprint in every run (protocol.md §9, peers.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import orjson

from gateway.errors import Finding, GatewayError
from gateway.model.ledger import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What failed: ids as far as they are known, empty where they are not."""

    participant: str = ""
    sender: str = ""
    message_id: str = ""
    conversation_id: str = ""
    schema_version: str = ""
    part: str = ""


def fingerprint(stage: str, code: str, rule: str, participant: str, schema_version: str) -> str:
    """32 hexadecimal digits over the cause alone: no text, time, id or stack trace."""
    return hashlib.sha256(f"{stage}\n{code}\n{rule}\n{participant}\n{schema_version}".encode()).hexdigest()[:32]


def record(
    error: GatewayError, subject: Subject, *, failure_id: str, stage: str, original: bytes, at_us: int
) -> Failure:
    """A failure record of `error`; whoever stores it says with `expires_us` whether it is bounded."""
    rule = rule_of(error)
    return Failure(
        failure_id=failure_id,
        stage=stage,
        code=error.code,
        rule=rule,
        participant=subject.participant,
        schema_version=subject.schema_version,
        fingerprint=fingerprint(stage, error.code, rule, subject.participant, subject.schema_version),
        sender=subject.sender,
        message_id=subject.message_id,
        conversation_id=subject.conversation_id,
        part=subject.part,
        detail=orjson.dumps(detail(error), option=orjson.OPT_SORT_KEYS).decode(),
        original=original,
        state="failed",
        attempts=1,
        first_us=at_us,
        last_us=at_us,
        expires_us=None,
    )


def bounded(failure: Failure, *, expires_us: int, answer: bytes = b"") -> Failure:
    """The record as one that ends by itself; a signed rejection is kept in it, never among the receipts (protocol.md §6)."""
    kept = {**orjson.loads(failure.detail), "answer": answer.decode()} if answer else orjson.loads(failure.detail)
    return replace(failure, expires_us=expires_us, detail=orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode())


def digest_of(raw: bytes) -> str:
    """SHA-256 of bytes that were not verified, lower-case hexadecimal: names them in a rejection."""
    return hashlib.sha256(raw).hexdigest()


def rule_of(error: GatewayError) -> str:
    """The first refusing rule, or the partner's own code: what tells causes of one code apart."""
    native = getattr(error, "native_code", "")
    refusing = next((finding.code for finding in error.findings if finding.severity == "refuse"), "")
    return native or (refusing if refusing != error.code else "")


def detail(error: GatewayError) -> dict[str, object]:
    """Findings without the text of the payload beyond what the rule quotes."""
    return {
        "code": error.code,
        "native": getattr(error, "native_code", ""),
        "findings": [_finding(f) for f in error.findings],
    }


def finding(error: GatewayError) -> Finding:
    """An error without findings as one, for a receipt that has to say why."""
    return Finding(code=error.code, text_zh=str(error), text_en=str(error))


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code, "severity": finding.severity, "xpath": finding.xpath, "line": finding.line,
        "zh": finding.text_zh, "en": finding.text_en, "mend_zh": finding.mend_zh, "mend_en": finding.mend_en, "source": finding.source,
    }  # fmt: skip
