"""The written contracts of the dialects: golden files shaped after the field's evidence, and descriptions that are the code's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from adapters import json_body, reading, writing
from adapters.arbitration.hrss import codes as hrss
from adapters.arbitration.hrss import document
from adapters.court.platform import codes as court
from adapters.court.platform.inbound import CONTROL as COURT_CONTROL
from adapters.union.rest import codes as union
from adapters.union.rest.inbound import CONTROL as UNION_CONTROL
from tests import dialects

GOLDEN = sorted(dialects.FOLDER.glob("*/golden/*.json"))
_JSON = {"court-platform": (court.DIALECT, COURT_CONTROL), "union-rest": (union.DIALECT, UNION_CONTROL)}


def native_of(file: Path, golden: dict[str, Any]) -> dict[str, Any]:
    """The message's part of a golden call."""
    if file.parts[-3] == "arbitration-hrss":
        data = file.with_name(golden["native"]).read_bytes()
        body = document.read(document.tree_of(document.decode(data)), "request")[1]
        return {tag: value for tag, value in body.items() if tag != "FJ"}
    control = _JSON[file.parts[-3]][1]
    body = json_body.read_object(json_body.write_object(golden["native"]))
    return {key: value for key, value in body.items() if key not in control}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_a_golden_call_reads_as_it_is_written_down(file: Path) -> None:
    """Each golden native call, traps included, gives exactly the canonical payload beside it, which survives its way back."""
    golden = json.loads(file.read_text("utf-8"))
    dialect = _JSON[file.parts[-3]][0] if file.parts[-3] in _JSON else hrss.DIALECT

    payload = reading.read(dialect, golden["message"], native_of(file, golden))

    assert payload == golden["canonical"]
    assert reading.read(dialect, golden["message"], writing.write(dialect, golden["message"], payload)) == payload
    assert golden["traps"]


@pytest.mark.parametrize("path", sorted(dialects.documents()), ids=lambda path: f"{path.parts[-2]}-{path.name}")
def test_the_contracts_are_the_codes_own(path: Path) -> None:
    """OpenAPI, WSDL, XSD and lists in contracts/dialects say what the tables say; `python -m tests.dialects` writes them."""
    assert path.read_text("utf-8") == dialects.documents()[path]


def test_the_institution_s_schema_is_one() -> None:
    """body.xsd compiles, and the WSDL names the method's namespace."""
    folder = dialects.FOLDER / "arbitration-hrss"
    assert etree.XMLSchema(etree.parse(folder / "body.xsd")) is not None
    assert etree.parse(folder / "nws.wsdl").getroot().get("targetNamespace") == "http://nws.hrss/"
