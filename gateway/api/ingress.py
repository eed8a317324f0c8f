"""What every request passes first: trace context, ids for the log, limits; and what every answer passes last, foreseen or not.

Plain ASGI, since it stands before the hot call.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api import problems
from gateway.errors import NodeError, RequestRefused
from gateway.transport import trace
from gateway.validate.report import ErrorTable

log = structlog.get_logger()

#: These bound their bodies themselves: one streams to a file, one has a larger limit, one counts as it reads.
_OWN_LIMIT: Final = ("/v1/attachments/", "/adapters/", "/v1/messages")
#: A NUL is no text to PostgreSQL, and U+FFFD stands where a path was no UTF-8.
_NO_TEXT: Final = ("\x00", "\ufffd")


class Ingress:
    """Binds the trace to the task's log lines, refuses what no route has to look at, answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, *, errors: ErrorTable, body_limit: int) -> None:
        """`body_limit` in bytes is that of JSON bodies."""
        self._app, self._errors, self._limit = app, errors, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; sockets and lifespan pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        span = trace.follow(headers.get(b"traceparent", b"").decode("latin-1"))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=span.trace_id, span_id=span.span_id, method=scope["method"])
        answer = _Answer(send, str(span).encode())
        if refusal := self._refusal(scope, headers):
            await problems.problem(refusal, self._errors)(scope, receive, answer)
            return
        await self._guarded(scope, self._bounded(scope, receive), answer)

    async def _guarded(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """What nobody foresaw is ours: logged without the request's content, answered as long as nothing has been sent."""
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            log.info("api.left")
        except Exception as error:
            log.error("api.broken", exc_info=error)  # noqa: TRY400 - `exc_info` is this error
            if not answer.begun:
                await problems.problem(NodeError("this node failed", code="NOD-099"), self._errors)(
                    scope, receive, answer
                )

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> RequestRefused | None:
        if any(sign in scope["path"] for sign in _NO_TEXT) or b"%00" in scope["query_string"]:
            return RequestRefused("the address holds a NUL or is no UTF-8")
        declared = headers.get(b"content-length", b"0")
        if not scope["path"].startswith(_OWN_LIMIT) and declared.isdigit() and int(declared) > self._limit:
            return self._too_large()
        return None

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` that counts, for bodies that come without their length."""
        if scope["path"].startswith(_OWN_LIMIT):
            return receive
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        return counted

    def _too_large(self) -> RequestRefused:
        return RequestRefused(f"a body may have {self._limit} bytes here", code="REQ-413")


class _Answer:
    """`send` that adds this hop's `traceparent` and knows whether the answer has begun."""

    def __init__(self, send: Send, traceparent: bytes) -> None:
        self._send, self._traceparent, self.begun = send, traceparent, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message["headers"] = [*message.get("headers", ()), (b"traceparent", self._traceparent)]
        await self._send(message)
