"""`POST /v1/messages` as a plain ASGI endpoint: a FastAPI route costs 80 µs a request more (measurements.md)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api import problems
from gateway.errors import GatewayError, RequestRefused, UnreadableEnvelope
from gateway.flow.answer import Answer
from gateway.services import Services
from gateway.validate.report import ErrorTable

XML = "application/xml"
#: What a client calls XML, or does not name; any other word says that the body is something else.
_TAKEN = frozenset({"", XML, "text/xml", "application/octet-stream"})


class SubmitEndpoint:
    """Takes a signed envelope; answers 202 with the signed `accepted` receipt, or 4xx with the signed `rejected` one."""

    def __init__(self, services: Services, errors: ErrorTable, *, body_limit: int) -> None:
        """`body_limit` in bytes; a longer body is refused before it is read to its end."""
        self._services, self._errors, self._limit = services, errors, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One submission. The same message again gets the same receipt, byte for byte."""
        request = Request(scope, receive)
        try:
            response = self._answer(await self._services.submit(await self._body(request)), request)
        except GatewayError as error:
            response = problems.problem(error, self._errors)
        await response(scope, receive, send)

    async def _body(self, request: Request) -> bytes:
        """The body, bounded. Raises `RequestRefused` REQ-415 for another media type, `UnreadableEnvelope` ENV-002 past the limit."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TAKEN:
            raise RequestRefused("an envelope is application/xml", code="REQ-415")
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._limit:
            raise UnreadableEnvelope(f"an envelope may have {self._limit} bytes", code="ENV-002")
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._limit:
                raise UnreadableEnvelope(f"an envelope may have {self._limit} bytes", code="ENV-002")
            parts.append(part)
        return b"".join(parts)

    def _answer(self, answer: Answer, request: Request) -> Response:
        if answer.refusal is None:
            return Response(answer.receipt.xml, status_code=202, media_type=XML)
        if problems.MEDIA_TYPE in request.headers.get("accept", ""):
            return problems.problem(answer.refusal, self._errors)
        status = problems.status_of(answer.refusal, self._errors)
        return Response(answer.receipt.xml, status, {"sct-code": answer.refusal.code}, XML)
