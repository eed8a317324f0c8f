"""XML Schema on the hot path: a thin layer over libxml2's validator, with findings that people can read.

One driver document imports every schema of a root: one compiled schema judges a whole envelope, payload included.
Nothing outside the schema folder is ever opened.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lxml import etree

from gateway.errors import Finding, SettingRefused

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

#: More findings than this help nobody, and a hostile document could make millions.
MOST_FINDINGS = 50
#: Namespaces whose elements stand without prefix in our XPaths; the others have their family's initial.
_BARE = ("urn:sct:envelope:1", "urn:sct:receipt:1", "urn:sct:registry:1", "")
_CODES = {
    "SCHEMAV_ELEMENT_CONTENT": "XSD-002",
    "SCHEMAV_CVC_ELT_1": "XSD-005",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "XSD-004",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": "XSD-004",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "XSD-004",
    "SCHEMAV_CVC_TYPE_3_1_1": "XSD-004",
    "SCHEMAV_CVC_TYPE_3_1_2": "XSD-006",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "XSD-006",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": "XSD-006",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "XSD-006",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "XSD-003",
    "SCHEMAV_CVC_PATTERN_VALID": "XSD-003",
    "SCHEMAV_CVC_ENUMERATION_VALID": "XSD-003",
    "SCHEMAV_CVC_MINLENGTH_VALID": "XSD-003",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "XSD-003",
    "SCHEMAV_CVC_TOTALDIGITS_VALID": "XSD-003",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "XSD-003",
}
#: libxml2's sentences and ours in Chinese; the groups are handed on.
_CHINESE = (
    (r"This element is not expected\. Expected is (?:one of )?\( (.+?) \)\.", "此处不应出现该元素，应为：{0}"),
    (r"This element is not expected\.", "此处不应出现该元素"),
    (r"Missing child element\(s\)\. Expected is (?:one of )?\( (.+?) \)\.", "缺少子元素，应有：{0}"),
    (r"\[facet 'pattern'\] The value '(.*)' is not accepted by the pattern '(.*)'\.", "值“{0}”不合格式 {1}"),
    (
        r"\[facet 'enumeration'\] The value '(.*)' is not an element of the set \{(.*)\}\.",
        "值“{0}”不在允许的取值 {1} 之中",
    ),
    (r"\[facet 'maxLength'\].* length of '(\d+)'.* length of '(\d+)'\.", "长度为 {0}，超过上限 {1}"),
    (r"\[facet 'minLength'\].* length of '(\d+)'.* length of '(\d+)'\.", "长度为 {0}，不足下限 {1}"),
    (r"\[facet '(?:total|fraction)Digits'\].*\('(\d+)'\)\.", "数字位数超过 {0} 位"),
    (r"'(.*)' is not a valid value of the \w+ type '(.*)'\.", "值“{0}”不是有效的 {1}"),
    (r"The attribute '(.*)' is not allowed\.", "不允许属性 {0}"),
    (r"The attribute '(.*)' is required but missing\.", "缺少必有的属性 {0}"),
    (r"No matching global (?:element )?declaration available.*", "没有这个名称的元素声明"),
    (r"Character content other than whitespace is not allowed.*", "此元素内只允许子元素，不允许文字"),
    (r"Element content is not allowed.*", "此元素内不允许子元素"),
)
_SENTENCES = tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in _CHINESE)
_NAMESPACE = re.compile(r"\{([^}]*)\}")
_STEP = re.compile(r"(?:(?P<prefix>[^:\[]+):)?(?P<name>[^:\[]+)(?:\[(?P<position>\d+)\])?\Z")


class CompiledSchema:
    """The schemas of one root, compiled once; instances are judged from any thread."""

    def __init__(self, locations: Iterable[tuple[str, str]], *, root: Path) -> None:
        """Compile (namespace, file below `root`) pairs. Raises `SettingRefused` when a schema does not compile."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        parser.resolvers.add(_Folder(root.resolve()))
        try:
            tree = etree.fromstring(driver(locations), parser, base_url=str(root.resolve() / "driver.xsd"))
            self._schema = etree.XMLSchema(tree)
        except (etree.XMLSchemaParseError, etree.XMLSyntaxError, OSError) as error:
            raise SettingRefused(f"schemas below {root.name} do not compile: {error}") from error
        # lxml releases the interpreter lock while it validates and keeps one error log per schema.
        self._lock = threading.Lock()

    def validate(self, tree: Element) -> list[Finding]:
        """Every finding (XPath, line, code, texts) of a root element that is no instance; empty when it is one."""
        with self._lock:
            if self._schema.validate(tree):
                return []
            entries = list(self._schema.error_log)[: 4 * MOST_FINDINGS]
        findings: dict[tuple[str, str], Finding] = {}
        for entry in entries:
            finding = _finding(
                tree, path=entry.path or "", line=entry.line, kind=entry.type_name, message=entry.message
            )
            findings.setdefault((finding.xpath, finding.code), finding)
        return list(findings.values())[:MOST_FINDINGS]

    def explain(self, data: bytes) -> list[Finding]:
        """Findings of a document in bytes; one that is not well formed has one. For comparing, never for a decision."""
        try:
            tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        except etree.XMLSyntaxError as error:
            return [
                Finding(code="XSD-001", xpath="/", text_zh="不是格式良好的 XML", text_en=f"not well-formed: {error}")
            ]
        return self.validate(tree)


