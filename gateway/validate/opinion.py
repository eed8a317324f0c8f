"""The second opinion: xmlschema over the same schemas, to register them and to explain a rejected document (decision 0003)."""

from __future__ import annotations

import threading
from pathlib import Path
from xml.etree.ElementTree import ParseError

import xmlschema

from gateway.errors import Finding, SettingRefused
from gateway.validate.catalogue import RootKind, SchemaVersion, locations
from gateway.xml.schema import MOST_FINDINGS, driver


def second_opinion(root: Path, schemas: tuple[SchemaVersion, ...], kind: RootKind) -> xmlschema.XMLSchema10:
    """The same schemas as xmlschema reads them (slow). Raises `SettingRefused` when one does not build."""
    source = driver(locations(schemas, kind)).decode()
    try:
        return xmlschema.XMLSchema10(source, base_url=root.resolve().as_uri() + "/", allow="local", defuse="always")
    except xmlschema.XMLSchemaException as error:
        raise SettingRefused(f"xmlschema does not take the schemas of {kind}: {error}") from error


class Explainer:
    """Builds xmlschema's schemas when they are first asked for, and never on the hot path."""

    def __init__(self, root: Path, schemas: tuple[SchemaVersion, ...]) -> None:
        """Nothing is built yet."""
        self._root = root
        self._schemas = schemas
        self._built: dict[RootKind, xmlschema.XMLSchema10] = {}
        self._lock = threading.Lock()

    def explain(self, data: bytes, kind: RootKind = "envelope") -> list[Finding]:
        """The path and reason of everything that is wrong with a document, in xmlschema's words (slow)."""
        with self._lock:
            if kind not in self._built:
                self._built[kind] = second_opinion(self._root, self._schemas, kind)
            schema = self._built[kind]
        findings: list[Finding] = []
        try:
            resource = xmlschema.XMLResource(data, defuse="always", allow="none")
            for error in schema.iter_errors(resource):
                findings.append(_explained(error))
                if len(findings) == MOST_FINDINGS:
                    break
        except (xmlschema.XMLSchemaException, ParseError) as error:
            findings.append(_finding("/", 0, f"not well-formed: {error}"))
        return findings


def _explained(error: xmlschema.XMLSchemaValidationError) -> Finding:
    return _finding(error.path or "/", error.sourceline or 0, error.reason or error.message)


def _finding(path: str, line: int, reason: str) -> Finding:
    text = reason if len(reason) <= 400 else reason[:399] + "…"  # noqa: PLR2004 - a reason that fits on a screen
    return Finding(
        code="XSD-001",
        xpath=path,
        line=line,
        text_zh="不符合结构定义：" + text,
        text_en=text,
        source="W3C XML Schema 1.0",
    )
