"""From bytes to a tree, within limits: no DTD, no entity, no comment, no instruction, no `xsi:` attribute, UTF-8 alone.

libxml2 never frees a name that a thread has met. A document whose start tags all are in a bounded vocabulary of plain tags is
parsed where it stands; any other is parsed on a thread of its own, whose names go when it ends, so that a stream of ever new
names leaves memory flat. Nothing but plain tags begins with `<` in the former, hence it needs no second look.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from lxml import etree

from gateway.xml.names import XSI
from gateway.xml.refusals import unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from gateway.errors import UnreadableEnvelope
    from gateway.xml.limits import Limits

_WS = rb"[ \t\r\n]"
_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml" + _WS + rb"+version" + _WS + rb"*=" + _WS + rb"*(?:\"1\.0\"|'1\.0')"
    rb"(?:" + _WS + rb"+encoding" + _WS + rb"*=" + _WS + rb"*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"'])?"
    rb"(?:" + _WS + rb"+standalone" + _WS + rb"*=" + _WS + rb"*[\"'](?:yes|no)[\"'])?" + _WS + rb"*\?>)?" + _WS + rb"*"
)  # fmt: skip
#: Whatever begins with `<` and is no end tag, up to its `>`; each byte is read once.
_TAG = re.compile(rb"<[^/>][^>]*+>?")
#: What may enter the vocabulary: a start tag with few short attributes without markup, absolute namespaces that are not XSI's.
_PLAIN_ATTRIBUTES = 16
_NAME = rb"[A-Za-z_][\w.:-]{0,80}+"
_URI = rb"(?:urn:|https?:)(?!//www\.w3\.org/2001/XMLSchema-instance)[\w:/.#-]{1,100}+"
_PLAIN = re.compile(
    rb"<" + _NAME + rb"(?:\s++(?:"
    rb"(?!xmlns)" + _NAME + rb"=(?:\"[^\"<>&]{0,200}+\"|'[^'<>&]{0,200}+')|"
    rb"xmlns(?::[A-Za-z_][\w.-]{0,30}+)?=(?:\"" + _URI + rb"\"|'" + _URI + rb"')"
    rb")){0,16}+\s*+/?>"
)  # fmt: skip
_TAG_LIMIT = 300
_VOCABULARY_LIMIT = 8_192
_vocabulary: set[bytes] = set()
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00", b"\x00\x00")


def _new_parser() -> etree.XMLParser[Element]:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8", collect_ids=False
    )


_PARSER = _new_parser()


def parse(raw: bytes, limits: Limits) -> Element:
    """The root element of a document within the limits. Raises `UnreadableEnvelope` ENV-001…ENV-013, with the line if known."""
    if len(raw) > limits.envelope_bytes:
        size = limits.envelope_bytes
        raise unreadable("ENV-002", f"文档超过 {size} 字节", f"the document is larger than {size} bytes")
    start = _prolog(raw)
    tags = _TAG.findall(raw, start)
    if _vocabulary.issuperset(tags) or _learn(set(tags) - _vocabulary):
        root = _parse(raw, _PARSER)
    else:
        root = _parse_apart(raw)
        _look(root, limits)
    _measure(root, limits, elements=len(tags), characters=len(raw))
    return root


def _prolog(raw: bytes) -> int:
    """Where the root element begins. A DOCTYPE can stand nowhere else than before it, so none is ever parsed."""
    match = _PROLOG.match(raw)
    end = match.end() if match else 0
    encoding = match[1] if match else None
    if raw[:2] in _UTF16 or (encoding is not None and encoding.lower() != b"utf-8"):
        raise unreadable("ENV-011", "文档编码不是 UTF-8", "the document's encoding is not UTF-8")
    if raw.startswith((b"<!", b"<?"), end):
        line = raw.count(b"\n", 0, end) + 1
        if raw.startswith(b"<!--", end):
            raise unreadable("ENV-005", "文档含注释", "the document has a comment", line=line)
        if raw.startswith(b"<!", end):
            raise unreadable("ENV-003", "文档含 DOCTYPE", "the document has a DOCTYPE", line=line)
        if raw[end + 2 : end + 6] in (b"xml ", b"xml\t", b"xml\n", b"xml\r"):
            raise unreadable("ENV-001", "XML 声明无效", "the XML declaration is not valid", line=line)
        raise unreadable("ENV-006", "文档含处理指令", "the document has a processing instruction", line=line)
    return end


def _learn(new: set[bytes]) -> bool:
    """Whether all of `new` are plain and fit into the vocabulary, which then holds them."""
    if len(_vocabulary) + len(new) > _VOCABULARY_LIMIT:
        return False
    if not all(len(tag) <= _TAG_LIMIT and _PLAIN.fullmatch(tag) for tag in new):
        return False
    _vocabulary.update(new)
    return True


def _parse(raw: bytes, parser: etree.XMLParser[Element]) -> Element:
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise _syntax(error) from None


def _parse_apart(raw: bytes) -> Element:
    """Parse on a thread of its own: what it has learned of names is freed with it."""
    outcome: list[Element | UnreadableEnvelope] = []

    def run() -> None:
        try:
            outcome.append(etree.fromstring(raw, _new_parser()))
        except etree.XMLSyntaxError as error:
            outcome.append(_syntax(error))

    thread = threading.Thread(target=run, name="parse")
    thread.start()
    thread.join()
    result = outcome[0] if outcome else unreadable("ENV-001", "文档无法解析", "the document cannot be parsed")
    if isinstance(result, Exception):
        raise result
    return result


def _syntax(error: etree.XMLSyntaxError) -> UnreadableEnvelope:
    """libxml2's complaint by what it is about; its sentence names elements and positions, never text."""
    line = error.lineno or 0
    text = (error.msg or "").partition("\n")[0][:200]
    if error.code == etree.ErrorTypes.ERR_UNDECLARED_ENTITY:
        return unreadable("ENV-004", "文档含未声明的实体", "the document has an entity", line=line)
    if "depth" in text.lower():
        return unreadable("ENV-008", "元素嵌套过深", "elements are nested too deep", line=line)
    if error.code == etree.ErrorTypes.ERR_INVALID_ENCODING or "encoding" in text:
        return unreadable("ENV-011", "文档编码不是 UTF-8", "the document's encoding is not UTF-8", line=line)
    if error.code == etree.ErrorTypes.WAR_NS_URI_RELATIVE:
        return unreadable("ENV-012", "命名空间不是绝对 URI", "a namespace is no absolute URI", line=line)
    return unreadable("ENV-001", f"不是格式良好的 XML：{text}", f"not well-formed XML: {text}", line=line)


