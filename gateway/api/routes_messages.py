"""Messages, receipts, conversations and traces: what happened, in order, and what happens next."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.api.access import Caller, Gate
from gateway.api.problems import shown as finding_shown
from gateway.errors import NotFound, RequestRefused
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
    @router.get("/messages", summary="Search messages, newest first")
    async def search(
        request: Request,
        participant: str = "",
        type: str = "",  # noqa: A002 - the query's own word
        word: str = "",
        state: str = "",
        case: str = "",
        from_us: Annotated[int | None, Query(alias="from")] = None,
        to_us: Annotated[int | None, Query(alias="to")] = None,
        cursor: str = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Keyset pages: `cursor` is the `next` of the page before. Times are microseconds UTC."""
        caller = await gate.caller(request, "read")
        wanted = Search(
            participant=caller.participant or participant,
            message_type=type,
            word=word,
            process_state=state,
            number_key=casenumber.key(case) if case else "",
            from_us=from_us,
            to_us=to_us,
            after=_cursor(cursor),
            limit=limit,
        )
        found = await services.node.ledger.search(wanted)
        following = f"{found[-1].accepted_us}/{found[-1].message_id}" if len(found) == limit else ""
        return {
            "messages": [_message(one) for one in found],
            "next": base64.urlsafe_b64encode(following.encode()).decode(),
        }

    @router.get("/messages/{message_id}", summary="One message")
    async def one(request: Request, message_id: str) -> dict[str, Any]:
        """Its header data, its delivery word and where it went; not its content."""
        message = await _visible(services, await gate.caller(request, "read"), message_id)
        deliveries = await services.node.ledger.deliveries_of(message.sender, message.message_id)
        return {**_message(message), "deliveries": [asdict(delivery) for delivery in deliveries]}

    @router.get("/messages/{message_id}/raw", summary="The signed bytes of a message")
    async def raw(request: Request, message_id: str, why: str = "") -> Response:
        """As they came, byte for byte; who looked, why and when is a fact of the case."""
        caller = await gate.caller(request, "read-body")
        message = await _visible(services, caller, message_id)
        await services.note_access(message.conversation_id, who=caller.name, why=why, what=f"raw/{message_id}")
        return Response(message.raw, media_type="application/xml")

    @router.get("/messages/{message_id}/receipts", summary="The receipts of a message")
    async def receipts_of(request: Request, message_id: str) -> list[dict[str, Any]]:
        """Each with its signed XML; the delivery word follows their precedence."""
        message = await _visible(services, await gate.caller(request, "read"), message_id)
        return [_receipt(one) for one in await services.receipts(message.sender, message.message_id)]


def _conversations(router: APIRouter, services: Services, gate: Gate) -> None:
    @router.get("/conversations/{conversation_id}", summary="A dispute: state, due dates, whose turn it is")
    async def conversation(request: Request, conversation_id: str) -> dict[str, Any]:
        """Every process of the dispute, what may come next, from whom, until when."""
        caller = await gate.caller(request, "read")
        return {
            "conversation_id": conversation_id,
            "processes": trace_shown(await _of(services, caller, conversation=conversation_id))["processes"],
        }

    @router.get("/conversations/{conversation_id}/trace", summary="Every fact and receipt of a dispute, in order")
    async def whole(request: Request, conversation_id: str) -> dict[str, Any]:
        """Facts here and receipts of every node, with durations; no personal data."""
        return trace_shown(await _of(services, await gate.caller(request, "read"), conversation=conversation_id))

    @router.get("/conversations/{conversation_id}/access", summary="Who saw this case, when, why")
    async def access(request: Request, conversation_id: str) -> list[dict[str, Any]]:
        """The access stream of the dispute, chained like its facts."""
        await gate.caller(request, "read-access")
        return [trace.shown(fact) for fact in await services.node.ledger.facts(f"access/{conversation_id}")]

    @router.get("/trace", summary="A trace by message, conversation or any system's case number")
    async def by_number(request: Request, case: str = "", message: str = "", conversation: str = "") -> dict[str, Any]:
        """The number in any spelling: brackets, blanks and full width do not matter."""
        caller = await gate.caller(request, "read")
        return trace_shown(await _of(services, caller, case=case, message=message, conversation=conversation))


async def _of(
    services: Services, caller: Caller, *, case: str = "", message: str = "", conversation: str = ""
) -> trace.Trace:
    """A trace that the caller may see: a participant's token sees its own disputes alone."""
    found = await services.trace(case=case, message=message, conversation=conversation)
    if caller.participant and all(caller.participant not in turn.roles.values() for turn in found.turns):
        raise NotFound("no such conversation here")
    return found


async def _visible(services: Services, caller: Caller, message_id: str) -> Message:
    for message in await services.node.ledger.find_message(message_id):
        if not caller.participant or caller.participant in (message.sender, message.receiver):
            return message
        deliveries = await services.node.ledger.deliveries_of(message.sender, message_id)
        if any(delivery.endpoint == caller.participant for delivery in deliveries):
            return message
    raise NotFound(f"no message {message_id} here")


def _cursor(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    try:
        accepted_us, _, message_id = base64.urlsafe_b64decode(text.encode()).decode().partition("/")
        return int(accepted_us), message_id
    except ValueError as error:
        raise RequestRefused("cursor: write the `next` of the page before", code="REQ-001") from error


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
