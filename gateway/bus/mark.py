"""How far a topic reached at a moment.

So that a reader can say that it has read to the end as of then (protocol.md §7).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: Under load a new mark is taken this often at most, in seconds: it costs a question to the broker or the database.
MARK_EVERY_S = 0.2


@dataclass(kw_only=True, slots=True)
class Mark:
    """Ends of partitions, measured after `begun` on the node's clock.

    Each part is told of once, when it has been reached.
    """

    #: Before the ends were measured, hence no record put there until then lies behind them.
    begun: datetime
    #: Partition → the position behind its last record.
    ends: Mapping[str, int]
    #: The reader's share of partitions when it was measured (Kafka); a later share makes the mark void.
    turn: int = 0
    #: Parts that are not known to be read to their end yet.
    left: set[str] = field(init=False)
    #: Monotonic seconds.
    taken_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Nothing has been reached yet."""
        self.left = set(self.ends)
        self.taken_s = time.monotonic()

    def is_spent(self) -> bool:
        """Whether all parts were told of and it is time for a new mark."""
        return not self.left and time.monotonic() - self.taken_s >= MARK_EVERY_S

    def reach(self, parts: set[str]) -> tuple[str, ...]:
        """Note that `parts` are read to their end; returns those that were not told of before."""
        reached = self.left & parts
        self.left -= reached
        return tuple(sorted(reached))


def part_name(index: int, count: int) -> str:
    """`<index>/<count>`: the count is in the name, so that whoever reads the parts knows when they are all there."""
    return f"{index}/{count}"
