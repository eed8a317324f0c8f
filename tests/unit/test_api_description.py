"""contracts/openapi.json is what the code serves, and says enough to write a client."""

from __future__ import annotations

from pathlib import Path

import orjson

from gateway.api.__main__ import description

FILE = Path(__file__).resolve().parents[2] / "contracts" / "openapi.json"
DESCRIBED = orjson.loads(FILE.read_bytes())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}


def test_the_file_is_what_the_code_describes() -> None:
    """After a change of the API: `python -m gateway.api > contracts/openapi.json`."""
    assert description() == FILE.read_bytes()


def test_every_call_has_a_name_a_summary_and_its_own_id() -> None:
    """A reader knows what a call does, a generator what to call it."""
    assert [name for name, one in OPERATIONS.items() if not one.get("summary")] == []
    ids = [one["operationId"] for one in OPERATIONS.values()]
    assert len(ids) == len(set(ids))


def test_every_json_answer_has_a_shape() -> None:
    """No success is described as any JSON whatever."""
    bare = [
        f"{name} {status}"
        for name, one in OPERATIONS.items()
        for status, answer in one["responses"].items()
        if status.startswith("2")
        and answer.get("content", {}).get("application/json", {}).get("schema") in ({}, {"type": "object"})
    ]
    assert bare == []


def test_only_what_has_its_own_credential_is_open() -> None:
    """The bearer token stands at every call but submit (the signature), the dialects (their own) and health."""
    is_open = {name for name, one in OPERATIONS.items() if "security" not in one}
    assert {name for name in is_open if "/adapters/" not in name} == {"POST /v1/messages", "GET /healthz"}


def test_refusals_are_problem_documents() -> None:
    """Each call says which statuses refuse it, with the shape of RFC 9457 and our code."""
    for name, one in OPERATIONS.items():
        refusals = [answer for status, answer in one["responses"].items() if status.startswith("4")]
        assert name == "GET /healthz" or refusals, name
        assert all("application/problem+json" in answer["content"] for answer in refusals), name
    assert {"code", "mend", "mend_zh", "findings"} <= set(DESCRIBED["components"]["schemas"]["Problem"]["properties"])
