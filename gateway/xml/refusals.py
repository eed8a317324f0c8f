"""Refusals that carry their text in both languages; the mend of each code stands in contracts/errors.toml."""

from __future__ import annotations

from gateway.errors import Finding, SignatureRefused, UnreadableEnvelope

_PROFILE = "product.md §1"


def unreadable(code: str, zh: str, en: str, *, line: int = 0, xpath: str = "") -> UnreadableEnvelope:
    """What is raised for a document that cannot be read at all: code, both texts, the line where it is known."""
    finding = Finding(code=code, xpath=xpath, line=line, text_zh=zh, text_en=en, source="protocol.md §2, §10")
    return UnreadableEnvelope(code=code, findings=(finding,))


def signature_refused(code: str, zh: str, en: str, *, xpath: str = "") -> SignatureRefused:
    """What is raised for a signature that is not exactly the strict profile, does not hold, or is not the sender's."""
    return SignatureRefused(
        code=code, findings=(Finding(code=code, xpath=xpath, text_zh=zh, text_en=en, source=_PROFILE),)
    )
