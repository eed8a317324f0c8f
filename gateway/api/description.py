"""The OpenAPI description: generated from the routes, with the hot call that is no FastAPI route.

Kept in contracts/openapi.json, which a test compares; after a change of the API write it anew:
`python -m gateway.api > contracts/openapi.json`.
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.api.answers import FindingShown, Problem

_XML = {"application/xml": {"schema": {"type": "string"}}}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
#: Status of a refused submission → what it means (protocol.md §10).
_REFUSED = {
    "400": "unreadable",
    "403": "the signature is refused",
    "409": "no step that the contract allows now, or the id stands for other bytes",
    "413": "too large",
    "415": "not XML",
    "422": "a schema or a rule is broken, or an attachment is not here",
    "503": "this node cannot take it now",
}
#: Status of any other call → what it means.
_ANY = {
    "400": "not well formed",
    "401": "no credential, or one that does not hold",
    "403": "the role may not do this",
    "404": "not here, or not the caller's",
    "405": "not this method",
    "409": "not in this state",
    "413": "too large",
    "422": "refused",
    "503": "ours, try again",
}
_SUBMIT: dict[str, Any] = {
    "tags": ["messages"],
    "summary": "Submit a signed envelope",
    "description": "The signature is the credential. The same message again gets the same receipt, byte for byte.",
    "operationId": "submit",
    "requestBody": {"required": True, "content": _XML},
    "responses": {
        "202": {"description": "a signed `accepted` receipt", "content": _XML},
        **{status: {"description": text, "content": _XML | _PROBLEM} for status, text in _REFUSED.items()},
    },
}
#: Open to all: nothing, or a credential of their own in the dialect.
_OPEN = ("/healthz", "/adapters/")


def describe(app: FastAPI) -> None:
    """Make the app's description: bearer token everywhere but where a call has its own credential or none."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending the description


def rendered(app: FastAPI) -> bytes:
    """The description as it stands in contracts/openapi.json."""
    return orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _description(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for methods in described["paths"].values():
        for operation in methods.values():
            _may_be_refused(operation)
    described["paths"]["/healthz"]["get"]["responses"] = {
        "200": described["paths"]["/healthz"]["get"]["responses"]["200"]
    }
    described["paths"].setdefault("/v1/messages", {})["post"] = _SUBMIT
    described["paths"] = dict(sorted(described["paths"].items()))
    parts = described.setdefault("components", {})
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for model in (FindingShown, Problem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        parts["schemas"][model.__name__] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if not path.startswith(_OPEN) and (path, method) != ("/v1/messages", "post"):
                operation["security"] = [{"token": []}]
    return described


def _may_be_refused(operation: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    for status, text in _ANY.items():
        operation["responses"].setdefault(status, {"description": text, "content": _PROBLEM})
