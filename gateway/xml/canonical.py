"""Exclusive canonical XML 1.0 without comments (W3C xml-exc-c14n): the bytes that are digested and signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from gateway.xml.refusals import unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

#: Characters that XML 1.0 does not allow, in no way of writing (XML 1.0 §2.2).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile("[&<>\r]")


def canonical(element: Element) -> bytes:
    """Exclusive C14N of an element with all that is in it. Raises `UnreadableEnvelope` where libxml2 refuses it."""
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except (etree.C14NError, ValueError) as error:
        raise unreadable("ENV-012", "文档无法规范化", "the document has no canonical form") from error


def escape(text: str) -> str:
    """Text as it stands between tags in canonical form (xml-c14n §2.3); characters that XML does not allow become U+FFFD."""
    if text.isascii() and text.isprintable() and not _MARKUP.search(text):
        return text
    text = _FORBIDDEN.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")
