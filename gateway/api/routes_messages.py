"""Messages, receipts, conversations and traces: what happened, in order, and what happens next."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.api.access import Gate
from gateway.api.answers import (
    ConversationShown,
    FactShown,
    MessagePage,
    MessageWithDeliveries,
    ReceiptShown,
    TraceShown,
)
from gateway.api.problems import shown as finding_shown
from gateway.api.sight import message_for, trace_for
from gateway.api.words import Id, Microseconds, Word, cursor_read, cursor_written, xml_of
from gateway.flow import trace
from gateway.ledger.messages import Search
from gateway.model import casenumber
from gateway.model.ledger import Deadline, Message
from gateway.model.receipt import Receipt
from gateway.services import Services


def message_routes(services: Services, gate: Gate) -> APIRouter:
    """`/v1/messages…`, `/v1/conversations…`, `/v1/trace`."""
    router = APIRouter(prefix="/v1", tags=["messages"])
    _messages(router, services, gate)
    _conversations(router, services, gate)
    return router


def _messages(router: APIRouter, services: Services, gate: Gate) -> None:
    @router.get("/messages", response_model=MessagePage, summary="Search messages, newest first")
    async def search(
        request: Request,
        participant: Word = "",
        type: Word = "",  # noqa: A002 - the query's own word
        word: Word = "",
        state: Word = "",
        case: Word = "",
        from_us: Annotated[Microseconds | None, Query(alias="from")] = None,
        to_us: Annotated[Microseconds | None, Query(alias="to")] = None,
        cursor: Word = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Keyset pages: `cursor` is the `next` of the page before. Times are microseconds UTC."""
        caller = await gate.caller(request, "read")
        wanted = Search(
            participant=caller.participant or participant,
            message_type=type,
            word=word,
            process_state=state,
            number_key=(casenumber.key(case) or case) if case else "",
            from_us=from_us,
            to_us=to_us,
            after=cursor_read(cursor),
            limit=limit,
        )
        found = await services.node.ledger.search(wanted)
        following = cursor_written(found[-1]) if len(found) == limit else ""
        return {"messages": [_message(one) for one in found], "next": following}

    @router.get("/messages/{message_id}", response_model=MessageWithDeliveries, summary="One message")
    async def one(request: Request, message_id: Id) -> dict[str, Any]:
        """Its header data, its delivery word and where it went; not its content."""
        message = await message_for(services, await gate.caller(request, "read"), message_id)
        deliveries = await services.node.ledger.deliveries_of(message.sender, message.message_id)
        return {**_message(message), "deliveries": [asdict(delivery) for delivery in deliveries]}

    @router.get(
        "/messages/{message_id}/raw",
        response_class=Response,
        responses=xml_of("the signed envelope"),
        summary="The signed bytes of a message",
    )
    async def raw(request: Request, message_id: Id, why: Word = "") -> Response:
        """As they came, byte for byte; who looked, why and when is a fact of the case."""
        caller = await gate.caller(request, "read-body")
        message = await message_for(services, caller, message_id)
        await services.note_access(message.conversation_id, who=caller.name, why=why, what=f"raw/{message_id}")
        return Response(message.raw, media_type="application/xml")

    @router.get(
        "/messages/{message_id}/receipts", response_model=list[ReceiptShown], summary="The receipts of a message"
    )
    async def receipts_of(request: Request, message_id: Id) -> list[dict[str, Any]]:
        """Each with its signed XML; the delivery word follows their precedence."""
        message = await message_for(services, await gate.caller(request, "read"), message_id)
        return [_receipt(one) for one in await services.receipts(message.sender, message.message_id)]


def _conversations(router: APIRouter, services: Services, gate: Gate) -> None:
    @router.get(
        "/conversations/{conversation_id}",
        response_model=ConversationShown,
        summary="A dispute: state, due dates, whose turn it is",
    )
    async def conversation(request: Request, conversation_id: Id) -> dict[str, Any]:
        """Every process of the dispute, what may come next, from whom, until when."""
        caller = await gate.caller(request, "read")
        return {
            "conversation_id": conversation_id,
            "processes": trace_shown(await trace_for(services, caller, conversation=conversation_id))["processes"],
        }

    @router.get(
        "/conversations/{conversation_id}/trace", response_model=TraceShown, summary="Every fact and receipt, in order"
    )
    async def whole(request: Request, conversation_id: Id) -> dict[str, Any]:
        """Facts here and receipts of every node, with durations; no personal data."""
        return trace_shown(await trace_for(services, await gate.caller(request, "read"), conversation=conversation_id))

    @router.get(
        "/conversations/{conversation_id}/access",
        response_model=list[FactShown],
        summary="Who saw this case, when, why",
    )
    async def access(request: Request, conversation_id: Id) -> list[dict[str, Any]]:
        """The access stream of the dispute, chained like its facts."""
        await gate.caller(request, "read-access")
        return [trace.shown(fact) for fact in await services.node.ledger.facts(f"access/{conversation_id}")]

    @router.get(
        "/trace", response_model=TraceShown, summary="A trace by message, conversation or any system's case number"
    )
    async def by_number(
        request: Request, case: Word = "", message: Word = "", conversation: Word = ""
    ) -> dict[str, Any]:
        """The number in any spelling: brackets, blanks and full width do not matter."""
        caller = await gate.caller(request, "read")
        return trace_shown(await trace_for(services, caller, case=case, message=message, conversation=conversation))


def _message(message: Message) -> dict[str, Any]:
    shown = asdict(message)
    shown.pop("raw")
    shown["advice"] = orjson.loads(message.advice)
    return shown


def _receipt(receipt: Receipt) -> dict[str, Any]:
    shown = asdict(receipt)
    shown["findings"] = [finding_shown(finding) for finding in receipt.findings]
    shown["xml"] = receipt.xml.decode()
    return shown


def trace_shown(found: trace.Trace) -> dict[str, Any]:
    """A whole trace as plain data: facts, messages, receipts, deliveries, failures, processes with what comes next."""
    return {
        "conversation_id": found.conversation_id,
        "chain": "holds" if found.broken_at is None else f"broken at {found.broken_at}",
        "facts": [trace.shown(fact) for fact in found.facts],
        "messages": [_message(message) for message in found.messages],
        "receipts": [_receipt(receipt) for receipt in found.receipts],
        "deliveries": [asdict(delivery) for delivery in found.deliveries],
        "failures": [
            {"failure_id": f.failure_id, "code": f.code, "stage": f.stage, "state": f.state} for f in found.failures
        ],
        "processes": [
            {
                **asdict(turn.process),
                "roles": turn.roles,
                "turn": turn.process.turn,
                "next": turn.next,
                "deadlines": [deadline_shown(one) for one in turn.deadlines],
            }
            for turn in found.turns
        ],
    }


def deadline_shown(deadline: Deadline) -> dict[str, Any]:
    """A due date as people and machines read it."""
    return asdict(deadline)
