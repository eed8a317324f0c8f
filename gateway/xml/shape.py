"""Payloads as plain data and as XML: the shape of every element is read from its schema, never written down twice.

A leaf is its text; an element with children is a dict; one that may repeat is a list; an attribute is "@name", the text
beside it "#text". Order comes from the schema. The content of an `Extension` is one text: its canonical XML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from lxml import etree

from gateway.errors import Finding, PayloadRefused
from gateway.xml.shape_reader import Shape, SimpleType, read_shapes

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from gateway.model.payload import Payload, Value

__all__ = ["Field", "Shape", "Shapes", "SimpleType"]

_XMLDSIG = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_PREFIXES: dict[str | None, str] = {"c": "urn:sct:common:1"}


class Field(NamedTuple):
    """One child as the hot path needs it: its key, whether it repeats, its shape, and whether it is text alone."""

    name: str
    many: bool
    shape: Shape
    leaf: bool
    collapse: bool


class Shapes:
    """The shapes of all global elements of a schema folder; immutable once read."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Read the schemas. Raises `SettingRefused` where one leaves the house subset of XML Schema."""
        self._roots = read_shapes(files)
        self._fields: dict[str, dict[object, Field]] = {}
        for shape in self._roots.values():
            self._compile(shape)

    @property
    def roots(self) -> Mapping[str, Shape]:
        """Message type or root name (`mediation.DesignationRequest`) → shape."""
        return {_type_of(tag): shape for tag, shape in self._roots.items()}

    def to_payload(self, element: Element) -> Payload:
        """An element that its schema accepted, as plain data. Raises `PayloadRefused` naming what does not fit."""
        shape = self._roots.get(str(element.tag))
        if shape is None:
            raise _refused(f"/{element.tag!s}", "没有这个元素", "there is no such element")
        value = self._read(element, shape)
        return cast("Payload", value)

    def to_element(self, name: str, payload: Payload) -> Element:
        """The element of `<family>.<Element>`, children in order. Raises `PayloadRefused` naming the path."""
        family, _, local = name.partition(".")
        shape = self._roots.get(f"{{urn:sct:{family}:1}}{local}")
        if shape is None:
            raise _refused(name, "没有这个消息类型", "there is no such message type")
        prefixes: dict[str | None, str] = {family[0]: f"urn:sct:{family}:1", **_PREFIXES}
        if family in {"envelope", "receipt", "registry"}:
            prefixes = {None: f"urn:sct:{family}:1", **_PREFIXES}
        element = etree.Element(shape.tag, nsmap=prefixes)
        _write(element, shape, payload, path=local)
        return element

    def _compile(self, shape: Shape) -> None:
        """Index the children of a type by tag once; types are shared, so that each is visited once."""
        if shape.type_name in self._fields:
            return
        fields: dict[object, Field] = {}
        self._fields[shape.type_name] = fields
        for child in shape.children:
            leaf = child.text is not None and not child.attributes
            collapse = child.text is not None and child.text.base != "string"
            fields[child.tag] = Field(child.name, child.many, child, leaf, collapse)
            self._compile(child)

    def _read(self, element: Element, shape: Shape) -> Value:
        if shape.text is not None:
            return _read_text(element, shape)
        if shape.open == "lax":
            return _canonical_content(element)
        return self._read_children(element, shape)

    def _read_children(self, element: Element, shape: Shape) -> dict[str, Value]:
        """The hot path: one look-up a child, in document order."""
        fields = self._fields[shape.type_name]
        result: dict[str, Value] = {"@" + name: element.get(name, "") for name in shape.attributes}
        value: Value
        for child in element:
            field = fields.get(child.tag)
            if field is None:
                if child.tag == _XMLDSIG:
                    continue
                raise _refused(f"{element.tag!s}/{child.tag!s}", "不是该元素的子元素", "is no child of this element")
            name, many, inner, leaf, collapse = field
            if leaf:
                if len(child):
                    raise _refused(name, "文字元素内有子节点", "an element of text has nodes inside")
                text = child.text or ""
                value = text.strip(" \t\r\n") if collapse else text
            elif inner.plain:
                value = self._read_children(child, inner)
            else:
                value = self._read(child, inner)
            if not many:
                result[name] = value
            elif name in result:
                cast("list[Value]", result[name]).append(value)
            else:
                result[name] = [value]
        return result


