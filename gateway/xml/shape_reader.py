"""Reads the house subset of XML Schema 1.0: named types, sequences, a choice, simple content with attributes.

What is outside the subset is refused at start, so that a schema can never mean more than our readers understand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from lxml import etree

from gateway.errors import SettingRefused

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_XS = "{http://www.w3.org/2001/XMLSchema}"
#: A type's name in Clark notation: {namespace}name.
Name = str
#: How a wildcard is processed; empty where there is none.
Wildcard = Literal["", "strict", "lax", "skip"]
_Definitions = dict[Name, "tuple[Element, str]"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SimpleType:
    """A restriction of a built-in type."""

    #: Name of the built-in type without prefix: string, date, dateTime, decimal, integer, boolean.
    base: str
    pattern: str | None = None
    values: tuple[str, ...] = ()
    #: Lengths count characters; 0 and a million where the type sets none.
    min_length: int = 0
    max_length: int = 1_000_000
    #: Digits of a decimal, in all and after the point; 0 where the type sets none.
    total_digits: int = 0
    fraction_digits: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One element declaration with its type: what it may hold, how often, in which order."""

    #: Clark notation of the element.
    tag: Name
    name: str
    #: Clark notation of its type; elements of one type share children and attributes.
    type_name: Name
    minimum: int = 1
    #: None where the element may repeat without bound.
    maximum: int | None = 1
    #: Set where the element holds text.
    text: SimpleType | None = None
    #: Required attributes by name.
    attributes: dict[str, SimpleType] = field(default_factory=dict)
    children: tuple[Shape, ...] = ()
    #: Children of which exactly one stands, as a group of names; empty without xs:choice.
    choice: frozenset[str] = frozenset()
    #: How a wildcard at the end is processed.
    open: Wildcard = ""

    @property
    def plain(self) -> bool:
        """Whether the element holds child elements and nothing else."""
        return self.text is None and self.open != "lax"

    @property
    def many(self) -> bool:
        """Whether the element may repeat, that is, whether it is a list in a payload."""
        return self.maximum is None or self.maximum > 1


def read_shapes(files: Iterable[Path]) -> dict[Name, Shape]:
    """Tag → shape of every global element. Raises `SettingRefused` for a construct outside the subset."""
    types: _Definitions = {}
    globals_: list[tuple[Element, str]] = []
    for file in files:
        schema = etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)).getroot()
        target = schema.get("targetNamespace", "")
        for node in schema.iterchildren(f"{_XS}simpleType", f"{_XS}complexType"):
            types[f"{{{target}}}{node.get('name')}"] = (node, target)
        globals_ += [(node, target) for node in schema.iterchildren(f"{_XS}element")]
    reader = _Reader(types)
    return {f"{{{target}}}{node.get('name')}": reader.element(node, target) for node, target in globals_}


class _Reader:
    """Follows type references; remembers what it has read."""

    def __init__(self, types: _Definitions) -> None:
        self._types = types
        self._simple: dict[Name, SimpleType] = {}
        self._reading: list[Name] = []

    def element(self, node: Element, target: str) -> Shape:
        """The shape of an xs:element declared in a schema with this target namespace."""
        name, type_name = node.get("name", ""), _resolve(node, node.get("type", ""))
        if type_name in self._reading:
            raise _outside(node, "a type that contains itself")
        definition, home = self._definition(node, type_name)
        high = node.get("maxOccurs", "1")
        frame = Shape(
            tag=f"{{{target}}}{name}",
            name=name,
            type_name=type_name,
            minimum=int(node.get("minOccurs", "1")),
            maximum=None if high == "unbounded" else int(high),
        )
        if definition.tag == f"{_XS}simpleType":
            return replace(frame, text=self._simple_type(type_name))
        self._reading.append(type_name)
        shape = self._complex(frame, definition, home)
        self._reading.pop()
        return shape

    def _complex(self, frame: Shape, node: Element, home: str) -> Shape:
        simple = node.find(f"{_XS}simpleContent/{_XS}extension")
        if simple is not None:
            base = _resolve(simple, simple.get("base", ""))
            return replace(frame, text=self._simple_type(base), attributes=self._attributes(simple))
        sequence = node.find(f"{_XS}sequence")
        if sequence is None:
            raise _outside(node, "a complex type without sequence or simple content")
        children: list[Shape] = []
        choice: frozenset[str] = frozenset()
        wildcard: Wildcard = ""
        for particle in sequence.iterchildren(etree.Element):
            if particle.tag == f"{_XS}element":
                children.append(self.element(particle, home))
            elif particle.tag == f"{_XS}choice":
                options = [self.element(option, home) for option in particle.iterchildren(f"{_XS}element")]
                choice = frozenset(option.name for option in options)
                children += options
            elif particle.tag == f"{_XS}any":
                wildcard = cast("Wildcard", particle.get("processContents", "strict"))
            else:
                raise _outside(particle, "a particle that is no element, choice or wildcard")
        attributes = self._attributes(node)
        return replace(frame, children=tuple(children), choice=choice, open=wildcard, attributes=attributes)

    def _attributes(self, node: Element) -> dict[str, SimpleType]:
        found: dict[str, SimpleType] = {}
        for attribute in node.iterchildren(f"{_XS}attribute"):
            found[attribute.get("name", "")] = self._simple_type(_resolve(attribute, attribute.get("type", "")))
        return found

    def _simple_type(self, name: Name) -> SimpleType:
        if name not in self._simple:
            node, _ = self._types[name]
            self._simple[name] = _restriction(node)
        return self._simple[name]

    def _definition(self, node: Element, name: Name) -> tuple[Element, str]:
        if name not in self._types:
            raise _outside(node, f"the unknown type {name}")
        return self._types[name]


def _restriction(node: Element) -> SimpleType:
    restriction = node.find(f"{_XS}restriction")
    if restriction is None:
        raise _outside(node, "a simple type that is no restriction")
    facets = {
        str(facet.tag).removeprefix(_XS): facet.get("value", "") for facet in restriction.iterchildren(etree.Element)
    }
    return SimpleType(
        base=restriction.get("base", "").partition(":")[2],
        pattern=facets.get("pattern"),
        values=tuple(facet.get("value", "") for facet in restriction.iterchildren(f"{_XS}enumeration")),
        min_length=int(facets.get("minLength", 0)),
        max_length=int(facets.get("maxLength", 1_000_000)),
        total_digits=int(facets.get("totalDigits", 0)),
        fraction_digits=int(facets.get("fractionDigits", 0)),
    )


def _resolve(node: Element, name: str) -> Name:
    prefix, _, local = name.partition(":")
    return f"{{{node.nsmap.get(prefix, '')}}}{local}"


def _outside(node: Element, what: str) -> SettingRefused:
    return SettingRefused(f"schema line {node.sourceline}: {what} is outside the house subset of XML Schema")
