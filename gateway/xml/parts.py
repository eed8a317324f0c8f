"""The children of an element, taken strictly in order: how receipts and registry entries are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.xml.instant import read_instant
from gateway.xml.names import DS
from gateway.xml.refusals import unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from gateway.errors import UnreadableEnvelope

_SIGNATURE = f"{{{DS}}}Signature"
_DIGITS = 15


class Parts:
    """A cursor over the children of one element; every miss raises `UnreadableEnvelope` ENV-030 with the element's name and line."""

    def __init__(self, element: Element, tag: str) -> None:
        """Children of `element`, which must be `tag` (`{namespace}Name`); the namespace is that of the children too."""
        self._element = element
        self._prefix = tag[: tag.index("}") + 1]
        if element.tag != tag:
            raise self._wrong(tag[len(self._prefix) :])
        self._children = [child for child in element if child.tag != _SIGNATURE]
        self._next = 0

    def optional(self, name: str) -> Element | None:
        """The next child if it is `name`."""
        if self._next < len(self._children) and self._children[self._next].tag == self._prefix + name:
            self._next += 1
            return self._children[self._next - 1]
        return None

    def element(self, name: str) -> Element:
        """The next child, which must be `name`."""
        if (child := self.optional(name)) is None:
            raise self._wrong(name)
        return child

    def part(self, name: str) -> Parts:
        """The same for the children of the next child, which must be `name`."""
        return Parts(self.element(name), self._prefix + name)

    def several(self, name: str) -> Iterator[Element]:
        """All that follow under one name."""
        while (child := self.optional(name)) is not None:
            yield child

    def text(self, name: str) -> str:
        """Text of the next child, which must be `name` and not empty."""
        child = self.element(name)
        if len(child) or not child.text:
            raise self._wrong(name)
        return child.text

    def text_or_empty(self, name: str) -> str:
        """Text of the next child if it is `name`, else an empty text."""
        child = self.optional(name)
        return "" if child is None else child.text or ""

    def number(self, name: str) -> int:
        """A whole number that is not negative."""
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
            raise self._wrong(name)
        return int(text)

    def flag(self, name: str) -> bool:
        """Whether the next child, which must be `name`, says true."""
        text = self.text(name)
        if text not in ("true", "false"):
            raise self._wrong(name)
        return text == "true"

    def instant(self, name: str) -> datetime:
        """An aware time."""
        value = read_instant(self.text(name))
        if value is None:
            raise self._wrong(name)
        return value

    def end(self) -> None:
        """Nothing may follow."""
        if self._next < len(self._children):
            raise self._wrong("/")

    def _wrong(self, name: str) -> UnreadableEnvelope:
        where = str(self._element.tag).rpartition("}")[2]
        line = self._element.sourceline or 0
        return unreadable(
            "ENV-030",
            f"{where} 中 {name} 缺少、不在其位或值无效",
            f"{name} of {where} is missing, misplaced or no value",
            line=line,
        )
