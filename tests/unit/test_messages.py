"""The messages of every flow: table, schemas, builders and published examples name the same ones."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gateway.validate.catalogue import Catalogue, load_catalogue
from tests import examples, payloads

ROOT = Path(__file__).resolve().parent.parent.parent
MESSAGES = sorted(payloads.all_payloads())


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped schemas, compiled."""
    return load_catalogue(ROOT / "schemas")


def test_builders_messages_csv_and_schemas_name_the_same_messages(catalogue: Catalogue) -> None:
    """Every message of the tables F1 to F15 has a schema or a reason, every element a row and a builder."""
    with (ROOT / "contracts" / "messages.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    documents = {"envelope", "receipt", "registry"}
    elements = {name for name in catalogue.shapes.roots if name.split(".")[0] not in documents}

    assert {row["element"] for row in rows if row["element"]} == elements == set(MESSAGES)
    assert all(bool(row["element"]) != bool(row["reason"]) for row in rows)
    assert all(row["name_zh"] and row["from"] and row["to"] for row in rows)


def test_every_payload_begins_with_its_case_reference(catalogue: Catalogue) -> None:
    """The numbers of a dispute stand at one place in every message; search and rules need no table for it."""
    firsts = {name: shape.children[0].name for name, shape in catalogue.shapes.roots.items() if name in MESSAGES}

    assert set(firsts.values()) == {"CaseReference"}


@pytest.mark.parametrize("message_type", MESSAGES)
def test_the_published_examples_are_current(catalogue: Catalogue, message_type: str) -> None:
    """What an integrator copies is what the builders make today (else: `python -m tests.examples`)."""
    published = (examples.FOLDER / f"{message_type}.xml").read_bytes()

    assert published == examples.example(catalogue, message_type)


def test_the_published_examples_are_those_of_the_messages() -> None:
    """There is no example of a message that is no more."""
    assert sorted(path.stem for path in examples.FOLDER.glob("*.xml")) == MESSAGES


REQUESTS = ("Complaint", "Advisory", "Job", "LegalAid", "AwardCompare")


@pytest.mark.parametrize("request_name", REQUESTS)
def test_requests_share_receipt_and_reply(catalogue: Catalogue, request_name: str) -> None:
    """Complaint, advisory, referrals and award comparison have one receipt and one reply (domain F15)."""
    mine = {
        name.partition(".")[2].removeprefix(request_name): shape.type_name
        for name, shape in catalogue.shapes.roots.items()
        if name.partition(".")[2].startswith(request_name)
    }

    assert mine["Receipt"] == "{urn:sct:common:1}RequestReceipt"
    assert mine.get("Reply", mine.get("Result")) == "{urn:sct:common:1}RequestReply"


def test_every_message_may_be_sent_on_behalf_of_a_party_and_extended(catalogue: Catalogue) -> None:
    """A body may act for a party in any message; a note and foreign content stand last."""
    for name in MESSAGES:
        children = [child.name for child in catalogue.shapes.roots[name].children]
        assert children[1] == "OnBehalfOf", name
        assert children[-2:] == ["Note", "Extension"], name


def test_every_flow_of_the_field_has_rows() -> None:
    """No table of domain §2 is left out."""
    with (ROOT / "contracts" / "messages.csv").open(encoding="utf-8") as file:
        flows = {row["flow"] for row in csv.DictReader(file)}

    assert flows == {f"F{number}" for number in range(1, 16)}
