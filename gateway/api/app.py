"""HTTP for machines: every interface of product.md §3 that this node offers, over the services alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from gateway.api import problems
from gateway.api.access import Gate
from gateway.api.description import describe
from gateway.api.hot import SubmitEndpoint
from gateway.api.ingress import Ingress
from gateway.api.routes_attachments import attachment_routes
from gateway.api.routes_dialects import dialect_routes
from gateway.api.routes_failures import failure_routes
from gateway.api.routes_inbox import inbox_routes
from gateway.api.routes_messages import message_routes
from gateway.api.routes_node import node_routes
from gateway.errors import GatewayError, NotFound, RequestRefused
from gateway.services import Services
from gateway.validate.report import ErrorTable


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiOptions:
    """What the API is built with."""

    #: Largest envelope in bytes.
    body_limit: int
    errors: ErrorTable
    #: The metrics page.
    metrics: Callable[[], bytes]
    #: Folder of dialect contracts: the WSDL that is published lies in it.
    dialects: Path


def create_app(services: Services, options: ApiOptions) -> FastAPI:
    """The ASGI application; its start and end are the caller's business."""
    app = FastAPI(title="诉裁调对接网关 sucaitiao-gateway", version="1.0", docs_url=None, redoc_url=None)
    gate = Gate(services)
    submit = SubmitEndpoint(services, options.errors, body_limit=options.body_limit)
    # The hot call stands first: it is matched before anything else is looked at.
    app.router.routes.insert(0, Route("/v1/messages", submit, methods=["POST"]))
    app.include_router(message_routes(services, gate))
    app.include_router(attachment_routes(services, gate))
    app.include_router(inbox_routes(services, gate))
    app.include_router(failure_routes(services, gate))
    app.include_router(node_routes(services, gate, options.metrics))
    app.include_router(dialect_routes(services, options.dialects))
    _answer_errors(app, options.errors)
    app.add_middleware(Ingress, errors=options.errors, body_limit=options.body_limit)
    describe(app)
    return app


def _answer_errors(app: FastAPI, table: ErrorTable) -> None:
    """Every error leaves as a problem document; what nobody foresaw is ours, logged without the request's content."""

    @app.exception_handler(GatewayError)
    async def _(_: Request, error: GatewayError) -> Response:
        return problems.problem(error, table)

    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        places = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return problems.problem(RequestRefused(places, code="REQ-001"), table)

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        answer = problems.problem(_foreseen(error), table)
        answer.headers.update(error.headers or {})
        return answer


def _foreseen(error: HTTPException) -> GatewayError:
    """The framework's own refusals in our words."""
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFound("nothing is served under this path")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return RequestRefused("this path does not take this method", code="REQ-406")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return RequestRefused("the body is past the limit", code="REQ-413")
    return RequestRefused(str(error.detail))
