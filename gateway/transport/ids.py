"""Identifiers and chance.

From the system, or from a seed, so that a federation can be run again (architecture.md §4, rule 6).
"""

from __future__ import annotations

import random
import secrets

from gateway.model.ids import uuid7
from gateway.ports import Clock

#: Chance in a UUIDv7 (RFC 9562 §5.7).
_BITS = 74


class RandomIds:
    """`ports.Ids` from the system's source of chance, with the node's time in the ids."""

    def __init__(self, clock: Clock) -> None:
        """`clock` gives the ids their milliseconds."""
        self._clock = clock

    def uuid7(self) -> str:
        """A new UUIDv7 in text form."""
        return uuid7(self._clock.now_us() // 1000, secrets.randbits(_BITS))

    def random(self) -> float:
        """A number in [0, 1), for jitter."""
        return random.random()  # noqa: S311 - jitter is no secret


class SeededIds:
    """`ports.Ids` that give the same run again for the same seed; for tests alone."""

    def __init__(self, seed: int, clock: Clock) -> None:
        """`seed` fixes every id and every chance."""
        self._random = random.Random(seed)  # noqa: S311 - meant to be foreseeable
        self._clock = clock

    def uuid7(self) -> str:
        """The next UUIDv7 of this seed."""
        return uuid7(self._clock.now_us() // 1000, self._random.getrandbits(_BITS))

    def random(self) -> float:
        """The next number of this seed in [0, 1)."""
        return self._random.random()