def driver(locations: Iterable[tuple[str, str]]) -> bytes:
    """A schema document without declarations of its own that imports (namespace, relative file) pairs."""
    imports = "".join(f'<xs:import namespace="{namespace}" schemaLocation="{file}"/>' for namespace, file in locations)
    return f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'.encode()


def path_of(element: Element) -> str:
    """An XPath with positions from the root, for instance /Envelope/Payload/m:DesignationRequest/c:Party[2]."""
    steps: list[str] = []
    node: Element | None = element
    while node is not None:
        parent = node.getparent()
        step = _short(str(node.tag))
        if parent is not None:
            twins = [child for child in parent if child.tag == node.tag]
            if len(twins) > 1:
                step += f"[{twins.index(node) + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))


class _Folder(etree.Resolver):
    """Opens files of the schema folder and nothing else."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def resolve(self, system_url: str | None, _public_id: str | None, context: object, /) -> Any:
        """The file, or an empty document, which does not compile, when it lies elsewhere."""
        path = Path(unquote((system_url or "").removeprefix("file://"))).resolve()
        if path.is_relative_to(self._root) and path.is_file():
            return self.resolve_filename(str(path), context)
        return self.resolve_string("<outside/>", context)


def _finding(tree: Element, *, path: str, line: int, kind: str, message: str) -> Finding:
    element = _locate(tree, path)
    sentence = _NAMESPACE.sub(lambda match: _prefix(match[1]), message.partition(": ")[2] or message)
    # "Element 'x', attribute 'y': …" keeps the attribute in the sentence.
    attribute = re.match(r"Element '[^']*', attribute '([^']*)'", message)
    where = f"@{attribute[1]}: " if attribute else ""
    return Finding(
        code=_CODES.get(kind, "XSD-001"),
        xpath=path_of(element) if element is not None else path,
        line=line,
        text_zh=where + _chinese(sentence),
        text_en=where + _clip(sentence),
        source="W3C XML Schema 1.0",
    )


def _chinese(sentence: str) -> str:
    for pattern, text in _SENTENCES:
        if match := pattern.search(sentence):
            return text.format(*(_clip(group.strip(), most=100) for group in match.groups()))
    return "不符合结构定义：" + _clip(sentence)


def _locate(root: Element, path: str) -> Element | None:
    """Follow a path as libxml2 writes it: `*` counts every child, a prefixed name counts its twins."""
    node: Element | None = None
    for text in path.strip("/").split("/"):
        step = _STEP.match(text)
        if step is None:
            return node
        if node is None:
            node = root
            continue
        children = [child for child in node if isinstance(child.tag, str)]
        if step["name"] != "*":
            children = [
                child
                for child in children
                if child.prefix == step["prefix"] and etree.QName(child).localname == step["name"]
            ]
        position = int(step["position"] or 1)
        if position > len(children):
            return node
        node = children[position - 1]
    return node


def _short(tag: str) -> str:
    return _NAMESPACE.sub(lambda match: _prefix(match[1]), tag)


def _prefix(namespace: str) -> str:
    if namespace in _BARE:
        return ""
    if namespace == "http://www.w3.org/2000/09/xmldsig#":
        return "ds:"
    if namespace.startswith("urn:sct:"):
        return namespace[8] + ":"
    return "{" + namespace + "}"


def _clip(text: str, *, most: int = 400) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
