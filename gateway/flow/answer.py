"""What a flow answers: a signed receipt, and the refusal behind a rejection."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import Refusal
from gateway.model.receipt import Receipt


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer to a submission: `accepted`, or `rejected` with the refusal whose code decides the HTTP status."""

    receipt: Receipt
    refusal: Refusal | None = None
    #: The stored answer of an earlier submission of the same bytes.
    repeated: bool = False
