"""What callers write in addresses and queries: bounded texts, times that fit a column, cursors."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from gateway.errors import RequestRefused
from gateway.model.ledger import Message

#: Larger numbers fit no column of the ledger.
_LARGEST = 2**63 - 1
_CURSOR = re.compile(r"(0|[1-9][0-9]{0,18})/([0-9A-Za-z-]{1,64})\Z")

#: A text of a query: bounded, without a NUL, which PostgreSQL takes for no text.
Word = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
#: An id in a path.
Id = Annotated[str, StringConstraints(max_length=200)]
#: A time in microseconds UTC.
Microseconds = Annotated[int, Field(ge=0, le=_LARGEST)]


def cursor_written(last: Message) -> str:
    """The cursor of the page behind this message."""
    return base64.urlsafe_b64encode(f"{last.accepted_us}/{last.message_id}".encode()).decode()


def cursor_read(text: str) -> tuple[int, str] | None:
    """(accepted_us, message_id) that the next page begins behind; None for the first. Raises `RequestRefused` REQ-001."""
    if not text:
        return None
    try:
        found = _CURSOR.match(base64.urlsafe_b64decode(text.encode()).decode())
    except ValueError as error:
        raise RequestRefused("cursor: write the `next` of the page before") from error
    if found is None or int(found[1]) > _LARGEST:
        raise RequestRefused("cursor: write the `next` of the page before")
    return int(found[1]), found[2]


def xml_of(text: str) -> dict[int | str, dict[str, Any]]:
    """A description of an answer that is XML."""
    return {200: {"description": text, "content": {"application/xml": {"schema": {"type": "string"}}}}}


def bytes_of(text: str) -> dict[int | str, dict[str, Any]]:
    """A description of an answer that is bytes."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": text, "content": {"application/octet-stream": {"schema": schema}}}}
