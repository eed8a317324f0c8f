"""A failed delivery that two persons give up frees its lane, and its sender learns it (protocol.md §4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import AccessRefused
from gateway.flow.replay import Wish
from tests.federation import COURT, ONE_NODE, STATION, federation
from tests.partner import connect, partner
from tests.story import new_case

DESIGNATION, ACCEPT, ASSIGN = "mediation.DesignationRequest", "mediation.DesignationAccept", "mediation.MediatorAssign"


async def test_what_two_persons_give_up_frees_the_lane(tmp_path: Path) -> None:
    """The court's system refuses the acceptance: skipped by a second person's consent, the assignment behind it is delivered.

    The station's inbox has `undeliverable` with its reason, the failure is abandoned and cannot be replayed any more.
    """
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        services = made.node(COURT).services
        case = new_case(made)
        await case.send(DESIGNATION)
        system.mode = lambda message, _calls: "refused" if message == case.sent[ACCEPT] else "well"
        await connect(services, COURT, system.url)
        for message_type in (ACCEPT, ASSIGN):
            assert (await case.offer(message_type)).refusal is None
            await made.settle()
        assert system.order.get(case.conversation_id) is None
        [group] = await services.node.ledger.failure_groups(stage="deliver")
        plan = await services.plan_group(Wish(fingerprint=group.fingerprint, reason="on paper", actor="one", skip=True))
        assert plan.needs_second
        with pytest.raises(AccessRefused):
            await services.approve(plan.replay_id, actor="one")
        await services.approve(plan.replay_id, actor="another")
        assert (await services.run(plan.replay_id)).done == 1
        await made.settle()

        assert system.order[case.conversation_id] == [case.sent[ASSIGN]]
        told = [one.part for one in await services.inbox(STATION, limit=9) if one.message_id == case.sent[ACCEPT]]
        assert told == ["undeliverable"]
        said = {one.kind: one for one in await services.receipts(STATION, case.sent[ACCEPT])}
        assert [finding.code for finding in said["undeliverable"].findings] == ["PAR-014"]
        assert [one.open for one in await services.node.ledger.failure_groups(stage="deliver")] == [0]
