"""`python -m gateway.api > contracts/openapi.json`: the description as the code has it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gateway.api.app import ApiOptions, create_app
from gateway.api.description import rendered
from gateway.validate.report import ErrorTable

if TYPE_CHECKING:
    from gateway.services import Services


def description() -> bytes:
    """The OpenAPI description; the routes are built over no node, and never called."""
    options = ApiOptions(body_limit=1, errors=ErrorTable(rows={}), metrics=bytes, dialects=Path())
    return rendered(create_app(cast("Services", None), options))


if __name__ == "__main__":
    sys.stdout.buffer.write(description())