def _read_text(element: Element, shape: Shape) -> Value:
    if len(element):
        raise _refused(str(element.tag), "文字元素内有子节点", "an element of text has nodes inside")
    text = element.text or ""
    if not shape.attributes:
        return text
    attributes: dict[str, Value] = {"@" + name: element.get(name, "") for name in shape.attributes}
    return {**attributes, "#text": text}


def _write(element: Element, shape: Shape, value: Value, *, path: str) -> None:
    """Fill an element from its value, children in the order of the schema."""
    if shape.text is not None or shape.open == "lax":
        _write_text(element, shape, value, path=path)
        return
    if not isinstance(value, dict):
        raise _refused(path, "应为对象", "must be an object with its child elements")
    known = {child.name for child in shape.children} | {"@" + name for name in shape.attributes}
    for key in value:
        if key not in known:
            raise _refused(f"{path}/{key}", "没有这个子元素", f"there is no {key} in {shape.name}")
    for name in shape.attributes:
        if "@" + name in value:
            _set(element, name, value["@" + name], path=f"{path}/@{name}")
    for child in shape.children:
        if child.name not in value:
            continue
        content = value[child.name]
        if isinstance(content, list) != child.many:
            raise _refused(
                f"{path}/{child.name}",
                "可重复的元素应为列表，其余不得为列表",
                "a repeatable element is a list, another is not",
            )
        for position, item in enumerate(content if isinstance(content, list) else [content], start=1):
            place = f"{path}/{child.name}[{position}]" if child.many else f"{path}/{child.name}"
            _write(etree.SubElement(element, child.tag), child, item, path=place)


def _write_text(element: Element, shape: Shape, value: Value, *, path: str) -> None:
    if shape.open == "lax":
        if not isinstance(value, str):
            raise _refused(path, "扩展内容应为 XML 文本", "the content of an extension is XML in a text")
        _write_content(element, value, path)
        return
    if shape.attributes:
        if not isinstance(value, dict) or not set(value) <= {"#text", *("@" + name for name in shape.attributes)}:
            raise _refused(path, "应为含 #text 与属性的对象", "must be an object with #text and its attributes")
        for name in shape.attributes:
            if "@" + name in value:
                _set(element, name, value["@" + name], path=f"{path}/@{name}")
        value = value.get("#text", "")
    _set(element, None, value, path=path)


def _set(element: Element, attribute: str | None, value: Value, *, path: str) -> None:
    if not isinstance(value, str):
        raise _refused(path, "应为文字", "must be a text")
    try:
        if attribute is None:
            element.text = value
        else:
            element.set(attribute, value)
    except ValueError:  # lxml: a control character or a lone surrogate
        raise _refused(path, "含有 XML 不允许的字符", "has a character that XML does not allow") from None


def _canonical_content(element: Element) -> str:
    """The children of an extension in exclusive canonical form, text between them included."""
    parts = [_escape(element.text or "")]
    for child in element:
        tail, child.tail = child.tail, None
        parts.append(etree.tostring(child, method="c14n", exclusive=True, with_comments=False).decode())
        child.tail = tail
        parts.append(_escape(tail or ""))
    return "".join(parts)


def _write_content(element: Element, text: str, path: str) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        wrapped = etree.fromstring(f"<x>{text}</x>".encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        raise _refused(
            path, "扩展内容不是格式良好的 XML", "the content of an extension is not well-formed XML"
        ) from None
    if any(not isinstance(node.tag, str) for node in wrapped.iter()):
        raise _refused(path, "扩展内容含注释或处理指令", "the content of an extension has a comment or instruction")
    element.text = wrapped.text
    element.extend(list(wrapped))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def _type_of(tag: str) -> str:
    namespace, _, local = tag[1:].partition("}")
    return f"{namespace.removeprefix('urn:sct:').removesuffix(':1')}.{local}"


def _refused(path: str, zh: str, en: str) -> PayloadRefused:
    return PayloadRefused(
        findings=[Finding(code=PayloadRefused.code, xpath=path, text_zh=f"{path}：{zh}", text_en=f"{path}: {en}")]
    )
