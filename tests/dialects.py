"""Writes contracts/dialects from the adapters' tables: OpenAPI, WSDL with XSD, field lists: `python -m tests.dialects`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.arbitration.hrss import codes as hrss
from adapters.arbitration.hrss import inbound as hrss_inbound
from adapters.arbitration.hrss import outbound as hrss_outbound
from adapters.arbitration.hrss.soap import NAMESPACE
from adapters.court.platform import codes as court
from adapters.court.platform import inbound as court_inbound
from adapters.court.platform import outbound as court_outbound
from adapters.union.rest import codes as union
from adapters.union.rest import inbound as union_inbound
from adapters.union.rest import outbound as union_outbound

if TYPE_CHECKING:
    from adapters.fields import Dialect, Field

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contracts" / "dialects"
_COURT_HEADERS = ("X-App-Id", "X-Timestamp", "X-Nonce", "X-Signature")
#: What a call says beside its message; files are lists of objects.
_FILES = {"FJ", "attachments"}


def documents() -> dict[Path, str]:
    """Every generated file and its text."""
    made = {
        FOLDER / "court-platform" / "openapi.json": _openapi(
            "court/platform", court.DIALECT, court_inbound, court_outbound, headers=_COURT_HEADERS
        ),
        FOLDER / "union-rest" / "openapi.json": _openapi(
            "union/rest", union.DIALECT, union_inbound, union_outbound, headers=("X-Api-Key",)
        ),
        FOLDER / "arbitration-hrss" / "nws.wsdl": _wsdl(),
        FOLDER / "arbitration-hrss" / "body.xsd": _body_xsd(),
    }
    dialects = {"court-platform": court.DIALECT, "union-rest": union.DIALECT, "arbitration-hrss": hrss.DIALECT}
    made |= {FOLDER / name / "fields.csv": _fields(dialect) for name, dialect in dialects.items()}
    return made | {FOLDER / name / "codes.csv": _codes(dialect) for name, dialect in dialects.items()}


def _openapi(profile: str, dialect: Dialect, inbound: Any, outbound: Any, *, headers: tuple[str, ...]) -> str:
    """Calls in as paths, calls out as webhooks (OpenAPI 3.1)."""
    parameters = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in headers]

    def operation(message: str, control: frozenset[str]) -> dict[str, Any]:
        call = {"type": "object", "properties": {key: _control(key) for key in sorted(control)}}
        schema = {"allOf": [call, {"$ref": f"#/components/schemas/{message}"}]}
        content = {"application/json": {"schema": schema}}
        answer = {
            "200": {
                "description": "the dialect's answer",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        }
        return {
            "post": {
                "operationId": message,
                "parameters": parameters,
                "requestBody": {"content": content},
                "responses": answer,
            }
        }

    description = {
        "openapi": "3.1.0",
        "info": {"title": profile, "version": "1.0", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "paths": {path: operation(message, inbound.CONTROL) for path, message in inbound.PATHS.items()},
        "webhooks": {path: operation(message, frozenset()) for message, path in outbound.PATHS.items()},
        "components": {"schemas": {table: _schema(dialect, table) for table in dialect.tables}},
    }
    return json.dumps(description, ensure_ascii=False, indent=1) + "\n"


def _control(key: str) -> dict[str, Any]:
    """Every dialect's own keys are texts, its files a list."""
    return {"type": "array", "items": {"type": "object"}} if key in _FILES else {"type": "string"}


def _schema(dialect: Dialect, table: str) -> dict[str, Any]:
    properties = {field.native: _property(dialect, field) for field in dialect.tables[table].fields}
    properties[dialect.extension] = {
        "type": "object",
        "description": "what no field carries exactly, under its canonical names",
    }
    return {"type": "object", "properties": properties}


def _property(dialect: Dialect, field: Field) -> dict[str, Any]:
    one: dict[str, Any] = {"type": "string", "description": ".".join(field.path)}
    if field.kind == "record":
        one = {"$ref": f"#/components/schemas/{field.of}"}
    elif field.kind in {"code", "cause"}:
        one["enum"] = sorted(dialect.codes[field.of].native)
    return {"type": "array", "items": one} if field.many and field.kind != "joined" else one


def _fields(dialect: Dialect) -> str:
    """record, native key, canonical path, repeats, kind."""
    rows = ["record,native,canonical,many,kind"]
    for table in dialect.tables.values():
        for field in table.fields:
            kind = f"{field.kind}:{field.of}" if field.of else field.kind
            rows.append(f"{table.name},{field.native},{'/'.join(field.path)},{str(field.many).lower()},{kind}")
    return "\n".join(rows) + "\n"


