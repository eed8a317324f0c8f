"""The native dialects: a partner's call goes to its adapter as it came, and is answered in its own dialect."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.errors import AttachmentRefused, NotFound
from gateway.ports import NativeRequest
from gateway.services import Services

#: A native call carries its documents inline (base64), hence more than an envelope; bytes.
_LIMIT = 32_000_000


def dialect_routes(services: Services, dialects: Path) -> APIRouter:
    """`/adapters/<family>/<profile>/…` for every installed profile; its WSDL is open, everything else has the dialect's credential."""
    router = APIRouter(tags=["dialects"])

    async def call(request: Request, family: str, profile: str, path: str = "") -> Response:
        """Answers in the dialect of the profile, errors too."""
        if request.method == "GET" and "wsdl" in request.url.query.lower():
            return _wsdl(dialects, family, profile, request)
        native = NativeRequest(
            method=request.method,
            path=f"/{path}",
            query=request.url.query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await _body(request),
        )
        answer = await services.receive_native(f"{family}/{profile}", native)
        return Response(answer.body, status_code=answer.status, headers={"content-type": answer.media_type})

    for method, summary in (("GET", "A native query, or the WSDL with ?wsdl"), ("POST", "A native call")):
        for number, path in enumerate(("", "/{path:path}")):
            router.add_api_route(
                f"/adapters/{{family}}/{{profile}}{path}",
                call,
                methods=[method],
                operation_id=f"native_{method.lower()}{'_path' * number}",
                response_class=Response,
                summary=summary,
            )
    return router


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _LIMIT:
            raise AttachmentRefused(f"a native call may have {_LIMIT} bytes", code="ATT-004")
        parts.append(part)
    return b"".join(parts)


def _wsdl(dialects: Path, family: str, profile: str, request: Request) -> Response:
    """The published WSDL with this node's own address in it."""
    known = {path.name: path for path in dialects.glob("*") if path.is_dir()}
    folder = known.get(f"{family}-{profile}")
    files = sorted(folder.glob("*.wsdl")) if folder else []
    if not files:
        raise NotFound(f"{family}/{profile} publishes no WSDL")
    # The host is the caller's word: it may hold anything.
    address = escape(f"{request.url.scheme}://{request.headers.get('host', '')}{request.url.path}", {'"': "&quot;"})
    text = files[0].read_text(encoding="utf-8").replace("urn:sct:address", address)
    return Response(text, media_type="text/xml; charset=utf-8")
