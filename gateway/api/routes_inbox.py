"""The inbox, for systems that cannot be called: the next messages, then `retrieved` (product.md §3)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from gateway.api.access import Gate
from gateway.api.answers_node import Confirmed, Waiting
from gateway.api.words import Id, Word
from gateway.services import Services


def inbox_routes(services: Services, gate: Gate) -> APIRouter:
    """`GET /v1/inbox`, `POST /v1/inbox/{message_id}/confirm`."""
    router = APIRouter(prefix="/v1/inbox", tags=["inbox"])

    @router.get("", response_model=list[Waiting], summary="What waits for the caller's participant")
    async def waiting(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[dict[str, Any]]:
        """Oldest first in each conversation; the bytes are at /v1/messages/{id}/raw."""
        caller = await gate.caller(request, "inbox")
        found = await services.inbox(caller.participant, limit=limit)
        return [
            {"message_id": one.message_id, "sender": one.sender, "conversation_id": one.conversation_id, "part": one.part,
             "seq": one.seq, "since_us": one.created_us}
            for one in found
        ]  # fmt: skip

    @router.post("/{message_id}/confirm", response_model=Confirmed, summary="The caller's system has it")
    async def confirm(request: Request, message_id: Id, part: Word = "message") -> dict[str, str]:
        """Ends the delivery with the receipt `retrieved`: entry into the addressee's system, which starts clocks."""
        caller = await gate.caller(request, "inbox")
        await services.confirm(caller.participant, message_id, part=part)
        return {"message_id": message_id, "word": "retrieved"}

    return router
