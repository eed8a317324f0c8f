"""What the node is and how it does: registry, endpoints, deadlines, health, metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gateway.api.access import Gate
from gateway.api.answers import DeadlineShown
from gateway.api.answers_node import Alive, CertificateShown, EndpointShown, ParticipantShown, Ready
from gateway.api.routes_messages import deadline_shown
from gateway.api.sight import trace_for
from gateway.api.words import Id, Microseconds, Word
from gateway.errors import NodeError, NotFound, RequestRefused
from gateway.model.ledger import Endpoint
from gateway.model.participant import NodeEntry, Participant
from gateway.services import Services


class EndpointBody(BaseModel):
    """A participant's partner system at this node."""

    profile: Word = Field(description="dialect, for instance court/platform")
    url: str = Field(
        "",
        description="base address of the partner system; empty: it pulls from the inbox",
        max_length=500,
        pattern=r"^(https?://[!-~]+)?$",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="what the dialect's README asks for")
    secret: str = Field(
        "", max_length=10_000, description="the secret that is presented to the partner; never shown again"
    )


def node_routes(services: Services, gate: Gate, metrics: Callable[[], bytes]) -> APIRouter:
    """Registry, endpoints with their kill switch, deadlines, health."""
    router = APIRouter()
    _registry(router, services, gate)
    _endpoints(router, services, gate)
    _health(router, services, gate, metrics)
    return router


def _registry(router: APIRouter, services: Services, gate: Gate) -> None:
    @router.get(
        "/v1/participants",
        response_model=list[ParticipantShown],
        tags=["registry"],
        summary="Participants that this node knows",
    )
    async def participants(request: Request) -> list[dict[str, Any]]:
        """The newest entry of each, without certificates."""
        await gate.caller(request, "registry")
        known = services.node.registry().participants.values()
        return [_participant(asdict(one)) for one in sorted(known, key=lambda one: one.id)]

    @router.get(
        "/v1/certificates",
        response_model=list[CertificateShown],
        tags=["registry"],
        summary="Certificates, with their windows",
    )
    async def certificates(request: Request) -> list[dict[str, Any]]:
        """What runs out next stands first."""
        await gate.caller(request, "registry")
        registry = services.node.registry()
        entries: list[Participant | NodeEntry] = [*registry.participants.values(), *registry.nodes.values()]
        found = [
            {
                "subject": entry.id,
                "held_by": one.held_by,
                "not_before": one.not_before.isoformat(),
                "not_after": one.not_after.isoformat(),
            }
            for entry in entries
            for one in entry.certificates
        ]
        return sorted(found, key=lambda row: row["not_after"])

    @router.get(
        "/v1/deadlines", response_model=list[DeadlineShown], tags=["deadlines"], summary="What is due, at risk, missed"
    )
    async def deadlines(
        request: Request,
        state: Word = "armed",
        before_us: Annotated[Microseconds | None, Query(alias="before")] = None,
        conversation: Word = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Nearest first; `before` in microseconds UTC. A participant's token names the conversation."""
        caller = await gate.caller(request, "read")
        found = await services.deadlines(state=state, before_us=before_us, conversation_id=conversation, limit=limit)
        if caller.participant:
            turns = (await trace_for(services, caller, conversation=conversation)).turns
            own = {turn.process.process_id for turn in turns}
            found = [one for one in found if one.process_id in own]
        return [deadline_shown(one) for one in found]


def _endpoints(router: APIRouter, services: Services, gate: Gate) -> None:
    @router.get(
        "/v1/endpoints",
        response_model=list[EndpointShown],
        tags=["endpoints"],
        summary="Partner systems, and how they do",
    )
    async def endpoints(request: Request) -> list[dict[str, Any]]:
        """Without secrets."""
        await gate.caller(request, "endpoints")
        return [_endpoint(one) for one in await services.node.ledger.endpoints()]

    @router.put(
        "/v1/endpoints/{participant}", response_model=EndpointShown, tags=["endpoints"], summary="Set a partner system"
    )
    async def put(request: Request, participant: Id, body: EndpointBody) -> dict[str, Any]:
        """Replaces its settings; the breaker is closed and the switch is on."""
        await gate.caller(request, "endpoints-write")
        if body.profile not in services.node.adapters:
            raise RequestRefused(
                f"no dialect {body.profile!r}; known are {', '.join(sorted(services.node.adapters))}", code="REQ-001"
            )
        if not services.node.is_local(participant):
            raise NotFound(f"{participant} is not local to this node")
        row = Endpoint(
            participant=participant,
            profile=body.profile,
            url=body.url,
            settings=_settings(body),
            secret=body.secret.encode(),
            paused=False,
            failures=0,
            open_until_us=0,
            updated_us=services.node.clock.now_us(),
        )
        await services.keep("endpoint.put", row)
        await services.node.refresh()
        return _endpoint(row)

    for word, paused in (("pause", True), ("resume", False)):
        router.add_api_route(
            f"/v1/endpoints/{{participant}}/{word}",
            _switch(services, gate, paused=paused),
            methods=["POST"],
            tags=["endpoints"],
            response_model=EndpointShown,
            operation_id=f"endpoint_{word}",
            summary=f"{word.capitalize()} deliveries to a partner system",
        )


def _switch(services: Services, gate: Gate, *, paused: bool) -> Any:
    async def switch(request: Request, participant: Id) -> dict[str, Any]:
        """The kill switch: takes effect with the next lease, within a second."""
        await gate.caller(request, "switch")
        row = await services.node.ledger.endpoint(participant)
        if row is None:
            raise NotFound(f"no endpoint of {participant} here")
        row = replace(row, paused=paused, updated_us=services.node.clock.now_us())
        await services.keep("endpoint.switch", row)
        services.node.wake("deliver")
        return _endpoint(row)

    return switch


def _health(router: APIRouter, services: Services, gate: Gate, metrics: Callable[[], bytes]) -> None:
    @router.get("/healthz", response_model=Alive, tags=["health"], summary="The process runs")
    async def healthz() -> dict[str, str]:
        """Open to all; says nothing else."""
        return {"status": "ok"}

    @router.get(
        "/readyz",
        response_model=Ready,
        responses={503: {"model": Ready}},
        tags=["health"],
        summary="The node can take messages",
    )
    async def readyz(request: Request) -> Response:
        """The database answers, and this node is in the registry it knows."""
        await gate.caller(request, "metrics")
        try:
            await services.node.ledger.ping()
        except NodeError as error:
            return JSONResponse({"status": "not ready", "code": error.code}, status_code=503)
        known = services.node.name in services.node.registry().nodes
        return JSONResponse(
            {"status": "ready" if known else "not ready", "node": services.node.name}, status_code=200 if known else 503
        )

    @router.get("/metrics", response_class=PlainTextResponse, tags=["health"], summary="Metrics for Prometheus")
    async def page(request: Request) -> Response:
        """Bounded labels, no ids."""
        await gate.caller(request, "metrics")
        return Response(metrics(), media_type="text/plain; version=0.0.4")


def _settings(body: EndpointBody) -> str:
    try:
        return orjson.dumps(body.settings).decode()
    except TypeError as error:
        raise RequestRefused(f"settings: {error}") from error


def _participant(shown: dict[str, Any]) -> dict[str, Any]:
    shown.pop("certificates")
    return shown


def _endpoint(row: Endpoint) -> dict[str, Any]:
    shown = asdict(row)
    shown["settings"] = orjson.loads(row.settings or "{}")
    shown["secret"] = "set" if row.secret else ""
    return shown
