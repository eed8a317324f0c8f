"""Attachments: streamed both ways with bounded memory, digest checked on the way (protocol.md §5)."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway.api.access import Gate
from gateway.api.answers_node import Stored
from gateway.api.words import Id, bytes_of
from gateway.errors import AttachmentRefused
from gateway.services import Services

_BYTES_IN = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def attachment_routes(services: Services, gate: Gate) -> APIRouter:
    """`PUT` and `GET /v1/attachments/{sha256}`."""
    router = APIRouter(prefix="/v1/attachments", tags=["attachments"])

    @router.put(
        "/{sha256}",
        status_code=201,
        response_model=Stored,
        openapi_extra=_BYTES_IN,
        summary="Hand in the bytes of an attachment",
    )
    async def put(request: Request, sha256: Id) -> Response:
        """201 with the size; the same bytes again are no error. 422 where the digest is not that of the bytes."""
        await gate.caller(request, "attach")
        _digest(sha256)
        size = await services.put_attachment(sha256, request.stream())
        return JSONResponse({"sha256": sha256, "size": size}, status_code=201)

    @router.get(
        "/{sha256}", response_class=Response, responses=bytes_of("the bytes"), summary="The bytes of an attachment"
    )
    async def get(request: Request, sha256: Id) -> Response:
        """Handed out to participants of a message that names the digest; every download is a fact."""
        caller = await gate.caller(request, "read-body")
        _digest(sha256)
        chunks = await services.attachment(sha256, participant=caller.participant, who=caller.name)
        return StreamingResponse(chunks, media_type="application/octet-stream")

    return router


def _digest(sha256: str) -> None:
    if _SHA256.match(sha256) is None:
        raise AttachmentRefused(
            "an attachment is named by its SHA-256 in 64 lower-case hexadecimal digits", code="ATT-005"
        )
