"""How large and how deep a document may be (protocol.md §10); past any of these it is refused before anything reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds of one XML document from outside; the defaults are those of protocol.md §10."""

    #: Bytes of a whole document.
    envelope_bytes: int = 1_000_000
    #: Elements within each other, the root counted.
    depth: int = 32
    #: Attributes of one element, and namespaces that are in scope of it.
    attributes: int = 64
    #: Characters of one text or attribute value.
    text: int = 20_000
    #: Elements of a whole document.
    elements: int = 50_000
