"""The schemas, their index, the two validators, and the documents that show what a message looks like."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import SettingRefused
from gateway.model.envelope import Attachment, Header
from gateway.validate.catalogue import Catalogue, load_catalogue, read_index
from gateway.validate.differential import Comparison, check_schemas
from gateway.validate.instances import Generator, serialise
from gateway.validate.opinion import Explainer
from gateway.xml.envelope import build
from tests import examples, payloads

if TYPE_CHECKING:
    from gateway.model.payload import Payload

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMAS = ROOT / "schemas"
MESSAGES = sorted(payloads.all_payloads())


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped schemas, compiled."""
    return load_catalogue(SCHEMAS)


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    """The second validator over the same schemas."""
    return Explainer(SCHEMAS, read_index(SCHEMAS))


@pytest.fixture(scope="module")
def comparison(catalogue: Catalogue) -> Comparison:
    """Both validators over the shipped schemas."""
    return Comparison(catalogue)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the schema folder that a test may spoil."""
    return Path(shutil.copytree(SCHEMAS, tmp_path / "schemas"))


def wrapped(catalogue: Catalogue, message_type: str, payload: Payload) -> etree._Element:
    """A whole envelope around a payload."""
    header = examples.header(message_type)
    envelope = catalogue.to_element("envelope.Envelope", {"@version": "1.0", "Header": header, "Payload": {}})
    envelope[1].append(catalogue.to_element(message_type, payload))
    return etree.fromstring(etree.tostring(envelope))


@pytest.mark.parametrize("message_type", MESSAGES)
def test_every_message_has_a_builder_whose_envelope_is_valid(
    catalogue: Catalogue, explainer: Explainer, message_type: str
) -> None:
    """The builders that all other tests stand on make whole, valid messages, and libxml2 and xmlschema both say so."""
    envelope = wrapped(catalogue, message_type, payloads.all_payloads()[message_type]())

    assert catalogue.validate("envelope", envelope) == []
    assert explainer.explain(etree.tostring(envelope)) == []


@pytest.mark.parametrize(
    ("spoil", "code", "xpath", "words"),
    [
        ({"Stage": None}, "XSD-002", "/Envelope/Payload/m:Progress/m:Summary", "m:Stage"),
        ({"NextDate": "2026-02-30"}, "XSD-003", "/Envelope/Payload/m:Progress/m:NextDate", "2026-02-30"),
        ({"Summary": ""}, "XSD-003", "/Envelope/Payload/m:Progress/m:Summary", "1"),
        (
            {"Summary": None, "NextAction": None, "NextDate": None},
            "XSD-002",
            "/Envelope/Payload/m:Progress",
            "m:Summary",
        ),
    ],
)
def test_a_finding_says_where_and_what(
    catalogue: Catalogue, *, spoil: dict[str, Payload | None], code: str, xpath: str, words: str
) -> None:
    """A refusal names the element by a readable XPath, with a stable code and texts in both languages."""
    payload = payloads.changed(payloads.all_payloads()["mediation.Progress"](), spoil)

    findings = catalogue.validate("envelope", wrapped(catalogue, "mediation.Progress", payload))

    assert [(finding.code, finding.xpath) for finding in findings] == [(code, xpath)]
    assert words in findings[0].text_zh
    assert words in findings[0].text_en
    assert findings[0].line > 0


def test_attributes_and_unknown_roots_have_codes_of_their_own(catalogue: Catalogue) -> None:
    """A missing attribute is XSD-004, an element that no schema knows is XSD-005."""
    envelope = wrapped(catalogue, "mediation.Progress", payloads.all_payloads()["mediation.Progress"]())
    del envelope.findall("{*}Header/{*}Flow")[0].attrib["version"]
    envelope[1][0].tag = "{urn:sct:mediation:1}Nothing"

    assert [finding.code for finding in catalogue.validate("envelope", envelope)] == ["XSD-004", "XSD-005"]


def test_the_second_of_two_twins_is_named_by_its_position(catalogue: Catalogue) -> None:
    """Twins are told apart, so that the sender finds the party that is meant."""
    respondent = payloads.employer(BirthDate="1990-1-1")
    payload = payloads.all_payloads()["mediation.DesignationRequest"](Party=[payloads.worker(), respondent])

    findings = catalogue.validate("envelope", wrapped(catalogue, "mediation.DesignationRequest", payload))

    assert findings[0].xpath == "/Envelope/Payload/m:DesignationRequest/m:Party[2]/c:BirthDate"


def test_explaining_names_path_and_reason(catalogue: Catalogue, explainer: Explainer) -> None:
    """Xmlschema's report has a path and a reason, and broken or hostile bytes are a finding, never an exception."""
    broken = etree.tostring(
        catalogue.to_element("mediation.Progress", {"CaseReference": {"Classification": "internal"}})
    )

    assert "m:Stage" in explainer.explain(broken)[0].text_en
    assert explainer.explain(b"<no")[0].code == "XSD-001"
    assert explainer.explain(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")[0].code == "XSD-001"


def test_an_envelope_carries_no_receipt(catalogue: Catalogue) -> None:
    """Receipts and registry entries are documents of their own: as a payload they are unknown."""
    envelope = wrapped(catalogue, "mediation.Progress", payloads.all_payloads()["mediation.Progress"]())
    envelope[1][0].tag = "{urn:sct:receipt:1}Receipt"

    assert "XSD-005" in {finding.code for finding in catalogue.validate("envelope", envelope)}


def test_a_changed_or_unnamed_schema_is_not_loaded(copied: Path) -> None:
    """The index is what was reviewed: other bytes, or a file that it does not name, stop the node at start."""
    (copied / "common" / "v1.0" / "stray.xsd").write_text("<x/>", encoding="utf-8")
    with pytest.raises(SettingRefused, match=r"common/v1\.0/stray\.xsd"):
        load_catalogue(copied)

    (copied / "common" / "v1.0" / "stray.xsd").unlink()
    with (copied / "mediation" / "v1.0" / "session.xsd").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(SettingRefused, match=r"mediation/v1\.0/session\.xsd"):
        load_catalogue(copied)


def test_check_says_which_digest_the_index_wants(copied: Path) -> None:
    """Whoever changes a draft copies the new digest from the report."""
    changed = copied / "mediation" / "v1.0" / "session.xsd"
    changed.write_bytes(changed.read_bytes() + b"\n")

    assert hashlib.sha256(changed.read_bytes()).hexdigest() in check_schemas(copied, count=1).problems[0]


def test_the_header_that_we_write_is_the_schema_s(catalogue: Catalogue) -> None:
    """`gateway.xml.envelope` and envelope.xsd agree on every part of a header, optional ones included."""
    now = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=8)))
    identity = "019cad6f-3c00-7000-8000-00000000000a"
    header = Header(
        message_id=identity,
        conversation_id=identity,
        process_id=identity,
        ref_to=identity,
        supersedes=identity,
        kind="correct",
        flow="designated-mediation",
        flow_version="1.0",
        message_type="mediation.Progress",
        schema_version="1.0",
        sender="court:t-xincheng",
        receiver="union:11150000011512968L",
        copies=(("observer", "triage:t-hohhot"),),
        actor="u-17",
        occurred_at=now,
        sent_at=now,
        expires_at=now,
        priority="urgent",
        test=True,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        attachments=(
            Attachment(
                document_type="D110", name="调解笔录.pdf", media_type="application/pdf", size=4, sha256=payloads.SHA256
            ),
        ),
    )
    payload = catalogue.to_element("mediation.Progress", payloads.all_payloads()["mediation.Progress"]())

    assert catalogue.validate("envelope", build(header, payload)) == []


