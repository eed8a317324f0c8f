"""The OpenAPI description: generated from the routes, with the hot call that is no FastAPI route, kept in contracts/openapi.json."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_SUBMIT = {
    "post": {
        "tags": ["messages"],
        "summary": "Submit a signed envelope",
        "description": "The signature is the credential. The same message again gets the same receipt, byte for byte.",
        "requestBody": {"required": True, "content": {"application/xml": {"schema": {"type": "string"}}}},
        "responses": {
            "202": {
                "description": "a signed `accepted` receipt",
                "content": {"application/xml": {"schema": {"type": "string"}}},
            },
            **{
                status: {
                    "description": text,
                    "content": {
                        "application/xml": {"schema": {"type": "string"}},
                        "application/problem+json": {"schema": {"type": "object"}},
                    },
                }
                for status, text in {
                    "400": "unreadable",
                    "403": "the signature is refused",
                    "409": "no step that the contract allows now, or the id stands for other bytes",
                    "413": "too large",
                    "422": "a schema or a rule is broken",
                    "503": "this node cannot take it now",
                }.items()
            },
        },
    }
}


def describe(app: FastAPI) -> None:
    """Make the app's description: bearer token everywhere but where a call has its own credential or none."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending the description


def _description(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(title=app.title, version=app.version, routes=app.routes)
    described["paths"].setdefault("/v1/messages", {}).update(_SUBMIT)
    described.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if (
                (path.startswith("/v1/")
                and (path, method) != ("/v1/messages", "post"))
                or path in ("/readyz", "/metrics")
            ):
                operation["security"] = [{"token": []}]
            if path != "/healthz":
                _may_be_refused(operation)
    described["paths"] = dict(sorted(described["paths"].items()))
    return described


def _may_be_refused(operation: dict[str, Any]) -> None:
    problem = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}
    operation["responses"].pop("422", None)
    for status, text in (("400", "not well formed"), ("401", "no credential"), ("403", "not allowed"), ("404", "not here"),
                         ("409", "not in this state"), ("422", "refused"), ("503", "ours, try again")):  # fmt: skip
        operation["responses"].setdefault(status, {"description": text, **problem})
