"""A tree as bytes for the wire: UTF-8, no declaration, every text as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def serialise(element: Element) -> bytes:
    """The element in UTF-8 without XML declaration; shorter than its canonical form, which repeats namespaces."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
