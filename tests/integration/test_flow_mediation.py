"""First light: one dispute travels whole, between participants that pull, over one node and over three."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.federation import COURT, INSTITUTION, ONE_NODE, STATION, THREE_NODES, federation
from tests.story import MEDIATION, REVIEW, new_case


@pytest.mark.parametrize("placement", [ONE_NODE, THREE_NODES], ids=["one-node", "three-nodes"])
async def test_a_dispute_travels_whole(tmp_path: Path, placement: dict[str, tuple[str, ...]]) -> None:
    """F1 to the court's close and F6 to the statement's service: both ends hold the same state, numbers and history."""
    async with federation(tmp_path, placement) as made:
        mediation = new_case(made)
        await mediation.tell(MEDIATION)
        review = new_case(made, conversation_id=mediation.conversation_id)
        await review.tell(REVIEW)
        assert await mediation.state(COURT) == await mediation.state(STATION) == ("closed", len(MEDIATION))
        assert await mediation.history(COURT) == await mediation.history(STATION)
        assert await review.state(INSTITUTION) == await review.state(STATION) == ("closed", len(REVIEW))
        assert await review.history(INSTITUTION) == await review.history(STATION)
