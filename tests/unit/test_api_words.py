"""Cursors, queries and problem documents of the API, without a node."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from gateway.api import problems
from gateway.api.access import MAY
from gateway.api.words import cursor_read
from gateway.errors import AccessRefused, Finding, NodeError, RequestRefused, SchemaRefused
from gateway.validate.report import ErrorTable

TABLE = ErrorTable.load(Path(__file__).resolve().parents[2] / "contracts" / "errors.toml")
ROLES = {"viewer", "operator", "approver", "auditor", "integrator", "admin", "participant"}


def encoded(text: str) -> str:
    """A cursor that holds a text."""
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_a_cursor_is_read_as_it_was_written() -> None:
    """The first page has none; another is time and id of the last row."""
    assert cursor_read("") is None
    assert cursor_read(encoded("12/019cad6f-3c00")) == (12, "019cad6f-3c00")


@pytest.mark.parametrize(
    "text", ["x", "%%%", encoded("/"), encoded("-1/a"), encoded(f"{2**63}/a"), encoded("1/\x00"), encoded("１/a")]
)
def test_a_cursor_of_chance_is_refused(text: str) -> None:
    """What no page gave is REQ-001 and never reaches the database."""
    with pytest.raises(RequestRefused, match="cursor"):
        cursor_read(text)


def test_a_problem_says_what_where_and_the_mend() -> None:
    """Code, status, title and mend in both languages from errors.toml, and every finding with its place."""
    finding = Finding(code="XSD-001", xpath="/Envelope", line=3, text_zh="错", text_en="wrong")
    answer = problems.problem(SchemaRefused("wrong", findings=[finding]), TABLE)
    body = orjson.loads(bytes(answer.body))

    assert (answer.status_code, body["status"], body["code"]) == (422, 422, "XSD-001")
    assert all(body[name] for name in ("title", "title_zh", "mend", "mend_zh"))
    assert [(one["xpath"], one["line"], one["text_zh"]) for one in body["findings"]] == [("/Envelope", 3, "错")]


def test_ours_is_said_without_detail() -> None:
    """503 tells the caller when to come back and nothing of our inside; 401 names the scheme."""
    ours = problems.problem(NodeError("password of the database"), TABLE)
    unknown = problems.problem(AccessRefused("no token"), TABLE)

    assert (ours.status_code, ours.headers["retry-after"]) == (503, "5")
    assert b"password" not in bytes(ours.body)
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")


def test_the_table_of_roles_knows_no_other_role() -> None:
    """Every role of protocol.md §10 may do something, and a participant none of the operators' work."""
    assert set().union(*MAY.values()) == ROLES
    assert {action for action, roles in MAY.items() if "participant" in roles} == {
        "read",
        "read-body",
        "attach",
        "inbox",
    }