def _measure(root: Element, limits: Limits, *, elements: int, characters: int) -> None:
    """Depth always; the other limits only where the bytes leave room for a document to pass them."""
    if _deeper(limits.depth)(root):
        raise unreadable(
            "ENV-008", f"元素嵌套超过 {limits.depth} 层", f"elements are nested deeper than {limits.depth}"
        )
    if elements > limits.elements and _COUNT(root) > limits.elements:
        raise unreadable("ENV-013", f"元素超过 {limits.elements} 个", f"there are more than {limits.elements} elements")
    if limits.attributes < _PLAIN_ATTRIBUTES and _more_attributes(limits.attributes)(root):
        raise _crowded(limits, 0)
    if characters > limits.text and _longer(limits.text)(root):
        raise _long(limits, 0)


def _look(root: Element, limits: Limits) -> None:
    """Every node of a document that is not all plain tags, those beside the root too."""
    for node in (*root.itersiblings(preceding=True), *root.iter(), *root.itersiblings()):
        tag, line = cast("object", node.tag), node.sourceline or 0
        if tag is etree.Comment:
            raise unreadable("ENV-005", "文档含注释", "the document has a comment", line=line)
        if tag is etree.ProcessingInstruction:
            raise unreadable("ENV-006", "文档含处理指令", "the document has a processing instruction", line=line)
        if tag is etree.Entity:
            raise unreadable("ENV-004", "文档含实体", "the document has an entity", line=line)
        _look_at(node, limits, line)


def _look_at(node: Element, limits: Limits, line: int) -> None:
    if any(name.startswith(f"{{{XSI}}}") for name in node.attrib):
        raise unreadable("ENV-007", "不允许 xsi: 属性", "an xsi: attribute is not allowed", line=line)
    if not all(uri == "" or _ABSOLUTE.match(uri) for uri in node.nsmap.values()):
        raise unreadable("ENV-012", "命名空间不是绝对 URI", "a namespace is no absolute URI", line=line)
    if len(node.attrib) > limits.attributes or len(node.nsmap) > limits.attributes:
        raise _crowded(limits, line)
    if max(len(node.text or ""), len(node.tail or "")) > limits.text:
        raise _long(limits, line)


def _crowded(limits: Limits, line: int) -> UnreadableEnvelope:
    most = limits.attributes
    return unreadable(
        "ENV-009", f"一个元素的属性或命名空间超过 {most} 个", f"an element has more than {most} attributes", line=line
    )


def _long(limits: Limits, line: int) -> UnreadableEnvelope:
    most = limits.text
    return unreadable("ENV-010", f"一段文字超过 {most} 个字符", f"a text is longer than {most} characters", line=line)


_COUNT = etree.XPath("count(//*)")


@lru_cache(maxsize=8)
def _deeper(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


@lru_cache(maxsize=8)
def _more_attributes(most: int) -> etree.XPath:
    return etree.XPath(f"boolean(//*[@*[{most + 1}]])")


@lru_cache(maxsize=8)
def _longer(most: int) -> etree.XPath:
    return etree.XPath(f"boolean(//text()[string-length() > {most}] | //@*[string-length() > {most}])")
