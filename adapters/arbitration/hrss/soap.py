"""The one SOAP 1.1 method of `arbitration/hrss`: `nwsReceive(systemCode, tradeCode, xml)`, written and read.

Stacks of the field add `xsi:type` and prefixes of their own, so the wrapper is read leniently by expat, without any DTD; what
counts is the signed document inside it, which `document.py` reads strictly.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import TypeAlias
from xml.parsers import expat  # expat with a handler that stops at any DOCTYPE: no entity is ever declared or expanded
from xml.sax.saxutils import escape

from adapters import json_body, values
from gateway.errors import DialectRefused

#: Namespace of the method; the WSDL in contracts/dialects/arbitration-hrss says the same.
NAMESPACE = "http://nws.hrss/"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_DEPTH = 12
Texts: TypeAlias = "dict[str, str]"


def write_call(system_code: str, trade_code: str, document: bytes) -> bytes:
    """The request: the document travels in base64."""
    data = base64.b64encode(document).decode("ascii")
    body = (
        f'<n:nwsReceive xmlns:n="{NAMESPACE}"><systemCode>{escape(system_code)}</systemCode>'
        f"<tradeCode>{escape(trade_code)}</tradeCode><xml>{data}</xml></n:nwsReceive>"
    )
    return _wrap(body)


def write_answer(document: bytes) -> bytes:
    """The response of the method."""
    data = base64.b64encode(document).decode("ascii")
    return _wrap(
        f'<n:nwsReceiveResponse xmlns:n="{NAMESPACE}"><nwsReceiveReturn>{data}</nwsReceiveReturn></n:nwsReceiveResponse>'
    )


def read_call(body: bytes) -> tuple[str, str, bytes]:
    """(system code, trade code, document). Raises `DialectRefused`."""
    texts = _read(body, "nwsReceive")
    missing = [name for name in ("systemCode", "tradeCode", "xml") if not texts.get(name, "").strip()]
    if missing:
        raise DialectRefused(f"the SOAP call lacks {', '.join(missing)}", code="DIA-001")
    return values.trimmed(texts["systemCode"]), values.trimmed(texts["tradeCode"]), payload(texts["xml"])


def read_answer(body: bytes) -> bytes:
    """The document of a response; a Fault is refused with its text. Raises `DialectRefused`."""
    texts = _read(body, "nwsReceiveResponse")
    for name in ("nwsReceiveReturn", "return"):
        if texts.get(name):
            return payload(texts[name])
    raise DialectRefused(f"the SOAP answer has no result: {texts.get('faultstring', '')[:200]}", code="DIA-020")


def payload(text: str) -> bytes:
    """The document in a text: base64, gzip in base64, or the XML itself, escaped once or twice (domain.md §5.3 trap 11)."""
    word = values.trimmed(text)
    if word.startswith("&lt;"):
        word = (
            word.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", '"')
            .replace("&apos;", "'")
            .replace("&amp;", "&")
        )
    if word.startswith("<"):
        return word.encode()
    data = values.read_base64(word)
    return _inflated(data) if data[:2] == b"\x1f\x8b" else data


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(data, json_body.BODY_LIMIT)
    except zlib.error:
        raise DialectRefused("the document is not gzip", code="DIA-001") from None
    if stream.unconsumed_tail:
        raise DialectRefused("the document is past the limit once it is unpacked", code="DIA-001")
    return plain


def _wrap(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    ).encode()


def _read(body: bytes, method: str) -> Mapping[str, str]:
    """Local name → text of the leaves of the method's element, or of a Fault."""
    if len(body) > json_body.BODY_LIMIT * 2:
        raise DialectRefused(f"a body of {len(body)} bytes is past the limit", code="DIA-001")
    reader = _Reader(method)
    try:
        reader.parser.Parse(body, True)  # noqa: FBT003 - expat takes it by position alone
    except (expat.ExpatError, ValueError, LookupError):
        raise DialectRefused("the body is no SOAP envelope", code="DIA-001") from None
    if not reader.found:
        raise DialectRefused(f"the SOAP body has no {method}", code="DIA-001")
    return reader.texts


class _Reader:
    """expat's handlers: the leaves under the method, and nothing that declares anything."""

    def __init__(self, method: str) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.method = method
        self.path: list[str] = []
        self.texts: Texts = {}
        self.found = False

    def _refuse(self, *_: object) -> None:
        raise DialectRefused("a DOCTYPE is not allowed", code="DIA-001")

    def _start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.path.append(local)
        if len(self.path) > _DEPTH:
            raise DialectRefused("the SOAP envelope nests too deep", code="DIA-001")
        if self.path in (["Envelope", "Body", self.method], ["Envelope", "Body", "Fault"]):
            self.found = True
        if self._leaf():
            if local in self.texts:
                raise DialectRefused(f"{local} stands twice in the SOAP call", code="DIA-001")
            self.texts[local] = ""

    def _end(self, _: str) -> None:
        self.path.pop()

    def _data(self, text: str) -> None:
        if self._leaf():
            self.texts[self.path[-1]] += text

    def _leaf(self) -> bool:
        return self.path[:-1] in (["Envelope", "Body", self.method], ["Envelope", "Body", "Fault"])
