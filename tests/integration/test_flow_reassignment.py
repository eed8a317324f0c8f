"""Reassignment is a new process that names the old one's end; what is only a test stays among test participants."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.bus.mark import MARK_EVERY_S
from gateway.errors import SchemaRefused
from tests.federation import COURT, STATION, THREE_NODES, federation
from tests.story import MEDIATION, beijing, new_case

DESIGNATION, ACCEPT = "mediation.DesignationRequest", "mediation.DesignationAccept"


async def test_what_was_built_on_an_expiry_closes_it(tmp_path: Path) -> None:
    """The court designates anew and names the expiry: an acceptance of the old process, though sent in time, comes too late."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        await case.tell(MEDIATION[:1])
        made.until(beijing("2026-03-05T23:00"))
        assert (await case.offer(ACCEPT)).refusal is None
        made.until(beijing("2026-03-06T00:30"))
        await asyncio.sleep(2 * MARK_EVERY_S)
        await made.turn(made.node(COURT))
        ledger = made.node(COURT).services.node.ledger
        [expiry] = [one for one in await ledger.messages_of(case.conversation_id) if one.sender.startswith("node:")]
        anew = new_case(made, conversation_id=case.conversation_id)
        assert (await anew.offer(DESIGNATION, ref_to=expiry.message_id)).refusal is None
        await made.settle()

        assert await case.state(COURT) == ("returned", 2)
        assert "refused" in {one.part for one in await made.node(STATION).services.inbox(STATION, limit=9)}
        assert await anew.state(COURT) == ("designated", 1)


async def test_a_test_message_reaches_no_production_case(tmp_path: Path) -> None:
    """Test participants without the test flag are refused at the door, with the place."""
    async with federation(tmp_path, THREE_NODES) as made:
        case = new_case(made)
        answer = await case.offer(DESIGNATION, test=False)

        assert isinstance(answer.refusal, SchemaRefused)
        assert [(one.code, one.xpath) for one in answer.refusal.findings] == [("XSD-008", "/Envelope/Header/Test")]