def test_a_schema_opens_nothing_outside_its_folder(copied: Path) -> None:
    """An import that points out of the folder does not compile, although the file is there."""
    outside = copied.parent / "outside.xsd"
    shutil.copy(copied / "common" / "v1.0" / "text.xsd", outside)
    _rewrite(copied, "common/v1.0/case.xsd", 'schemaLocation="text.xsd"', 'schemaLocation="../../../outside.xsd"')

    with pytest.raises(SettingRefused, match="do not compile"):
        load_catalogue(copied)


def test_check_accepts_the_shipped_schemas() -> None:
    """Two validators give one verdict on a thousand seeded documents; every remaining difference has its reason."""
    report = check_schemas(SCHEMAS, seed=7, count=1000)

    assert report.ok, [difference.refusal for difference in report.differences if not difference.known]
    assert report.instances == 1000
    assert 300 < report.accepted < 900
    assert len(report.drawn) == 9


def test_check_reports_a_difference_that_nobody_has_explained(copied: Path) -> None:
    """Without its row in known-differences.toml a difference is a failure: the comparison does see."""
    (copied / "known-differences.toml").unlink()

    report = check_schemas(copied, seed=1, count=1200)

    assert not report.ok
    assert {difference.taken_by for difference in report.differences} <= {"libxml2", "xmlschema"}


def test_check_reports_what_does_not_compile(copied: Path) -> None:
    """A schema that points to a type that is not there is a problem in the report, not a traceback."""
    _rewrite(copied, "arbitration/v1.0/arbitration.xsd", "c:Official", "c:Nobody")

    report = check_schemas(copied, count=1)

    assert not report.ok
    assert "do not compile" in report.problems[0]


def test_check_reports_a_pattern_that_validators_read_differently(copied: Path) -> None:
    r"""A `\d` in a pattern is refused by name, whether or not a drawn document happens to show the difference."""
    _rewrite(copied, "common/v1.0/text.xsd", "D[0-9]{3}", r"D\d{3}")

    report = check_schemas(copied, count=1)

    assert r"the escape \d" in report.problems[0]


def test_the_same_seed_draws_the_same_documents(catalogue: Catalogue) -> None:
    """A difference found once can be looked at again."""
    first, second = (Generator(catalogue.shapes.roots, Random(3)) for _ in range(2))

    assert [serialise(first.good(name)) for name in MESSAGES] == [serialise(second.good(name)) for name in MESSAGES]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(chance=st.randoms(use_true_random=False), name=st.sampled_from(sorted(MESSAGES)), mutate=st.booleans())
def test_both_validators_agree(
    catalogue: Catalogue, comparison: Comparison, *, chance: Random, name: str, mutate: bool
) -> None:
    """Whatever hypothesis drives the generator to, libxml2 and xmlschema give one verdict, or a known difference."""
    difference = comparison.judge(Generator(catalogue.shapes.roots, chance), name, mutate=mutate)

    assert difference is None or difference.known, difference


def _rewrite(root: Path, name: str, old: str, new: str) -> None:
    """Change a schema and put its new digest into the index, so that only the change itself is judged."""
    path = root / name
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    index = root / "index.toml"
    text = index.read_text(encoding="utf-8").replace(before, hashlib.sha256(path.read_bytes()).hexdigest())
    index.write_text(text, encoding="utf-8")