def _codes(dialect: Dialect) -> str:
    """list, canonical value, native form written, native forms read."""
    rows = ["list,canonical,written,read"]
    for name, table in sorted(dialect.codes.items()):
        forms: dict[str, list[str]] = {}
        for native in sorted(table.native):
            forms.setdefault(table.read(native), []).append(native)
        rows += [
            f"{name},{value},{table.write(value)},{' '.join(forms.get(value, []))}" for value in sorted(table.canonical)
        ]
    return "\n".join(rows) + "\n"


def _wsdl() -> str:
    trades = dict(hrss_inbound.TRADES) | {trade: message for message, trade in hrss_outbound.TRADES.items()}
    listed = "\n".join(f"    {trade} {message}" for trade, message in sorted(trades.items()))
    part = '<xs:element name="{0}" type="xs:string"/>'
    asked = "".join(part.format(name) for name in ("systemCode", "tradeCode", "xml"))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
                  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:n="{NAMESPACE}" targetNamespace="{NAMESPACE}" name="Nws">
  <wsdl:documentation>One method both ways. `xml` is base64 of a document (body.xsd) in GB18030 or UTF-8 with an enveloped signature.
{listed}
    {hrss_outbound.RECEIPT_TRADE} receipt about a message of the institution
  </wsdl:documentation>
  <wsdl:types>
    <xs:schema targetNamespace="{NAMESPACE}" elementFormDefault="unqualified">
      <xs:element name="nwsReceive"><xs:complexType><xs:sequence>{asked}</xs:sequence></xs:complexType></xs:element>
      <xs:element name="nwsReceiveResponse"><xs:complexType><xs:sequence>{part.format("nwsReceiveReturn")}</xs:sequence></xs:complexType></xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="nwsReceive"><wsdl:part name="parameters" element="n:nwsReceive"/></wsdl:message>
  <wsdl:message name="nwsReceiveResponse"><wsdl:part name="parameters" element="n:nwsReceiveResponse"/></wsdl:message>
  <wsdl:portType name="Nws">
    <wsdl:operation name="nwsReceive"><wsdl:input message="n:nwsReceive"/><wsdl:output message="n:nwsReceiveResponse"/></wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="NwsSoap" type="n:Nws">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="nwsReceive">
      <soap:operation soapAction="nwsReceive"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Nws">
    <wsdl:port name="NwsSoap" binding="n:NwsSoap"><soap:address location="urn:sct:address"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""


def _body_xsd() -> str:
    """The document's records as types; every tag may be missing, in any order, as systems of the field write them."""
    dialect = hrss.DIALECT
    types = []
    for table in dialect.tables.values():
        tags = "".join(_tag(field) for field in table.fields)
        types.append(
            f'  <xs:complexType name="{table.name}">\n    <xs:all>\n{tags}      <xs:element name="KZ" type="extension" minOccurs="0"/>\n'
            f'      <xs:element name="FJ" type="files" minOccurs="0"/>\n    </xs:all>\n  </xs:complexType>\n'
        )
    head = "".join(
        f'      <xs:element name="{tag}" type="xs:string" minOccurs="0"/>\n' for tag in sorted(hrss_inbound.HEAD)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
        f'  <xs:complexType name="head">\n    <xs:all>\n{head}    </xs:all>\n  </xs:complexType>\n'
        '  <xs:complexType name="extension"><xs:sequence><xs:any processContents="skip" maxOccurs="unbounded"/></xs:sequence></xs:complexType>\n'
        '  <xs:complexType name="files"><xs:sequence><xs:any processContents="skip" maxOccurs="unbounded"/></xs:sequence></xs:complexType>\n'
        + "".join(types)
        + "</xs:schema>\n"
    )


def _tag(field: Field) -> str:
    kind = field.of if field.kind == "record" else "xs:string"
    if not field.many or field.kind == "joined":
        return f'      <xs:element name="{field.native}" type="{kind}" minOccurs="0"/>\n'
    row = f'<xs:complexType><xs:sequence><xs:element name="row" type="{kind}" maxOccurs="unbounded"/></xs:sequence></xs:complexType>'
    return f'      <xs:element name="{field.native}" minOccurs="0">{row}</xs:element>\n'


def main() -> None:
    """Write every file."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
