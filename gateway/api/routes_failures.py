"""Failures by cause, and their replay: plan with its difference, approval by a second person, run (protocol.md §9)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from gateway.api.access import Gate
from gateway.api.answers_node import FailureGroupShown, FailureShown, ReplayShown
from gateway.api.words import Id, Word
from gateway.errors import NotFound
from gateway.flow.replay import Wish
from gateway.model.ledger import Failure, ReplayRow
from gateway.services import Services


class ReplayRequest(BaseModel):
    """What to replay, and why."""

    fingerprint: Word = Field("", description="a failure group, whole", max_length=64)
    failures: list[Word] = Field(default_factory=list, description="or single failures by id", max_length=10_000)
    skip: bool = Field(
        default=False, description="give these deliveries up instead: undeliverable, final, by two persons"
    )
    reason: str = Field(description="why, for the record", min_length=1, max_length=500, pattern=r"^[^\x00]*$")


def failure_routes(services: Services, gate: Gate) -> APIRouter:
    """`/v1/failures` and `/v1/replays`."""
    router = APIRouter(prefix="/v1", tags=["failures and replays"])

    @router.get("/failures", response_model=list[FailureGroupShown], summary="Failure groups by cause")
    async def groups(
        request: Request,
        stage: Word = "",
        code: Word = "",
        participant: Word = "",
        open: Annotated[bool, Query()] = False,  # noqa: A002, FBT002 - the query's own word; FastAPI gives it by name
    ) -> list[dict[str, Any]]:
        """One row a cause; the fingerprint does not move from run to run."""
        await gate.caller(request, "failures")
        found = await services.node.ledger.failure_groups(
            stage=stage, code=code, participant=participant, open_only=open
        )
        return [asdict(group) for group in found]

    @router.get("/failures/{fingerprint}", response_model=list[FailureShown], summary="The members of a group")
    async def members(
        request: Request, fingerprint: Id, after: Word = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[dict[str, Any]]:
        """In order of their ids, `after` the last one seen; without the original bytes."""
        await gate.caller(request, "failures")
        found = await services.node.ledger.failures_in(fingerprint, after=after, limit=limit)
        return [_failure(one) for one in found]

    @router.post(
        "/replays", status_code=201, response_model=ReplayShown, summary="Plan a replay: a dry run with its difference"
    )
    async def plan(request: Request, wanted: ReplayRequest) -> dict[str, Any]:
        """Nothing is changed by a plan; it says whether a second person is needed."""
        caller = await gate.caller(request, "replay")
        wish = Wish(actor=caller.name, reason=wanted.reason, fingerprint=wanted.fingerprint, skip=wanted.skip)
        if wanted.fingerprint:
            row = await services.plan_group(wish)
        else:
            row = await services.plan(wanted.failures, wish)
        return _replay(row)

    @router.get("/replays/{replay_id}", response_model=ReplayShown, summary="A replay: its plan and its progress")
    async def show(request: Request, replay_id: Id) -> dict[str, Any]:
        """State, totals, and the differences that the dry run showed, personal data masked."""
        await gate.caller(request, "failures")
        row = await services.node.ledger.replay(replay_id)
        if row is None:
            raise NotFound(f"no replay {replay_id} here")
        return _replay(row)

    @router.post("/replays/{replay_id}/approve", response_model=ReplayShown, summary="A second person's consent")
    async def approve(request: Request, replay_id: Id) -> dict[str, Any]:
        """Refused to the one who planned it, where the plan needs a second person."""
        caller = await gate.caller(request, "approve")
        return _replay(await services.approve(replay_id, actor=caller.name))

    @router.post("/replays/{replay_id}/run", response_model=ReplayShown, summary="Run an approved replay")
    async def run(request: Request, replay_id: Id) -> dict[str, Any]:
        """In growing waves; each failure enters its own stage again, once."""
        await gate.caller(request, "replay")
        return _replay(await services.run(replay_id))

    for word, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        router.add_api_route(
            f"/replays/{{replay_id}}/{word}",
            _control(services, gate, state),
            methods=["POST"],
            response_model=ReplayShown,
            operation_id=f"replay_{word}",
            summary=f"{word.capitalize()} a replay",
        )
    return router


def _control(services: Services, gate: Gate, state: str) -> Any:
    async def control(request: Request, replay_id: Id) -> dict[str, Any]:
        """The replay after it; refused where its state does not allow it."""
        await gate.caller(request, "replay")
        return _replay(await services.control(replay_id, state))

    return control


def _failure(failure: Failure) -> dict[str, Any]:
    shown = asdict(failure)
    shown.pop("original")
    shown["detail"] = orjson.loads(failure.detail)
    # The signed rejection quotes what was wrong, which may be personal data: it is for its sender.
    shown["detail"].pop("answer", None)
    return shown


def _replay(row: ReplayRow) -> dict[str, Any]:
    return {**asdict(row), "plan": orjson.loads(row.plan)}
